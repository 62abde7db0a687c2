//! `hfgen test`: every test of every selected file, without faults; what is new since the results that were kept before.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::kept::{ALL, Kept, Part};
use super::protocol::{Outcome, Record};
use super::session::{Gathered, Runner, Session};
use crate::build::Failure;

/// One test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestResult {
    /// Path of the file, relative to the project root.
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(flatten)]
    pub record: Record,
    /// How it ended the last time, where that was another way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Outcome>,
    /// What pytest shows of its failure.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub output: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Tested {
    pub gathered: Gathered,
    /// In order of file and test.
    pub results: Vec<TestResult>,
}

/// Runs what is not known; `kept` is read and added to.
pub fn test(session: &Session<'_>, kept: &mut Kept, runner: &mut dyn Runner) -> Result<Tested, Failure> {
    let before: BTreeMap<String, BTreeMap<String, Outcome>> =
        session.suite.files.iter().map(|file| (file.path.clone(), outcomes(kept, &session.how.slot(file)))).collect();
    let wanted = BTreeSet::from([Part { check: ALL.to_owned(), fault: None }]);
    let mut gathered = session.gather("testing", &wanted, kept, runner)?;
    let mut outputs = std::mem::take(&mut gathered.outputs);
    let mut results = Vec::new();
    for file in &session.suite.files {
        let Some(runs) = gathered.runs.get(&file.path) else { continue };
        let mut records: Vec<&Record> =
            runs.iter().filter(|(part, _)| part.fault.is_none()).flat_map(|(_, records)| records).collect();
        records.sort_by(|a, b| a.node.cmp(&b.node));
        results.extend(records.into_iter().map(|record| TestResult {
            file: file.path.clone(),
            model: file.model.clone(),
            before: before[&file.path].get(&record.node).copied().filter(|before| *before != record.outcome),
            output: outputs.remove(&(file.path.clone(), record.node.clone())).unwrap_or_default(),
            record: record.clone(),
        }));
    }
    Ok(Tested { gathered, results })
}

/// The files whose kept results, of whatever key, have a test that is red; for `--failed`.
pub fn had_failures(kept: &Kept, slot: &str) -> bool {
    outcomes(kept, slot).values().any(|outcome| outcome.is_red())
}

fn outcomes(kept: &Kept, slot: &str) -> BTreeMap<String, Outcome> {
    let runs = kept.file(slot).into_iter().flat_map(|known| &known.runs);
    let records = runs.filter(|(part, _)| part.fault.is_none()).flat_map(|(_, records)| records);
    records.map(|record| (record.node.clone(), record.outcome)).collect()
}

impl Tested {
    /// How many tests ended so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.results.iter().filter(|result| result.record.outcome == outcome).count()
    }

    /// Tests that somebody must look at.
    pub fn red(&self) -> impl Iterator<Item = &TestResult> {
        self.results.iter().filter(|result| result.record.outcome.is_red())
    }

    /// Red now, and not the last time.
    pub fn newly_failing(&self) -> impl Iterator<Item = &TestResult> {
        self.red().filter(|result| result.before.is_some_and(|before| !before.is_red()))
    }

    /// Passed now, and red the last time.
    pub fn newly_passing(&self) -> impl Iterator<Item = &TestResult> {
        let passed = self.results.iter().filter(|result| result.record.outcome == Outcome::Passed);
        passed.filter(|result| result.before.is_some_and(Outcome::is_red))
    }
}
