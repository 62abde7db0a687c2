//! The map as a value: written as JSON, and read again as the former report that another is compared with.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::run::protocol::Outcome;

/// The version of the JSON. A reader of another one does not read it.
pub const VERSION: u32 = 1;

/// Everything that is known of a selection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// The version of transformers that the facts are of.
    pub transformers: String,
    /// What was asked about; everything where nothing is said.
    #[serde(default)]
    pub asked: Asked,
    /// Sorted by type.
    pub models: Vec<ModelInfo>,
    /// In the order of the rules.
    pub checks: Vec<CheckInfo>,
    /// In the order of the registry.
    pub hardware: Vec<HardwareInfo>,
    /// What results were found on.
    pub machines: Vec<Machine>,
    /// By model, check and hardware, in the orders above.
    pub cells: Vec<Cell>,
}

/// The selection that a map is of. Lists mean any of, keys mean all of; an empty list is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hardware: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// What git was asked, which nobody can ask again: `since main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// States that were left out of the cells: `missing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    #[serde(rename = "type")]
    pub key: Arc<str>,
    #[serde(default)]
    pub family: Arc<str>,
    #[serde(default)]
    pub tasks: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckInfo {
    pub name: Arc<str>,
    #[serde(default)]
    pub title: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HardwareInfo {
    pub name: Arc<str>,
    #[serde(default)]
    pub title: String,
}

/// What some results were found on: versions and devices by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Machine {
    /// The file that the results came from, where that is another than the project's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    pub versions: BTreeMap<String, String>,
}

/// One check of one model on one hardware.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub model: Arc<str>,
    pub check: Arc<str>,
    pub hardware: Arc<str>,
    pub state: State,
    /// Why it is not passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// The state before what decides it changed; of a stale cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<State>,
    /// When it ran last, in UTC: `2026-11-21T10:31:08Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Arc<str>>,
    /// Where: a place in `machines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<usize>,
    /// The tests behind it, in order of class.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Test>,
}

/// One test of a cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Test {
    #[serde(default, skip_serializing_if = "is_empty")]
    pub class: Arc<str>,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    #[serde(default)]
    pub seconds: f64,
}

/// What is true of a cell. The order is that of attention: a cell of several tests is what its first word here says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A test of it is red.
    Failed,
    /// A test of it was red, and passed when it was tried again.
    Flaky,
    /// It has no result, and nothing says why.
    Missing,
    /// It has a result, and what decides that has changed since.
    Stale,
    /// Fails as the registry expects.
    Xfailed,
    /// At least one test passed, and none is worse.
    Passed,
    /// Every test of it is skipped, with a reason.
    Skipped,
    /// The hardware is not here, or only slower runs have it.
    NotRun,
    /// No test of it is made, with a reason.
    NotGenerated,
}

fn is_empty(text: &str) -> bool {
    text.is_empty()
}

impl State {
    pub const ALL: [State; 9] = [
        State::Passed,
        State::Failed,
        State::Flaky,
        State::Xfailed,
        State::Skipped,
        State::Stale,
        State::Missing,
        State::NotRun,
        State::NotGenerated,
    ];

    /// As in JSON.
    pub fn word(self) -> &'static str {
        match self {
            State::Failed => "failed",
            State::Flaky => "flaky",
            State::Missing => "missing",
            State::Stale => "stale",
            State::Xfailed => "xfailed",
            State::Passed => "passed",
            State::Skipped => "skipped",
            State::NotRun => "not-run",
            State::NotGenerated => "not-generated",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            State::Xfailed => "expected failure",
            State::NotRun => "not run here",
            State::NotGenerated => "not generated",
            other => other.word(),
        }
    }

    /// Whether somebody looked: a test ran to an end that counts today.
    pub fn has_result(self) -> bool {
        matches!(self, State::Failed | State::Flaky | State::Xfailed | State::Passed | State::Skipped)
    }

    /// Whether a result is owed and not there.
    pub fn is_missing(self) -> bool {
        matches!(self, State::Missing | State::Stale)
    }
}

impl Cell {
    /// What it is called in lists.
    pub fn name(&self) -> String {
        format!("{} {} on {}", self.model, self.check, self.hardware)
    }

    /// What makes it the same cell in another map.
    pub fn key(&self) -> (&str, &str, &str) {
        (&self.model, &self.check, &self.hardware)
    }
}

impl Map {
    /// Leaves only cells for which `keep` holds; models, checks and hardware stay.
    pub fn retain(&mut self, keep: impl Fn(&Cell) -> bool) {
        self.cells.retain(keep);
    }
}
