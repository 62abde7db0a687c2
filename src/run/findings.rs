//! What is wrong with what was proved, as findings: one for each check and fault, with the first tests as examples.

use std::collections::BTreeMap;

use super::files::Suite;
use super::prove::{Proven, Request, count};
use super::session::Gathered;
use super::test::TestResult;
use super::verdict::{Proof, Verdict};
use crate::build::project::REGISTRY;
use crate::finding::codes::run::{
    CHECK_WITHOUT_FAULT, FAULT_BROKEN, FAULT_MISSED, FILE_NOT_RUN, FLAKY_TEST, LIBRARIES_MISSING, NOTHING_PROVED,
    RED_WITHOUT_FAULT, STALE_BLIND_SPOT, TEST_FAILED, TOO_FEW_CAUGHT,
};
use crate::finding::{CodeId, Finding, Place, Severity};
use crate::registry::parse::place_of;
use crate::rules::file::Check;

/// So many tests are named in a message.
const EXAMPLES: usize = 3;
/// Of a thousand faults, so many must be caught.
const LEAST_CAUGHT: usize = 990;
/// Of fewer faults no share is told: it would be about single tests.
const SPEAKS: usize = 1000;
/// What the tests can't do without.
const NEEDED: [&str; 2] = ["torch", "transformers"];

/// Everything that is wrong, in a fixed order.
pub fn findings(
    suite: &Suite,
    proven: &Proven,
    request: &Request,
    versions: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(not_run(&proven.gathered));
    findings.extend(grouped(&proven.proofs, Verdict::Red, RED_WITHOUT_FAULT));
    findings.extend(grouped(&proven.proofs, Verdict::Broken, FAULT_BROKEN));
    findings.extend(grouped(&proven.proofs, Verdict::Missed, FAULT_MISSED));
    findings.extend(stale(suite, &proven.proofs));
    let missing = libraries_missing(suite, versions);
    let is_missing = missing.is_some();
    findings.extend(missing);
    let asked: Vec<(&String, &Check)> =
        suite.checks.iter().filter(|(name, _)| request.checks.is_empty() || request.checks.contains(name)).collect();
    findings.extend(without_fault(&asked));
    // Where the libraries are missing, that is the whole story; and a part of the project need not hold every check.
    if !is_missing && request.whole {
        findings.extend(asked.iter().filter_map(|(name, _)| unproved(name, &proven.proofs)));
    }
    findings.extend(too_few(&proven.proofs));
    findings
}

/// Files that gave no results.
pub fn not_run(gathered: &Gathered) -> Vec<Finding> {
    let finding = |(path, why): &(String, String)| {
        let why = why.trim().lines().last().unwrap_or_default();
        Finding::error(FILE_NOT_RUN, format!("`{path}` gave no results: {why}"))
            .at(Place::file(path))
            .help(format!("`pytest {path}` may show more"))
    };
    gathered.dead.iter().map(finding).collect()
}

/// A test that fails, and since which change; `text` is that of its file.
pub fn red(result: &TestResult, text: &str) -> Finding {
    let (file, record) = (&result.file, &result.record);
    let since: String = result.causes.iter().map(|cause| format!("; since {cause}")).collect();
    Finding::error(TEST_FAILED, format!("{}: {}{since}", record.node, record.reason))
        .at(place_of_test(file, &record.check, text))
        .help(format!("`pytest '{file}::{}'`", record.node))
}

/// A test that failed and then passed; `text` is that of its file.
pub fn flaky(result: &TestResult, text: &str) -> Finding {
    let (file, record) = (&result.file, &result.record);
    let tries = record.attempts.map_or_else(String::new, |attempts| format!(" in try {attempts}"));
    Finding::warning(FLAKY_TEST, format!("{} passed{tries} and failed before: {}", record.node, record.reason))
        .at(place_of_test(file, &record.check, text))
        .help("a check that is right must pass every time: look for what it draws, times or shares")
}

/// Where the test of a check begins; the file, where it has none of that name.
fn place_of_test(file: &str, check: &str, text: &str) -> Place {
    let head = format!("def test_{check}(");
    let line = text.lines().zip(1..).find(|(line, _)| line.trim_start().starts_with(&head));
    line.map_or_else(|| Place::file(file), |(_, number)| Place::line_of(file, text, number))
}

/// What a Python without the libraries is called.
pub fn libraries_missing(suite: &Suite, versions: &BTreeMap<String, String>) -> Option<Finding> {
    let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !versions.contains_key(*name)).collect();
    (!missing.is_empty() && !suite.files.is_empty()).then(|| {
        let message = format!("this Python has no {}: what needs it was skipped", missing.join(" and no "));
        Finding::error(LIBRARIES_MISSING, message)
            .help("name a Python that has them with --python, or make one with `hfgen env create`")
    })
}

fn without_fault(asked: &[(&String, &Check)]) -> Option<Finding> {
    let bare = asked.iter().filter(|(_, check)| check.faults.is_empty());
    let bare: Vec<String> = bare.map(|(name, _)| format!("`{name}`")).collect();
    let message = match bare.as_slice() {
        [] => return None,
        [one] => format!("check {one} names no fault: nothing shows that it can fail"),
        many => format!("checks {} name no fault: nothing shows that they can fail", many.join(", ")),
    };
    Some(Finding::warning(CHECK_WITHOUT_FAULT, message).help("name one in its `faults`"))
}

/// A check that is neither green nor red anywhere.
fn unproved(check: &str, proofs: &[Proof]) -> Option<Finding> {
    let mut controls = proofs.iter().filter(|proof| proof.check == check && proof.fault.is_none()).peekable();
    let why = controls.peek().map_or_else(
        || "no file has a test of it".to_owned(),
        |proof| format!("it is skipped everywhere: {}", proof.reason),
    );
    controls
        .all(|proof| proof.verdict == Verdict::Skipped)
        .then(|| Finding::new(NOTHING_PROVED, Severity::Note, format!("nothing is proved of check `{check}`: {why}")))
}

/// One finding for each check and fault that has proofs of this verdict.
fn grouped(proofs: &[Proof], verdict: Verdict, code: CodeId) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, Option<&str>), Vec<&Proof>> = BTreeMap::new();
    for proof in proofs.iter().filter(|proof| proof.verdict == verdict) {
        groups.entry((&proof.check, proof.fault.as_deref())).or_default().push(proof);
    }
    let finding = |((check, fault), group): ((&str, Option<&str>), Vec<&Proof>)| {
        let number = group.len();
        let tests = if number == 1 { "1 test".to_owned() } else { format!("{number} tests") };
        let fault = fault.unwrap_or("no fault");
        let what = match verdict {
            Verdict::Red => format!("`{check}` is red without a fault in {tests}"),
            Verdict::Broken => format!("`{fault}` could not be put into {tests} of `{check}`"),
            _ => format!("`{check}` stays green under `{fault}` in {tests}"),
        };
        let mut examples: Vec<String> = group.iter().take(EXAMPLES).map(|proof| example(proof)).collect();
        if number > EXAMPLES {
            examples.push(format!("and {} more (--format json lists each)", number - EXAMPLES));
        }
        let finding = Finding::error(code, format!("{what}: {}", examples.join("; ")));
        let first = group.first().map(|proof| (&proof.file, &proof.node));
        match (first, verdict) {
            (None, _) => finding,
            (Some((file, node)), Verdict::Red) => finding.help(format!("`pytest '{file}::{node}'`")),
            (Some((file, node)), _) => finding.help(format!("`HFGEN_FAULT={fault} pytest '{file}::{node}'`")),
        }
    };
    groups.into_iter().map(finding).collect()
}

fn example(proof: &Proof) -> String {
    let name = format!("{}::{}", proof.file, proof.node);
    if proof.reason.is_empty() { name } else { format!("{name} ({})", proof.reason) }
}

/// Blind spots where every fault that they speak of was caught.
fn stale(suite: &Suite, proofs: &[Proof]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (model, spots) in &suite.blind {
        for (number, spot) in spots.iter().enumerate() {
            let about = |proof: &&Proof| {
                proof.model.as_ref() == Some(model)
                    && proof.check == spot.check
                    && proof.fault.as_ref() == Some(&spot.fault)
                    && spot.class.as_ref().is_none_or(|class| *class == proof.class)
            };
            let seen: Vec<Verdict> = proofs.iter().filter(about).map(|proof| proof.verdict).collect();
            if !seen.is_empty() && seen.iter().all(|verdict| *verdict == Verdict::Caught) {
                let message = format!("`{}` sees `{}` in `{model}` after all", spot.check, spot.fault);
                findings.push(
                    Finding::warning(STALE_BLIND_SPOT, message)
                        .at(place_of(REGISTRY, &suite.registry, &["model", model, "blind", &number.to_string()]))
                        .help(format!("remove the entry of [[model.{model}.blind]]")),
                );
            }
        }
    }
    findings
}

/// Blind spots are for the few; a handful of faults is too small to speak of shares.
fn too_few(proofs: &[Proof]) -> Option<Finding> {
    let [caught, missed, blind] = [Verdict::Caught, Verdict::Missed, Verdict::Blind].map(|v| count(proofs, v));
    let all = caught + missed + blind;
    (all >= SPEAKS && caught * 1000 < all * LEAST_CAUGHT).then(|| {
        let message = format!("{caught} of {all} faults are caught, which is less than 99 %");
        Finding::error(TOO_FEW_CAUGHT, message).help("sharpen the checks with the most blind spots and misses")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::config::BlindSpot;

    fn proof(check: &str, fault: Option<&str>, verdict: Verdict) -> Proof {
        Proof {
            file: "generated/test_hf_x.py".to_owned(),
            model: Some("x".to_owned()),
            node: format!("test_{check}[X-cpu]"),
            check: check.to_owned(),
            class: "X".to_owned(),
            hardware: "cpu".to_owned(),
            fault: fault.map(str::to_owned),
            verdict,
            reason: String::new(),
            seconds: 0.1,
        }
    }

    fn found(proofs: Vec<Proof>, blind: Vec<BlindSpot>) -> Vec<(CodeId, String)> {
        let mut suite = Suite::default();
        suite.checks.insert("a".to_owned(), Check { faults: vec!["noise".to_owned()], ..Check::default() });
        suite.blind.insert("x".to_owned(), blind);
        let versions = NEEDED.map(|name| (name.to_owned(), "1".to_owned())).into();
        let proven = Proven { proofs, ..Proven::default() };
        findings(&suite, &proven, &Request { whole: true, ..Request::default() }, &versions)
            .into_iter()
            .map(|finding| (finding.code, finding.message))
            .collect()
    }

    #[test]
    fn misses_of_one_check_and_fault_are_one_finding() {
        let green = || proof("a", None, Verdict::Green);
        assert_eq!(found(vec![green(), proof("a", Some("noise"), Verdict::Caught)], Vec::new()), []);
        let missed = || proof("a", Some("noise"), Verdict::Missed);
        let found = found(vec![green(), missed(), missed(), missed(), missed()], Vec::new());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, FAULT_MISSED);
        assert!(
            found[0].1.starts_with("`a` stays green under `noise` in 4 tests: generated/test_hf_x.py::test_a[X-cpu];")
        );
        assert!(found[0].1.ends_with("and 1 more (--format json lists each)"));
    }

    #[test]
    fn red_broken_and_unproved_are_told() {
        let codes = |proofs| found(proofs, Vec::new()).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
        assert_eq!(codes(vec![proof("a", None, Verdict::Red)]), [RED_WITHOUT_FAULT]);
        assert_eq!(codes(vec![proof("a", None, Verdict::Skipped)]), [NOTHING_PROVED]);
        assert_eq!(codes(Vec::new()), [NOTHING_PROVED]);
        let broken = vec![proof("a", None, Verdict::Green), proof("a", Some("noise"), Verdict::Broken)];
        assert_eq!(codes(broken), [FAULT_BROKEN]);
    }

    #[test]
    fn blind_spots_are_few_and_true() {
        let spot = BlindSpot { check: "a".into(), class: None, fault: "noise".into(), reason: "why".into() };
        let green = proof("a", None, Verdict::Green);
        let caught = proof("a", Some("noise"), Verdict::Caught);
        let stale = found(vec![green.clone(), caught.clone()], vec![spot.clone()]);
        assert_eq!(stale.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [STALE_BLIND_SPOT]);
        let blind = proof("a", Some("noise"), Verdict::Blind);
        assert_eq!(found(vec![green.clone(), blind.clone()], vec![spot.clone()]), []);
        let share = |blinds: usize| {
            let mut proofs = vec![caught.clone(); 1000 - blinds];
            proofs.extend(vec![blind.clone(); blinds]);
            proofs.push(green.clone());
            found(proofs, vec![spot.clone()])
        };
        assert_eq!(share(10), []);
        assert_eq!(share(11)[0].0, TOO_FEW_CAUGHT);
    }

    #[test]
    fn a_test_is_shown_where_it_begins() {
        let text =
            "class TestModel:\n    def test_batch_size(self):\n        pass\n\n    def test_batch(self, case):\n";
        let place = place_of_test("generated/test_hf_x.py", "batch", text);
        assert_eq!(
            (place.line, place.column, place.snippet.as_deref()),
            (5, 5, Some("    def test_batch(self, case):"))
        );
        assert_eq!(place_of_test("a.py", "collection", text), Place::file("a.py"));
    }

    #[test]
    fn a_python_without_torch_is_no_success() {
        let suite = Suite {
            files: vec![super::super::files::TestFile {
                path: "generated/test_hf_x.py".to_owned(),
                model: None,
                family: None,
                hardware: None,
                digest: crate::digest::Digest::default(),
                size: 0,
            }],
            ..Suite::default()
        };
        let versions = BTreeMap::from([("transformers".to_owned(), "5".to_owned())]);
        let found = findings(&suite, &Proven::default(), &Request::default(), &versions);
        assert_eq!(found[0].code, LIBRARIES_MISSING);
        assert_eq!(found[0].message, "this Python has no torch: what needs it was skipped");
    }
}
