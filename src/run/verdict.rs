//! From records to verdicts: whether a test is green without a fault, and red with one. Nothing is run here.

use std::collections::BTreeMap;

use serde::Serialize;

use super::protocol::{Outcome, Record};
use crate::registry::config::BlindSpot;

/// How the support package begins the reason of a test whose fault has nothing to break there.
const NOT_APPLICABLE: &str = "fault not applicable: ";
/// How pytest shows that a fault could not be put in.
const BROKEN: &str = "FaultBroken";

/// What a test, with or without a fault, proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Green without a fault.
    Green,
    /// Red with its fault.
    Caught,
    /// Not run here, with the reason; its faults are not tried.
    Skipped,
    /// Fails without a fault, as the registry expects; its faults are not tried.
    Expected,
    /// There is nothing for the fault to break.
    NotApplicable,
    /// Green with its fault, and the registry says why that can't be otherwise.
    Blind,
    /// Green with its fault.
    Missed,
    /// Red without a fault.
    Red,
    /// The fault could not be put in, or never acted and the test is red all the same.
    Broken,
}

/// One test in one run, judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proof {
    /// Path of the file, relative to the project root.
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub node: String,
    pub check: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub class: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hardware: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    pub verdict: Verdict,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub seconds: f64,
}

/// The file that records are of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub path: &'a str,
    pub model: Option<&'a str>,
    /// What the registry says of faults that can't be seen in this model.
    pub blind: &'a [BlindSpot],
}

impl Subject<'_> {
    /// The verdicts of one run.
    pub fn judge(&self, fault: Option<&str>, records: &[Record]) -> Vec<Proof> {
        // A test may have two records: its call, and a tear-down that failed. The worse one counts.
        let mut by_node: BTreeMap<&str, &Record> = BTreeMap::new();
        let mut acted = 0;
        let mut acted_until = BTreeMap::new();
        for record in records {
            // A process that died can't say; a fault that kills is a fault that acts.
            acted += record.acted.unwrap_or(u64::from(record.outcome == Outcome::Crashed));
            acted_until.insert(record.node.as_str(), acted);
            let kept = by_node.entry(&record.node).or_insert(record);
            if record.outcome.is_red() && !kept.outcome.is_red() {
                *kept = record;
            }
        }
        let proof = |(node, record): (&str, &Record)| {
            let (verdict, reason) = match fault {
                None => without_fault(record),
                Some(fault) => self.with_fault(fault, record, acted_until.get(node).copied().unwrap_or(0)),
            };
            Proof {
                file: self.path.to_owned(),
                model: self.model.map(str::to_owned),
                node: node.to_owned(),
                check: record.check.clone(),
                class: record.class.clone(),
                hardware: record.hardware.clone(),
                fault: fault.map(str::to_owned),
                verdict,
                reason,
                seconds: record.seconds,
            }
        };
        by_node.into_iter().map(proof).collect()
    }

    fn with_fault(&self, fault: &str, record: &Record, acted: u64) -> (Verdict, String) {
        let reason = record.reason.clone();
        let missed = |reason: String| match self.blind.iter().find(|spot| spot.covers(record, fault)) {
            Some(spot) => (Verdict::Blind, spot.reason.clone()),
            None => (Verdict::Missed, reason),
        };
        match record.outcome {
            Outcome::Skipped => match reason.split_once(NOT_APPLICABLE) {
                Some((_, why)) => (Verdict::NotApplicable, why.to_owned()),
                None => missed(format!("skipped under the fault: {reason}")),
            },
            red if red.is_red() && reason.contains(BROKEN) => (Verdict::Broken, reason),
            red if red.is_red() && acted == 0 => {
                (Verdict::Broken, format!("red although the fault never acted: {reason}"))
            }
            red if red.is_red() => (Verdict::Caught, reason),
            _ if acted == 0 => missed("the fault never acted".to_owned()),
            _ => missed(String::new()),
        }
    }
}

impl BlindSpot {
    /// Whether it speaks of this test under this fault.
    fn covers(&self, record: &Record, fault: &str) -> bool {
        self.check == record.check
            && self.fault == fault
            && self.class.as_ref().is_none_or(|class| *class == record.class)
    }
}

fn without_fault(record: &Record) -> (Verdict, String) {
    let verdict = match record.outcome {
        Outcome::Passed => Verdict::Green,
        Outcome::Skipped => Verdict::Skipped,
        Outcome::Xfailed => Verdict::Expected,
        Outcome::Failed | Outcome::Error | Outcome::Crashed | Outcome::Flaky | Outcome::Unknown => Verdict::Red,
    };
    (verdict, record.reason.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(outcome: Outcome, reason: &str, acted: Option<u64>) -> Record {
        Record {
            node: format!("test_a[{outcome:?}{reason}]"),
            check: "a".to_owned(),
            class: "X".to_owned(),
            outcome,
            reason: reason.to_owned(),
            acted,
            ..Record::default()
        }
    }

    fn judged(fault: Option<&str>, record: Record, blind: &[BlindSpot]) -> (Verdict, String) {
        let subject = Subject { path: "generated/test_hf_m.py", model: Some("m"), blind };
        let mut proofs = subject.judge(fault, &[record]);
        assert_eq!(proofs.len(), 1);
        let proof = proofs.remove(0);
        (proof.verdict, proof.reason)
    }

    #[test]
    fn a_fault_counts_as_caught_only_where_it_acted_and_the_test_is_red() {
        let with = |outcome, reason: &str, acted| judged(Some("noise"), record(outcome, reason, acted), &[]).0;
        assert_eq!(with(Outcome::Failed, "assert", Some(2)), Verdict::Caught);
        assert_eq!(with(Outcome::Crashed, "killed by signal 11", None), Verdict::Caught);
        assert_eq!(with(Outcome::Failed, "assert", Some(0)), Verdict::Broken);
        assert_eq!(with(Outcome::Failed, "hfgen_runtime.faults.FaultBroken: noise", Some(1)), Verdict::Broken);
        assert_eq!(with(Outcome::Passed, "", Some(2)), Verdict::Missed);
        assert_eq!(with(Outcome::Xfailed, "", Some(2)), Verdict::Missed);
        assert_eq!(with(Outcome::Skipped, "no torch", Some(0)), Verdict::Missed);
        assert_eq!(with(Outcome::Skipped, "fault not applicable: no dropout", Some(0)), Verdict::NotApplicable);
    }

    #[test]
    fn without_a_fault_everything_but_red_is_fine() {
        let without = |outcome| judged(None, record(outcome, "r", None), &[]);
        assert_eq!(without(Outcome::Passed), (Verdict::Green, "r".to_owned()));
        assert_eq!(without(Outcome::Skipped).0, Verdict::Skipped);
        assert_eq!(without(Outcome::Xfailed).0, Verdict::Expected);
        for red in [Outcome::Failed, Outcome::Error, Outcome::Crashed, Outcome::Unknown] {
            assert_eq!(without(red).0, Verdict::Red);
        }
    }

    #[test]
    fn a_blind_spot_excuses_its_own_check_class_and_fault() {
        let spot = |check: &str, class: Option<&str>, fault: &str| BlindSpot {
            check: check.to_owned(),
            class: class.map(str::to_owned),
            fault: fault.to_owned(),
            reason: "why".to_owned(),
        };
        let green = || record(Outcome::Passed, "", Some(1));
        let with = |spot: BlindSpot| judged(Some("noise"), green(), &[spot]);
        assert_eq!(with(spot("a", None, "noise")), (Verdict::Blind, "why".to_owned()));
        assert_eq!(with(spot("a", Some("X"), "noise")).0, Verdict::Blind);
        for other in [spot("b", None, "noise"), spot("a", Some("Y"), "noise"), spot("a", None, "nan")] {
            assert_eq!(with(other).0, Verdict::Missed);
        }
    }

    #[test]
    fn a_failed_tear_down_makes_a_passed_test_red() {
        let twin = |outcome| Record { node: "test_a".to_owned(), ..record(outcome, "", Some(1)) };
        let subject = Subject { path: "x.py", model: None, blind: &[] };
        let proofs = subject.judge(Some("noise"), &[twin(Outcome::Passed), twin(Outcome::Error)]);
        assert_eq!(proofs.iter().map(|proof| proof.verdict).collect::<Vec<_>>(), [Verdict::Caught]);
    }
}
