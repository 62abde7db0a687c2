//! Results kept by key: what a file's tests gave, run by run, for as long as nothing that decides it has changed. A line a
//! file is added as it is done, so that a kill loses only what was running; reading drops what is torn or of another key.
//! Whether what was loaded of transformers still means the same is asked elsewhere (`sources`).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::protocol::Record;
use crate::sys::System;

/// The first part of every line; a line of another version is not read.
const VERSION: u32 = 2;

/// A run of one check of a file: under a fault, or under none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part {
    pub check: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// What is known of one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// Of everything that decides the results.
    pub key: String,
    /// What went into the key, by name, so that a change can be named.
    pub parts: BTreeMap<String, String>,
    pub runs: BTreeMap<Part, Vec<Record>>,
    /// What crashed or was flaky when it ran last: told, and never taken for a result.
    pub unsettled: BTreeMap<Part, Vec<Record>>,
    /// What of transformers decided the results beside the key.
    pub closure: Closure,
    /// The version of transformers, of which the key says nothing.
    pub transformers: Option<String>,
    /// When it ran last, in nanoseconds since the epoch.
    pub at: i64,
}

/// Files of the installed transformers that were loaded, and what they meant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// The snapshot of those that every process loads; empty where nobody knows.
    #[serde(default)]
    pub core: String,
    /// The others, by path.
    #[serde(default)]
    pub loaded: BTreeMap<String, String>,
}

/// Stands for all tests of a file where a check is named.
pub const ALL: &str = "*";

impl Known {
    /// Whether a part has run. Where all tests of the file have, a check without records has no test in it.
    pub fn knows(&self, part: &Part) -> bool {
        let all = Part { check: ALL.to_owned(), fault: part.fault.clone() };
        self.runs.contains_key(part) || self.runs.contains_key(&all)
    }

    /// Every record without a fault: results, and what crashed or was flaky.
    pub fn controls(&self) -> impl Iterator<Item = &Record> {
        let all = self.runs.iter().chain(&self.unsettled);
        all.filter(|(part, _)| part.fault.is_none()).flat_map(|(_, records)| records)
    }
}

/// All that is kept.
#[derive(Debug, Default)]
pub struct Kept {
    path: PathBuf,
    /// Bytes of whole lines on disk.
    end: u64,
    lines: usize,
    files: BTreeMap<String, Known>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    v: u32,
    file: String,
    key: String,
    parts: BTreeMap<String, String>,
    runs: Vec<(Part, Vec<Record>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unsettled: Vec<(Part, Vec<Record>)>,
    #[serde(default)]
    closure: Closure,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transformers: Option<String>,
    #[serde(default)]
    at: i64,
}

impl Line {
    fn of(file: &str, known: Known) -> Self {
        Self {
            v: VERSION,
            file: file.to_owned(),
            key: known.key,
            parts: known.parts,
            runs: known.runs.into_iter().collect(),
            unsettled: known.unsettled.into_iter().collect(),
            closure: known.closure,
            transformers: known.transformers,
            at: known.at,
        }
    }
}

impl Kept {
    /// Reads what is kept at `path`; nothing where there is nothing.
    pub fn load(system: &dyn System, path: &Path) -> Self {
        let bytes = system.read(path).unwrap_or_default();
        let mut kept = Self { path: path.to_owned(), ..Self::default() };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            kept.end += line.len() as u64;
            kept.lines += 1;
            if let Ok(line) = serde_json::from_slice::<Line>(line)
                && line.v == VERSION
            {
                kept.merge(line);
            }
        }
        kept
    }

    /// What is known of a file, whatever its key.
    pub fn file(&self, file: &str) -> Option<&Known> {
        self.files.get(file)
    }

    /// Every file that something is kept of, by its slot.
    pub fn files(&self) -> impl Iterator<Item = (&String, &Known)> {
        self.files.iter()
    }

    /// Adds what a file gave, to memory and to the disk. Tests that crashed, took too long or were flaky are no results: they
    /// run again.
    pub fn add(&mut self, system: &dyn System, file: &str, mut known: Known) -> io::Result<()> {
        let lasting = |records: &[Record]| records.iter().all(|record| record.outcome.lasts());
        let (mut settled, unsettled): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut known.runs).into_iter().partition(|(_, records)| lasting(records));
        // Where one test of all did not last, not all are known.
        let unknown: BTreeSet<Option<String>> = unsettled.keys().map(|part: &Part| part.fault.clone()).collect();
        settled.retain(|part, _| part.check != ALL || !unknown.contains(&part.fault));
        known.runs = settled;
        known.unsettled = unsettled;
        known.at = system.now();
        let line = Line::of(file, known);
        let mut text = serde_json::to_vec(&line).map_err(io::Error::other)?;
        text.push(b'\n');
        if let Some(folder) = self.path.parent() {
            system.make_folders(folder)?;
        }
        system.append_at(&self.path, self.end, &text)?;
        self.end += text.len() as u64;
        self.lines += 1;
        self.merge(line);
        Ok(())
    }

    /// Writes the file anew where more than half of its lines no longer count.
    pub fn tidy(&mut self, system: &dyn System) -> io::Result<()> {
        if self.lines <= 2 * self.files.len() + 16 {
            return Ok(());
        }
        let mut text = Vec::new();
        for (file, known) in &self.files {
            let line = Line::of(file, known.clone());
            serde_json::to_writer(&mut text, &line).map_err(io::Error::other)?;
            text.push(b'\n');
        }
        system.write_atomic(&self.path, &text)?;
        (self.end, self.lines) = (text.len() as u64, self.files.len());
        Ok(())
    }

    fn merge(&mut self, line: Line) {
        let known = self.files.entry(line.file).or_default();
        let other = |(path, meaning): (&String, &String)| {
            known.closure.loaded.get(path).is_some_and(|before| before != meaning)
        };
        let is_another =
            known.key != line.key || known.closure.core != line.closure.core || line.closure.loaded.iter().any(other);
        if is_another {
            *known = Known { key: line.key, parts: line.parts, ..Known::default() };
            known.closure.core = line.closure.core;
        }
        known.closure.loaded.extend(line.closure.loaded);
        known.unsettled.retain(|part, _| !line.runs.iter().any(|(ran, _)| ran == part));
        known.unsettled.extend(line.unsettled);
        known.runs.extend(line.runs);
        known.transformers = line.transformers;
        known.at = line.at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::protocol::Outcome;
    use crate::sys::MemorySystem;

    fn known(key: &str, check: &str, outcome: Outcome) -> Known {
        let record = Record { node: format!("test_{check}"), outcome, ..Record::default() };
        let part = Part { check: check.to_owned(), fault: None };
        Known { key: key.to_owned(), runs: BTreeMap::from([(part, vec![record])]), ..Known::default() }
    }

    fn checks(kept: &Kept, file: &str) -> Vec<String> {
        kept.file(file).map(|known| known.runs.keys().map(|part| part.check.clone()).collect()).unwrap_or_default()
    }

    const PATH: &str = "/p/.hfgen-cache/results.jsonl";

    #[test]
    fn results_of_one_key_add_up_and_another_key_replaces_them() {
        let system = MemorySystem::default();
        let mut kept = Kept::load(&system, Path::new(PATH));
        kept.add(&system, "a.py", known("1", "x", Outcome::Passed)).unwrap();
        kept.add(&system, "a.py", known("1", "y", Outcome::Failed)).unwrap();
        assert_eq!(checks(&Kept::load(&system, Path::new(PATH)), "a.py"), ["x", "y"]);
        kept.add(&system, "a.py", known("2", "z", Outcome::Skipped)).unwrap();
        assert_eq!(checks(&Kept::load(&system, Path::new(PATH)), "a.py"), ["z"]);
    }

    #[test]
    fn a_torn_line_is_cut_off_and_a_foreign_one_is_passed_over() {
        let system = MemorySystem::default();
        let mut kept = Kept::load(&system, Path::new(PATH));
        kept.add(&system, "a.py", known("1", "x", Outcome::Passed)).unwrap();
        let mut bytes = system.files()[Path::new(PATH)].clone();
        bytes.extend_from_slice(b"{\"v\": 99}\n{\"v\":1,\"file\":\"b.p");
        system.put(PATH, bytes);
        let mut kept = Kept::load(&system, Path::new(PATH));
        kept.add(&system, "c.py", known("1", "x", Outcome::Passed)).unwrap();
        let kept = Kept::load(&system, Path::new(PATH));
        assert_eq!([checks(&kept, "a.py").len(), checks(&kept, "b.py").len(), checks(&kept, "c.py").len()], [1, 0, 1]);
    }

    #[test]
    fn what_crashed_runs_again() {
        let system = MemorySystem::default();
        let mut kept = Kept::load(&system, Path::new(PATH));
        let mut both = known("1", "x", Outcome::Crashed);
        both.runs.extend(known("1", "y", Outcome::Passed).runs);
        both.runs.insert(Part { check: ALL.to_owned(), fault: None }, Vec::new());
        let part = |check: &str| Part { check: check.to_owned(), fault: None };
        assert!(both.knows(&part("z")), "where all have run, a check without records has no test");
        kept.add(&system, "a.py", both).unwrap();
        assert_eq!(checks(&kept, "a.py"), ["y"]);
        let known = kept.file("a.py").unwrap();
        assert!(!known.knows(&part("z")) && !known.knows(&part("x")));
        assert_eq!(known.controls().count(), 2, "what crashed is told all the same");
        kept.add(&system, "a.py", self::known("1", "x", Outcome::Flaky)).unwrap();
        assert!(Kept::load(&system, Path::new(PATH)).file("a.py").unwrap().unsettled.contains_key(&part("x")));
        kept.add(&system, "a.py", self::known("1", "x", Outcome::Passed)).unwrap();
        let kept = Kept::load(&system, Path::new(PATH));
        assert!(kept.file("a.py").unwrap().knows(&part("x")) && kept.file("a.py").unwrap().unsettled.is_empty());
    }

    #[test]
    fn results_add_up_for_as_long_as_what_was_loaded_means_the_same() {
        let system = MemorySystem::default();
        let mut kept = Kept::load(&system, Path::new(PATH));
        let mut add = |check: &str, core: &str, loaded: [(&str, &str); 1]| {
            let loaded = loaded.map(|(path, meaning)| (path.to_owned(), meaning.to_owned())).into();
            let closure = Closure { core: core.to_owned(), loaded };
            kept.add(&system, "a.py", Known { closure, ..known("1", check, Outcome::Passed) }).unwrap();
            checks(&kept, "a.py").join(" ")
        };
        assert_eq!(add("x", "c", [("m.py", "1")]), "x");
        assert_eq!(add("y", "c", [("n.py", "1")]), "x y");
        assert_eq!(add("z", "c", [("m.py", "2")]), "z");
        assert_eq!(add("x", "d", [("m.py", "2")]), "x");
    }

    #[test]
    fn lines_that_no_longer_count_are_dropped() {
        let system = MemorySystem::default();
        let mut kept = Kept::load(&system, Path::new(PATH));
        for number in 0..40 {
            kept.add(&system, "a.py", known(&number.to_string(), "x", Outcome::Passed)).unwrap();
        }
        kept.tidy(&system).unwrap();
        assert_eq!(system.files()[Path::new(PATH)].iter().filter(|byte| **byte == b'\n').count(), 1);
        kept.add(&system, "b.py", known("1", "x", Outcome::Passed)).unwrap();
        let kept = Kept::load(&system, Path::new(PATH));
        assert_eq!((checks(&kept, "a.py").len(), checks(&kept, "b.py").len()), (1, 1));
    }
}
