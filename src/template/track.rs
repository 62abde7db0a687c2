//! What the paths of templates lead to in all the data there is, whether a branch is taken or not. For `lint`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::analyse::{Place, Places, ROOT, traces};
use super::ast::Path;
use super::helpers;
use super::python;
use super::source::Template;

/// How many names beside a missing one are kept for the near miss.
const MAX_SIBLINGS: usize = 200;

/// A path of a template, and what it led to.
pub struct Found<'a> {
    pub template: &'a Template,
    pub path: &'a Path,
    pub bare: bool,
    pub optional: bool,
    pub kinds: Kinds,
}

/// What a path led to, counted over all data.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    /// The first segment that nothing has although something was there to have it; none if all are there.
    pub absent: Option<usize>,
    pub present: u64,
    /// Of those, the booleans, lists and objects.
    pub no_text: u64,
    /// The kind of one of them.
    pub example: &'static str,
    /// Names beside the absent one.
    pub siblings: BTreeSet<String>,
}

/// Follows every path of `root` and `closure` through all of `data`.
pub fn kinds<'a>(root: &'a Template, closure: &[&'a Template], data: &[&Value]) -> Vec<Found<'a>> {
    let (traces, places) = traces(root, closure);
    let mut facts: Vec<Facts> = places.iter().map(|_| Facts::default()).collect();
    gather(&places, &mut facts, ROOT, data);
    let found = traces.into_iter().filter(|trace| trace.steps.iter().all(|step| !step.is_empty()));
    found
        .map(|trace| {
            let mut kinds = Kinds::default();
            for (index, pair) in trace.steps.windows(2).enumerate() {
                let holders = total(&facts, &pair[0], |facts| facts.objects);
                let present = total(&facts, &pair[1], |facts| facts.present);
                if holders > 0 && present == 0 {
                    kinds.absent = Some(index + trace.skipped);
                    for place in &pair[0] {
                        kinds.siblings.extend(facts[*place as usize].names.iter().cloned());
                    }
                    break;
                }
            }
            if let Some(last) = trace.steps.last() {
                kinds.present = total(&facts, last, |facts| facts.present);
                kinds.no_text = total(&facts, last, |facts| facts.no_text);
                kinds.example =
                    last.iter().map(|place| facts[*place as usize].example).find(|kind| !kind.is_empty()).unwrap_or("");
            }
            Found { template: trace.template, path: trace.path, bare: trace.bare, optional: trace.optional, kinds }
        })
        .collect()
}

impl Kinds {
    /// Takes in what the same path led to in another use: what one use has is there.
    pub fn add(&mut self, other: &Self) {
        self.absent = if self.present + other.present == 0 { self.absent.or(other.absent) } else { None };
        self.present += other.present;
        self.no_text += other.no_text;
        if self.example.is_empty() {
            self.example = other.example;
        }
        self.siblings.extend(other.siblings.iter().cloned());
    }
}

/// What all data holds at one place.
#[derive(Default)]
struct Facts {
    present: u64,
    objects: u64,
    no_text: u64,
    example: &'static str,
    names: BTreeSet<String>,
}

/// Fills in what `values`, all that stand at `place`, and everything below them say. Depth is bounded by that of places.
fn gather(places: &[Place], facts: &mut [Facts], place: u32, values: &[&Value]) {
    let (here, at) = (&mut facts[place as usize], &places[place as usize]);
    for value in values {
        here.present += 1;
        let unread = python::unread(value).is_some();
        if let Value::Object(fields) = value
            && !unread
        {
            here.objects += 1;
            if !at.fields.is_empty() && here.names.len() < MAX_SIBLINGS {
                here.names.extend(fields.keys().cloned());
            }
        }
        if matches!(value, Value::Bool(_) | Value::Array(_) | Value::Object(_)) && !unread {
            here.no_text += 1;
            here.example = helpers::kind(value);
        }
    }
    for (name, child) in &at.fields {
        let below: Vec<&Value> = values.iter().filter_map(|value| field(value, name)).collect();
        gather(places, facts, *child, &below);
    }
    if let Some(child) = at.items {
        let below: Vec<&Value> = values.iter().flat_map(|value| items(value)).collect();
        gather(places, facts, child, &below);
    }
}

fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => value.get(name),
    }
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

fn total(facts: &[Facts], places: &Places, count: impl Fn(&Facts) -> u64) -> u64 {
    places.iter().map(|place| count(&facts[*place as usize])).sum()
}
