//! What the template of an output may see: project, rule, hardware, model, families, models. JSON, in a fixed order.

use std::sync::Arc;

use salsa::Database as Db;
use serde_json::{Map, Value, json};

use super::inputs::Workspace;
use super::models::{
    Facts, Model, Placed, facts, hardware_data, model_data, model_keys, placed, project_data, rule_book,
};
use crate::registry::lock::ModelFacts;
use crate::rules::classes::ClassSelector;
use crate::rules::file::{Check, ForEach};
use crate::rules::plan::Entry;
use crate::rules::selector::Subject;
use crate::template::Reads;

/// Everything that the template of `entry` may see; with `reads` at least the part that it reads.
pub fn context(db: &dyn Db, workspace: Workspace, entry: &Entry, reads: Option<&Reads>) -> Value {
    let mut data = Map::new();
    let mut put = |name: &str, value: &mut dyn FnMut() -> Value| {
        if reads.is_none_or(|reads| reads.may_read(name)) {
            data.insert(name.to_owned(), value());
        }
    };
    let own = entry.model.as_deref().map(|key| Own::of(db, workspace, Model::new(db, Arc::from(key))));
    put("project", &mut || project_data(db, workspace).0.clone());
    put("engine", &mut || json!({"version": env!("CARGO_PKG_VERSION")}));
    put("rule", &mut || rule_data(db, workspace, entry, own.as_ref(), reads));
    put("hardwares", &mut || hardware_data(db, workspace).0.clone());
    if let Some(hardware) = &entry.hardware {
        put("hardware", &mut || {
            let profiles = hardware_data(db, workspace).0.as_array().cloned().unwrap_or_default();
            profiles.into_iter().find(|profile| profile["name"] == **hardware).unwrap_or(Value::Null)
        });
    }
    if let Some(own) = &own {
        put("model", &mut || {
            let seen = |path: &str| reads.is_none_or(|reads| reads.may_read(&format!("model.{path}")));
            model_data(db, workspace, own.model, own.found.as_ref(), &seen)
        });
    }
    if let Some(family) = &entry.family {
        put("family", &mut || family_data(db, workspace, family));
    }
    if own.is_none() {
        put("families", &mut || {
            rule_book(db, workspace).value.family.keys().map(|name| family_data(db, workspace, name)).collect()
        });
        put("models", &mut || {
            let models = model_keys(db, workspace).iter().map(|key| Model::new(db, key.clone())).filter(|model| {
                let placed = placed(db, workspace, *model);
                entry.family.is_none() || placed.decision.family == entry.family
            });
            // Cut down one by one: what there is to know of all models is a hundred times what is read of them.
            let item = |(index, model)| {
                let seen = |path: &str| reads.is_none_or(|reads| reads.may_read(&format!("models[{index}].{path}")));
                let data = model_data(db, workspace, model, facts(db, workspace, model).as_ref(), &seen);
                match reads {
                    Some(reads) => reads.project_item("models", index, data),
                    None => data,
                }
            };
            models.enumerate().map(item).collect()
        });
    }
    Value::Object(data)
}

/// The model that an output is made for, with what is asked for once.
struct Own<'db> {
    model: Model<'db>,
    found: Option<Facts>,
    placed: &'db Placed,
}

impl<'db> Own<'db> {
    fn of(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Self {
        Self { model, found: facts(db, workspace, model), placed: placed(db, workspace, model) }
    }

    fn facts(&self) -> Option<&ModelFacts> {
        self.found.as_ref()?.facts.as_ref().as_ref().ok()
    }

    /// As selectors see it.
    fn subject(&self, db: &'db dyn Db) -> Option<Subject<'_>> {
        let decision = &self.placed.decision;
        Some(Subject {
            key: self.model.key(db),
            facts: self.facts()?,
            custom: self.found.as_ref().is_some_and(|found| found.custom),
            family: decision.family.as_deref().unwrap_or(""),
            tags: &decision.tags,
        })
    }
}

fn family_data(db: &dyn Db, workspace: Workspace, name: &str) -> Value {
    let family = rule_book(db, workspace).value.family.get(name);
    family.map_or(Value::Null, |family| json!({"name": name, "title": family.title, "set": family.set}))
}

/// What a check tells templates, in this order.
const CHECK: [&str; 8] = ["name", "title", "fault", "faults", "tier", "hardware", "classes", "but"];

fn rule_data(db: &dyn Db, workspace: Workspace, entry: &Entry, own: Option<&Own<'_>>, reads: Option<&Reads>) -> Value {
    let book = &rule_book(db, workspace).value;
    let Some(target) = book.target.get(&entry.rule) else { return Value::Null };
    // Of what is not read the name is enough.
    let is_read = |field: &str| reads.is_none_or(|reads| reads.may_read_in_items("rule.checks", field));
    let fields = CHECK.map(|field| (field, is_read(field)));
    let reads_classes = is_read("classes") || is_read("but");
    let may_see = |name: &str| reads.is_none_or(|reads| reads.may_see("rule.checks", name));
    let subject = own.and_then(|own| own.subject(db));
    let checks: Map<String, Value> = book
        .check
        .iter()
        .filter(|(name, _)| may_see(name.as_str()))
        .filter(|(_, check)| target.for_each != ForEach::ModelHardware || applies_to(&check.hardware, entry))
        .filter(|(_, check)| is_about(check, subject.as_ref()))
        .map(|(name, check)| {
            let found = reads_classes.then(|| classes_of(own, check.classes.as_ref()));
            let (mut classes, mut but) = found.unwrap_or_default();
            let field = |(field, is_read): (&str, bool)| {
                let value = match field {
                    _ if !is_read => Value::Null,
                    "name" => json!(name),
                    "title" => json!(check.title),
                    "fault" => json!(check.fault),
                    "faults" => json!(check.faults),
                    "tier" => json!(check.tier),
                    "hardware" => json!(check.hardware),
                    "classes" => classes.take(),
                    _ => but.take(),
                };
                (field.to_owned(), value)
            };
            (name.clone(), Value::Object(fields.into_iter().map(field).collect()))
        })
        .collect();
    json!({
        "name": entry.rule, "template": target.template, "output": target.output, "variant": target.variant,
        "set": target.set, "checks": checks,
    })
}

/// The checks that are about a model, each with the classes of the model that it is about; hardware is not asked here.
pub fn checks_of(db: &dyn Db, workspace: Workspace, model: &str) -> Vec<(String, Vec<String>)> {
    let own = Own::of(db, workspace, Model::new(db, Arc::from(model)));
    let Some(facts) = own.facts() else { return Vec::new() };
    let book = &rule_book(db, workspace).value;
    let about = |check: &Check| {
        let select = check.classes.clone().unwrap_or_default();
        select.of(facts).into_iter().map(str::to_owned).collect()
    };
    let subject = own.subject(db);
    let checks = book.check.iter().filter(|(_, check)| is_about(check, subject.as_ref()));
    checks.map(|(name, check)| (name.clone(), about(check))).collect()
}

fn applies_to(hardware: &[String], entry: &Entry) -> bool {
    hardware.is_empty() || entry.hardware.as_ref().is_some_and(|name| hardware.contains(name))
}

/// The names of the model's classes that a check applies to, and of the others where they are fewer; null where the
/// output is of no model.
fn classes_of(own: Option<&Own<'_>>, select: Option<&ClassSelector>) -> (Value, Value) {
    let Some(facts) = own.and_then(Own::facts) else { return (Value::Null, Value::Null) };
    let classes = select.unwrap_or(&ClassSelector::default()).of(facts);
    let others: Vec<&str> = facts.classes.keys().map(String::as_str).filter(|name| !classes.contains(name)).collect();
    let but = if others.len() < classes.len() { json!(others) } else { Value::Null };
    (json!(classes), but)
}

/// Whether a check is about such a model, or about none.
fn is_about(check: &Check, subject: Option<&Subject<'_>>) -> bool {
    check.select.as_ref().is_none_or(|select| subject.is_some_and(|subject| select.holds(subject)))
}
