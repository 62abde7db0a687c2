//! What `hfgen test` found out, for people and as JSON. The findings are told before it, by `human`.
//!
//! Map of the room: `junit`, `markdown` and `html` are the forms that show every test or every failure.

pub mod html;
pub mod junit;
pub mod markdown;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::look::Look;
use super::text::{clean, number, one_line, plural, time};
use crate::run::protocol::Outcome;
use crate::run::test::{TestResult, Tested};

/// So many failures are shown with what pytest printed.
const SHOWN: usize = 5;
/// So many of the slowest tests are named, those that take longer than a second.
const SLOWEST: usize = 5;
const SLOW: f64 = 1.0;

/// What pytest shows of the first failures; of all with `-v`.
pub fn outputs(tested: &Tested, look: &Look) -> String {
    let shown = match look.verbosity {
        ..0 => 0,
        0 => SHOWN,
        _ => usize::MAX,
    };
    let red = tested.red().filter(|result| !result.output.is_empty()).take(shown);
    red.map(|result| format!("{}\n{}\n\n", look.strong(&name(result)), clean(result.output.trim_end()))).collect()
}

/// Reasons of skips, what is new, the slowest, and the sum.
pub fn human(tested: &Tested, elapsed: Duration, look: &Look) -> String {
    let mut text = String::new();
    if look.verbosity >= 0 {
        text.push_str(&skipped(tested, look));
        text.push_str(&slowest(tested, look));
        for (word, results) in
            [("newly failing", tested.newly_failing().collect()), ("newly passing", tested.newly_passing().collect())]
        {
            let results: Vec<&TestResult> = results;
            for result in results {
                text.push_str(&format!("{word}  {}\n", name(result)));
                text.extend(result.causes.iter().map(|cause| look.dim(&format!("    since {}\n", one_line(cause)))));
            }
        }
    }
    if look.verbosity > -2 {
        text.push_str(&summary(tested, elapsed, look));
        text.push('\n');
    }
    text
}

/// The same as a value, every test in it.
pub fn value(tested: &Tested) -> Value {
    let counts: serde_json::Map<String, Value> =
        COUNTED.iter().map(|outcome| (word(*outcome), json!(tested.count(*outcome)))).collect();
    let gathered = &tested.gathered;
    let dead = gathered.dead.iter().map(|(file, why)| json!({"file": file, "reason": why}));
    json!({
        "summary": {
            "files_run": gathered.ran.len() - gathered.left, "files_kept": gathered.cached, "files_left": gathered.left,
            "tests": counts,
        },
        "dead": dead.collect::<Vec<_>>(),
        "results": tested.results,
    })
}

/// Every outcome, in the order in which they are told.
const COUNTED: [Outcome; 7] = [
    Outcome::Passed,
    Outcome::Failed,
    Outcome::Error,
    Outcome::Crashed,
    Outcome::Flaky,
    Outcome::Xfailed,
    Outcome::Skipped,
];

/// The word of an outcome, as JSON has it.
fn word(outcome: Outcome) -> String {
    json!(outcome).as_str().unwrap_or_default().to_owned()
}

fn name(result: &TestResult) -> String {
    format!("{}::{}", result.file, result.record.node)
}

fn skipped(tested: &Tested, look: &Look) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for result in tested.results.iter().filter(|result| result.record.outcome == Outcome::Skipped) {
        *reasons.entry(&result.record.reason).or_default() += 1;
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let all = reasons.len();
    let shown = if look.verbosity > 0 { all } else { 10 };
    let line = |(reason, count): &(&str, usize)| format!("skipped {:>6}  {}\n", number(*count), one_line(reason));
    let mut text: String = reasons.iter().take(shown).map(line).collect();
    if all > shown {
        text.push_str(&look.dim(&format!("... and {} more reasons (-v lists all)\n", number(all - shown))));
    }
    text
}

fn slowest(tested: &Tested, look: &Look) -> String {
    let line = |result: &TestResult| {
        format!("{}\n", look.dim(&format!("slow {:>7.1} s  {}", result.record.seconds, name(result))))
    };
    slow(tested).into_iter().take(SLOWEST).map(line).collect()
}

/// Tests that take long, slowest first.
fn slow(tested: &Tested) -> Vec<&TestResult> {
    let mut slow: Vec<&TestResult> = tested.results.iter().filter(|result| result.record.seconds > SLOW).collect();
    slow.sort_by(|a, b| b.record.seconds.total_cmp(&a.record.seconds).then_with(|| a.file.cmp(&b.file)));
    slow
}

fn summary(tested: &Tested, elapsed: Duration, look: &Look) -> String {
    let of = |outcome| tested.count(outcome);
    let failed = of(Outcome::Failed) + of(Outcome::Error);
    let mut parts = vec![format!("{} passed", number(of(Outcome::Passed))), format!("{} failed", number(failed))];
    let further = [
        (of(Outcome::Crashed), "crashed"),
        (of(Outcome::Flaky), "flaky"),
        (of(Outcome::Xfailed), "failed as expected"),
        (of(Outcome::Skipped), "skipped"),
    ];
    parts.extend(
        further.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{} {word}", number(*count))),
    );
    let gathered = &tested.gathered;
    let ran = gathered.ran.len() - gathered.left;
    let left = if gathered.left > 0 { format!(", {} not run", number(gathered.left)) } else { String::new() };
    format!(
        "{} {}; {} run, {} kept{left}, in {}",
        look.strong("tests:"),
        parts.join(", "),
        plural(ran, "file"),
        number(gathered.cached),
        time(elapsed)
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::run::protocol::Record;

    pub(in crate::report) fn result(node: &str, outcome: Outcome, before: Option<Outcome>) -> TestResult {
        TestResult {
            file: "generated/test_hf_x.py".to_owned(),
            model: None,
            record: Record { node: node.to_owned(), outcome, reason: "no cuda".to_owned(), ..Record::default() },
            before,
            causes: if outcome == Outcome::Failed { vec!["templates/x.hbs:3".to_owned()] } else { Vec::new() },
            output: if outcome.is_red() { "E  assert 1 == 2\n".to_owned() } else { String::new() },
        }
    }

    #[test]
    fn people_see_failures_what_is_new_and_the_sum() {
        let mut slow = result("test_a", Outcome::Passed, None);
        slow.record.seconds = 2.5;
        let results = vec![
            slow,
            result("test_b", Outcome::Failed, Some(Outcome::Passed)),
            result("test_c", Outcome::Passed, Some(Outcome::Crashed)),
            result("test_d", Outcome::Skipped, None),
        ];
        let tested = Tested { results, ..Tested::default() };
        assert_eq!(outputs(&tested, &Look::PLAIN), "generated/test_hf_x.py::test_b\nE  assert 1 == 2\n\n");
        assert_eq!(
            human(&tested, Duration::from_secs(3), &Look::PLAIN),
            "skipped      1  no cuda\n\
             slow     2.5 s  generated/test_hf_x.py::test_a\n\
             newly failing  generated/test_hf_x.py::test_b\n    since templates/x.hbs:3\n\
             newly passing  generated/test_hf_x.py::test_c\n\
             tests: 2 passed, 1 failed, 1 skipped; 0 files run, 0 kept, in 3.0 s\n"
        );
        let value = value(&tested);
        assert_eq!(
            (&value["summary"]["tests"]["passed"], &value["results"][1]["before"]),
            (&2.into(), &"passed".into())
        );
    }
}
