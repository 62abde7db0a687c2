//! What an earlier build made of texts, by their digests, so that it is not made of them again. Hints: what is not
//! remembered is found out, and no result depends on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Everything that is remembered.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    /// Templates that were well formed; parsing them again can skip a check.
    pub templates: BTreeSet<Digest>,
    /// TOML files as JSON, which is read in a fifth of the time.
    pub parsed: BTreeMap<Digest, Arc<str>>,
    pub head: Option<KnownHead>,
}

/// What is known of the head of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHead {
    /// Of its text.
    pub head: Digest,
    /// Where its table of class names begins.
    pub table: usize,
    /// Of the class names.
    pub names: Digest,
}

impl Remembered {
    /// The value of the TOML text with this digest.
    pub fn parsed<T: DeserializeOwned>(&self, text: Option<Digest>) -> Option<T> {
        serde_json::from_str(self.parsed.get(&text?)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::config::Registry;

    #[test]
    fn what_was_written_as_json_is_read_as_it_was() {
        let text = "[project]\nname = \"a\"\noutput = \"o\"\npython = \"3.10\"\n\
                    [hardware.cpu]\ntitle = \"\"\nbackend = \"\"\ndevice = \"\"\nruntime = \"\"\n\
                    tolerance = { a = 1e-23, b = 0.30000000000000004, c = 8.41e21, d = 5e-324, e = 1.0 }\n\
                    [hardware.cpu.set]\nz = 9007199254740993\na = [1.1, { b = \"\\u0000é\" }]\nday = 2026-11-21\n\
                    [[model.\"a.b\".skip]]\ncheck = \"x\"\nreason = \"\"\n";
        let registry: Registry = toml::from_str(text).unwrap();
        let digest = Digest::of(text.as_bytes());
        let json = serde_json::to_string(&registry).unwrap();
        let parsed = BTreeMap::from([(digest, Arc::from(json.as_str()))]);
        let remembered = Remembered { parsed, ..Remembered::default() };
        let back: Registry = remembered.parsed(Some(digest)).unwrap();
        assert_eq!(back, registry);
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
        assert!(remembered.parsed::<Registry>(Some(Digest::default())).is_none());
        assert!(remembered.parsed::<Registry>(None).is_none());
    }
}
