//! What is to be found out of each model type, and the key of everything that the answer depends on.

use std::collections::BTreeMap;
use std::sync::Arc;

use salsa::Database as Db;
use serde_json::{Map, Value, json};

use super::{SEARCH, SHARED};
use crate::digest::Digest;
use crate::graph::Workspace;
use crate::graph::models::{Model, facts, model_keys, own, placed, rule_book};
use crate::registry::lock::{ModelFacts, mapping_word};
use crate::rules::selector::{Selector, Subject};

/// What of `[model.x]` reaches the search.
const OWN: [&str; 7] = ["tiny", "tiny-drop", "widths", "inputs", "drop-inputs", "hints", "class"];

/// One model type to probe.
#[derive(Debug, Clone)]
pub struct Probing {
    pub model: String,
    pub family: String,
    /// What Python is told.
    pub job: Value,
    /// Names of its classes, in the order of the facts.
    pub classes: Vec<String>,
    /// blake3 of all that the answer depends on, 16 hex digits.
    pub key: String,
    /// Whether the lock holds the answer.
    pub proven: bool,
}

/// A job for each model type that has a class. `versions`: of the libraries of the Python that will be asked.
pub fn jobs(db: &dyn Db, workspace: Workspace, versions: &BTreeMap<String, String>) -> Vec<Probing> {
    let code = Digest::of_parts(SEARCH.iter().chain(SHARED).map(|(_, text)| text.as_bytes()));
    let libraries = json!([versions.get("torch"), versions.get("transformers"), versions.get("timm")]);
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
            let job = json!({
                "type": &**key, "module": facts.module, "config_class": config.class, "family": family,
                "tags": decision.tags, "classes": classes(facts), "processors": facts.processors, "own": own,
                "rules": rules(db, workspace, &subject),
            });
            let parts = [job.to_string(), facts.meaning.clone(), libraries.to_string()];
            let digest = Digest::of_parts(parts.iter().map(String::as_bytes).chain([code.0.as_slice()]));
            let key_text = digest.to_string()[..16].to_owned();
            Some(Probing {
                model: key.to_string(),
                family,
                classes: facts.classes.keys().cloned().collect(),
                proven: facts.proven.as_ref().is_some_and(|proven| proven.key == key_text),
                key: key_text,
                job,
            })
        })
        .collect()
}

fn of_own(own: &Value) -> Value {
    let said = |name: &&str| {
        let value = own.get(*name)?;
        let empty = match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::String(word) => word == "shrink",
            _ => false,
        };
        (!empty).then(|| ((*name).to_owned(), value.clone()))
    };
    Value::Object(OWN.iter().filter_map(said).collect())
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

/// The rules that are for this model, without their selectors.
fn rules(db: &dyn Db, workspace: Workspace, subject: &Subject<'_>) -> Value {
    let book: Arc<_> = rule_book(db, workspace).clone();
    let holds = |select: &Option<Selector>| select.as_ref().is_none_or(|select| select.holds(subject));
    let bare = |rule: Value| match rule {
        Value::Object(fields) => {
            let said = |(name, value): &(String, Value)| {
                name != "select" && !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
            };
            Value::Object(fields.into_iter().filter(said).collect::<Map<_, _>>())
        }
        other => other,
    };
    let tiny = book.value.tiny.iter().filter(|rule| holds(&rule.select));
    let input = book.value.input.iter().filter(|rule| holds(&rule.select));
    let label = book.value.label.iter().filter(|rule| holds(&rule.select));
    json!({
        "tiny": tiny.map(|rule| bare(json!(rule))).collect::<Vec<_>>(),
        "input": input.map(|rule| bare(json!(rule))).collect::<Vec<_>>(),
        "label": label.map(|rule| bare(json!(rule))).collect::<Vec<_>>(),
    })
}
