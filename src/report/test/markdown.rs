//! The results of `hfgen test` as Markdown: for pull request comments and job summaries. Failures with what stands behind
//! them, flaky tests, and the sum; no passed test.

use std::fmt::Write as _;
use std::time::Duration;

use super::{SLOWEST, slow, summary};
use crate::finding::Finding;
use crate::report::look::Look;
use crate::report::markdown::{cell, code, table};
use crate::run::test::{TestResult, Tested};

pub fn render(tested: &Tested, found: &[Finding], elapsed: Duration) -> String {
    let mut page = format!("### hfgen test\n\n{}\n", summary(tested, elapsed, &Look::PLAIN));
    let row = |result: &TestResult| {
        let state = if result.is_newly_failing() { "newly failing" } else { "failing" };
        let causes: String = result.causes.iter().map(|cause| format!("<br>since {}", cell(cause))).collect();
        let record = &result.record;
        format!("| {state} | {} | {} | {}{causes} |", code(&result.file), code(&record.node), cell(&record.reason))
    };
    table(&mut page, "| | file | test | why |\n|---|---|---|---|", tested.red().map(row));
    let row = |result: &TestResult| {
        format!("| flaky | {} | {} | {} |", code(&result.file), code(&result.record.node), cell(&result.record.reason))
    };
    table(&mut page, "| | file | test | failed first with |\n|---|---|---|---|", tested.flaky().map(row));
    let dead = tested.gathered.dead.iter().map(|(file, why)| format!("| {} | {} |", code(file), cell(why)));
    table(&mut page, "| file | gave no results |\n|---|---|", dead);
    for finding in found.iter().filter(|finding| finding.code == crate::finding::codes::run::LIBRARIES_MISSING) {
        let _ = write!(page, "\n**{}**: {}\n", finding.code, cell(&finding.message));
    }
    let passing: Vec<&TestResult> = tested.newly_passing().collect();
    let row = |result: &&TestResult| format!("| {} | {} |", code(&result.file), code(&result.record.node));
    table(&mut page, "| newly passing | |\n|---|---|", passing.iter().map(row));
    let row = |result: &TestResult| {
        format!("| {:.1} s | {} | {} |", result.record.seconds, code(&result.file), code(&result.record.node))
    };
    table(&mut page, "| slowest | file | test |\n|---|---|---|", slow(tested).into_iter().take(SLOWEST).map(row));
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test::tests::result;
    use crate::run::protocol::Outcome;

    #[test]
    fn failures_are_rows_with_what_stands_behind_them() {
        let results = vec![
            result("test_a", Outcome::Passed, Some(Outcome::Failed)),
            result("test_b[x|y]", Outcome::Failed, Some(Outcome::Passed)),
            result("test_e", Outcome::Flaky, None),
        ];
        let page = render(&Tested { results, ..Tested::default() }, &[], Duration::from_secs(1));
        let row = "| newly failing | `generated/test_hf_x.py` | `test_b[x\\|y]` | no cuda<br>since templates/x.hbs:3 |";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("| flaky | `generated/test_hf_x.py` | `test_e` |"), "{page}");
        assert!(page.contains("| newly passing | |"), "{page}");
    }
}
