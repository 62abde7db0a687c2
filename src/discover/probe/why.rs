//! Why a model type is probed, in words. It decides nothing: the key does.

use std::collections::BTreeMap;

use super::Kept;
use super::jobs::Probing;
use crate::registry::lock::Proven;

/// Why `probing` is due. `proven`: what the lock holds of it.
pub fn why(probing: &Probing, proven: Option<&Proven>, kept: &Kept<'_>) -> String {
    let Some(proven) = proven else { return "it was never probed".to_owned() };
    if proven.key == probing.key {
        return "--force".to_owned();
    }
    let changed = kept.parts(&proven.key).map(|before| changed(before, &probing.parts)).unwrap_or_default();
    if !changed.is_empty() {
        return changed.join(", ");
    }
    // Another machine proved it: the lock knows the versions alone.
    let known = [("torch", &proven.torch), ("transformers", &proven.transformers)];
    let before = known.map(|(name, version)| (name.to_owned(), version.clone())).into();
    let now: BTreeMap<_, _> = probing.parts.iter().map(|(name, part)| (name.clone(), part.clone())).collect();
    let now = now.into_iter().filter(|(name, _)| known.iter().any(|(known, _)| known == name)).collect();
    match self::changed(&before, &now).as_slice() {
        [] => "its sources, its rules, its part of registry.toml or the search changed".to_owned(),
        changed => changed.join(", "),
    }
}

fn changed(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let other = |(name, part): (&String, &String)| {
        let old = before.get(name).filter(|old| *old != part);
        match name.as_str() {
            _ if before.get(name) == Some(part) => None,
            "facts" => Some("its classes changed".to_owned()),
            "registry" => Some("its part of registry.toml changed".to_owned()),
            "rules" => Some("rules that reach it changed".to_owned()),
            "sources" => Some("its sources changed".to_owned()),
            "search" => Some("the search of the probe changed".to_owned()),
            library => Some(match old {
                Some(old) => format!("{library} {old} is now {part}"),
                None => format!("{library} {part} is new"),
            }),
        }
    };
    now.iter().filter_map(other).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;
    use crate::sys::MemorySystem;

    fn probing(key: &str, parts: &[(&str, &str)]) -> Probing {
        let parts = parts.iter().map(|(name, part)| ((*name).to_owned(), (*part).to_owned())).collect();
        let (model, classes, key) = ("bert".to_owned(), Vec::new(), key.to_owned());
        Probing { model, job: Value::Null, classes, key, parts, proven: false }
    }

    #[test]
    fn what_changed_is_named_where_it_is_known() {
        let system = MemorySystem::default();
        let mut kept = Kept::open(&system, Path::new("/p"));
        let old = probing("old", &[("rules", "1"), ("search", "1"), ("torch", "2.1"), ("transformers", "5")]);
        kept.keep(&old, &Value::Null).unwrap();
        let proven = |key: &str, torch: &str| {
            let (torch, transformers) = (torch.to_owned(), "5".to_owned());
            Proven { key: key.to_owned(), torch, transformers, ..Proven::default() }
        };
        let now = probing("now", &[("rules", "2"), ("search", "1"), ("torch", "2.2"), ("transformers", "5")]);
        let why = |proven: Option<Proven>| super::why(&now, proven.as_ref(), &kept);
        assert_eq!(why(None), "it was never probed");
        assert_eq!(why(Some(proven("now", "2.2"))), "--force");
        assert_eq!(why(Some(proven("old", "2.1"))), "rules that reach it changed, torch 2.1 is now 2.2");
        assert_eq!(why(Some(proven("unknown", "2.0"))), "torch 2.0 is now 2.2");
        let unknown = why(Some(proven("unknown", "2.2")));
        assert_eq!(unknown, "its sources, its rules, its part of registry.toml or the search changed");
    }
}
