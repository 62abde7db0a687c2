//! What each output read and what it became, so that a new process can tell what an edit reaches without rendering.

use serde::{Deserialize, Serialize};

use super::Digest;
use crate::finding::Finding;
use crate::rules::plan::Entry;

/// The memory of the last build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Content of every input file: path relative to the root.
    pub inputs: Vec<(String, Digest)>,
    /// Name to digest of every template that a rule can reach, after layering.
    pub templates: Vec<(String, Digest)>,
    /// Inputs that reach more than one model: `registry` (without model sections), `rules`, `lock` (its head).
    pub shared: Vec<(String, Digest)>,
    pub models: Vec<ModelTrace>,
    /// Lists of data paths, each used by the outputs of one template.
    pub reads: Vec<Vec<String>>,
    /// Sorted by path.
    pub outputs: Vec<OutputTrace>,
    /// Findings about inputs and the plan as a whole.
    pub findings: Vec<Finding>,
}

/// A model type as the last build planned it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelTrace {
    pub key: String,
    /// Of its section in registry.lock, or under `[custom]`.
    pub section: Digest,
    /// Of its override.
    pub own: Digest,
    pub family: String,
    /// Pipeline names and mappings, for `--task`.
    pub tasks: Vec<String>,
    /// Findings about this model.
    pub findings: Vec<Finding>,
}

/// One output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputTrace {
    pub entry: Entry,
    /// Indices into `Trace::templates`: the closure of its template.
    pub templates: Vec<u32>,
    /// Index into `Trace::reads`.
    pub reads: u32,
    /// Digest of what each of those paths held.
    pub held: Vec<Digest>,
    /// Of what validation demands: contract, lowest Python, class names.
    pub demands: Digest,
    /// Of the whole file, header included.
    pub body: Digest,
    pub len: u64,
    /// Whether `body` may be written.
    pub valid: bool,
    pub findings: Vec<Finding>,
    /// Why it was last written.
    pub why: Vec<String>,
}

impl Trace {
    pub fn output(&self, path: &str) -> Option<&OutputTrace> {
        self.outputs.binary_search_by(|output| output.entry.path.as_str().cmp(path)).ok().map(|at| &self.outputs[at])
    }

    pub fn shared(&self, name: &str) -> Option<Digest> {
        self.shared.iter().find(|(known, _)| known == name).map(|(_, digest)| *digest)
    }
}
