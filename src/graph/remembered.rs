//! What an earlier build made of texts, by their digests, so that it is not made of them again. Hints: what is not
//! remembered is found out, and no result depends on it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::written::Written;
use crate::digest::Digest;
use crate::registry::config::{Override, Registry};
use crate::rules::file::RuleFile;

/// Everything that is remembered.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    /// Templates that were well formed; parsing them again can skip a check.
    pub templates: BTreeSet<Digest>,
    /// Rules as JSON, which is read in a fifth of the time, by the digests of their texts.
    pub rules: BTreeMap<Digest, Arc<Written<RuleFile>>>,
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownRegistry {
    /// Of its whole text.
    pub text: Digest,
    /// Everything but the models.
    pub rest: Written<Registry>,
    /// By model type, in their order.
    pub models: IndexMap<String, KnownPiece>,
}

/// What stands under a model's headers, as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownPiece {
    /// Of its text; of nothing where the registry could not be cut.
    pub text: Digest,
    /// Of what it says.
    pub digest: Digest,
    pub own: Written<Override>,
}

impl Remembered {
    /// The rules of the text with this digest.
    pub fn rules(&self, text: Option<Digest>) -> Option<RuleFile> {
        self.rules.get(&text?)?.read()
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
        let (project, hardware, custom) = (project.clone(), hardware.clone(), custom.clone());
        let rest = Written::of(&Registry { project, hardware, model: IndexMap::new(), custom });
        let mut pieces = pieces.iter().cloned();
        let piece = |own| pieces.next().unwrap_or_else(|| KnownPiece::of(Digest::default(), own));
        let models = model.keys().cloned().zip(model.values().map(piece)).collect();
        Self { text, rest, models }
    }

    /// Reads its models for whoever asks for them first.
    pub fn read_ahead(&self) {
        self.models.values().for_each(|piece| piece.own.read_ahead());
    }

    /// The whole again.
    pub fn read(&self) -> Option<Registry> {
        let mut registry = self.rest.read()?;
        registry.model.reserve(self.models.len());
        for (model, piece) in &self.models {
            registry.model.insert(model.clone(), piece.own.read()?);
        }
        Some(registry)
    }

    /// Its pieces by the digests of their texts.
    pub fn by_text(&self) -> FxHashMap<Digest, &KnownPiece> {
        self.models.values().map(|piece| (piece.text, piece)).collect()
    }
}

impl KnownPiece {
    pub fn of(text: Digest, own: &Override) -> Self {
        let own = Written::of(own);
        Self { text, digest: own.digest(), own }
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
        assert_eq!(known.models[0], first);
        let json = |registry: &Registry| serde_json::to_string(registry).unwrap();
        let back = known.read().unwrap();
        assert_eq!((json(&back), &back), (json(&whole), &whole));
        let remembered = Remembered { registry: Some(Arc::new(known)), ..Remembered::default() };
        assert!(remembered.same_registry(Some(Digest::of(text.as_bytes()))).is_some());
        assert!(remembered.same_registry(Some(Digest::default())).is_none());
        assert!(remembered.same_registry(None).is_none());
    }
}
