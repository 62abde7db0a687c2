//! The flags of the commands that run generated tests.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use super::{ReportArgs, SelectArgs, WhyArg};
use crate::cli::args::build::EngineArgs;

/// `hfgen test`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen test                         what is not known to be green, of all models
  hfgen test --model bert --why      one model, and why its files run
  hfgen test --changed --fail-fast   what uncommitted changes reach, until something is red
  hfgen test --failed                what failed the last time
  hfgen test --shard 2/4             the second quarter of the files
  hfgen test --retries 2             what fails and then passes is flaky, and no failure
  hfgen test --hardware auto         on the fastest device that is here

Exit codes: 0 no test failed (a flaky one did not); 1 a test failed, or a library is missing; 2 wrong use; 4 no test file is selected;
130 interrupted (what was done is kept).")]
pub struct TestArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Only files with a test that failed the last time; they run again
    #[arg(long)]
    pub failed: bool,
    /// Only the Kth of N shares of the files
    #[arg(long, value_name = "K/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// End with the first file that has a failed test
    #[arg(long)]
    pub fail_fast: bool,
    /// Try a failed test so often again; one that passes then is flaky
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retries: u32,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// A share of the files: the `of`-th part, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    pub number: usize,
    pub of: usize,
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
    match parts {
        Some((number, of)) if number >= 1 && number <= of => Ok(Shard { number, of }),
        _ => Err("not K/N with 1 <= K <= N".to_owned()),
    }
}

/// `hfgen prove`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen prove --model bert,gpt2      every check of these models, without and with its faults
  hfgen prove --sample 2             two model types of each family
  hfgen prove --check batch --why    one check, and why its files run
  hfgen prove --fault noise          only the checks that must catch this fault
  hfgen prove --hardware cpu         tests on this hardware only, whatever else the machine has

Exit codes: 0 every fault is caught or listed as a blind spot; 1 a check stays green under its fault, is red without one,
or a library is missing; 2 wrong use; 4 no test file is selected; 130 interrupted (what was done is kept).")]
pub struct ProveArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Only these checks
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub check: Vec<String>,
    /// Only these faults
    #[arg(long, value_name = "FAULT", value_delimiter = ',')]
    pub fault: Vec<String>,
    /// So many model types of each family, always the same ones
    #[arg(long, value_name = "N")]
    pub sample: Option<NonZeroUsize>,
    #[command(flatten)]
    pub run: RunArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Flags of everything that runs generated tests.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Running")]
pub struct RunArgs {
    /// Which checks: those of a second, or the slow ones too
    #[arg(long, value_enum, default_value_t = TierArg::Fast)]
    pub tier: TierArg,
    /// Seconds that one test may take [default: 60, or 300 with `--tier full`]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<f64>,
    /// Run everything selected again, and keep what comes of it
    #[arg(long)]
    pub rerun: bool,
    /// Run everything selected again, and keep nothing
    #[arg(long)]
    pub no_cache: bool,
    /// The Python with torch, transformers and pytest [default: of VIRTUAL_ENV, .venv, venv or `hfgen env`, else python3]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    /// Say why files run: grouped by reason; `full`: each file
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "grouped")]
    pub why: Option<WhyArg>,
}

/// `--tier`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TierArg {
    Fast,
    Full,
}

/// A time that is one.
pub fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if f64::is_finite(seconds) && seconds > 0.0 => Ok(seconds),
        _ => Err("not a number of seconds above zero".to_owned()),
    }
}
