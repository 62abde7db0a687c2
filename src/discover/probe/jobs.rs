//! What is to be found out of each model type, and the key of everything that the answer depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salsa::Database as Db;
use serde_json::{Map, Value, json};

use super::{SEARCH, SHARED};
use crate::digest::Digest;
use crate::discover::meaning::meaning;
use crate::graph::Workspace;
use crate::graph::models::{Model, facts, model_keys, own, placed, rule_book};
use crate::registry::lock::{ModelFacts, Proven, mapping_word};
use crate::rules::selector::{Selector, Subject};

/// What of `[model.x]` reaches the search.
const OWN: [&str; 7] = ["tiny", "tiny-drop", "widths", "inputs", "drop-inputs", "hints", "class"];
/// Libraries whose versions decide what a model gives.
const LIBRARIES: [&str; 2] = ["torch", "transformers"];

/// One model type to probe.
#[derive(Debug, Clone)]
pub struct Probing {
    pub model: String,
    /// What Python is told.
    pub job: Value,
    /// Names of its classes, in the order of the facts.
    pub classes: Vec<String>,
    /// blake3 of `parts`, 16 hex digits.
    pub key: String,
    /// All that the answer depends on, by name: versions, and digests of the rest.
    pub parts: BTreeMap<String, String>,
    /// Whether the lock holds the answer.
    pub proven: bool,
}

/// Which versions an answer is to be of.
#[derive(Debug, Clone, Copy)]
pub enum Versions<'a> {
    /// Those of the Python that will be asked.
    Of(&'a BTreeMap<String, String>),
    /// Those that each answer in the lock is of: no Python is there to ask.
    AsProven,
}

/// A job for each model type that has a class.
pub fn jobs(db: &dyn Db, workspace: Workspace, versions: Versions<'_>) -> Vec<Probing> {
    let search = digest_of_search();
    model_keys(db, workspace)
        .iter()
        .filter_map(|key| {
            let model = Model::new(db, key.clone());
            let found = facts(db, workspace, model)?;
            let facts = found.facts.as_ref().as_ref().ok()?;
            let config = facts.config.as_ref().filter(|_| !facts.classes.is_empty())?;
            let decision = placed(db, workspace, model).decision.clone();
            let family = decision.family.unwrap_or_default();
            let subject = Subject { key, facts, custom: found.custom, family: &family, tags: &decision.tags };
            let own = of_own(&serde_json::to_value(&***own(db, workspace, model)).unwrap_or_default());
            let rules = rules(db, workspace, &subject, &own);
            let known = json!({
                "type": &**key, "module": facts.module, "config_class": config.class, "classes": classes(facts),
                "processors": facts.processors,
            });
            let mut parts = libraries(versions, facts.proven.as_ref());
            let digests = [("facts", &known), ("registry", &own), ("rules", &rules)];
            parts.extend(digests.map(|(name, value)| (name.to_owned(), Digest::of_value(value).to_string())));
            parts.insert("sources".to_owned(), facts.meaning.clone());
            parts.insert("search".to_owned(), search.to_string());
            let digest = Digest::of_value(&parts).to_string()[..16].to_owned();
            let mut job = known;
            (job["own"], job["rules"]) = (own, rules);
            Some(Probing {
                model: key.to_string(),
                classes: facts.classes.keys().cloned().collect(),
                proven: facts.proven.as_ref().is_some_and(|proven| proven.key == digest),
                key: digest,
                parts,
                job,
            })
        })
        .collect()
}

/// Of what the search means: another comment or layout gives no other answer.
fn digest_of_search() -> Digest {
    let meanings = SEARCH.iter().chain(SHARED).flat_map(|(name, text)| {
        let meaning = ruff_python_parser::parse_module(text).map(|parsed| meaning(text, &parsed));
        [blake3::hash(name.as_bytes()), meaning.unwrap_or_else(|_| blake3::hash(text.as_bytes()))]
    });
    let meanings: Vec<blake3::Hash> = meanings.collect();
    Digest::of_parts(meanings.iter().map(|hash| hash.as_bytes().as_slice()))
}

fn libraries(versions: Versions<'_>, proven: Option<&Proven>) -> BTreeMap<String, String> {
    match (versions, proven) {
        (Versions::Of(versions), _) => {
            let named = |name: &&str| Some(((*name).to_owned(), versions.get(*name)?.clone()));
            LIBRARIES.iter().filter_map(named).collect()
        }
        (Versions::AsProven, Some(proven)) => {
            let versions = [proven.torch.clone(), proven.transformers.clone()];
            LIBRARIES.map(str::to_owned).into_iter().zip(versions).collect()
        }
        (Versions::AsProven, None) => BTreeMap::new(),
    }
}

/// What the registry says of a model, without reasons: these are for people, and another wording is no other fact.
fn of_own(own: &Value) -> Value {
    let said = |name: &&str| Some(((*name).to_owned(), own.get(*name).filter(|value| says(value))?.clone()));
    let mut own = Value::Object(OWN.iter().filter_map(said).collect());
    for class in own.get_mut("class").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        class
            .as_object_mut()
            .into_iter()
            .for_each(|fields| fields.retain(|name, value| name != "reason" && says(value)));
    }
    own
}

/// Whether a setting is one: the registry's defaults say nothing.
fn says(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::String(word) => word != "shrink",
        _ => true,
    }
}

fn classes(facts: &ModelFacts) -> Vec<Value> {
    let mappings = |name: &String| -> Vec<&str> {
        let tasks = facts.tasks.iter().filter(|(_, task)| task.classes.contains(name));
        tasks.map(|(mapping, _)| mapping_word(mapping)).collect()
    };
    let class = |(name, class): (&String, &crate::registry::lock::ClassFacts)| {
        json!({
            "name": name, "mappings": mappings(name), "main_input": class.main_input, "modalities": class.modalities,
            "forward": class.forward, "generates": class.generates,
        })
    };
    facts.classes.iter().map(class).collect()
}

/// The rules that reach this model, without their selectors. All rules about fields do, since the nested configurations are
/// known to Python alone; of those about inputs and labels, only those that name something of its classes.
fn rules(db: &dyn Db, workspace: Workspace, subject: &Subject<'_>, own: &Value) -> Value {
    let book: Arc<_> = rule_book(db, workspace).clone();
    let holds = |select: &Option<Selector>| select.as_ref().is_none_or(|select| select.holds(subject));
    let classes = &subject.facts.classes;
    let taken: BTreeSet<&str> = classes.values().flat_map(|class| &class.forward).map(String::as_str).collect();
    // Another method than `forward` takes what only Python can tell.
    let unknown = classes.values().any(|class| class.forward.is_empty()) || own.to_string().contains("\"call\":");
    let mappings: BTreeSet<&str> = subject.facts.tasks.keys().map(|mapping| mapping_word(mapping)).collect();
    let tiny = book.value.tiny.iter().filter(|rule| holds(&rule.select));
    let input =
        book.value.input.iter().filter(|rule| {
            holds(&rule.select) && (unknown || rule.name.iter().any(|name| taken.contains(name.as_str())))
        });
    let label = book.value.label.iter().filter(|rule| {
        let named = !rule.class.is_empty() || rule.mapping.iter().any(|word| mappings.contains(word.as_str()));
        holds(&rule.select) && named
    });
    json!({
        "tiny": tiny.map(|rule| bare(json!(rule))).collect::<Vec<_>>(),
        "input": input.map(|rule| bare(json!(rule))).collect::<Vec<_>>(),
        "label": label.map(|rule| bare(json!(rule))).collect::<Vec<_>>(),
    })
}

/// A rule without its selector and without what it leaves open.
fn bare(rule: Value) -> Value {
    let said = |(name, value): &(String, Value)| {
        name != "select" && !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
    };
    match rule {
        Value::Object(fields) => Value::Object(fields.into_iter().filter(said).collect::<Map<_, _>>()),
        other => other,
    }
}
