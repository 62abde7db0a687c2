//! A list of numbers with short digests, in one piece of bytes: a trace holds tens of thousands of them.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// Four bytes of the number, four of the digest.
const EACH: usize = 8;

pub fn serialize<S: Serializer>(held: &[(u32, u32)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::with_capacity(held.len() * EACH);
    for (number, digest) in held {
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&digest.to_le_bytes());
    }
    serializer.serialize_bytes(&bytes)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(u32, u32)>, D::Error> {
    deserializer.deserialize_bytes(Reader)
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Vec<(u32, u32)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pieces of 8 bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let (pieces, []) = bytes.as_chunks::<EACH>() else { return Err(E::invalid_length(bytes.len(), &self)) };
        let one = |&[a, b, c, d, e, f, g, h]: &[u8; EACH]| {
            (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
        };
        Ok(pieces.iter().map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Whole(#[serde(with = "super")] Vec<(u32, u32)>);

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for count in 0..4 {
            let whole = Whole((0..count).map(|number| (number << 20, u32::MAX - number)).collect());
            let bytes = postcard::to_allocvec(&whole).unwrap();
            assert_eq!(bytes.len(), 1 + 8 * count as usize);
            assert_eq!(postcard::from_bytes::<Whole>(&bytes).unwrap(), whole);
        }
        assert!(postcard::from_bytes::<Whole>(&[19; 20]).is_err());
    }
}
