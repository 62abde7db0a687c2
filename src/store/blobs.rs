//! Outputs kept by the key of what made them, so that switching branches back restores instead of rendering. An index and
//! a pack, both only ever appended to; compacted when most of it is dead.

use std::io;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Digest, Layout, frame};
use crate::finding::Finding;
use crate::sys::System;

/// A pack beyond this is compacted to what the last builds used.
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
    order: Vec<Digest>,
    end: u64,
    /// Bytes to append at `end`.
    fresh: Vec<u8>,
    added: bool,
}

impl<'a> Blobs<'a> {
    pub fn open(system: &'a dyn System, layout: &'a Layout) -> Self {
        let bytes = system.read(&layout.blob_index()).unwrap_or_default();
        let index: Index = frame::decode(&bytes).unwrap_or_default();
        let order = index.entries.iter().map(|(key, _)| *key).collect();
        let known = index.entries.into_iter().collect();
        Self { system, layout, known, order, end: index.end, fresh: Vec::new(), added: false }
    }

    pub fn find(&self, key: Digest) -> Option<&Blob> {
        self.known.get(&key)
    }

    /// The bytes of a blob; `None` if the pack was damaged meanwhile.
    pub fn read(&self, blob: &Blob) -> Option<Vec<u8>> {
        let bytes = if blob.offset >= self.end {
            let start = usize::try_from(blob.offset - self.end).ok()?;
            self.fresh.get(start..start + blob.len as usize)?.to_vec()
        } else {
            self.system.read_at(&self.layout.blob_pack(), blob.offset, blob.len as usize).ok()?
        };
        (Digest::of(&bytes) == blob.body).then_some(bytes)
    }

    pub fn keep(&mut self, key: Digest, bytes: &[u8], findings: &[Finding]) {
        let Ok(len) = u32::try_from(bytes.len()) else { return };
        let blob = Blob {
            offset: self.end + self.fresh.len() as u64,
            len,
            body: Digest::of(bytes),
            findings: findings.to_vec(),
        };
        self.fresh.extend_from_slice(bytes);
        if self.known.insert(key, blob).is_none() {
            self.order.push(key);
        }
        self.added = true;
    }

    /// Appends what is new. The pack comes first: an index never points behind its end.
    pub fn save(mut self) -> io::Result<()> {
        if !self.added {
            return Ok(());
        }
        if self.end + self.fresh.len() as u64 > LIMIT {
            // What this build made is kept; the rest is rendered again when it is asked for.
            self.order.retain(|key| self.known[key].offset >= self.end);
            for key in &self.order {
                if let Some(blob) = self.known.get_mut(key) {
                    blob.offset -= self.end;
                }
            }
            self.end = 0;
        }
        self.system.append_at(&self.layout.blob_pack(), self.end, &self.fresh)?;
        let entries = self.order.iter().map(|key| (*key, self.known[key].clone())).collect();
        let index = Index { entries, end: self.end + self.fresh.len() as u64 };
        self.system.write_atomic(&self.layout.blob_index(), &frame::encode(&index)).map(|_| ())
    }
}
