//! A stored value with its head: magic, format, engine, checksum. What is damaged, foreign or of another engine is not
//! read: the reader gets the reason and builds from nothing.

use serde::{Deserialize, Serialize};

/// `HFGN`, then the format's number.
const MAGIC: [u8; 4] = *b"HFGN";
/// Changed whenever a stored type changes; an older or newer file is then not read, which costs one full build.
const FORMAT: u32 = 5;
const HEAD: usize = 4 + 4 + 16 + 32;

/// Why a stored value was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// There is none.
    Missing,
    /// Written by another version of hfgen.
    OtherVersion,
    /// Not ours, cut short, or bytes have changed.
    Damaged,
}

/// `room`: how many bytes it will take, about; a buffer that must grow touches twice the memory.
pub fn encode<T: Serialize>(value: &T, room: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + room);
    bytes.resize(HEAD, 0);
    bytes = postcard::to_extend(value, bytes).expect("Invariant: stored types have no maps of unknown length");
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4..8].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[8..24].copy_from_slice(&crate::digest::engine().0);
    let sum = blake3::hash(&bytes[HEAD..]);
    bytes[24..HEAD].copy_from_slice(sum.as_bytes());
    bytes
}

pub fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Unread> {
    if bytes.len() < HEAD || bytes[..4] != MAGIC {
        return Err(Unread::Damaged);
    }
    if bytes[4..8] != FORMAT.to_le_bytes() || bytes[8..24] != crate::digest::engine().0 {
        return Err(Unread::OtherVersion);
    }
    if bytes[24..HEAD] != *blake3::hash(&bytes[HEAD..]).as_bytes() {
        return Err(Unread::Damaged);
    }
    postcard::from_bytes(&bytes[HEAD..]).map_err(|_| Unread::Damaged)
}
