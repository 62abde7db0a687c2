//! What one output is on its way through a round: looked at, due or not, made. Values only.

use std::sync::Arc;

use super::plan::Planned;
use super::reason::Reason;
use crate::digest::Digest;
use crate::emit::ownership::Standing;
use crate::finding::Finding;
use crate::graph::outputs::Inputs;
use crate::store::trace::OutputTrace;

/// An output that is due, or that was looked at because it might be.
pub struct Job<'t, 'p> {
    pub planned: &'p Planned,
    pub old: Option<&'t OutputTrace>,
    pub standing: Standing,
    pub reasons: Vec<Reason>,
    pub prepared: Option<Inputs>,
}

/// The plan, parted.
#[derive(Default)]
pub struct Sorted<'t, 'p> {
    pub jobs: Vec<Job<'t, 'p>>,
    /// What the last build remembers of the others.
    pub kept: Vec<&'t OutputTrace>,
    /// Something that was not selected may be due.
    pub unselected_due: bool,
}

/// What a job made.
pub struct Made {
    /// `None`: it could not be rendered.
    pub text: Option<Arc<[u8]>>,
    pub findings: Vec<Finding>,
    pub key: Digest,
    pub restored: bool,
    /// Of all data, where rendering failed.
    pub beside: Option<Digest>,
}

impl Made {
    pub fn is_valid(&self) -> bool {
        self.text.is_some() && !self.findings.iter().any(Finding::is_error)
    }
}
