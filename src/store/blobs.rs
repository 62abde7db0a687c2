//! Outputs kept by the key of what made them, so that switching branches back restores instead of rendering. An index and
//! a pack, which are only ever appended to, until the pack is so long that both are begun anew. What the index says is
//! believed only where the pack holds bytes of that hash.

use std::io;

use rustc_hash::FxHashMap;

use super::{Digest, Layout};
use crate::sys::System;

/// A pack that is longer than this is begun anew.
const LIMIT: u64 = 256 << 20;

/// Where the pack holds what a key made. In the index: the key, the fields in their order, numbers with the low byte first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blob {
    /// Of the file's bytes; checked whenever they are read.
    pub body: Digest,
    offset: u64,
    len: u32,
}

/// Bytes of an entry of the index.
const ENTRY: usize = 16 + 16 + 8 + 4;

impl Blob {
    fn write(self, key: Digest, index: &mut Vec<u8>) {
        index.extend_from_slice(&key.0);
        index.extend_from_slice(&self.body.0);
        index.extend_from_slice(&self.offset.to_le_bytes());
        index.extend_from_slice(&self.len.to_le_bytes());
    }

    fn read(entry: &[u8; ENTRY]) -> (Digest, Self) {
        let (key, rest) = entry.split_first_chunk().expect("Invariant: 16 of 44 bytes");
        let (body, rest) = rest.split_first_chunk().expect("Invariant: 16 of 28 bytes");
        let (offset, len) = rest.split_first_chunk().expect("Invariant: 8 of 12 bytes");
        let len = len.try_into().expect("Invariant: 4 of 4 bytes");
        let blob = Self { body: Digest(*body), offset: u64::from_le_bytes(*offset), len: u32::from_le_bytes(len) };
        (Digest(*key), blob)
    }
}

/// An output to keep.
#[derive(Debug, Clone, Copy)]
pub struct Fresh<'a> {
    pub key: Digest,
    pub text: &'a [u8],
    pub body: Digest,
}

/// Kept outputs. Nothing is lost if this is: they are rendered again.
pub struct Blobs<'a> {
    system: &'a dyn System,
    layout: &'a Layout,
    known: FxHashMap<Digest, Blob>,
    /// Bytes of the index that hold whole entries.
    indexed: u64,
    /// Length of the pack.
    end: u64,
    /// Entries that the index lacks.
    added: Vec<u8>,
    /// The pack could not be written: nothing is kept from then on.
    failed: Option<io::Error>,
}

impl<'a> Blobs<'a> {
    pub fn open(system: &'a dyn System, layout: &'a Layout) -> Self {
        let index = system.read(&layout.blob_index()).unwrap_or_default();
        // A torn entry at the end is written over.
        let (entries, _) = index.as_chunks::<ENTRY>();
        let known = entries.iter().map(Blob::read).collect();
        let end = system.stat(&layout.blob_pack()).map_or(0, |stamp| stamp.size);
        let indexed = (entries.len() * ENTRY) as u64;
        Self { system, layout, known, indexed, end, added: Vec::new(), failed: None }
    }

    pub fn find(&self, key: Digest) -> Option<&Blob> {
        self.known.get(&key)
    }

    /// A blob by the digest of its bytes, as it is written out.
    pub fn with_body(&self, body: &str) -> Option<&Blob> {
        self.known.values().find(|blob| blob.body.to_string() == body)
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
        if self.added.is_empty() && self.end > LIMIT {
            // What this build makes is kept; the rest is rendered again when it is asked for.
            self.known.clear();
            (self.indexed, self.end) = (0, 0);
        }
        let mut bytes = Vec::with_capacity(fresh.iter().map(|fresh| fresh.text.len()).sum());
        let mut kept = Vec::with_capacity(fresh.len());
        for Fresh { key, text, body } in fresh {
            let Ok(len) = u32::try_from(text.len()) else { continue };
            kept.push((*key, Blob { body: *body, offset: self.end + bytes.len() as u64, len }));
            bytes.extend_from_slice(text);
        }
        if let Err(error) = self.system.append_at(&self.layout.blob_pack(), self.end, &bytes) {
            self.failed = Some(error);
            return;
        }
        self.end += bytes.len() as u64;
        for (key, blob) in kept {
            blob.write(key, &mut self.added);
            self.known.insert(key, blob);
        }
    }

    /// Adds to the index what was kept.
    pub fn save(self) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.added.is_empty() {
            return Ok(());
        }
        self.system.append_at(&self.layout.blob_index(), self.indexed, &self.added)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sys::MemorySystem;

    fn fresh(text: &str) -> Fresh<'_> {
        Fresh {
            key: Digest::of(&[text.as_bytes(), b"'s key"].concat()),
            text: text.as_bytes(),
            body: Digest::of(text.as_bytes()),
        }
    }

    fn keep(system: &MemorySystem, layout: &Layout, texts: &[&str]) {
        let mut blobs = Blobs::open(system, layout);
        blobs.keep(&texts.iter().map(|text| fresh(text)).collect::<Vec<_>>());
        blobs.save().unwrap();
    }

    /// What is found of these texts.
    fn found<'t>(system: &MemorySystem, layout: &Layout, texts: &[&'t str]) -> Vec<&'t str> {
        let blobs = Blobs::open(system, layout);
        let read = |text: &str| blobs.find(fresh(text).key).and_then(|blob| blobs.read(blob));
        texts.iter().copied().filter(|text| read(text).is_some_and(|bytes| bytes == text.as_bytes())).collect()
    }

    #[test]
    fn what_is_kept_is_found_by_every_later_build() {
        let (system, layout) = (MemorySystem::new([]), Layout::new(Path::new("/project"), None));
        assert!(found(&system, &layout, &["one"]).is_empty());
        keep(&system, &layout, &["one", "two"]);
        keep(&system, &layout, &["three"]);
        keep(&system, &layout, &[]);
        assert_eq!(found(&system, &layout, &["one", "two", "three", "four"]), ["one", "two", "three"]);
        assert_eq!(system.read(&layout.blob_index()).unwrap().len(), 3 * ENTRY);
        let body = Digest::of(b"two").to_string();
        assert_eq!(Blobs::open(&system, &layout).with_body(&body).map(|blob| blob.len), Some(3));
    }

    #[test]
    fn nothing_that_was_damaged_is_believed_and_the_next_build_goes_on() {
        let (system, layout) = (MemorySystem::new([]), Layout::new(Path::new("/project"), None));
        keep(&system, &layout, &["one", "two"]);
        // An entry of which a full disk left half, a byte of the pack, an offset.
        let mut index = system.read(&layout.blob_index()).unwrap();
        index.truncate(2 * ENTRY - 5);
        system.write_atomic(&layout.blob_index(), &index).unwrap();
        keep(&system, &layout, &["three"]);
        assert_eq!(found(&system, &layout, &["one", "two", "three"]), ["one", "three"]);
        let mut pack = system.read(&layout.blob_pack()).unwrap();
        pack[0] ^= 1;
        system.write_atomic(&layout.blob_pack(), &pack).unwrap();
        assert_eq!(found(&system, &layout, &["one", "two", "three"]), ["three"]);
        let mut index = system.read(&layout.blob_index()).unwrap();
        index[2 * ENTRY - 5] = 0xff;
        system.write_atomic(&layout.blob_index(), &index).unwrap();
        keep(&system, &layout, &["four"]);
        assert_eq!(found(&system, &layout, &["one", "three", "four"]), ["four"]);
        system.remove_file(&layout.blob_pack()).unwrap();
        keep(&system, &layout, &["five"]);
        assert_eq!(found(&system, &layout, &["one", "four", "five"]), ["five"]);
    }
}
