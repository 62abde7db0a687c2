//! What an earlier build made of texts, by their digests, so that it is not made of them again. Hints: what is not
//! remembered is found out, and no result depends on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::digest::Digest;
use crate::registry::config::{Override, Registry};

/// Everything that is remembered.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    /// Templates that were well formed; parsing them again can skip a check.
    pub templates: BTreeSet<Digest>,
    /// Rules as JSON, which is read in a fifth of the time, by the digests of their texts.
    pub rules: BTreeMap<Digest, Arc<str>>,
    pub registry: Option<Arc<KnownRegistry>>,
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

/// `registry.toml` as it was read, in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRegistry {
    /// Of its whole text.
    pub text: Digest,
    /// Everything but the models.
    pub rest: Arc<str>,
    /// By model type, in their order.
    pub models: Vec<(String, KnownPiece)>,
}

/// What stands under a model's headers, as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownPiece {
    /// Of its text; of nothing where the registry could not be cut.
    pub text: Digest,
    pub json: Arc<str>,
}

impl Remembered {
    /// The rules of the text with this digest.
    pub fn rules<T: DeserializeOwned>(&self, text: Option<Digest>) -> Option<T> {
        serde_json::from_str(self.rules.get(&text?)?).ok()
    }

    /// The registry, if its text has this digest.
    pub fn same_registry(&self, text: Option<Digest>) -> Option<&Arc<KnownRegistry>> {
        self.registry.as_ref().filter(|known| Some(known.text) == text)
    }
}

impl KnownRegistry {
    /// `text`: of the registry's whole text; `pieces`: of its models, as far as they are known.
    pub fn of(text: Digest, registry: &Registry, pieces: &[KnownPiece]) -> Self {
        let Registry { project, hardware, model, custom } = registry;
        let rest = json!({ "project": project, "hardware": hardware, "custom": custom });
        let mut pieces = pieces.iter().cloned();
        let piece = |own| pieces.next().unwrap_or_else(|| KnownPiece::of(Digest::default(), own));
        let models = model.keys().cloned().zip(model.values().map(piece)).collect();
        Self { text, rest: rest.to_string().into(), models }
    }

    /// The whole again.
    pub fn read(&self) -> Option<Registry> {
        let mut registry: Registry = serde_json::from_str(&self.rest).ok()?;
        registry.model.reserve(self.models.len());
        for (model, piece) in &self.models {
            registry.model.insert(model.clone(), piece.read()?);
        }
        Some(registry)
    }

    /// Its pieces by the digests of their texts.
    pub fn by_text(&self) -> FxHashMap<Digest, &KnownPiece> {
        self.models.iter().map(|(_, piece)| (piece.text, piece)).collect()
    }
}

impl KnownPiece {
    pub fn of(text: Digest, own: &Override) -> Self {
        Self { text, json: serde_json::to_string(own).unwrap_or_default().into() }
    }

    pub fn read(&self) -> Option<Override> {
        serde_json::from_str(&self.json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_as_json_is_read_as_it_was() {
        let text = "[project]\nname = \"a\"\noutput = \"o\"\npython = \"3.10\"\n\
                    [hardware.cpu]\ntitle = \"\"\nbackend = \"\"\ndevice = \"\"\nruntime = \"\"\n\
                    tolerance = { a = 1e-23, b = 0.30000000000000004, c = 8.41e21, d = 5e-324, e = 1.0 }\n\
                    [hardware.cpu.set]\nz = 9007199254740993\na = [1.1, { b = \"\\u0000é\" }]\nday = 2026-11-21\n\
                    [[model.\"a.b\".skip]]\ncheck = \"x\"\nreason = \"\"\n[model.a]\nreason = \"\"\n";
        let whole: Registry = toml::from_str(text).unwrap();
        let first = KnownPiece::of(Digest::of(b"own"), &whole.model[0]);
        let known = KnownRegistry::of(Digest::of(text.as_bytes()), &whole, std::slice::from_ref(&first));
        assert_eq!(known.models[0].1, first);
        let json = |registry: &Registry| serde_json::to_string(registry).unwrap();
        let back = known.read().unwrap();
        assert_eq!((json(&back), &back), (json(&whole), &whole));
        let remembered = Remembered { registry: Some(Arc::new(known)), ..Remembered::default() };
        assert!(remembered.same_registry(Some(Digest::of(text.as_bytes()))).is_some());
        assert!(remembered.same_registry(Some(Digest::default())).is_none());
        assert!(remembered.same_registry(None).is_none());
    }
}
