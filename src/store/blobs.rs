//! Outputs kept by the key of what made them, so that switching branches back restores instead of rendering. An index and
//! a pack, which is only ever appended to, until it is so long that it is begun anew.

use std::io;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Digest, Layout, frame};
use crate::finding::Finding;
use crate::sys::System;

/// A pack that is longer than this is begun anew.
const LIMIT: u64 = 256 << 20;

/// What a key made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blob {
    offset: u64,
    len: u32,
    /// Of the file's bytes; checked whenever they are read.
    pub body: Digest,
    pub findings: Vec<Finding>,
}

/// An output to keep.
#[derive(Debug, Clone, Copy)]
pub struct Fresh<'a> {
    pub key: Digest,
    pub text: &'a [u8],
    pub body: Digest,
    pub findings: &'a [Finding],
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Index {
    entries: Vec<(Digest, Blob)>,
    /// Length of the pack that the entries know.
    end: u64,
}

/// Kept outputs. Nothing is lost if this is: they are rendered again.
pub struct Blobs<'a> {
    system: &'a dyn System,
    layout: &'a Layout,
    known: FxHashMap<Digest, Blob>,
    /// Keys in the order of the pack.
    order: Vec<Digest>,
    /// Length of the pack.
    end: u64,
    added: bool,
    /// The pack could not be written: nothing is kept from then on.
    failed: Option<io::Error>,
}

impl<'a> Blobs<'a> {
    pub fn open(system: &'a dyn System, layout: &'a Layout) -> Self {
        let bytes = system.read(&layout.blob_index()).unwrap_or_default();
        let index: Index = frame::decode(&bytes).unwrap_or_default();
        let order = index.entries.iter().map(|(key, _)| *key).collect();
        let known = index.entries.into_iter().collect();
        Self { system, layout, known, order, end: index.end, added: false, failed: None }
    }

    pub fn find(&self, key: Digest) -> Option<&Blob> {
        self.known.get(&key)
    }

    /// A blob by the digest of its bytes, as it is written out.
    pub fn with_body(&self, body: &str) -> Option<&Blob> {
        self.order.iter().rev().filter_map(|key| self.known.get(key)).find(|blob| blob.body.to_string() == body)
    }

    /// The bytes of a blob; `None` if the pack was damaged meanwhile.
    pub fn read(&self, blob: &Blob) -> Option<Vec<u8>> {
        let bytes = self.system.read_at(&self.layout.blob_pack(), blob.offset, blob.len as usize).ok()?;
        (Digest::of(&bytes) == blob.body).then_some(bytes)
    }

    /// Appends to the pack. The index is left for [`Self::save`], so it never points behind the pack's end.
    pub fn keep(&mut self, fresh: &[Fresh<'_>]) {
        if fresh.is_empty() || self.failed.is_some() {
            return;
        }
        if !self.added && self.end > LIMIT {
            // What this build makes is kept; the rest is rendered again when it is asked for.
            self.known.clear();
            self.order.clear();
            self.end = 0;
        }
        self.added = true;
        let mut bytes = Vec::with_capacity(fresh.iter().map(|fresh| fresh.text.len()).sum());
        let mut kept = Vec::with_capacity(fresh.len());
        for fresh in fresh {
            let Ok(len) = u32::try_from(fresh.text.len()) else { continue };
            let offset = self.end + bytes.len() as u64;
            bytes.extend_from_slice(fresh.text);
            kept.push((fresh.key, Blob { offset, len, body: fresh.body, findings: fresh.findings.to_vec() }));
        }
        if let Err(error) = self.system.append_at(&self.layout.blob_pack(), self.end, &bytes) {
            self.failed = Some(error);
            return;
        }
        self.end += bytes.len() as u64;
        for (key, blob) in kept {
            if self.known.insert(key, blob).is_none() {
                self.order.push(key);
            }
        }
    }

    /// Writes the index, where anything was kept.
    pub fn save(self) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if !self.added {
            return Ok(());
        }
        let entries = self.order.iter().map(|key| (*key, self.known[key].clone())).collect();
        let index = Index { entries, end: self.end };
        let room = self.order.len() * 48;
        self.system.write_atomic(&self.layout.blob_index(), &frame::encode(&index, room)).map(|_| ())
    }
}
