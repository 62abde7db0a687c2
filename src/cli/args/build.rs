//! The flags of the commands that make, check, watch and remove outputs.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ReportArgs, SelectArgs};
use crate::report::Why;

/// `hfgen build`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  hfgen build                        everything that is out of date
  hfgen build --model bert,gpt2      only these models' outputs
  hfgen build --since main --why     what the branch reaches, with the reasons
  hfgen build --check                write nothing, exit 1 if something would change (for CI)
  hfgen build --diff                 write nothing, show what would change")]
pub struct BuildArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Write nothing; exit 1 if something would change
    #[arg(long, conflicts_with_all = ["dry_run", "force"])]
    pub check: bool,
    /// Write nothing; show what would change as unified diffs
    #[arg(long)]
    pub diff: bool,
    /// Write nothing; list what would change and why
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Say why outputs are rebuilt: one reason an output, grouped; `full`: every reason of each
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "grouped")]
    pub why: Option<WhyArg>,
    /// Make everything selected again, and overwrite what was edited by hand; such edits are kept as patches in the cache
    #[arg(long, short)]
    pub force: bool,
    /// Exit 1 if something was written, so that a commit hook stops and the outputs can be staged
    #[arg(long)]
    pub exit_non_zero_on_write: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hfgen check`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  hfgen check                        rules, registry, templates and every output; writes nothing
  hfgen check --deep                 also compile and collect what changed with the Python at hand
  hfgen check --format sarif --output hfgen.sarif")]
pub struct CheckArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Also run py_compile and pytest --collect-only on outputs whose verdict is not in the cache
    #[arg(long)]
    pub deep: bool,
    /// The Python for --deep [default: that of the environment at hand, as `hfgen env` says]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    /// Show what would change as unified diffs
    #[arg(long)]
    pub diff: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hfgen watch`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  hfgen watch                        build now, and again whenever an input changes
  hfgen watch --model bert --why")]
pub struct WatchArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Say why outputs are rebuilt
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "grouped")]
    pub why: Option<WhyArg>,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// `hfgen clean`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  hfgen clean                        remove the outputs that hfgen made, and the cache
  hfgen clean --cache                only the cache: the next build makes everything again
  hfgen clean -n                     list what would be removed

Files that hfgen did not make, and outputs that were edited by hand, stay.")]
pub struct CleanArgs {
    /// Only the cache
    #[arg(long, conflicts_with = "outputs")]
    pub cache: bool,
    /// Only the outputs
    #[arg(long)]
    pub outputs: bool,
    /// Remove nothing; list what would be removed
    #[arg(long, short = 'n')]
    pub dry_run: bool,
    /// Also remove outputs that were edited by hand
    #[arg(long, short)]
    pub force: bool,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Flags of everything that runs the build engine.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// Threads to use [default: one a core]
    #[arg(long, short, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Put the outputs here instead of where registry.toml says
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub output_dir: Option<PathBuf>,
    /// A further folder of templates, over the project's own; the last one lies on top
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub templates: Vec<PathBuf>,
}

/// `--why[=full]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhyArg {
    Grouped,
    Full,
}

impl WhyArg {
    /// What the report is to tell.
    pub fn asked(why: Option<Self>) -> Why {
        match why {
            None => Why::No,
            Some(WhyArg::Grouped) => Why::Grouped,
            Some(WhyArg::Full) => Why::Full,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Build {
        #[command(flatten)]
        build: BuildArgs,
    }

    fn parse(words: &[&str]) -> Result<BuildArgs, clap::Error> {
        Build::try_parse_from(std::iter::once(&"build").chain(words)).map(|parsed| parsed.build)
    }

    #[test]
    fn selections_add_up_and_paths_stay_paths() {
        let args = parse(&["--model", "bert,gpt2", "--model", "t5", "generated/x.py", "--since", "main"]).unwrap();
        assert_eq!(args.select.model, ["bert", "gpt2", "t5"]);
        assert_eq!(args.select.paths, ["generated/x.py"]);
        assert_eq!(args.select.since.as_deref(), Some("main"));
        assert!(!args.select.is_everything());
        assert!(parse(&[]).unwrap().select.is_everything());
    }

    #[test]
    fn why_takes_its_value_only_after_an_equals_sign() {
        let why = |words: &[&str]| WhyArg::asked(parse(words).unwrap().why);
        assert_eq!(why(&[]), Why::No);
        assert_eq!(why(&["--why", "full"]), Why::Grouped);
        assert_eq!(why(&["--why=full"]), Why::Full);
    }

    #[test]
    fn what_makes_no_sense_together_is_refused() {
        for words in [
            &["--check", "--force"][..],
            &["--check", "--dry-run"],
            &["--changed", "--staged"],
            &["--since", "a", "--changed"],
            &["--jobs", "0"],
            &["--why=some"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
