//! The one hash of hfgen: blake3, cut to 16 bytes. What is stored or compared across processes is hashed by it.

use serde::{Deserialize, Serialize};

/// 16 bytes of blake3: enough to tell contents apart, half the size of the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self::cut(&blake3::hash(bytes))
    }

    /// Of several parts; where one ends and the next begins counts.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self::cut(&hasher.finalize())
    }

    /// Of anything that serialises in a fixed order.
    pub fn of_value(value: &impl Serialize) -> Self {
        let mut hasher = blake3::Hasher::new();
        match serde_json::to_writer(&mut hasher, value) {
            Ok(()) => Self::cut(&hasher.finalize()),
            Err(error) => Self::of(error.to_string().as_bytes()),
        }
    }

    fn cut(hash: &blake3::Hash) -> Self {
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        Self(digest)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Of hfgen's own sources: it is in every key, so that another engine never takes this one's results.
pub fn engine() -> Digest {
    Digest::of(concat!(env!("CARGO_PKG_VERSION"), "+", env!("HFGEN_SOURCES")).as_bytes())
}
