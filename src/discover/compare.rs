//! What tells two locks apart: new, gone and changed model types, and for these what changed. It decides nothing.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde::Serialize;

use crate::registry::lock::{ClassFacts, Literal, Lock, ModelFacts, SubConfig, TaskFacts};

/// A model type that isn't the same in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    #[serde(rename = "type")]
    pub model_type: String,
    /// One line a change: `config.fields.hidden_size`, `tasks: + MODEL_FOR_CTC_MAPPING_NAMES`.
    pub what: Vec<String>,
}

/// All of them, sorted by model type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// What changed before the first model: the version, the base's fields, exported names.
    pub head: Vec<String>,
    pub new: Vec<String>,
    pub gone: Vec<String>,
    pub changed: Vec<Change>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Compares `old` with `new`.
pub fn compare(old: &Lock, new: &Lock) -> Changes {
    let mut head = Vec::new();
    let (a, b) = (&old.head, &new.head);
    if a.transformers != b.transformers {
        head.push(format!("transformers: {} -> {}", a.transformers, b.transformers));
    }
    tables(&mut head, "base_fields", &a.base_fields, &b.base_fields);
    let (old_names, new_names): (BTreeSet<&str>, BTreeSet<&str>) = (a.names().collect(), b.names().collect());
    sets(&mut head, "class_names", &old_names, &new_names);
    if head.is_empty() && a != b {
        head.push("class_names: moved to other modules".to_owned());
    }
    let changed = old.models.iter().filter_map(|(key, before)| {
        let after = new.models.get(key).filter(|after| *after != before)?;
        Some(Change { model_type: key.clone(), what: model(before, after) })
    });
    Changes {
        head,
        new: new.models.keys().filter(|key| !old.models.contains_key(*key)).cloned().collect(),
        gone: old.models.keys().filter(|key| !new.models.contains_key(*key)).cloned().collect(),
        changed: changed.collect(),
    }
}

fn model(old: &ModelFacts, new: &ModelFacts) -> Vec<String> {
    let mut what = Vec::new();
    value(&mut what, "module", &old.module, &new.module);
    lists(&mut what, "sources", &old.sources, &new.sources);
    match (&old.config, &new.config) {
        (Some(a), Some(b)) => {
            value(&mut what, "config.class", &a.class, &b.class);
            value(&mut what, "config.from", &a.from, &b.from);
            lists(&mut what, "config.bases", &a.bases, &b.bases);
            lists(&mut what, "config.code", &a.code, &b.code);
            tables(&mut what, "config.fields", &a.fields, &b.fields);
            tables(&mut what, "config.sub_configs", &a.sub_configs, &b.sub_configs);
            tables(&mut what, "config.attribute_map", &a.attribute_map, &b.attribute_map);
        }
        (None, None) => {}
        (before, _) => what.push(if before.is_some() { "config: gone" } else { "config: new" }.to_owned()),
    }
    let (a, b) = (&old.processors, &new.processors);
    lists(&mut what, "processors.tokenizer", &a.tokenizer, &b.tokenizer);
    lists(&mut what, "processors.processor", &a.processor, &b.processor);
    lists(&mut what, "processors.image_processor", &a.image_processor, &b.image_processor);
    lists(&mut what, "processors.video_processor", &a.video_processor, &b.video_processor);
    lists(&mut what, "processors.feature_extractor", &a.feature_extractor, &b.feature_extractor);
    lists(&mut what, "processors.from", &a.from, &b.from);
    tables(&mut what, "tasks", &old.tasks, &new.tasks);
    tables(&mut what, "classes", &old.classes, &new.classes);
    match (&old.worker, &new.worker) {
        (before, after) if before == after => {}
        (None, _) => what.push("worker: new".to_owned()),
        (_, None) => what.push("worker: gone".to_owned()),
        _ => what.push("worker: changed".to_owned()),
    }
    if what.is_empty() && old.meaning != new.meaning {
        what.push("code: other than before, with the same facts".to_owned());
    }
    if what.is_empty() {
        what.push("order of entries".to_owned());
    }
    what
}

fn value(what: &mut Vec<String>, name: &str, old: &str, new: &str) {
    if old != new {
        what.push(format!("{name}: {old} -> {new}"));
    }
}

fn lists(what: &mut Vec<String>, name: &str, old: &[String], new: &[String]) {
    let before = what.len();
    sets(what, name, &old.iter().map(String::as_str).collect(), &new.iter().map(String::as_str).collect());
    if what.len() == before && old != new {
        what.push(format!("{name}: another order"));
    }
}

fn sets(what: &mut Vec<String>, name: &str, old: &BTreeSet<&str>, new: &BTreeSet<&str>) {
    let signs =
        new.difference(old).map(|item| format!("+ {item}")).chain(old.difference(new).map(|i| format!("- {i}")));
    let signs: Vec<String> = signs.collect();
    if !signs.is_empty() {
        what.push(format!("{name}: {}", signs.join(", ")));
    }
}

fn tables<V: PartialEq + Shown>(
    what: &mut Vec<String>,
    name: &str,
    old: &IndexMap<String, V>,
    new: &IndexMap<String, V>,
) {
    sets(what, name, &old.keys().map(String::as_str).collect(), &new.keys().map(String::as_str).collect());
    for (key, before) in old {
        let Some(after) = new.get(key).filter(|after| *after != before) else { continue };
        let (before, after) = (before.shown(), after.shown());
        what.push(if before == after {
            format!("{name}.{key}: other than before")
        } else {
            format!("{name}.{key}: {before} -> {after}")
        });
    }
}

/// In a few words.
trait Shown {
    fn shown(&self) -> String;
}

impl Shown for Literal {
    fn shown(&self) -> String {
        let text = self.to_string();
        match text.char_indices().nth(60) {
            Some((at, _)) => format!("{}...", &text[..at]),
            None => text,
        }
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        self.clone()
    }
}

impl Shown for SubConfig {
    fn shown(&self) -> String {
        self.model_type.clone().unwrap_or_else(|| self.class.clone())
    }
}

impl Shown for TaskFacts {
    fn shown(&self) -> String {
        self.classes.join(" ")
    }
}

impl Shown for ClassFacts {
    fn shown(&self) -> String {
        format!("{}({})", self.from, self.forward.join(", "))
    }
}
