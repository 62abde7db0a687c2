//! One line a finding, `path:line:column: error[HF012] message`, for grep and editors; then the sum.

use std::fmt::Write as _;

use super::look::Look;
use super::{Report, snippet, summary, text};
use crate::finding::{Finding, Severity};

pub fn render(report: &Report<'_>, look: &Look) -> String {
    let mut text = String::new();
    for finding in report.flattened() {
        text.push_str(&line(&finding, look));
        text.push('\n');
    }
    if let Some(outcome) = report.outcome.filter(|_| look.verbosity > -2) {
        let _ = writeln!(text, "{}", summary::line(report, outcome, look));
    }
    text
}

fn line(finding: &Finding, look: &Look) -> String {
    let place = finding.place.as_ref().map(|place| format!("{}: ", snippet::at(place))).unwrap_or_default();
    let severity = format!("{}[{}]", word(finding.severity), finding.code);
    let severity = match finding.severity {
        Severity::Error => look.bad(&severity),
        Severity::Warning => look.soft(&severity),
        Severity::Note => look.cool(&severity),
    };
    let output = finding.output.as_ref().map(|place| format!(" ({})", snippet::at(place))).unwrap_or_default();
    format!("{place}{severity} {}{output}", text::one_line(&finding.message))
}

/// `error`, `warning`, `note`.
pub fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{CodeId, Place};

    #[test]
    fn a_finding_is_one_line() {
        let findings = [
            Finding::error(CodeId(305), "two\nlines")
                .at(Place::in_text("templates/a.hbs", "{{x}}", 2, 3))
                .shown_at(Place { line: 7, ..Place::file("generated/a.py") }),
            Finding::warning(CodeId(2), "no place"),
        ];
        assert_eq!(
            render(&Report::of_findings("check", &findings), &Look::PLAIN),
            "warning[HF002] no place\ntemplates/a.hbs:1:3: error[HF305] two lines (generated/a.py:7:1)\n"
        );
    }
}
