//! The flags of the commands about what tests have found: what is covered, and what is new.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::SelectArgs;
use crate::cli::args::build::EngineArgs;
use crate::coverage::tally::By;

/// `hfgen coverage`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen coverage --hardware cpu                  what passed on the processor, by check
  hfgen coverage --missing                       what has no result, and why
  hfgen coverage --by family,task --model bert   counted otherwise, of one model
  hfgen coverage --format html --output map.html a heat map for the browser, in one file
  hfgen coverage --hardware cpu --fail-under 95  exit 1 where less than 95 % passed
  hfgen coverage --results gpu/results.jsonl     with what another machine kept

Exit codes: 0 fine; 1 less passed than --fail-under; 2 wrong use, broken inputs; 4 nothing is selected.")]
pub struct CoverageArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// Only these checks
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub check: Vec<String>,
    /// Only what has no result, or one that no longer counts
    #[arg(long)]
    pub missing: bool,
    /// Exit 1 where less than this share of the cells passed
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub fail_under: Option<f64>,
    /// What is other than at this git revision: what is tested, and results where it holds a coverage.json
    #[arg(long, value_name = "REF", conflicts_with = "missing")]
    pub diff: Option<String>,
    /// How the tables count
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',', default_value = "hardware,check")]
    pub by: Vec<By>,
    /// Results that another machine kept: its .hfgen-cache/results.jsonl
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub results: Vec<PathBuf>,
    /// The Python whose versions decide what still counts [default: as of `hfgen test`]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// The form of the map; docs/coverage.md describes each
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = CoverageFormat::Human, help_heading = "Report")]
    pub format: CoverageFormat,
    /// Write the map to this file, and the one for people to standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub output: Option<PathBuf>,
}

/// `--format` of `hfgen coverage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CoverageFormat {
    /// Tables
    #[default]
    Human,
    /// One object with every cell; `hfgen report` reads it
    Json,
    /// For comments and job summaries
    Markdown,
    /// One number as an SVG
    Badge,
    /// A heat map in one page that needs no server
    Html,
}

/// `hfgen report`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen coverage --format json --output now.json
  hfgen report before.json now.json                        what is new, for people
  hfgen report before.json now.json --format slack         the body for a chat's webhook; nothing is sent
  hfgen report before.json --format github                 against what is known now, as an issue's body

Exit codes: 0 nothing is newly failing; 1 something is; 2 wrong use, a file that is no coverage report.")]
pub struct NewsArgs {
    /// The former report, of `hfgen coverage --format json --output FILE`
    #[arg(value_name = "BEFORE", value_hint = ValueHint::FilePath)]
    pub before: PathBuf,
    /// The report to compare with it [default: what is known now, of the same selection]
    #[arg(value_name = "NOW", value_hint = ValueHint::FilePath)]
    pub now: Option<PathBuf>,
    /// Results that another machine kept: its .hfgen-cache/results.jsonl
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "now")]
    pub results: Vec<PathBuf>,
    /// The Python whose versions decide what still counts [default: as of `hfgen test`]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    #[command(flatten)]
    pub engine: EngineArgs,
    /// The form of the news
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = NewsFormat::Human, help_heading = "Report")]
    pub format: NewsFormat,
    /// Write the news to this file, and those for people to standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Report")]
    pub output: Option<PathBuf>,
}

/// `--format` of `hfgen report`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum NewsFormat {
    #[default]
    Human,
    /// One object with every change
    Json,
    /// The JSON body of a webhook that reads `text`: Slack, Teams, Mattermost, Google Chat
    Slack,
    /// The JSON body of a Discord webhook, which reads `content`
    Discord,
    /// The body of a mail, as plain text
    Email,
    /// The body of an issue or a comment, as Markdown
    Github,
}

impl ValueEnum for By {
    fn value_variants<'a>() -> &'a [Self] {
        &By::ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.word()))
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim_end().parse();
    number.ok().filter(|number| (0.0..=100.0).contains(number)).ok_or_else(|| "not a number from 0 to 100".to_owned())
}
