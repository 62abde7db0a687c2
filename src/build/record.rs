//! What each output of a round leaves in the trace, in the trace's own short form as soon as the output is done.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::memory::Written;
use crate::digest::Digest;
use crate::graph::outputs::Inputs;
use crate::rules::plan::Entry;
use crate::store::held::Held;
use crate::store::trace::{OutputTrace, Trace};
use crate::sys::Stamp;

/// The outputs of a round, with the lists that many of them share.
#[derive(Default)]
pub struct Recorded {
    pub outputs: Vec<Arc<OutputTrace>>,
    /// The stamps of those that were looked at.
    pub stamps: FxHashMap<Arc<Entry>, Option<Stamp>>,
    pub templates: Vec<(String, Digest)>,
    pub reads: Vec<String>,
    by_template: FxHashMap<(String, Digest), u32>,
    by_read: FxHashMap<String, u32>,
}

impl Recorded {
    /// Begins with `kept`, outputs of the last build that stay as `old` remembers them.
    pub fn of(old: &Trace, kept: &[&Arc<OutputTrace>]) -> Self {
        let grown = old.templates.len() > 4096;
        if kept.len() * 2 < old.outputs.len() || kept.is_empty() || grown {
            // Most of what the old lists hold is no longer in use.
            let mut recorded = Self::default();
            recorded.keep(old, kept);
            return recorded;
        }
        let numbered = |length: usize| 0..u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            outputs: kept.iter().copied().cloned().collect(),
            by_template: old.templates.iter().cloned().zip(numbered(old.templates.len())).collect(),
            by_read: old.reads.iter().cloned().zip(numbered(old.reads.len())).collect(),
            templates: old.templates.clone(),
            reads: old.reads.clone(),
            stamps: FxHashMap::default(),
        }
    }

    /// Takes over outputs as `old` remembers them.
    pub fn keep(&mut self, old: &Trace, kept: &[&Arc<OutputTrace>]) {
        for output in kept {
            let mut output = OutputTrace::clone(output);
            output.templates =
                old.templates_of(&output).map(|(path, digest)| self.template(path, *digest)).collect::<Vec<_>>();
            output.held = old.reads_of(&output).map(|(path, digest)| (self.read(path), digest)).collect();
            self.outputs.push(Arc::new(output));
        }
    }

    /// Takes up an output that this round has looked at. `shared` and `model`: digests of what decided it.
    pub fn add(&mut self, inputs: &Inputs, shared: Digest, model: Digest, written: Written) {
        self.stamps.insert(written.entry.clone(), written.stamp);
        let mut output = OutputTrace {
            entry: written.entry,
            shared,
            model,
            of_all: false,
            templates: Vec::new(),
            held: Held::default(),
            whole: Digest::default(),
            failed: false,
            demands: Digest::default(),
            body: written.body,
            len: written.len,
            long: written.long,
            valid: written.valid,
            findings: written.findings,
            why: written.why,
        };
        match inputs {
            Ok(prepared) => {
                output.templates = prepared.templates().map(|(path, digest)| self.template(path, digest)).collect();
                output.held = prepared.held.iter().map(|(path, digest)| (self.read(path), digest.short())).collect();
                output.of_all = prepared.held.iter().any(|(path, _)| path == "models" || path.starts_with("models."));
                output.whole = written.beside.unwrap_or(prepared.whole);
                output.failed = written.beside.is_some();
                output.demands = prepared.demands;
            }
            // Its template could not be used: always looked at again.
            Err(_) => output.shared = Digest::default(),
        }
        self.outputs.push(Arc::new(output));
    }

    fn template(&mut self, path: &str, digest: Digest) -> u32 {
        let next = u32::try_from(self.templates.len()).unwrap_or(u32::MAX);
        *self.by_template.entry((path.to_owned(), digest)).or_insert_with(|| {
            self.templates.push((path.to_owned(), digest));
            next
        })
    }

    fn read(&mut self, path: &str) -> u32 {
        if let Some(known) = self.by_read.get(path) {
            return *known;
        }
        let next = u32::try_from(self.reads.len()).unwrap_or(u32::MAX);
        self.reads.push(path.to_owned());
        self.by_read.insert(path.to_owned(), next);
        next
    }
}
