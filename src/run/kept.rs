//! Results kept by key: what a file's tests gave, run by run, for as long as nothing that decides it has changed. A line a
//! file is added as it is done, so that a kill loses only what was running; reading drops what is torn or of another key.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::protocol::{Outcome, Record};
use crate::sys::System;

/// The first part of every line; a line of another version is not read.
const VERSION: u32 = 1;

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
    /// When it ran last, in nanoseconds since the epoch.
    pub at: i64,
}

/// Stands for all tests of a file where a check is named.
pub const ALL: &str = "*";

impl Known {
    /// Whether a part has run. Where all tests of the file have, a check without records has no test in it.
    pub fn knows(&self, part: &Part) -> bool {
        let all = Part { check: ALL.to_owned(), fault: part.fault.clone() };
        self.runs.contains_key(part) || self.runs.contains_key(&all)
    }

    /// Every record without a fault.
    pub fn controls(&self) -> impl Iterator<Item = &Record> {
        self.runs.iter().filter(|(part, _)| part.fault.is_none()).flat_map(|(_, records)| records)
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
    #[serde(default)]
    at: i64,
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

    /// Adds what a file gave, to memory and to the disk. Tests that crashed or took too long are not kept: they run again.
    pub fn add(&mut self, system: &dyn System, file: &str, known: Known) -> io::Result<()> {
        let lasting = |records: &[Record]| {
            !records.iter().any(|record| matches!(record.outcome, Outcome::Crashed | Outcome::Unknown))
        };
        let crashed: BTreeSet<Option<String>> =
            known.runs.iter().filter(|(_, records)| !lasting(records)).map(|(part, _)| part.fault.clone()).collect();
        // Where one test of all crashed, not all are known.
        let is_whole = |part: &Part| part.check != ALL || !crashed.contains(&part.fault);
        let runs: Vec<(Part, Vec<Record>)> =
            known.runs.into_iter().filter(|(part, records)| lasting(records) && is_whole(part)).collect();
        let line =
            Line { v: VERSION, file: file.to_owned(), key: known.key, parts: known.parts, runs, at: system.now() };
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
            let line = Line {
                v: VERSION,
                file: file.clone(),
                key: known.key.clone(),
                parts: known.parts.clone(),
                runs: known.runs.clone().into_iter().collect(),
                at: known.at,
            };
            serde_json::to_writer(&mut text, &line).map_err(io::Error::other)?;
            text.push(b'\n');
        }
        system.write_atomic(&self.path, &text)?;
        (self.end, self.lines) = (text.len() as u64, self.files.len());
        Ok(())
    }

    fn merge(&mut self, line: Line) {
        let known = self.files.entry(line.file).or_default();
        if known.key != line.key {
            *known = Known { key: line.key, parts: line.parts, ..Known::default() };
        }
        known.runs.extend(line.runs);
        known.at = line.at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert!(!kept.file("a.py").unwrap().knows(&part("z")));
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
