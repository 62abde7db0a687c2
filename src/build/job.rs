//! What one output is on its way through a round: looked at, due or not, made. Values only.

use std::sync::Arc;

use super::plan::Planned;
use super::reason::Reason;
use crate::digest::Digest;
use crate::emit::ownership::Standing;
use crate::finding::Finding;
use crate::graph::outputs::Inputs;
use crate::store::trace::OutputTrace;
use crate::validate::LaidOut;

/// An output that may be due.
pub struct Job<'t, 'p> {
    pub planned: &'p Planned,
    pub old: Option<&'t Arc<OutputTrace>>,
    pub standing: Standing,
}

/// The plan, parted.
#[derive(Default)]
pub struct Sorted<'t, 'p> {
    pub jobs: Vec<Job<'t, 'p>>,
    /// What the last build remembers of the others.
    pub kept: Vec<&'t Arc<OutputTrace>>,
    /// Something that was not selected may be due.
    pub unselected_due: bool,
}

/// A job that was looked at.
pub struct Worked {
    pub inputs: Inputs,
    /// Why it is due.
    pub reasons: Vec<Reason>,
    /// `None`: nothing was due after all.
    pub made: Option<Made>,
}

/// What a job made.
pub struct Made {
    /// `None`: it could not be rendered.
    pub text: Option<Vec<u8>>,
    /// Of the text.
    pub body: Digest,
    pub findings: Vec<Finding>,
    /// The long definitions below the header that were laid out alone.
    pub long: Vec<LaidOut>,
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
