//! A list of numbers with short digests, kept as the bytes that stand in the trace: there are tens of thousands of them, and
//! a build asks for few.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Four bytes of the number, four of the digest.
const EACH: usize = 8;

/// Invariant: as many bytes as whole pieces have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held(Box<[u8]>);

impl Held {
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let one = |&[a, b, c, d, e, f, g, h]: &[u8; EACH]| {
            (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
        };
        self.0.as_chunks::<EACH>().0.iter().map(one)
    }
}

impl FromIterator<(u32, u32)> for Held {
    fn from_iter<I: IntoIterator<Item = (u32, u32)>>(held: I) -> Self {
        let held = held.into_iter();
        let mut bytes = Vec::with_capacity(held.size_hint().0 * EACH);
        for (number, digest) in held {
            bytes.extend_from_slice(&number.to_le_bytes());
            bytes.extend_from_slice(&digest.to_le_bytes());
        }
        Self(bytes.into())
    }
}

impl Serialize for Held {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Held {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Reader)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Held;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pieces of 8 bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Held, E> {
        if bytes.len().is_multiple_of(EACH) {
            Ok(Held(bytes.into()))
        } else {
            Err(E::invalid_length(bytes.len(), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for count in 0..4 {
            let all: Vec<(u32, u32)> = (0..count).map(|number| (number << 20, u32::MAX - number)).collect();
            let held: Held = all.iter().copied().collect();
            let bytes = postcard::to_allocvec(&held).unwrap();
            assert_eq!(bytes.len(), 1 + 8 * all.len());
            assert_eq!(postcard::from_bytes::<Held>(&bytes).unwrap(), held);
            assert_eq!(held.iter().collect::<Vec<_>>(), all);
        }
        assert!(postcard::from_bytes::<Held>(&[19; 20]).is_err());
    }
}
