//! The flags of `hfgen probe`.

use std::num::NonZeroUsize;

use clap::Args;

use super::build::WhyArg;
use super::{ReportArgs, SelectArgs};

/// `hfgen probe`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen probe                            every model type whose sources, rules or versions changed
  hfgen probe --model bert,gpt2 --why    only these, and why
  hfgen probe --check                    run nothing, exit 1 if anything is out of date
  hfgen probe --python .venv/bin/python --jobs 8

Each model type runs in a process of its own; one that crashes, hangs or takes too much memory is a finding. A probe that
was stopped goes on where it was.

Exit codes: 0 done (classes that don't run are warnings); 1 an answer can't be used, or --check found something out of
date; 2 wrong use, or no Python that can probe; 4 nothing is selected; 130 interrupted (what was found is kept).")]
pub struct ProbeArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// The Python that has torch and transformers [default: of VIRTUAL_ENV, .venv, venv or `hfgen env`, else python3]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    /// Model types at the same time [default: one a core]
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Seconds that one model type may take
    #[arg(long, value_name = "SECONDS", default_value = "180", value_parser = super::run::seconds)]
    pub timeout: f64,
    /// Megabytes of memory that one model type may hold
    #[arg(long, value_name = "MB", default_value_t = 6000, value_parser = clap::value_parser!(u64).range(1..1 << 40))]
    pub memory: u64,
    /// Probe what is selected even if nothing changed
    #[arg(long, short, conflicts_with = "check")]
    pub force: bool,
    /// Run nothing; exit 1 if anything is out of date
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// Run nothing; say what would be probed
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Say why model types are probed: grouped by reason; `full`: each of them
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "grouped")]
    pub why: Option<WhyArg>,
    #[command(flatten)]
    pub report: ReportArgs,
}
