//! What there is: the kept results of one model's files, those that count today and those that no longer do. What is said of
//! hardware that is not here is read from them too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::map::Machine;
use crate::run::changes::{FILE, RUNNER, SUPPORT};
use crate::run::files::{Suite, TestFile};
use crate::run::kept::{ALL, Kept, Known, Part};
use crate::run::protocol::{Outcome, Record};

/// The test of the support package that says whether a device is here.
const DETECTION: &str = "hardware";
/// What a test says that is about other hardware than its run; see `templates/runtime/checks.py.hbs`.
const NOT_ASKED_FOR: &str = "not asked for:";
/// Parts of a key that say nothing of the machine.
const CONTENTS: [&str; 3] = [FILE, SUPPORT, RUNNER];

/// Results from one place.
pub struct Source<'a> {
    pub kept: &'a Kept,
    /// The file, where it is another than the project's own.
    pub from: Option<String>,
    /// What changed since something was kept of a file, in words; nothing where that still holds.
    pub changed: &'a Changed<'a>,
}

/// Gets a file, what is known of it, and whether that was run on the CPU alone.
pub type Changed<'a> = dyn Fn(&TestFile, &Known, bool) -> Vec<String> + 'a;

/// A record that was found in some run.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub record: &'a Record,
    /// When the file ran last, in nanoseconds since the epoch; 0: nobody knows.
    pub at: i64,
    /// A place in `Index::machines`.
    pub machine: usize,
}

/// A run of a file that still counts, without its records.
#[derive(Debug)]
struct Run<'a> {
    known: &'a Known,
    slow: bool,
    hardware: Option<Vec<&'a str>>,
}

/// What is known of some files together.
#[derive(Debug, Default)]
pub struct Results<'a> {
    runs: Vec<Run<'a>>,
    /// By test; what ran last counts.
    tests: BTreeMap<(&'a str, &'a str), Seen<'a>>,
    /// The same of runs that no longer count.
    old: BTreeMap<(&'a str, &'a str), Seen<'a>>,
    /// Why they don't.
    pub changes: Option<String>,
    /// Hardware that is not here, with the reason.
    absent: BTreeMap<&'a str, &'a str>,
    present: BTreeSet<&'a str>,
}

/// All kept results by file.
pub struct Index<'a> {
    sources: &'a [Source<'a>],
    suite: BTreeMap<&'a str, &'a TestFile>,
    /// Slots by path and source.
    slots: BTreeMap<&'a str, Vec<(usize, Slot<'a>)>>,
    pub machines: Vec<Machine>,
}

#[derive(Debug, Clone)]
struct Slot<'a> {
    known: &'a Known,
    slow: bool,
    hardware: Option<Vec<&'a str>>,
}

impl<'a> Index<'a> {
    pub fn new(sources: &'a [Source<'a>], suite: &'a Suite) -> Self {
        let mut slots: BTreeMap<&str, Vec<(usize, Slot<'_>)>> = BTreeMap::new();
        let mut machines = BTreeSet::new();
        let files: BTreeMap<&str, &TestFile> = suite.files.iter().map(|file| (file.path.as_str(), file)).collect();
        for (number, source) in sources.iter().enumerate() {
            for (slot, known) in source.kept.files() {
                let (path, slot) = taken_apart(slot, known);
                if files.contains_key(path) {
                    machines.insert(machine(source, known));
                    slots.entry(path).or_default().push((number, slot));
                }
            }
        }
        Self { sources, suite: files, slots, machines: machines.into_iter().collect() }
    }

    /// What is known of some files.
    pub fn of(&self, paths: &'a [String]) -> Results<'a> {
        let mut results = Results::default();
        for path in paths {
            let Some(file) = self.suite.get(path.as_str()) else { continue };
            for (number, slot) in self.slots.get(path.as_str()).into_iter().flatten() {
                let source = &self.sources[*number];
                let at = self.machines.binary_search(&machine(source, slot.known)).unwrap_or_default();
                let on_cpu = slot.hardware.as_deref() == Some(&["cpu"]);
                results.add(path, slot, &(source.changed)(file, slot.known, on_cpu), at);
            }
        }
        results
    }
}

fn machine(source: &Source<'_>, known: &Known) -> Machine {
    let versions = known.parts.iter().filter(|(name, _)| !CONTENTS.contains(&name.as_str()));
    let mut versions: BTreeMap<String, String> = versions.map(|(name, it)| (name.clone(), it.clone())).collect();
    // Where its files decide, the key says nothing of its version.
    versions.extend(known.transformers.clone().map(|version| ("transformers".to_owned(), version)));
    Machine { from: source.from.clone(), versions }
}

/// `generated/test_x.py tier=full hardware=cpu,cuda` as `How::slot` writes it.
fn taken_apart<'a>(slot: &'a str, known: &'a Known) -> (&'a str, Slot<'a>) {
    let (rest, hardware) = match slot.rsplit_once(" hardware=") {
        Some((rest, names)) => (rest, Some(names.split(',').collect())),
        None => (slot, None),
    };
    let (path, slow) = rest.strip_suffix(" tier=full").map_or((rest, false), |path| (path, true));
    (path, Slot { known, slow, hardware })
}

impl<'a> Results<'a> {
    fn add(&mut self, path: &'a str, slot: &Slot<'a>, changes: &[String], machine: usize) {
        let counts = changes.is_empty();
        if !counts {
            self.changes.get_or_insert_with(|| changes.join(", "));
        }
        for record in slot.known.controls() {
            if record.reason.starts_with(NOT_ASKED_FOR) {
                continue;
            }
            if counts && record.check == DETECTION && !record.hardware.is_empty() {
                match record.outcome {
                    Outcome::Skipped => {
                        let why = record.reason.strip_prefix(record.hardware.as_str());
                        let why = why.and_then(|why| why.strip_prefix(": ")).unwrap_or(&record.reason);
                        self.absent.insert(&record.hardware, why);
                    }
                    _ => drop(self.present.insert(&record.hardware)),
                }
            }
            let seen = Seen { record, at: slot.known.at, machine };
            let tests = if counts { &mut self.tests } else { &mut self.old };
            let known = tests.entry((path, &record.node)).or_insert(seen);
            let is_worse = record.outcome.is_red() && !known.record.outcome.is_red();
            if seen.at > known.at || (seen.at == known.at && is_worse) {
                *known = seen;
            }
        }
        if counts {
            self.runs.push(Run { known: slot.known, slow: slot.slow, hardware: slot.hardware.clone() });
        }
    }

    /// Results of today, in order of file and test.
    pub fn tests(&self) -> impl Iterator<Item = Seen<'a>> {
        self.tests.values().copied()
    }

    /// Results of yesterday.
    pub fn old(&self) -> impl Iterator<Item = Seen<'a>> {
        self.old.values().copied()
    }

    /// What is missing of hardware that was looked for, and never found.
    pub fn absent(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let never = self.absent.iter().filter(|(name, _)| !self.present.contains(*name));
        never.map(|(name, why)| (*name, *why))
    }

    /// Hardware that was looked for, and found.
    pub fn present(&self) -> impl Iterator<Item = &'a str> {
        self.present.iter().copied()
    }

    /// Whether a run that counts would have a check's test on this hardware, if there were one.
    pub fn ran(&self, check: &str, slow: bool, hardware: &str) -> bool {
        let part = Part { check: check.to_owned(), fault: None };
        self.runs.iter().any(|run| {
            (run.slow || !slow || run.known.runs.contains_key(&part))
                && run.hardware.as_ref().is_none_or(|names| names.contains(&hardware))
                && run.known.knows(&part)
        })
    }

    /// Whether anything that counts has run.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether some run that counts took in all fast tests.
    pub fn has_whole(&self) -> bool {
        let all = Part { check: ALL.to_owned(), fault: None };
        self.runs.iter().any(|run| run.known.runs.contains_key(&all))
    }
}

/// A reason without what its cell says anyway: `XModel on cpu: why` and `XModel: why` are `why`.
pub fn plain(record: &Record) -> Option<Arc<str>> {
    let mut reason = record.reason.as_str();
    if !record.class.is_empty()
        && let Some(rest) = reason.strip_prefix(record.class.as_str())
    {
        let on = format!(" on {}", record.hardware);
        let rest = rest.strip_prefix(on.as_str()).unwrap_or(rest);
        reason = rest.strip_prefix(": ").unwrap_or(reason);
    }
    (!reason.is_empty()).then(|| Arc::from(reason))
}
