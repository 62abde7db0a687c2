//! Words out: one report value, one file a format. Every format is a function from the report to text; nothing is
//! printed, coloured or decided by what the stream is in here, except by `progress`.
//!
//! Map of the room: `look` says how the text may look; `human` puts `snippet` (one finding), `outputs` (lists, reasons,
//! diffs) and `summary` (the last line) together; `concise`, `json`, `junit`, `github`, `sarif`, `markdown` and `html`
//! are the other formats; `progress` is the live line of a terminal; `coverage`, `news`, `hardware`, `probe`, `prove`, `sync`
//! and `test` tell what the commands of these names found, `running` what the last two have in common; `text` holds small words.

pub mod concise;
pub mod coverage;
pub mod github;
pub mod hardware;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
pub mod look;
pub mod markdown;
pub mod news;
pub mod outputs;
pub mod probe;
pub mod progress;
pub mod prove;
pub mod running;
pub mod sarif;
pub mod snippet;
pub mod summary;
pub mod sync;
pub mod test;
pub mod text;

use std::time::Duration;

pub use look::{Color, Look};

use crate::build::outcome::{Action, Outcome, OutputOutcome};
use crate::finding::codes::output::OUT_OF_DATE;
use crate::finding::{Finding, Place};

/// The forms that a report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Format {
    #[default]
    Human,
    Concise,
    Json,
    Jsonl,
    Junit,
    Github,
    Sarif,
    Markdown,
    Html,
}

/// How much is said of the reasons for rebuilding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Why {
    #[default]
    No,
    /// One reason an output, outputs with the same reason together.
    Grouped,
    /// Every output with all of its reasons.
    Full,
}

/// What a command has to tell, whatever the format.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// The command that was run: `build`.
    pub command: &'a str,
    /// None for commands that only have findings.
    pub outcome: Option<&'a Outcome>,
    /// Those of the outcome, or alone.
    pub findings: &'a [Finding],
    /// Outputs that would change are failures (`--check`).
    pub check: bool,
    pub why: Why,
    pub elapsed: Option<Duration>,
    /// The exit code that the command will end with.
    pub exit: u8,
}

impl<'a> Report<'a> {
    pub fn of_outcome(command: &'a str, outcome: &'a Outcome) -> Self {
        Self { outcome: Some(outcome), ..Self::of_findings(command, &outcome.findings) }
    }

    pub fn of_findings(command: &'a str, findings: &'a [Finding]) -> Self {
        Self { command, outcome: None, findings, check: false, why: Why::No, elapsed: None, exit: 0 }
    }

    /// The findings in order of place, those without a place first; twins once.
    pub fn sorted(&self) -> Vec<&'a Finding> {
        let mut sorted: Vec<&Finding> = self.findings.iter().collect();
        sorted.sort_by(|a, b| {
            (&a.place, a.code, &a.message, &a.output)
                .cmp(&(&b.place, b.code, &b.message, &b.output))
                .then_with(|| a.cmp(b))
        });
        sorted.dedup();
        sorted
    }

    /// The outputs that make `--check` fail.
    pub fn out_of_date(&self) -> impl Iterator<Item = &'a OutputOutcome> {
        let outputs =
            self.outcome.filter(|outcome| self.check && outcome.dry).map_or(&[][..], |outcome| &outcome.outputs);
        outputs.iter().filter(|output| {
            matches!(output.action, Action::Created | Action::Updated | Action::Restored | Action::Removed)
        })
    }

    /// The findings, and one for each output that makes `--check` fail: for formats that know findings only.
    pub fn flattened(&self) -> Vec<Finding> {
        let mut flat: Vec<Finding> = self.sorted().into_iter().cloned().collect();
        flat.extend(self.out_of_date().map(|output| {
            let because = output.why.first().map(|why| format!(": {why}")).unwrap_or_default();
            Finding::error(OUT_OF_DATE, format!("{} would be {}{because}", output.path, outputs::done(output.action)))
                .at(Place::file(&output.path))
                .help("run `hfgen build`")
        }));
        flat
    }
}

/// The whole report as text for standard output, ending in a newline unless it is empty.
///
/// `prefix` leads from the repository's root to the project's (`suites/hf/`, or empty), for formats whose readers know
/// only the repository.
pub fn render(report: &Report<'_>, format: Format, look: &Look, prefix: &str) -> String {
    match format {
        Format::Human => human::render(report, look),
        Format::Concise => concise::render(report, look),
        Format::Json => json::render(report),
        Format::Jsonl => json::render_lines(report),
        Format::Junit => junit::render(report),
        Format::Github => github::render(report, prefix),
        Format::Sarif => sarif::render(report, prefix),
        Format::Markdown => markdown::render(report),
        Format::Html => html::render(report),
    }
}
