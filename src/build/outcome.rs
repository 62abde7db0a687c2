//! What a build has to tell: one value that every format of `report/` prints. No printing here.

use serde::Serialize;

use crate::finding::Finding;

/// What became, or would become, of one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Was not there, is written.
    Created,
    /// Other bytes than before.
    Updated,
    /// Written from the cache, without rendering or validating.
    Restored,
    /// Up to date; its file was not touched.
    Unchanged,
    /// No rule makes it any more; deleted.
    Removed,
    /// Edited by hand (or not made by hfgen): left as it is, the build exits 3.
    Kept,
    /// Its new text has errors: not written, the old file stays.
    Invalid,
}

/// One output, with the reasons for what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputOutcome {
    /// Relative to the project root.
    pub path: String,
    pub rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    pub action: Action,
    /// Why, most specific first: `template templates/base.py.hbs changed`, `model bert: fields.hidden_size changed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<String>,
    /// Unified diff from what is on disk to what is (or would be) written; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// Counters: they don't wobble as times do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Inputs and outputs that were asked for their stamp.
    pub stated: u64,
    /// Files whose contents were hashed.
    pub hashed: u64,
    /// Templates, rules, registry sections and lock sections that were parsed.
    pub parsed: u64,
    pub rendered: u64,
    pub validated: u64,
    /// Outputs taken from the cache.
    pub restored: u64,
    pub written: u64,
    pub removed: u64,
    pub bytes_written: u64,
}

/// A whole build, check or dry run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcome {
    /// Nothing was written although something may be due (`--check`, `--dry-run`, `--diff`).
    pub dry: bool,
    /// How many outputs the selection holds.
    pub selected: usize,
    /// How many the whole plan holds.
    pub planned: usize,
    /// Sorted by path. `Unchanged` ones are left out unless they were asked for.
    pub outputs: Vec<OutputOutcome>,
    pub findings: Vec<Finding>,
    pub counts: Counts,
    /// Of a clean and not a build: how many files of the cache were, or would be, removed.
    #[serde(skip)]
    pub cleaned: Option<usize>,
}

impl Outcome {
    pub fn count(&self, action: Action) -> usize {
        self.outputs.iter().filter(|output| output.action == action).count()
    }

    /// Outputs that are, or would be, written or removed, and those that would be if they were valid.
    pub fn moved(&self) -> usize {
        self.outputs.iter().filter(|output| !matches!(output.action, Action::Unchanged | Action::Kept)).count()
    }

    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.is_error()).count()
    }
}
