//! Answers that have come, one JSON line each: a probe that is stopped goes on where it was, and what an answer depended on
//! can be named once it is out of date.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::jobs::Probing;
use crate::store::FOLDER;
use crate::sys::System;

/// The answers in `.hfgen-cache/probe.jsonl`, by key.
pub struct Kept<'a> {
    system: &'a dyn System,
    path: PathBuf,
    /// Length of the file.
    end: u64,
    /// Lines that stand in it.
    lines: usize,
    answers: BTreeMap<String, Line>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Line {
    key: String,
    /// All that went into the key.
    parts: BTreeMap<String, String>,
    answer: Value,
}

impl<'a> Kept<'a> {
    /// Reads what is there. A line that was cut off, and any other that can't be read, is no answer.
    pub fn open(system: &'a dyn System, root: &Path) -> Self {
        let path = root.join(FOLDER).join("probe.jsonl");
        let bytes = system.read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().filter(|line| !line.is_empty());
        let answers = lines.clone().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let answers = answers.map(|line| (line.key.clone(), line)).collect();
        Self { system, path, end: bytes.len() as u64, lines: lines.count(), answers }
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.answers.get(key).map(|line| &line.answer)
    }

    /// What the answer of this key depended on.
    pub fn parts(&self, key: &str) -> Option<&BTreeMap<String, String>> {
        self.answers.get(key).map(|line| &line.parts)
    }

    /// Adds an answer, on disk too.
    pub fn keep(&mut self, probing: &Probing, answer: &Value) -> io::Result<()> {
        let line = Line { key: probing.key.clone(), parts: probing.parts.clone(), answer: answer.clone() };
        // A line feed in front: the line before may have been cut off.
        let bytes = format!("\n{}\n", serde_json::to_string(&line)?);
        if self.end == 0
            && let Some(folder) = self.path.parent()
        {
            self.system.make_folders(folder)?;
        }
        self.system.append_at(&self.path, self.end, bytes.as_bytes())?;
        self.end += bytes.len() as u64;
        self.lines += 1;
        self.answers.insert(line.key.clone(), line);
        Ok(())
    }

    /// Forgets what no longer counts, once that is more than the rest. `counts`: by key.
    pub fn tidy(&mut self, counts: &dyn Fn(&str) -> bool) -> io::Result<()> {
        let current = self.answers.keys().filter(|key| counts(key)).count();
        if self.lines <= 2 * current + 16 {
            return Ok(());
        }
        self.answers.retain(|key, _| counts(key));
        let mut text = String::new();
        for line in self.answers.values() {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        }
        self.system.write_atomic(&self.path, text.as_bytes())?;
        (self.end, self.lines) = (text.len() as u64, self.answers.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sys::MemorySystem;

    fn probing(key: &str) -> Probing {
        let parts = [("torch".to_owned(), "2".to_owned())].into();
        let (model, classes) = ("bert".to_owned(), Vec::new());
        Probing { model, job: Value::Null, classes, key: key.to_owned(), parts, proven: false }
    }

    #[test]
    fn answers_outlive_a_line_that_was_cut_off_and_the_last_of_a_key_holds() {
        let (system, root) = (MemorySystem::default(), Path::new("/p"));
        let mut kept = Kept::open(&system, root);
        kept.keep(&probing("a"), &json!(1)).unwrap();
        kept.keep(&probing("a"), &json!(2)).unwrap();
        let path = root.join(FOLDER).join("probe.jsonl");
        let mut bytes = system.read(&path).unwrap();
        bytes.extend_from_slice(b"\n{\"key\": \"b\", \"par");
        system.put(&path, bytes);
        let mut kept = Kept::open(&system, root);
        assert_eq!((kept.get("a"), kept.get("b")), (Some(&json!(2)), None));
        kept.keep(&probing("c"), &json!(3)).unwrap();
        let kept = Kept::open(&system, root);
        assert_eq!((kept.get("a"), kept.get("c")), (Some(&json!(2)), Some(&json!(3))));
        assert_eq!(kept.parts("c").unwrap()["torch"], "2");
    }

    #[test]
    fn only_what_no_longer_counts_is_forgotten() {
        let (system, root) = (MemorySystem::default(), Path::new("/p"));
        let mut kept = Kept::open(&system, root);
        for number in 0..30 {
            kept.keep(&probing(&number.to_string()), &json!(number)).unwrap();
        }
        kept.tidy(&|_| true).unwrap();
        assert!(Kept::open(&system, root).get("29").is_some());
        kept.tidy(&|key| key == "3").unwrap();
        let kept = Kept::open(&system, root);
        assert_eq!((kept.get("3"), kept.get("29")), (Some(&json!(3)), None));
    }
}
