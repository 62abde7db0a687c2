//! What a template can read of its data, and the part of given data that is. `analyse` finds out; nothing is rendered here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use super::python;

/// The data paths that a template and its partials can read. Cheap to clone.
///
/// Invariant: rendering `project(data)` gives the text that rendering `data` gives. Where the latter fails, so does the
/// former, but without the fields that would have been near misses: render again with all the data to word the finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Reads(Arc<Read>);

/// How much of one place in the data is read. A place that is in the tree at all is at least looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent, and unions of them are taken")]
pub(super) struct Read {
    /// All of it, with everything below.
    pub whole: bool,
    /// Whether it is true.
    pub truth: bool,
    /// The number of its items and the names of its fields.
    pub shape: bool,
    /// If it is a list or a text, what it holds; of an object nothing.
    pub members: bool,
    /// What kind of value it is; of a place without this or anything below only the presence matters.
    pub kind: bool,
    pub fields: BTreeMap<Box<str>, Read>,
    /// What is read of each item, whatever its place or name.
    pub items: Option<Box<Read>>,
}

/// Stands in an object that is not empty and of which nothing but that is read.
const REST: &str = "...";

impl Reads {
    pub(super) fn new(read: Read) -> Self {
        Self(Arc::new(read))
    }

    /// Everything: for templates too large to look through.
    pub fn all() -> Self {
        Self::new(Read { whole: true, ..Read::default() })
    }

    /// The part of `data` that can be read. Keeps the order of fields and the number of items.
    pub fn project(&self, mut data: Value) -> Value {
        cut(&mut data, &[&self.0]);
        data
    }

    /// What [`Self::project`] leaves of the item at `index` of the list `name`, which stands at the top of the data: for
    /// lists that are too large to be made whole first.
    pub fn project_item(&self, name: &str, index: usize, mut item: Value) -> Value {
        let own = self.0.fields.get(name).into_iter().chain(self.0.items.as_deref());
        let lists: Vec<&Read> = own.collect();
        if self.0.whole || lists.iter().any(|read| read.whole || read.members) {
            return item;
        }
        let index = index.to_string();
        let by_number = lists.iter().filter_map(|read| read.fields.get(index.as_str()));
        let reads: Vec<&Read> = by_number.chain(lists.iter().filter_map(|read| read.items.as_deref())).collect();
        if reads.is_empty() {
            return Value::Null;
        }
        cut(&mut item, &reads);
        item
    }

    /// blake3 of the part of `data` that can be read.
    pub fn digest(&self, data: &Value) -> [u8; 32] {
        *blake3::hash(self.project(data.clone()).to_string().as_bytes()).as_bytes()
    }

    /// Whether a change of the value at `path` (`model.config.fields.eps`, `model.tasks[0].mapping`) can be seen.
    pub fn may_read(&self, path: &str) -> bool {
        self.at(path).is_none_or(|at| !at.is_empty())
    }

    /// Whether it can be seen that the object at `path` has a field `name`.
    pub fn may_see(&self, path: &str, name: &str) -> bool {
        let sees = |read: &Read| read.whole || read.truth || read.shape || read.items.is_some();
        self.at(path).is_none_or(|at| at.iter().any(|read| sees(read) || read.fields.contains_key(name)))
    }

    /// Whether the value of `field` of any item of the list at `path` can be seen. Its name may be even where this says no.
    pub fn may_read_in_items(&self, path: &str, field: &str) -> bool {
        let item = |item: &Read| item.whole || item.items.is_some() || item.fields.contains_key(field);
        let reads = |list: &Read| {
            list.whole || list.members || list.items.as_deref().is_some_and(item) || list.fields.values().any(item)
        };
        self.at(path).is_none_or(|at| at.into_iter().any(reads))
    }

    /// What is read of the value at `path`; `None` where all of what it stands in is.
    fn at(&self, path: &str) -> Option<Vec<&Read>> {
        let mut at: Vec<&Read> = vec![&self.0];
        for part in split(path) {
            let whole = |read: &&Read| read.whole || read.members && part.parse::<usize>().is_ok();
            if at.iter().any(whole) {
                return None;
            }
            at = below(&at, part);
        }
        Some(at)
    }

    /// The paths, sorted: `model.type` with all below it, `model.tags?` whether it is there or true, `model.tasks[].mapping` of
    /// each item, `model.set{}` the names or the number of what is in it.
    pub fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.0, "", &mut found);
        found.sort();
        found
    }

    /// Where two states of the data differ in what can be read, by path, in the order of the data.
    pub fn changes(&self, before: &Value, after: &Value) -> Vec<String> {
        let mut found = Vec::new();
        differences(&self.project(before.clone()), &self.project(after.clone()), "", &mut found);
        found
    }
}

/// What is read of `part` of these: of a field of that name, and of any item of a list.
fn below<'a>(reads: &[&'a Read], part: &str) -> Vec<&'a Read> {
    let items = reads.iter().filter_map(|read| read.items.as_deref());
    let fields = reads.iter().filter_map(|read| read.fields.get(part));
    items.chain(fields).collect()
}

/// Leaves of `data` what can be read.
fn cut(data: &mut Value, reads: &[&Read]) {
    if reads.iter().any(|read| read.whole) || python::source_of(data).is_some() || python::unread(data).is_some() {
        return;
    }
    let any = |flag: fn(&Read) -> bool| reads.iter().any(|read| flag(read));
    if !any(|read| {
        read.kind || read.truth || read.shape || read.members || read.items.is_some() || !read.fields.is_empty()
    }) {
        *data = Value::Null;
        return;
    }
    let items: Vec<&Read> = reads.iter().filter_map(|read| read.items.as_deref()).collect();
    match data {
        Value::Array(_) if any(|read| read.members) => {}
        Value::Array(list) => {
            if any(|read| read.shape) || !items.is_empty() || any(|read| !read.fields.is_empty()) {
                for (index, item) in list.iter_mut().enumerate() {
                    let own = reads.iter().filter_map(|read| read.fields.get(index.to_string().as_str()));
                    match own.chain(items.iter().copied()).collect::<Vec<_>>().as_slice() {
                        [] => *item = Value::Null,
                        reads => cut(item, reads),
                    }
                }
            } else if any(|read| read.truth) && !list.is_empty() {
                *list = vec![Value::Null];
            } else {
                list.clear();
            }
        }
        Value::Object(fields) => {
            let (names, was_empty) = (any(|read| read.shape), fields.is_empty());
            fields.retain(|name, value| {
                let own = reads.iter().filter_map(|read| read.fields.get(name.as_str()));
                let below: Vec<&Read> = own.chain(items.iter().copied()).collect();
                if below.is_empty() {
                    *value = Value::Null;
                } else {
                    cut(value, &below);
                }
                names || !below.is_empty()
            });
            if fields.is_empty() && !was_empty && any(|read| read.truth) {
                fields.insert(REST.to_owned(), Value::Null);
            }
        }
        _ => {}
    }
}

fn collect(read: &Read, path: &str, found: &mut Vec<String>) {
    let below = !read.fields.is_empty() || read.items.is_some();
    if read.whole || (read.kind && !(below || read.truth || read.shape || read.members)) {
        found.push(if path.is_empty() { "*".to_owned() } else { path.to_owned() });
        return;
    }
    if read.truth || !(below || read.shape || read.members) {
        found.push(format!("{path}?"));
    }
    if read.shape || read.members && !below {
        found.push(format!("{path}{{}}"));
    }
    for (name, read) in &read.fields {
        collect(read, &join(path, name), found);
    }
    if let Some(items) = &read.items {
        collect(items, &format!("{path}[]"), found);
    }
}

fn differences(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {
            // Equal objects may still differ in the order of their fields, which a loop shows.
            let (old, new) = (before.to_string(), after.to_string());
            if old != new {
                found.push(path.to_owned());
            }
        }
        (Value::Object(old), Value::Object(new)) => {
            let start = found.len();
            for (name, value) in new {
                match old.get(name) {
                    Some(before) => differences(before, value, &join(path, name), found),
                    None => found.push(join(path, name)),
                }
            }
            found.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| join(path, name)));
            if found.len() == start {
                found.push(path.to_owned());
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (index, (before, after)) in old.iter().zip(new).enumerate() {
                differences(before, after, &format!("{path}[{index}]"), found);
            }
        }
        _ => found.push(path.to_owned()),
    }
}

fn join(path: &str, name: &str) -> String {
    let mut out = String::with_capacity(path.len() + name.len() + 1);
    let dot = if path.is_empty() { "" } else { "." };
    let written = write!(out, "{path}{dot}{name}");
    debug_assert!(written.is_ok());
    out
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[']).map(|part| part.trim_end_matches(']')).filter(|part| !part.is_empty())
}
