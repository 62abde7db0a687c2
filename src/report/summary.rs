//! The last line of a build: `rebuilt 84 of 804 in 31 ms (720 unchanged, 0 findings)`. One shape, whatever happened.

use std::fmt::Write as _;

use super::look::Look;
use super::{Report, text};
use crate::build::outcome::{Action, Outcome};
use crate::finding::{Finding, Severity};

/// How many findings of each severity there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
}

impl Tally {
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut tally = Self::default();
        for finding in findings {
            match finding.severity {
                Severity::Error => tally.errors += 1,
                Severity::Warning => tally.warnings += 1,
                Severity::Note => tally.notes += 1,
            }
        }
        tally
    }

    /// `0 findings`, `3 errors, 1 warning`.
    pub fn words(self) -> String {
        let parts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let parts: Vec<String> =
            parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| text::plural(count, noun)).collect();
        if parts.is_empty() { "0 findings".to_owned() } else { parts.join(", ") }
    }
}

/// How many of the selected outputs were neither written nor in trouble.
pub fn unchanged(outcome: &Outcome) -> usize {
    let moved = [Action::Created, Action::Updated, Action::Restored, Action::Kept, Action::Invalid];
    outcome.selected.saturating_sub(moved.into_iter().map(|action| outcome.count(action)).sum())
}

/// The line, without a newline.
pub fn line(report: &Report<'_>, outcome: &Outcome, look: &Look) -> String {
    if let Some(files) = outcome.cleaned {
        return cleaned(report, outcome, files, look);
    }
    let written = [Action::Created, Action::Updated, Action::Restored].map(|action| outcome.count(action));
    let rebuilt = written.into_iter().sum();
    let verb = if outcome.dry { "would rebuild" } else { "rebuilt" };
    let mut line = format!("{} {} of {}", look.strong(verb), text::number(rebuilt), text::number(outcome.selected));
    if let Some(elapsed) = report.elapsed {
        let _ = write!(line, " in {}", text::time(elapsed));
    }
    let mut parts = vec![format!("{} unchanged", text::number(unchanged(outcome)))];
    let mut part = |action, words: &str| {
        let count = outcome.count(action);
        if count > 0 {
            parts.push(format!("{} {words}", text::number(count)));
        }
    };
    part(Action::Restored, if outcome.dry { "from the cache" } else { "restored from the cache" });
    part(Action::Removed, if outcome.dry { "to remove" } else { "removed" });
    part(Action::Kept, "kept with hand edits");
    part(Action::Invalid, "invalid and not written");
    parts.push(Tally::of(report.sorted()).words());
    let _ = write!(line, " ({})", parts.join(", "));
    if outcome.selected != outcome.planned {
        let _ = write!(line, "; {} outputs in all", text::number(outcome.planned));
    }
    line
}

/// `removed 804 outputs and 6 files of the cache in 31 ms (0 findings)`.
fn cleaned(report: &Report<'_>, outcome: &Outcome, files: usize, look: &Look) -> String {
    let verb = look.strong(if outcome.dry { "would remove" } else { "removed" });
    let outputs = text::plural(outcome.count(Action::Removed), "output");
    let elapsed = report.elapsed.map(|elapsed| format!(" in {}", text::time(elapsed))).unwrap_or_default();
    let kept = match outcome.count(Action::Kept) {
        0 => String::new(),
        count => format!("{} kept with hand edits, ", text::number(count)),
    };
    let findings = Tally::of(report.sorted()).words();
    format!("{verb} {outputs} and {} of the cache{elapsed} ({kept}{findings})", text::plural(files, "file"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::build::outcome::OutputOutcome;

    fn check(outcome: &Outcome, expected: &str) {
        let report = Report { elapsed: Some(Duration::from_millis(31)), ..Report::of_outcome("build", outcome) };
        assert_eq!(line(&report, outcome, &Look::PLAIN), expected);
    }

    fn outcome(actions: &[(Action, usize)]) -> Outcome {
        let outputs = actions.iter().flat_map(|(action, count)| {
            std::iter::repeat_n(*action, *count).map(|action| OutputOutcome {
                path: "x".to_owned(),
                rule: "target.x".to_owned(),
                model: None,
                hardware: None,
                action,
                why: Vec::new(),
                diff: None,
            })
        });
        Outcome { selected: 804, planned: 804, outputs: outputs.collect(), ..Outcome::default() }
    }

    #[test]
    fn the_line_sums_up_whatever_happened() {
        check(&outcome(&[]), "rebuilt 0 of 804 in 31 ms (804 unchanged, 0 findings)");
        check(&outcome(&[(Action::Updated, 84)]), "rebuilt 84 of 804 in 31 ms (720 unchanged, 0 findings)");
        check(
            &outcome(&[(Action::Restored, 2), (Action::Removed, 1), (Action::Kept, 3), (Action::Invalid, 4)]),
            "rebuilt 2 of 804 in 31 ms (795 unchanged, 2 restored from the cache, 1 removed, 3 kept with hand edits, \
             4 invalid and not written, 0 findings)",
        );
        check(
            &Outcome { dry: true, selected: 12, ..outcome(&[(Action::Created, 1)]) },
            "would rebuild 1 of 12 in 31 ms (11 unchanged, 0 findings); 804 outputs in all",
        );
        check(
            &Outcome { cleaned: Some(6), ..outcome(&[(Action::Removed, 804), (Action::Kept, 1)]) },
            "removed 804 outputs and 6 files of the cache in 31 ms (1 kept with hand edits, 0 findings)",
        );
    }
}
