//! What a sync read and what differs, for people and for programs. Its findings are told as all others are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::build::project::LOCK;
use crate::discover::{Changes, Synced};
use crate::registry::lock::{Literal, Lock};

/// What was written, in two lines.
pub fn summary(synced: &Synced) -> String {
    let Counts { types, modules, classes, fields, unread } = Counts::of(&synced.lock);
    let version = &synced.lock.head.transformers;
    let read = format!(
        "transformers {version}: {types} model types in {modules} modules, {classes} model classes, {fields} \
         configuration fields ({unread} unread)"
    );
    let done = match &synced.changes {
        _ if !synced.written => format!("{LOCK} is up to date"),
        Some(changes) if !changes.is_empty() => format!("{LOCK} written: {}", totals(changes)),
        _ => format!("{LOCK} written"),
    };
    format!("{read}\n{done}\n")
}

/// What differs, a line each.
pub fn changes(synced: &Synced) -> String {
    let Some(changes) = &synced.changes else { return format!("there is no {LOCK}; run `hfgen sync`\n") };
    if changes.is_empty() {
        return format!("{LOCK} is up to date\n");
    }
    let mut text = String::new();
    for (word, lines) in [("head", &changes.head), ("new", &changes.new), ("gone", &changes.gone)] {
        for line in lines {
            let _ = writeln!(text, "{word:<7}  {}", shortened(line));
        }
    }
    for change in &changes.changed {
        let _ = writeln!(text, "changed  {}", change.model_type);
        for line in &change.what {
            let _ = writeln!(text, "           {}", shortened(line));
        }
    }
    let _ = writeln!(text, "{}; run `hfgen sync`", totals(changes));
    text
}

/// `types` has an object for each model type that is new, gone or changed.
pub fn value(synced: &Synced) -> Value {
    let none = Changes::default();
    let changes = synced.changes.as_ref().unwrap_or(&none);
    let named = |state: &str, names: &[String]| -> Vec<Value> {
        names.iter().map(|name| json!({"type": name, "state": state})).collect()
    };
    let changed = changes.changed.iter();
    let changed = changed.map(|change| json!({"type": change.model_type, "state": "changed", "what": change.what}));
    let types = [named("new", &changes.new), named("gone", &changes.gone), changed.collect()].concat();
    let Counts { types: count, modules, classes, fields, unread } = Counts::of(&synced.lock);
    json!({
        "transformers": synced.lock.head.transformers,
        "written": synced.written,
        "locked": synced.changes.is_some(),
        "summary": {
            "types": count, "modules": modules, "classes": classes, "fields": fields, "unread": unread,
            "new": changes.new.len(), "gone": changes.gone.len(), "changed": changes.changed.len(),
        },
        "head": changes.head,
        "types": types,
    })
}

fn totals(changes: &Changes) -> String {
    let head = if changes.head.is_empty() { "" } else { ", head" };
    format!("{} new, {} gone, {} changed{head}", changes.new.len(), changes.gone.len(), changes.changed.len())
}

/// A line that fits a screen: a new version may bring hundreds of names.
fn shortened(line: &str) -> String {
    const WIDTH: usize = 300;
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}... ({} more characters)", &line[..at], line[at..].chars().count()),
        None => line.to_owned(),
    }
}

struct Counts {
    types: usize,
    modules: usize,
    classes: usize,
    fields: usize,
    unread: usize,
}

impl Counts {
    fn of(lock: &Lock) -> Self {
        let modules: BTreeSet<&str> = lock.models.values().map(|facts| facts.module.as_str()).collect();
        let fields = lock.models.values().filter_map(|facts| facts.config.as_ref()).flat_map(|c| c.fields.values());
        let unread = fields.clone().filter(|value| matches!(value, Literal::Unread { .. })).count();
        Self {
            types: lock.models.len(),
            modules: modules.len(),
            classes: lock.models.values().map(|facts| facts.classes.len()).sum(),
            fields: fields.count(),
            unread,
        }
    }
}
