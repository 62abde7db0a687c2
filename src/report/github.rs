//! GitHub workflow commands, which become annotations beside the changed lines. GitHub shows ten of each kind a step,
//! so that many are made and the rest is summed up.

use std::fmt::Write as _;

use super::{Report, snippet, summary, text};
use crate::finding::{Finding, Place, Severity};

/// How many annotations of a kind GitHub shows for one step.
const SHOWN: usize = 10;

/// `prefix` leads from the repository's root to the project's (`suites/hf/`, or empty).
pub fn render(report: &Report<'_>, prefix: &str) -> String {
    let mut text = annotations(report, prefix);
    if let Some(outcome) = report.outcome {
        let _ = writeln!(text, "{}", summary::line(report, outcome, &super::Look::PLAIN));
    }
    text
}

/// The workflow commands alone, to stand beside a report for people.
pub fn annotations(report: &Report<'_>, prefix: &str) -> String {
    let flat = report.flattened();
    let mut text = String::new();
    for (severity, kind) in [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "notice")] {
        let of_kind: Vec<&Finding> = flat.iter().filter(|finding| finding.severity == severity).collect();
        for finding in of_kind.iter().take(SHOWN) {
            text.push_str(&command(kind, finding, prefix));
            text.push('\n');
        }
        if of_kind.len() > SHOWN {
            let _ = writeln!(text, "... and {}", text::plural(of_kind.len() - SHOWN, &format!("more {kind}")));
        }
    }
    text
}

fn command(kind: &str, finding: &Finding, prefix: &str) -> String {
    let mut properties = Vec::new();
    if let Some(place) = finding.place.as_ref().filter(|place| !place.path.starts_with('<')) {
        properties.push(format!("file={}", property(&format!("{prefix}{}", place.path))));
        properties.extend(lines(place));
    }
    let name = finding.code.entry().map(|entry| format!(" {}", entry.name)).unwrap_or_default();
    properties.push(format!("title={}", property(&format!("{}{name}", finding.code))));
    let mut message = finding.message.clone();
    message.extend(finding.related.iter().map(|(words, place)| format!("\nnote: {words}: {}", snippet::at(place))));
    message.extend(finding.output.iter().map(|place| format!("\nnote: it shows in {}", snippet::at(place))));
    message.extend(finding.help.iter().map(|help| format!("\nhelp: {help}")));
    format!("::{kind} {}::{}", properties.join(","), data(&message))
}

fn lines(place: &Place) -> Vec<String> {
    if !snippet::knows_line(place) {
        return Vec::new();
    }
    let mut lines = vec![format!("line={}", place.line), format!("col={}", place.column)];
    if place.width > 0 {
        lines.push(format!("endColumn={}", place.column.saturating_add(place.width)));
    }
    lines
}

fn data(text: &str) -> String {
    text::clean(text).replace('%', "%25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::CodeId;

    #[test]
    fn places_and_text_are_escaped() {
        let findings = [
            Finding::error(CodeId(999), "100% wrong\nreally").at(Place::in_text("rules/a,b.toml", "xx = 1", 0, 2)),
            Finding::new(CodeId(999), Severity::Note, "built in").at(Place::file("<builtin>/rules/a.toml")).help("do"),
        ];
        assert_eq!(
            annotations(&Report::of_findings("check", &findings), "sub/"),
            "::error file=sub/rules/a%2Cb.toml,line=1,col=1,endColumn=3,title=HF999::100%25 wrong%0Areally\n\
             ::notice title=HF999::built in%0Ahelp: do\n"
        );
    }

    #[test]
    fn more_than_ten_of_a_kind_are_summed_up() {
        let findings: Vec<Finding> = (0..25).map(|n| Finding::error(CodeId(999), format!("{n:02}"))).collect();
        let text = render(&Report::of_findings("check", &findings), "");
        assert_eq!(text.matches("::error ").count(), 10);
        assert!(text.ends_with("... and 15 more errors\n"), "{text}");
    }
}
