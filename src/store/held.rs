//! A list of numbers with digests, in one piece of bytes: a trace holds tens of thousands of them.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

use super::Digest;

/// Four bytes of the number, sixteen of the digest.
const EACH: usize = 20;

pub fn serialize<S: Serializer>(held: &[(u32, Digest)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::with_capacity(held.len() * EACH);
    for (number, digest) in held {
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&digest.0);
    }
    serializer.serialize_bytes(&bytes)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u32, Digest)>, D::Error> {
    deserializer.deserialize_bytes(Reader)
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Vec<(u32, Digest)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pieces of 20 bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let (pieces, []) = bytes.as_chunks::<EACH>() else { return Err(E::invalid_length(bytes.len(), &self)) };
        let one = |piece: &[u8; EACH]| {
            let (number, digest) = piece.split_first_chunk::<4>()?;
            Some((u32::from_le_bytes(*number), Digest(digest.try_into().ok()?)))
        };
        pieces.iter().map(one).collect::<Option<_>>().ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::Digest;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Whole(#[serde(with = "super")] Vec<(u32, Digest)>);

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for count in 0..4 {
            let whole = Whole((0..count).map(|number| (number << 20, Digest::of(&[number as u8]))).collect());
            let bytes = postcard::to_allocvec(&whole).unwrap();
            assert_eq!(bytes.len(), 1 + 20 * count as usize);
            assert_eq!(postcard::from_bytes::<Whole>(&bytes).unwrap(), whole);
        }
        assert!(postcard::from_bytes::<Whole>(&[19; 20]).is_err());
    }
}
