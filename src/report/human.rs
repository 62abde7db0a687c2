//! The report for people: findings with their places, what became of the outputs, the sum.

use indexmap::IndexMap;

use super::look::Look;
use super::summary::{self, Tally};
use super::{Report, Why, outputs, snippet, text};
use crate::build::outcome::{Action, OutputOutcome};
use crate::finding::{CodeId, Finding, Place, Severity};

/// How many different messages at one place are told before "and more".
const TOLD: usize = 3;
/// How many findings of one code are told before "and more": a merge gone wrong is found in every output.
const ALIKE: usize = 25;

pub fn render(report: &Report<'_>, look: &Look) -> String {
    let mut text = findings(&report.sorted(), look);
    let Some(outcome) = report.outcome else { return text };
    let all = look.verbosity > 0;
    let moved = || outcome.outputs.iter().filter(|output| all || output.action != Action::Unchanged);
    let due = |output: &&OutputOutcome| !matches!(output.action, Action::Kept | Action::Unchanged);
    let with_diff = outcome.outputs.iter().any(|output| output.diff.is_some());
    text.push_str(&outputs::diffs(outcome.outputs.iter(), look));
    if look.verbosity >= 0 {
        match report.why {
            Why::Full => text.push_str(&outputs::why_full(moved().filter(due), look)),
            Why::Grouped => text.push_str(&outputs::why_grouped(moved().filter(due), look)),
            Why::No if outcome.dry && !with_diff => text.push_str(&outputs::list(moved(), true, all, look)),
            Why::No if all => text.push_str(&outputs::list(moved(), false, all, look)),
            Why::No => {}
        }
    }
    if look.verbosity > -2 {
        text.push_str(&summary::line(report, outcome, look));
        text.push('\n');
    }
    text
}

/// Every finding, those at one place told once; then, without an outcome to sum up, nothing.
pub fn findings(sorted: &[&Finding], look: &Look) -> String {
    let shown = |finding: &Finding| match look.verbosity {
        i8::MIN..=-2 => finding.severity == Severity::Error,
        -1 => finding.severity != Severity::Note,
        _ => true,
    };
    let mut groups: IndexMap<Twin<'_>, Vec<&Finding>> = IndexMap::new();
    for (number, finding) in sorted.iter().copied().enumerate().filter(|(_, finding)| shown(finding)) {
        groups.entry(Twin::of(finding, number, look.verbosity > 0)).or_default().push(finding);
    }
    let mut text = String::new();
    let mut told: IndexMap<CodeId, usize> = IndexMap::new();
    for group in groups.values() {
        let Some(first) = group.first() else { continue };
        let count = told.entry(first.code).or_default();
        *count += 1;
        if *count <= ALIKE || look.verbosity > 0 {
            text.push_str(&snippet::render(first, &more(group), look));
            text.push('\n');
        }
    }
    for (code, count) in told.iter().filter(|(_, count)| **count > ALIKE && look.verbosity <= 0) {
        text.push_str(&format!("... and {} more of {code} (-v shows each)\n\n", text::number(count - ALIKE)));
    }
    text
}

/// `3 errors, 1 warning`, for commands that have findings and nothing else to sum up.
pub fn tally(report: &Report<'_>) -> String {
    Tally::of(report.sorted()).words()
}

/// What makes findings tell the same story: one mistake in a template is found in every output that it reaches.
#[derive(PartialEq, Eq, Hash)]
enum Twin<'a> {
    At(CodeId, Severity, &'a Place),
    Alone(usize),
}

impl<'a> Twin<'a> {
    fn of(finding: &'a Finding, number: usize, apart: bool) -> Self {
        match &finding.place {
            Some(place) if !apart && place.snippet.is_some() => Twin::At(finding.code, finding.severity, place),
            _ => Twin::Alone(number),
        }
    }
}

/// Notes under the first of a group: what the others say, and how many there are.
fn more(group: &[&Finding]) -> Vec<String> {
    let [first, rest @ ..] = group else { return Vec::new() };
    if rest.is_empty() {
        return Vec::new();
    }
    let mut messages: Vec<&str> = rest.iter().map(|finding| finding.message.as_str()).collect();
    messages.retain(|message| *message != first.message);
    messages.dedup();
    let mut notes: Vec<String> = messages.iter().take(TOLD).map(|message| format!("also: {message}")).collect();
    let outputs = group.iter().filter(|finding| finding.output.is_some()).count();
    let told = notes.len();
    if outputs > 1 {
        notes.push(format!("the same place is wrong in {} (-v shows each)", text::plural(outputs, "output")));
    } else if rest.len() > told {
        notes.push(format!("and {} more at this place (-v shows each)", text::number(rest.len() - told)));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mistake_in_a_template_is_told_once() {
        let found = |model: &str| {
            Finding::error(CodeId(305), format!("model `{model}` has no field `hiden`"))
                .at(Place::in_text("templates/base.py.hbs", "x = {{py hiden}}", 9, 14))
                .shown_at(Place { snippet: Some("x = 1".to_owned()), ..Place::file(format!("generated/{model}.py")) })
        };
        let all: Vec<Finding> = ["a", "b", "c", "d", "e"].map(found).into();
        let report = Report::of_findings("build", &all);
        let short = render(&report, &Look::PLAIN);
        assert_eq!(short.matches("error[HF305]").count(), 1, "{short}");
        assert!(short.contains("= note: also: model `b` has no field `hiden`"), "{short}");
        assert!(short.contains("= note: the same place is wrong in 5 outputs (-v shows each)"), "{short}");
        let long = render(&report, &Look { verbosity: 1, ..Look::PLAIN });
        assert_eq!(long.matches("error[HF305]").count(), 5, "{long}");
    }

    #[test]
    fn quiet_hides_notes_then_warnings() {
        let all = [
            Finding::new(CodeId(1), Severity::Note, "n"),
            Finding::warning(CodeId(2), "w"),
            Finding::error(CodeId(3), "e"),
        ];
        let count = |verbosity| {
            render(&Report::of_findings("x", &all), &Look { verbosity, ..Look::PLAIN }).matches("[HF").count()
        };
        assert_eq!([count(0), count(-1), count(-2)], [3, 2, 1]);
    }
}
