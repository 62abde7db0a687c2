//! What `hfgen prove` found out, for people and as JSON. The findings are told before it, by `human`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::look::Look;
use super::text::{number, one_line, plural, time};
use crate::run::prove::{Proven, count};
use crate::run::verdict::{Proof, Verdict};

/// A line for each check and fault, and the sum.
pub fn human(proven: &Proven, elapsed: std::time::Duration, look: &Look) -> String {
    let mut text = if look.verbosity >= 0 { table(&proven.proofs, look) } else { String::new() };
    if look.verbosity > 0 {
        text.push_str(&listed(&proven.proofs, look));
    }
    if look.verbosity > -2 {
        text.push_str(&summary(proven, elapsed, look));
        text.push('\n');
    }
    text
}

/// The same as a value, every proof in it.
pub fn value(proven: &Proven) -> Value {
    let counts: serde_json::Map<String, Value> = TALLIED
        .iter()
        .map(|verdict| (json!(verdict).as_str().unwrap_or_default().to_owned(), json!(count(&proven.proofs, *verdict))))
        .collect();
    let dead = proven.gathered.dead.iter().map(|(file, why)| json!({"file": file, "reason": why}));
    json!({
        "summary": {"files_run": proven.gathered.ran.len(), "files_kept": proven.gathered.cached, "tests": counts},
        "dead": dead.collect::<Vec<_>>(),
        "proofs": proven.proofs,
    })
}

const TALLIED: [Verdict; 9] = [
    Verdict::Caught,
    Verdict::Missed,
    Verdict::Blind,
    Verdict::NotApplicable,
    Verdict::Broken,
    Verdict::Green,
    Verdict::Red,
    Verdict::Expected,
    Verdict::Skipped,
];

fn table(proofs: &[Proof], look: &Look) -> String {
    let mut rows: BTreeMap<(&str, &str), [usize; 5]> = BTreeMap::new();
    for proof in proofs {
        let Some(fault) = &proof.fault else { continue };
        let row = rows.entry((&proof.check, fault)).or_default();
        let column = TALLIED[..5].iter().position(|verdict| *verdict == proof.verdict);
        if let Some(column) = column {
            row[column] += 1;
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let width = |name: fn(&(&str, &str)) -> usize, least: usize| rows.keys().map(name).max().unwrap_or(0).max(least);
    let (check, fault) = (width(|key| key.0.len(), 5), width(|key| key.1.len(), 5));
    let head =
        format!("{:check$}  {:fault$}  {:>7} {:>7} {:>7} {:>7}", "check", "fault", "caught", "missed", "blind", "n/a");
    let mut text = format!("{}\n", look.dim(&head));
    for ((name, id), [caught, missed, blind, not_applicable, broken]) in rows {
        let cell = |count: usize| if count == 0 { "-".to_owned() } else { number(count) };
        let wrong = missed + broken;
        let missed = format!("{:>7}", cell(wrong));
        let missed = if wrong > 0 { look.bad(&missed) } else { missed };
        let caught = format!("{:>7}", cell(caught));
        text.push_str(&format!(
            "{name:check$}  {id:fault$}  {caught} {missed} {:>7} {:>7}\n",
            cell(blind),
            cell(not_applicable)
        ));
    }
    text
}

/// Everything but what went well, test by test.
fn listed(proofs: &[Proof], look: &Look) -> String {
    let quiet = [Verdict::Green, Verdict::Caught];
    let line = |proof: &Proof| {
        let verdict = json!(proof.verdict);
        let fault = proof.fault.as_ref().map_or_else(String::new, |fault| format!(" under {fault}"));
        let reason = if proof.reason.is_empty() { String::new() } else { format!("  {}", one_line(&proof.reason)) };
        let verdict = verdict.as_str().unwrap_or_default();
        format!("  {verdict:14} {}::{}{fault}{}\n", proof.file, proof.node, look.dim(&reason))
    };
    proofs.iter().filter(|proof| !quiet.contains(&proof.verdict)).map(line).collect()
}

fn summary(proven: &Proven, elapsed: std::time::Duration, look: &Look) -> String {
    let of = |verdict| count(&proven.proofs, verdict);
    let tried = of(Verdict::Caught) + of(Verdict::Missed) + of(Verdict::Blind) + of(Verdict::Broken);
    // In tenths, rounded down: 100 % is said of all, never of nearly all.
    let share = (of(Verdict::Caught) * 1000).checked_div(tried);
    let share = share.map_or_else(String::new, |tenths| format!(" ({}.{} %)", tenths / 10, tenths % 10));
    let words = |pairs: &[(Verdict, &str)]| {
        let told = pairs.iter().filter(|(verdict, _)| of(*verdict) > 0);
        told.map(|(verdict, word)| format!(", {} {word}", number(of(*verdict)))).collect::<String>()
    };
    let faults = words(&[
        (Verdict::Missed, "missed"),
        (Verdict::Broken, "not put in"),
        (Verdict::Blind, "blind"),
        (Verdict::NotApplicable, "not applicable"),
    ]);
    let controls =
        words(&[(Verdict::Red, "red"), (Verdict::Expected, "failing as expected"), (Verdict::Skipped, "skipped")]);
    format!(
        "{} {} of {}{share}{faults}; without a fault {} green{controls}; {} run, {} kept, in {}",
        look.strong("caught"),
        number(of(Verdict::Caught)),
        plural(tried, "fault"),
        number(of(Verdict::Green)),
        plural(proven.gathered.ran.len(), "file"),
        number(proven.gathered.cached),
        time(elapsed),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::run::session::Gathered;

    fn proof(fault: Option<&str>, verdict: Verdict) -> Proof {
        Proof {
            file: "generated/test_hf_x.py".to_owned(),
            model: None,
            node: "test_batch[X-cpu]".to_owned(),
            check: "batch".to_owned(),
            class: String::new(),
            hardware: String::new(),
            fault: fault.map(str::to_owned),
            verdict,
            reason: "why".to_owned(),
            seconds: 0.0,
        }
    }

    #[test]
    fn people_get_a_line_a_fault_and_the_sum() {
        let proofs = vec![
            proof(None, Verdict::Green),
            proof(None, Verdict::Skipped),
            proof(Some("mixed-rows"), Verdict::Caught),
            proof(Some("mixed-rows"), Verdict::Caught),
            proof(Some("mixed-rows"), Verdict::Missed),
            proof(Some("nan"), Verdict::NotApplicable),
        ];
        let proven = Proven { proofs, gathered: Gathered { cached: 3, ..Gathered::default() } };
        let told = human(&proven, Duration::from_millis(1500), &Look::PLAIN);
        assert_eq!(
            told,
            "check  fault        caught  missed   blind     n/a\n\
             batch  mixed-rows        2       1       -       -\n\
             batch  nan               -       -       -       1\n\
             caught 2 of 3 faults (66.6 %), 1 missed, 1 not applicable; without a fault 1 green, 1 skipped; \
             0 files run, 3 kept, in 1.5 s\n"
        );
        let loud = human(&proven, Duration::ZERO, &Look { verbosity: 1, ..Look::PLAIN });
        assert!(loud.contains("  missed         generated/test_hf_x.py::test_batch[X-cpu] under mixed-rows  why\n"));
        assert_eq!(value(&proven)["summary"]["tests"]["caught"], 2);
    }
}
