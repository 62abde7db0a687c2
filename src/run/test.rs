//! `hfgen test`: every test of every selected file, without faults; what is new since the results that were kept before.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::changes::Change;
use super::kept::{ALL, Kept, Known, Part};
use super::protocol::{Outcome, Record};
use super::session::{Gathered, Runner, Session};
use super::sources::Snapshots;
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
    /// What changed since it was green: template lines, registry fields, files of transformers, versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
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
    /// What changed since the last run, of files with a test that fails since.
    pub changes: BTreeMap<String, Vec<Change>>,
}

/// Runs what is not known; `kept` is read and added to.
pub fn test(session: &Session<'_>, kept: &mut Kept, runner: &mut dyn Runner) -> Result<Tested, Failure> {
    let before: BTreeMap<String, BTreeMap<String, Outcome>> =
        session.suite.files.iter().map(|file| (file.path.clone(), outcomes(kept, &session.how.slot(file)))).collect();
    // What the next run is compared with; where it can't be kept, causes stay as vague as they are without.
    let _ = Snapshots::open(session.system, session.root).keep(&session.suite.support);
    let files = &session.suite.files;
    let changes: BTreeMap<&str, Vec<Change>> = files
        .iter()
        .filter_map(|file| Some((&*file.path, session.changes(file, kept.file(&session.how.slot(file))?))))
        .collect();
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
            causes: Vec::new(),
            before: before[&file.path].get(&record.node).copied().filter(|before| *before != record.outcome),
            output: outputs.remove(&(file.path.clone(), record.node.clone())).unwrap_or_default(),
            record: record.clone(),
        }));
    }
    let mut tested = Tested { gathered, results, changes: BTreeMap::new() };
    let failing: BTreeSet<String> = tested.newly_failing().map(|result| result.file.clone()).collect();
    let of = |file: String| changes.get(&*file).cloned().map(|changes| (file, changes));
    tested.changes = failing.into_iter().filter_map(of).collect();
    Ok(tested)
}

/// The files whose kept results, of whatever key, have a test that is red; for `--failed`.
pub fn had_failures(kept: &Kept, slot: &str) -> bool {
    outcomes(kept, slot).values().any(|outcome| outcome.is_red())
}

fn outcomes(kept: &Kept, slot: &str) -> BTreeMap<String, Outcome> {
    let records = kept.file(slot).into_iter().flat_map(Known::controls);
    records.map(|record| (record.node.clone(), record.outcome)).collect()
}

impl Tested {
    /// Finds out what stands behind each test that fails since the last run. `behind` says what made the text of a generated
    /// file differ from the one with a digest.
    pub fn explain(&mut self, session: &Session<'_>, behind: &dyn Fn(&str, &str) -> Vec<String>) {
        let snapshots = Snapshots::open(session.system, session.root);
        let of = |(file, changes): (&String, &Vec<Change>)| {
            let causes =
                changes.iter().flat_map(|change| change.causes(file, &session.suite.support, &snapshots, behind));
            let mut causes: Vec<String> = causes.collect();
            if causes.is_empty() {
                causes.push("nothing that hfgen knows of: it may be flaky (--retries)".to_owned());
            }
            (file.clone(), causes)
        };
        let causes: BTreeMap<String, Vec<String>> = self.changes.iter().map(of).collect();
        for result in self.results.iter_mut().filter(|result| result.is_newly_failing()) {
            result.causes = causes.get(&result.file).cloned().unwrap_or_default();
        }
    }

    /// Whether a test fails since the last run.
    pub fn has_news(&self) -> bool {
        !self.changes.is_empty()
    }

    /// How many tests ended so.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.results.iter().filter(|result| result.record.outcome == outcome).count()
    }

    /// Tests that somebody must look at.
    pub fn red(&self) -> impl Iterator<Item = &TestResult> {
        self.results.iter().filter(|result| result.record.outcome.is_red())
    }

    /// Failed, and passed when they were tried again.
    pub fn flaky(&self) -> impl Iterator<Item = &TestResult> {
        self.results.iter().filter(|result| result.record.outcome == Outcome::Flaky)
    }

    /// Red now, and not the last time.
    pub fn newly_failing(&self) -> impl Iterator<Item = &TestResult> {
        self.results.iter().filter(|result| result.is_newly_failing())
    }

    /// Passed now, and red the last time.
    pub fn newly_passing(&self) -> impl Iterator<Item = &TestResult> {
        let passed = self.results.iter().filter(|result| result.record.outcome == Outcome::Passed);
        passed.filter(|result| result.before.is_some_and(Outcome::is_red))
    }
}

impl TestResult {
    /// Red now, and not the last time.
    pub fn is_newly_failing(&self) -> bool {
        self.record.outcome.is_red() && self.before.is_some_and(|before| !before.is_red())
    }
}
