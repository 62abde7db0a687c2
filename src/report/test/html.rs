//! The results of `hfgen test` as one page that needs nothing beside it: failures in full, and every test to search.

use std::time::Duration;

use serde_json::json;

use super::{summary, word};
use crate::finding::Finding;
use crate::report::html::{escape, page};
use crate::report::look::Look;
use crate::run::test::{TestResult, Tested};

/// The table of all tests, which the script fills.
const TABLE: &str = include_str!("table.html");

pub fn render(tested: &Tested, found: &[Finding], elapsed: Duration) -> String {
    let mut body = format!("<p class=\"sum\">{}</p>\n", escape(&summary(tested, elapsed, &Look::PLAIN)));
    for finding in found.iter().filter(|finding| finding.code != crate::finding::codes::run::TEST_FAILED) {
        body.push_str(&format!("<p class=\"finding\"><b>{}</b> {}</p>\n", finding.code, escape(&finding.message)));
    }
    body.push_str(&tested.red().chain(tested.flaky()).map(failure).collect::<String>());
    let rows: Vec<serde_json::Value> = tested
        .results
        .iter()
        .map(|result| {
            let record = &result.record;
            json!([result.file, record.node, word(record.outcome), record.seconds, record.reason])
        })
        .collect();
    // Inside a script nothing may look like a tag.
    let rows = json!(rows).to_string().replace('<', "\\u003c");
    body.push_str(&TABLE.replace("ROWS_OF_ALL_TESTS", &rows));
    page("hfgen test", &body)
}

fn failure(result: &TestResult) -> String {
    let record = &result.record;
    let state = if result.is_newly_failing() { "newly failing".to_owned() } else { word(record.outcome) };
    let causes: String =
        result.causes.iter().map(|cause| format!("<p class=\"since\">since {}</p>\n", escape(cause))).collect();
    let output = if result.output.is_empty() { &record.reason } else { &result.output };
    format!(
        "<details class=\"{}\"><summary><b>{state}</b> {}::{}</summary>\n{causes}<pre>{}</pre>\n</details>\n",
        word(record.outcome),
        escape(&result.file),
        escape(&record.node),
        escape(output.trim_end())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::test::tests::result;
    use crate::run::protocol::Outcome;

    #[test]
    fn the_page_holds_everything_and_nothing_that_breaks_out() {
        let mut bad = result("test_b[<x>]", Outcome::Failed, Some(Outcome::Passed));
        bad.record.reason = "</script><b>".to_owned();
        bad.output = "E  a < b".to_owned();
        let results = vec![result("test_a", Outcome::Passed, None), bad];
        let page = render(&Tested { results, ..Tested::default() }, &[], Duration::from_secs(1));
        assert!(page.starts_with("<!doctype html>"), "{page}");
        assert!(page.contains("<b>newly failing</b> generated/test_hf_x.py::test_b[&lt;x&gt;]"), "{page}");
        assert!(page.contains("since templates/x.hbs:3") && page.contains("E  a &lt; b"), "{page}");
        assert!(page.contains("\\u003c/script>\\u003cb>") && page.matches("</script>").count() == 1, "{page}");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "{page}");
    }
}
