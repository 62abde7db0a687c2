//! The one hash of hfgen: blake3, cut to 16 bytes. What is stored or compared across processes is hashed by it.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 16 bytes of blake3: enough to tell contents apart, half the size of the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_hash(*blake3::hash(bytes).as_bytes())
    }

    /// Of several parts; where one ends and the next begins counts.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut pieces = Pieces::default();
        for part in parts {
            pieces.put(&(part.len() as u64).to_le_bytes());
            pieces.put(part);
        }
        pieces.digest()
    }

    /// Of anything that serialises in a fixed order.
    pub fn of_value(value: &impl Serialize) -> Self {
        // Written down first: JSON comes in pieces of a few bytes, and a hasher is slow with those.
        match serde_json::to_vec(value) {
            Ok(bytes) => Self::of(&bytes),
            Err(error) => Self::of(error.to_string().as_bytes()),
        }
    }

    /// Its first four bytes: enough to say which of a few dozen things changed, where the whole has said that one did.
    pub fn short(self) -> u32 {
        let [a, b, c, d, ..] = self.0;
        u32::from_le_bytes([a, b, c, d])
    }

    /// Of the bytes whose blake3 is `hash`.
    pub fn of_hash(hash: [u8; 32]) -> Self {
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash[..16]);
        Self(digest)
    }
}

/// Hashes what comes in small pieces as one text, with memory for one long piece.
#[derive(Default)]
pub struct Pieces {
    hasher: blake3::Hasher,
    waiting: Vec<u8>,
}

/// Long enough for the hasher to be fast.
const LONG: usize = 32 << 10;

impl Pieces {
    pub fn put(&mut self, piece: &[u8]) {
        if self.waiting.len() + piece.len() <= LONG {
            self.waiting.extend_from_slice(piece);
            return;
        }
        self.hasher.update(&self.waiting);
        self.waiting.clear();
        if piece.len() < LONG {
            self.waiting.extend_from_slice(piece);
        } else {
            self.hasher.update(piece);
        }
    }

    pub fn digest(mut self) -> Digest {
        self.hasher.update(&self.waiting);
        Digest::of_hash(*self.hasher.finalize().as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// In one piece: a trace holds tens of thousands of them, and byte by byte they would be most of what it costs.
impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Reader)
        } else {
            deserializer.deserialize_bytes(Reader)
        }
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Digest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("16 bytes, or 32 hex digits")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Digest, E> {
        bytes.try_into().map(Digest).map_err(|_| E::invalid_length(bytes.len(), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Digest, E> {
        let invalid = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        let mut digest = [0; 16];
        if text.len() != 32 || !text.is_ascii() {
            return Err(invalid());
        }
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| invalid())?;
        }
        Ok(Digest(digest))
    }
}

/// Of hfgen's own sources: it is in every key, so that another engine never takes this one's results.
pub fn engine() -> Digest {
    Digest::of(concat!(env!("CARGO_PKG_VERSION"), "+", env!("HFGEN_SOURCES")).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Digest, LONG, Pieces};

    #[test]
    fn pieces_are_hashed_as_the_text_that_they_make() {
        for (length, count) in [(0, 3), (7, 1), (9, LONG / 4), (LONG, 3), (LONG + 1, 2)] {
            let piece = vec![b'x'; length];
            let mut pieces = Pieces::default();
            (0..count).for_each(|_| pieces.put(&piece));
            assert_eq!(pieces.digest(), Digest::of(&piece.repeat(count)), "{count} x {length}");
        }
    }

    #[test]
    fn a_digest_comes_back_from_both_of_its_forms() {
        let digest = Digest::of(b"x");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(json, format!("\"{digest}\""));
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        let bytes = postcard::to_allocvec(&digest).unwrap();
        assert_eq!(bytes.len(), 17);
        assert_eq!(postcard::from_bytes::<Digest>(&bytes).unwrap(), digest);
        for wrong in ["\"\"", "\"+0\"", "\"é0000000000000000000000000000000\"", "7"] {
            assert!(serde_json::from_str::<Digest>(wrong).is_err(), "{wrong}");
        }
        assert!(postcard::from_bytes::<Digest>(&bytes[..9]).is_err());
        assert!(postcard::from_bytes::<Digest>(&[3, 1, 2, 3]).is_err());
    }
}
