//! The flags of `hfgen probe`.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use super::SelectArgs;

/// `hfgen probe`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  hfgen probe                            every model type whose sources, rules or versions changed
  hfgen probe --model bert,gpt2 --why    only these, with the reason of each
  hfgen probe --check                    run nothing, exit 1 if anything is out of date
  hfgen probe --python .venv/bin/python --jobs 8

Each model type runs in a process of its own. A probe that was stopped goes on where it was.")]
pub struct ProbeArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// The Python that has torch and transformers [default: that of $VIRTUAL_ENV, .venv or venv, else python3]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    /// Model types at the same time [default: one a core]
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Seconds that one model type may take
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub timeout: u32,
    /// Megabytes of memory that one model type may hold
    #[arg(long, value_name = "MB", default_value_t = 6000)]
    pub memory: u64,
    /// Probe what is selected even if nothing changed
    #[arg(long, short, conflicts_with = "check")]
    pub force: bool,
    /// Run nothing; exit 1 if anything is out of date
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// Run nothing; list what would be probed
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Say why each model type is probed
    #[arg(long)]
    pub why: bool,
    /// How the answer is said
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ProbeFormat::Human)]
    pub format: ProbeFormat,
}

/// `--format` of `hfgen probe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ProbeFormat {
    #[default]
    Human,
    /// One object: counts, causes, what was probed, findings
    Json,
}
