//! Answers that have come, by key, one JSON line each: a probe that is stopped goes on where it was.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::FOLDER;
use crate::sys::System;

/// The answers in `.hfgen-cache/probe.jsonl`.
pub struct Kept<'a> {
    system: &'a dyn System,
    path: PathBuf,
    end: u64,
    answers: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    key: String,
    answer: Value,
}

impl<'a> Kept<'a> {
    /// Reads what is there. A line that was cut off, and any other that can't be read, is no answer.
    pub fn open(system: &'a dyn System, root: &std::path::Path) -> Self {
        let path = root.join(FOLDER).join("probe.jsonl");
        let bytes = system.read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
        let answers = lines.map(|line| (line.key, line.answer)).collect();
        Self { system, path, end: bytes.len() as u64, answers }
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.answers.get(key)
    }

    /// Adds an answer, on disk too.
    pub fn keep(&mut self, key: &str, answer: Value) -> io::Result<()> {
        // A line feed in front: the line before may have been cut off.
        let line = serde_json::to_string(&Line { key: key.to_owned(), answer: answer.clone() })?;
        let bytes = format!("\n{line}\n");
        if self.end == 0
            && let Some(folder) = self.path.parent()
        {
            self.system.make_folders(folder)?;
        }
        self.system.append_at(&self.path, self.end, bytes.as_bytes())?;
        self.end += bytes.len() as u64;
        self.answers.insert(key.to_owned(), answer);
        Ok(())
    }

    /// Forgets all but these keys, once they are more than the rest.
    pub fn tidy(&mut self, current: &dyn Fn(&str) -> bool) -> io::Result<()> {
        let old = self.answers.keys().filter(|key| !current(key)).count();
        if old * 2 <= self.answers.len() {
            return Ok(());
        }
        self.answers.retain(|key, _| current(key));
        let mut text = String::new();
        for (key, answer) in &self.answers {
            text.push_str(&serde_json::to_string(&Line { key: key.clone(), answer: answer.clone() })?);
            text.push('\n');
        }
        self.system.write_atomic(&self.path, text.as_bytes())?;
        self.end = text.len() as u64;
        Ok(())
    }
}
