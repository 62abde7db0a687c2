//! How a report is told: format, file, annotations.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::report::Format;

/// Flags of every command that reports.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Report")]
pub struct ReportArgs {
    /// The form of the report; docs/formats.md describes each
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Write the report to this file, and the one for people to standard output
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Annotations beside the report for people, in GitHub Actions
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Annotations::Auto)]
    pub annotations: Annotations,
}

/// Whether annotations are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Annotations {
    /// Where GITHUB_ACTIONS is set
    #[default]
    Auto,
    Never,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        use Format::{Concise, Github, Html, Human, Json, Jsonl, Junit, Markdown, Sarif};
        &[Human, Concise, Json, Jsonl, Junit, Github, Sarif, Markdown, Html]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Format::Human => ("human", "for people"),
            Format::Concise => ("concise", "one line a finding, for grep and editors"),
            Format::Json => ("json", "one object"),
            Format::Jsonl => ("jsonl", "one object a line"),
            Format::Junit => ("junit", "JUnit XML"),
            Format::Github => ("github", "GitHub workflow commands"),
            Format::Sarif => ("sarif", "SARIF 2.1.0"),
            Format::Html => ("html", "one page that needs no server"),
            Format::Markdown => ("markdown", "for comments and job summaries"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}
