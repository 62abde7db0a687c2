//! The stamps of everything that a build looked at. If none has moved there is nothing to do, and nothing else is read.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Digest;
use crate::sys::{Kind, Stamp};

/// A file with what `lstat` said and what its contents hash to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watched<'a> {
    /// Relative to the project root, or absolute.
    #[serde(borrow)]
    pub path: Cow<'a, str>,
    /// `None`: it is not there, and its coming would matter.
    pub stamp: Option<Stamp>,
    pub digest: Digest,
    /// Whether the stamp was taken so long after the last write that a later write would have moved it.
    ///
    /// Invariant: a file that is not settled is hashed again before it is believed to be unchanged.
    pub settled: bool,
}

/// What a build that had nothing left to do saw.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stamps<'a> {
    /// Of the options that decide what is built.
    pub options: Digest,
    /// Whether that build ended without anything to tell: no findings, no hand edits, nothing invalid.
    pub quiet: bool,
    /// Nanoseconds since the epoch at which a skip expires; from then on a full look is due.
    pub valid_until: i64,
    pub planned: u32,
    #[serde(borrow)]
    pub inputs: Vec<Watched<'a>>,
    /// Folders of inputs: a file that comes or goes moves their stamp.
    #[serde(borrow)]
    pub folders: Vec<(Cow<'a, str>, Option<Stamp>)>,
    #[serde(borrow)]
    pub outputs: Vec<Watched<'a>>,
}

/// Stamps come from a clock that ticks every few milliseconds; two writes within a tick look the same.
const TICK: i64 = 20_000_000;

impl<'a> Watched<'a> {
    /// `now`: when the stamp was taken.
    pub fn new(path: impl Into<Cow<'a, str>>, stamp: Option<Stamp>, digest: Digest, now: i64) -> Self {
        // A link's own stamp says nothing of the file that it leads to.
        let still = |stamp: Stamp| stamp.kind != Kind::Symlink && stamp.mtime.max(stamp.ctime) + TICK < now;
        let settled = stamp.is_none_or(still);
        Self { path: path.into(), stamp, digest, settled }
    }
}
