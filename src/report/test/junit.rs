//! The results of `hfgen test` as JUnit XML: a test suite a file, a test case a test, and what went wrong besides.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestRerun, TestSuite};

use crate::finding::Finding;
use crate::report::text::clean;
use crate::run::protocol::Outcome;
use crate::run::test::{TestResult, Tested};

/// `found`: what was found, of which those about tests are told as test cases already.
pub fn render(tested: &Tested, found: &[Finding], elapsed: Duration) -> String {
    let mut junit = Junit::new("hfgen");
    junit.set_time(elapsed);
    for file in tested.results.chunk_by(|a, b| a.file == b.file) {
        let mut suite = TestSuite::new(file.first().map_or("", |result| result.file.as_str()));
        suite.set_time(seconds(file.iter().map(|result| result.record.seconds).sum()));
        suite.add_test_cases(file.iter().map(case));
        junit.add_test_suite(suite);
    }
    let besides: Vec<&Finding> = found.iter().filter(|finding| finding.is_error() && !is_of_test(finding)).collect();
    if !besides.is_empty() {
        let mut suite = TestSuite::new("hfgen test: findings");
        suite.add_test_cases(besides.into_iter().map(|finding| {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_type(finding.code.to_string()).set_message(finding.message.as_str());
            TestCase::new(format!("{}: {}", finding.code, finding.message), status)
        }));
        junit.add_test_suite(suite);
    }
    let mut text = junit.to_string().expect("XML is written into memory");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn is_of_test(finding: &Finding) -> bool {
    finding.code == crate::finding::codes::run::TEST_FAILED
}

fn case(result: &TestResult) -> TestCase {
    let record = &result.record;
    let told = |kind: NonSuccessKind, word: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        let since: String = result.causes.iter().map(|cause| format!("\nsince {cause}")).collect();
        let output = if result.output.is_empty() { &record.reason } else { &result.output };
        status.set_type(word).set_message(record.reason.as_str());
        status.set_description(clean(&format!("{}{since}", output.trim_end())).into_owned());
        status
    };
    let skipped = |message: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    let status = match record.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed => told(NonSuccessKind::Failure, "failed"),
        Outcome::Error => told(NonSuccessKind::Error, "error"),
        Outcome::Crashed => told(NonSuccessKind::Error, "crashed"),
        Outcome::Unknown => told(NonSuccessKind::Error, "unknown"),
        Outcome::Skipped => skipped(&record.reason),
        Outcome::Xfailed => skipped(&format!("failed as expected: {}", record.reason)),
        Outcome::Flaky => {
            let mut status = TestCaseStatus::success();
            let mut first = TestRerun::new(NonSuccessKind::Failure);
            first.set_message(record.reason.as_str()).set_description(clean(&result.output).into_owned());
            status.add_rerun(first);
            status
        }
    };
    let mut case = TestCase::new(record.node.as_str(), status);
    case.set_classname(result.file.as_str()).set_time(seconds(record.seconds));
    case
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test::tests::result;

    #[test]
    fn every_test_is_a_case() {
        let results = vec![
            result("test_a", Outcome::Passed, None),
            result("test_b", Outcome::Failed, Some(Outcome::Passed)),
            result("test_c", Outcome::Skipped, None),
            result("test_d", Outcome::Crashed, None),
            result("test_e", Outcome::Flaky, None),
        ];
        let text = render(&Tested { results, ..Tested::default() }, &[], Duration::from_secs(1));
        assert!(text.contains(r#"tests="5" skipped="1" failures="1" errors="1""#), "{text}");
        assert!(text.contains("since templates/x.hbs:3"), "{text}");
        assert!(text.contains("<flakyFailure"), "{text}");
        let finding = Finding::error(crate::finding::codes::run::FILE_NOT_RUN, "gave nothing");
        let text = render(&Tested::default(), &[finding], Duration::ZERO);
        assert!(text.contains("HF703: gave nothing"), "{text}");
    }
}
