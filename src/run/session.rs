//! Getting records: what is known is taken from where it is kept, the rest is run and kept. Which parts are wanted, and what
//! they mean, is not known here; nor how Python is reached (`Runner`).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::changes::{self, Change, changes};
use super::files::{Suite, TestFile};
use super::kept::{ALL, Kept, Known, Part};
use super::protocol::{Answer, Asked, Job, Outcome, Record};
use super::sources::{Snapshots, Sources};
use super::{MEGABYTES, RUNNER};
use crate::build::{Failure, Progress};
use crate::digest::Digest;
use crate::sys::System;

/// What runs jobs: the pool of Python processes, or a test's stand-in.
pub trait Runner {
    /// Runs all jobs, in any order.
    fn run(&mut self, jobs: Vec<Job>, done: &mut Done<'_>) -> Result<(), Failure>;
}

/// Gets each answer, or why there is none, with the number of its job; a break ends the others.
pub type Done<'a> = dyn FnMut(usize, Result<Answer, String>) -> ControlFlow<()> + 'a;

/// How tests are run.
#[derive(Debug, Clone, Default)]
pub struct How {
    pub tier: Option<String>,
    pub hardware: Option<String>,
    /// Seconds that one test may take.
    pub timeout: f64,
    /// Runs everything, whatever is known, for this reason.
    pub anew: Option<&'static str>,
    /// Keeps nothing.
    pub forgets: bool,
    /// How often a test that is red without a fault is tried again.
    pub retries: u32,
    /// Ends with the first file that has a test that is red without a fault.
    pub fail_fast: bool,
}

impl How {
    /// The name under which a file's results are kept: other tiers and hardware have results of their own.
    pub fn slot(&self, file: &TestFile) -> String {
        let further = [("tier", &self.tier), ("hardware", &self.hardware)];
        let further = further.iter().filter_map(|(name, value)| Some(format!(" {name}={}", value.as_ref()?)));
        file.path.clone() + &further.collect::<String>()
    }
}

/// Everything that running works with, named once.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    pub system: &'a dyn System,
    /// The project root.
    pub root: &'a Path,
    pub suite: &'a Suite,
    pub how: &'a How,
    /// What else decides a result, by name.
    pub versions: &'a BTreeMap<String, String>,
    /// The installed transformers; without them its version decides.
    pub sources: Option<&'a Sources<'a>>,
    pub progress: &'a dyn Progress,
}

/// The part of the key that is no version where its sources are looked at.
const TRANSFORMERS: &str = "transformers";

/// In the place of a check, where a file could not be collected.
const COLLECTION: &str = "collection";

/// Records by check and fault.
pub type Runs = BTreeMap<Part, Vec<Record>>;

/// What came of it.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Files that had nothing left to run.
    pub cached: usize,
    /// Files that ran, each with the reason.
    pub ran: Vec<(String, String)>,
    /// Files that gave no answer, each with the reason.
    pub dead: Vec<(String, String)>,
    /// How many files did not run because of an early end.
    pub left: usize,
    /// What is known of every other file, by path.
    pub runs: BTreeMap<String, Runs>,
    /// What pytest shows of tests that are red without a fault, by file and test.
    pub outputs: BTreeMap<(String, String), String>,
}

/// A file that has something to run.
struct Due<'a> {
    file: &'a TestFile,
    key: String,
    parts: BTreeMap<String, String>,
    runs: Vec<Asked>,
}

impl Session<'_> {
    /// Records of all `wanted` parts of every file; `kept` is read and added to.
    pub fn gather(
        &self,
        what: &str,
        wanted: &BTreeSet<Part>,
        kept: &mut Kept,
        runner: &mut dyn Runner,
    ) -> Result<Gathered, Failure> {
        let mut gathered = Gathered::default();
        let (jobs, due) = self.due(wanted, kept, &mut gathered);
        let mut unkept = None;
        let known = |key: &String, parts: &BTreeMap<String, String>| Known {
            key: key.clone(),
            parts: parts.clone(),
            transformers: self.versions.get(TRANSFORMERS).cloned(),
            ..Known::default()
        };
        self.progress.begin(what, Some(jobs.len()));
        runner.run(jobs, &mut |number, answer| {
            let Due { file, key, parts, runs } = &due[number];
            let loaded = answer.as_ref().ok().map(|answer| (Arc::clone(&answer.core), answer.loaded.clone()));
            let answer = answer.and_then(|answer| match answer.error {
                Some(error) => Err(error),
                None if answer.runs.len() != runs.len() => Err("it ran only in part".to_owned()),
                None => Ok(answer),
            });
            let (known, is_red) = match answer {
                Err(why) => {
                    self.progress.fail(&format!("{}: {}", file.path, why.trim().lines().last().unwrap_or_default()));
                    gathered.dead.push((file.path.clone(), why.clone()));
                    (Known { runs: no_answer(runs, why), ..known(key, parts) }, true)
                }
                Ok(answer) => {
                    let runs = sorted(runs, answer, &file.path, &mut gathered.outputs);
                    // What crashed is not kept, and counts all the same.
                    gathered.runs.insert(file.path.clone(), runs.clone());
                    let controls = runs.iter().filter(|(part, _)| part.fault.is_none());
                    let red: Vec<&Record> =
                        controls.flat_map(|(_, records)| records).filter(|record| record.outcome.is_red()).collect();
                    for record in &red {
                        self.progress.fail(&format!("{}::{}: {}", file.path, record.node, record.reason));
                    }
                    let is_red = !red.is_empty();
                    let loaded = loaded.filter(|(core, _)| !core.is_empty() && !self.how.forgets);
                    let closure = self
                        .sources
                        .zip(loaded)
                        .map(|(sources, (core, own))| sources.closure(&core, &own, model(file)));
                    (Known { runs, closure: closure.unwrap_or_default(), ..known(key, parts) }, is_red)
                }
            };
            if !self.how.forgets
                && let Err(error) = kept.add(self.system, &self.how.slot(file), known)
            {
                unkept.get_or_insert(error);
            }
            self.progress.advance(1);
            if is_red && self.how.fail_fast { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.progress.end();
        let saved = self.sources.and_then(|sources| sources.save().err());
        if let Some(error) = unkept.or(kept.tidy(self.system).err()).or(saved) {
            self.progress.note(&format!("results could not be kept: {error}"));
        }
        let named = kept.files().flat_map(|(_, known)| [Some(&known.closure.core), known.parts.get(changes::SUPPORT)]);
        Snapshots::open(self.system, self.root).tidy(named.flatten().map(String::as_str));
        gathered.dead.sort();
        gathered.left = due.len() - gathered.runs.len() - gathered.dead.len();
        for file in &self.suite.files {
            let is_dead = gathered.dead.iter().any(|(path, _)| *path == file.path);
            let known = kept.file(&self.how.slot(file)).filter(|_| !is_dead && !self.how.forgets);
            let Some(known) = known.filter(|known| self.changes(file, known).is_empty()) else { continue };
            let fresh = gathered.runs.entry(file.path.clone()).or_default();
            for (part, records) in &known.runs {
                fresh.entry(part.clone()).or_insert_with(|| records.clone());
            }
        }
        Ok(gathered)
    }

    /// What is to run: what failed the last time first, then what is new (the largest file first), then what took longest, so
    /// that no long file is left over when all others are done.
    fn due(&self, wanted: &BTreeSet<Part>, kept: &Kept, gathered: &mut Gathered) -> (Vec<Job>, Vec<Due<'_>>) {
        let mut found = Vec::new();
        for file in &self.suite.files {
            let (key, parts) = self.key(file);
            let before = kept.file(&self.how.slot(file));
            let changes = before.map(|known| self.changes(file, known)).unwrap_or_default();
            let known = before.filter(|_| changes.is_empty() && self.how.anew.is_none());
            let missing: Vec<&Part> =
                wanted.iter().filter(|part| known.is_none_or(|known| !known.knows(part))).collect();
            if missing.is_empty() {
                gathered.cached += 1;
                continue;
            }
            gathered.ran.push((file.path.clone(), why(before, &changes, &missing, self.how.anew)));
            let job = self.job(file, &missing, known);
            let runs = job.runs.clone();
            let was_red = before.is_some_and(|known| known.controls().any(|record| record.outcome.is_red()));
            let seconds =
                before.map_or(f64::INFINITY, |known| known.controls().map(|record| record.seconds).sum::<f64>());
            found.push((was_red, seconds, job, Due { file, key, parts, runs }));
        }
        found.sort_by(|(was_red, seconds, _, due), (red, longer, _, other)| {
            red.cmp(was_red).then(longer.total_cmp(seconds)).then(other.file.size.cmp(&due.file.size))
        });
        found.into_iter().map(|(_, _, job, due)| (job, due)).unzip()
    }

    /// Of everything that decides the results of a file, and what that is, by name.
    fn key(&self, file: &TestFile) -> (String, BTreeMap<String, String>) {
        let mut parts = self.suite.parts(file, self.versions);
        parts.insert(changes::RUNNER.to_owned(), Digest::of(RUNNER.as_bytes()).to_string());
        if self.sources.is_some() {
            parts.insert(TRANSFORMERS.to_owned(), "by what its files mean".to_owned());
        }
        (Digest::of_value(&parts).to_string(), parts)
    }

    /// What changed since something was kept of a file; nothing where that still holds.
    pub fn changes(&self, file: &TestFile, known: &Known) -> Vec<Change> {
        let (_, parts) = self.key(file);
        let sources = self.sources.map(|sources| sources.changed(&known.closure, model(file))).unwrap_or_default();
        changes(known, &parts, sources, self.versions.get(TRANSFORMERS))
    }

    /// One job: a run without a fault for what is not known to be green, and a run for each fault.
    fn job(&self, file: &TestFile, missing: &[&Part], known: Option<&Known>) -> Job {
        // Runs without a fault come first: `None` sorts before every name.
        let mut runs: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
        for part in missing {
            runs.entry(part.fault.clone()).or_default().push(part.check.clone());
        }
        let green = known.map(|known| {
            let controls = known.runs.iter().filter(|(part, _)| part.fault.is_none());
            let passed = controls.flat_map(|(_, records)| records).filter(|record| record.outcome == Outcome::Passed);
            passed.map(|record| record.node.clone()).collect()
        });
        // Of all tests only those are left out whose results are known; checks that are named were missing as a whole.
        let all = Part { check: ALL.to_owned(), fault: None };
        let skip = known.filter(|_| missing.contains(&&all)).into_iter().flat_map(|known| &known.runs);
        let skip = skip.filter(|(part, _)| part.fault.is_none()).flat_map(|(_, records)| records);
        Job {
            file: self.root.join(&file.path).display().to_string(),
            root: self.root.join(&self.suite.root).display().to_string(),
            runs: runs.into_iter().map(|(fault, checks)| Asked { fault, checks }).collect(),
            timeout: self.how.timeout,
            megabytes: MEGABYTES,
            tier: self.how.tier.clone(),
            hardware: self.how.hardware.clone(),
            green,
            skip: skip.map(|record| record.node.clone()).collect(),
            retries: self.how.retries,
        }
    }
}

/// What stands for the tests of a file that gave none, so that they count as red until they run.
fn no_answer(runs: &[Asked], why: String) -> Runs {
    let asked = runs.iter().find(|asked| asked.fault.is_none()).into_iter().flat_map(|asked| &asked.checks);
    let record = Record { check: COLLECTION.to_owned(), outcome: Outcome::Crashed, reason: why, ..Record::default() };
    asked.map(|check| (Part { check: check.clone(), fault: None }, vec![record.clone()])).collect()
}

fn model(file: &TestFile) -> Option<&str> {
    file.model.as_deref()
}

/// The answer by check and fault. A check without a test in the file is known to have none.
fn sorted(runs: &[Asked], answer: Answer, file: &str, outputs: &mut BTreeMap<(String, String), String>) -> Runs {
    let mut sorted = Runs::new();
    for (asked, ran) in runs.iter().zip(answer.runs) {
        let part = |check: &str| Part { check: check.to_owned(), fault: asked.fault.clone() };
        sorted.extend(asked.checks.iter().map(|check| (part(check), Vec::new())));
        for mut record in ran.records {
            let output = std::mem::take(&mut record.output);
            if asked.fault.is_none() && !output.is_empty() {
                outputs.insert((file.to_owned(), record.node.clone()), output);
            }
            sorted.entry(part(&record.check)).or_default().push(record);
        }
    }
    sorted
}

/// Why a file runs, for people.
fn why(known: Option<&Known>, changes: &[Change], missing: &[&Part], anew: Option<&str>) -> String {
    let Some(known) = known else { return "it never ran".to_owned() };
    if let Some(asked) = anew {
        return asked.to_owned();
    }
    if !changes.is_empty() {
        return changes.iter().map(Change::words).collect::<Vec<_>>().join(", ");
    }
    let unsettled: Vec<&Record> = missing
        .iter()
        .flat_map(|part| known.unsettled.iter().filter(move |(ran, _)| part.check == ALL || ran == part))
        .filter(|(ran, _)| ran.fault.is_none())
        .flat_map(|(_, records)| records)
        .filter(|record| !record.outcome.lasts())
        .collect();
    if let Some(first) = unsettled.first() {
        let word = if first.outcome == Outcome::Flaky { "was flaky" } else { "crashed" };
        return format!("{} {word} the last time", first.check);
    }
    let part = missing.first().map_or_else(String::new, |part| match &part.fault {
        Some(fault) => format!("{} under {fault}", part.check),
        None if part.check == ALL => "not all of its tests".to_owned(),
        None => part.check.clone(),
    });
    match missing.len() {
        0 | 1 if part.starts_with("not all") => format!("{part} are known"),
        0 | 1 => format!("{part} is not known"),
        more => format!("{part} and {} more are not known", more - 1),
    }
}
