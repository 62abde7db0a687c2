//! The report as JUnit XML: a test case a finding and a test case an output, for CI systems that show nothing else.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::{Report, concise, outputs, snippet};
use crate::build::outcome::{Action, OutputOutcome};
use crate::finding::Finding;

pub fn render(report: &Report<'_>) -> String {
    let mut junit = Junit::new("hfgen");
    if let Some(elapsed) = report.elapsed {
        junit.set_time(elapsed);
    }
    let mut findings = TestSuite::new(format!("hfgen {}: findings", report.command));
    findings.add_test_cases(report.sorted().into_iter().map(finding_case));
    if findings.test_cases.is_empty() {
        let mut case = TestCase::new("no findings", TestCaseStatus::success());
        case.set_classname("hfgen");
        findings.add_test_case(case);
    }
    junit.add_test_suite(findings);
    if let Some(outcome) = report.outcome {
        let mut suite = TestSuite::new(format!("hfgen {}: outputs", report.command));
        suite.add_test_cases(outcome.outputs.iter().map(|output| output_case(output, report.check && outcome.dry)));
        junit.add_test_suite(suite);
    }
    let mut text = junit.to_string().expect("XML is written into memory");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn finding_case(finding: &Finding) -> TestCase {
    let told = told(finding);
    let status = if finding.is_error() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(finding.code.to_string()).set_message(finding.message.as_str()).set_description(told);
        status
    } else {
        TestCaseStatus::success()
    };
    let failed = finding.is_error();
    let name = finding.code.entry().map(|entry| format!(" {}", entry.name)).unwrap_or_default();
    let at = finding.place.as_ref().map(|place| format!(" at {}", snippet::at(place))).unwrap_or_default();
    let mut case = TestCase::new(format!("{}{name}{at}: {}", finding.code, finding.message), status);
    case.set_classname(finding.place.as_ref().map_or("hfgen", |place| place.path.as_str()));
    if !failed {
        case.set_system_out(self::told(finding));
    }
    case
}

fn output_case(output: &OutputOutcome, check: bool) -> TestCase {
    let because = if output.why.is_empty() { String::new() } else { format!(": {}", output.why.join("; ")) };
    let failure = match output.action {
        Action::Kept => Some("edited by hand and left as it is".to_owned()),
        Action::Invalid => Some("the new text has errors and was not written".to_owned()),
        Action::Unchanged => None,
        action => check.then(|| format!("out of date, would be {}{because}", outputs::done(action))),
    };
    let status = failure.map_or_else(TestCaseStatus::success, |message| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_type(outputs::done(output.action)).set_message(message);
        if let Some(diff) = &output.diff {
            status.set_description(diff.as_str());
        }
        status
    });
    let mut case = TestCase::new(output.path.as_str(), status);
    case.set_classname(output.rule.as_str());
    case
}

fn told(finding: &Finding) -> String {
    let mut text = finding.place.as_ref().map(|place| format!("{}: ", snippet::at(place))).unwrap_or_default();
    text.push_str(concise::word(finding.severity));
    text.push_str(": ");
    text.push_str(&finding.message);
    let snippet = finding.place.as_ref().and_then(|place| place.snippet.as_deref());
    text.extend(snippet.map(|line| format!("\n    {line}")));
    text.extend(finding.related.iter().map(|(words, place)| format!("\nnote: {words}: {}", snippet::at(place))));
    text.extend(finding.output.iter().map(|place| format!("\nnote: it shows in {}", snippet::at(place))));
    text.extend(finding.help.iter().map(|help| format!("\nhelp: {help}")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::outcome::Outcome;
    use crate::finding::{CodeId, Place};

    #[test]
    fn errors_and_stale_outputs_fail() {
        let output = |path: &str, action| OutputOutcome {
            path: path.to_owned(),
            rule: "target.a".to_owned(),
            model: None,
            hardware: None,
            action,
            why: vec!["template t changed".to_owned()],
            diff: None,
        };
        let outcome = Outcome {
            dry: true,
            findings: vec![
                Finding::error(CodeId(1), "a < b & \u{1}c").at(Place::in_text("r.toml", "x", 0, 1)).help("do"),
                Finding::warning(CodeId(2), "w"),
            ],
            outputs: vec![output("a.py", Action::Updated), output("b.py", Action::Unchanged)],
            ..Outcome::default()
        };
        let text = render(&Report { check: true, ..Report::of_outcome("check", &outcome) });
        assert!(text.contains(r#"<testsuites name="hfgen" tests="4" skipped="0" failures="2" errors="0">"#), "{text}");
        assert!(text.contains(r#"message="a &lt; b &amp; c" type="HF001""#), "{text}");
        assert!(text.contains(r#"message="out of date, would be updated: template t changed""#), "{text}");
        let written = render(&Report::of_outcome("build", &Outcome { dry: false, findings: Vec::new(), ..outcome }));
        assert!(written.contains(r#"failures="0""#), "{written}");
    }
}
