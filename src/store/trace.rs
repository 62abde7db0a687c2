//! What each output read and what it became, so that a new process can tell what an edit reaches without rendering.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Digest;
use super::held::Held;
use crate::finding::Finding;
use crate::graph::remembered::{KnownHead, KnownRegistry};
use crate::graph::written::Written;
use crate::rules::file::RuleFile;
use crate::rules::plan::Entry;
use crate::validate::LaidOut;

/// The memory of the last build.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Content of every input file: path relative to the root.
    pub inputs: Vec<(String, Digest)>,
    /// Path and digest of every template that an output was made from.
    pub templates: Vec<(String, Digest)>,
    /// Inputs that reach more than one model: the registry without its models, the rules, the lock's head.
    pub shared: Vec<(String, Digest)>,
    pub models: Vec<Arc<ModelTrace>>,
    /// The sections of the lock, in the order of the file, some at a time.
    pub blocks: Vec<Block>,
    /// The rules as JSON, by the digests of their texts.
    pub rules: Vec<(Digest, Arc<Written<RuleFile>>)>,
    /// The registry as it was read.
    pub registry: Option<Arc<KnownRegistry>>,
    /// What was found out about the lock's head.
    pub head: Option<KnownHead>,
    /// Data paths that outputs were made from.
    pub reads: Vec<String>,
    /// Sorted by path.
    pub outputs: Vec<Arc<OutputTrace>>,
    /// Findings about inputs and the plan as a whole.
    pub findings: Vec<Finding>,
}

/// Neighbouring sections of the lock. Many sections are hashed in one piece in a third of the time that each alone takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The first model type.
    pub first: String,
    pub count: u32,
    /// Of the text of all of them.
    pub digest: Digest,
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
    pub entry: Arc<Entry>,
    /// Of what can reach every output (settings, rules, the lock's head), as it was when this was made.
    pub shared: Digest,
    /// Of its model's section and override; of all models' for outputs that are made once.
    pub model: Digest,
    /// Whether it was made from the list of models.
    pub of_all: bool,
    /// Indices into `Trace::templates`: its template, then those that it includes.
    pub templates: Vec<u32>,
    /// Data paths (indices into `Trace::reads`), each with the short digest of what it held.
    pub held: Held,
    /// Of all the data together, order included; where rendering failed, of all that there is.
    pub whole: Digest,
    /// Whether rendering failed.
    pub failed: bool,
    /// Of what validation demands: contract, lowest Python, class names.
    pub demands: Digest,
    /// Of the whole file, header included.
    pub body: Digest,
    /// 0 where nothing could be rendered.
    pub len: u64,
    /// The long definitions of the file below its header, where it was not taken from the cache.
    pub long: Vec<LaidOut>,
    /// Whether `body` may be written.
    pub valid: bool,
    pub findings: Vec<Finding>,
    /// Why it was last written.
    pub why: Vec<String>,
}

impl OutputTrace {
    /// Whether its last build could not render it.
    pub fn is_unmade(&self) -> bool {
        !self.valid && self.len == 0
    }

    /// What can be said of a genuine file that no build remembers.
    pub fn of_file(path: String, body: Digest) -> Self {
        Self {
            entry: Arc::new(Entry { path, rule: String::new(), model: None, hardware: None, family: None }),
            shared: Digest::default(),
            model: Digest::default(),
            of_all: false,
            templates: Vec::new(),
            held: Held::default(),
            whole: Digest::default(),
            failed: false,
            demands: Digest::default(),
            body,
            len: 0,
            long: Vec::new(),
            valid: true,
            findings: Vec::new(),
            why: Vec::new(),
        }
    }
}

impl Trace {
    /// Reads what every plan asks for.
    pub fn read_ahead(&self) {
        self.registry.iter().for_each(|registry| registry.read_ahead());
        self.rules.iter().for_each(|(_, rules)| rules.read_ahead());
    }

    pub fn output(&self, path: &str) -> Option<&Arc<OutputTrace>> {
        self.outputs.binary_search_by(|output| output.entry.path.as_str().cmp(path)).ok().map(|at| &self.outputs[at])
    }

    /// The templates that an output was made from, its own first.
    pub fn templates_of(&self, output: &OutputTrace) -> impl Iterator<Item = &(String, Digest)> {
        output.templates.iter().filter_map(|index| self.templates.get(*index as usize))
    }

    /// The data paths that an output's templates read, each with the short digest of what it held.
    pub fn reads_of<'a>(&'a self, output: &'a OutputTrace) -> impl Iterator<Item = (&'a str, u32)> {
        let named = |(index, digest)| Some((self.reads.get(index as usize)?.as_str(), digest));
        output.held.iter().filter_map(named)
    }
}
