//! Which outputs an input, or one field of it, can reach. Answered from what templates read, without rendering.

use super::inspect::View;
use crate::finding::codes::output::UNKNOWN_SELECTION;
use crate::finding::{Finding, did_you_mean};
use crate::graph::outputs::Prepared;
use crate::rules::plan::Entry;

/// An input as it is typed: `registry.toml#model.bert.tiny`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub path: String,
    pub field: Option<String>,
}

impl Input {
    pub fn parse(text: &str) -> Self {
        match text.split_once('#') {
            Some((path, field)) => Self { path: path.to_owned(), field: Some(field.to_owned()) },
            None => Self { path: text.to_owned(), field: None },
        }
    }
}

/// Paths of the outputs that `input` can reach, sorted; a finding when there is no such input.
pub fn affected(view: &View, input: &Input) -> Result<Vec<String>, Finding> {
    let known: Vec<&str> = view.session.inputs().map(|(path, _)| path).collect();
    let builtin = input.path.starts_with("<builtin>/");
    if !builtin && !known.contains(&input.path.as_str()) {
        let finding = Finding::error(UNKNOWN_SELECTION, format!("`{}` is no input", input.path));
        return Err(match did_you_mean(&input.path, known.iter().copied()) {
            Some(help) => finding.help(help),
            None => finding.help("inputs are registry.toml, registry.lock, rules/*.toml and templates/**/*.hbs"),
        });
    }
    let test: Test = match input.path.as_str() {
        "registry.toml" => registry(input.field.as_deref()),
        "registry.lock" => lock(input.field.as_deref()),
        path if path.starts_with("rules/") => rules(view, path, input.field.as_deref()),
        path => {
            let path = path.to_owned();
            Box::new(move |_, prepared| prepared.templates().any(|(known, _)| known == path))
        }
    };
    let prepared = view.prepared(&view.all());
    let reached = prepared.iter().filter(|(planned, prepared)| match prepared {
        Ok(prepared) => test(&planned.entry, prepared),
        // Its template can't be used: anything may mend it.
        Err(_) => true,
    });
    Ok(reached.map(|(planned, _)| planned.entry.path.clone()).collect())
}

type Test = Box<dyn Fn(&Entry, &Prepared) -> bool>;

fn reads(prepared: &Prepared, path: &str) -> bool {
    prepared.closure.reads.may_read(path)
}

fn registry(field: Option<&str>) -> Test {
    let Some(field) = field else { return Box::new(|_, _| true) };
    let parts = split(field);
    let rest = parts[1..].to_vec();
    match parts[0].as_str() {
        "project" => {
            let path = join("project", &rest);
            Box::new(move |_, prepared| reads(prepared, &path))
        }
        "hardware" => Box::new(move |entry, prepared| {
            let own = rest.first().is_none_or(|name| entry.hardware.as_deref() == Some(name));
            let below = rest.get(1..).unwrap_or(&[]);
            own && reads(prepared, &join("hardware", below)) || reads(prepared, &join("hardwares[0]", below))
        }),
        "model" | "custom" => model(rest, |below| match below.first().map(String::as_str) {
            // The family decides the rule, so it can reach all of the model's outputs.
            None | Some("family") => None,
            Some("skip") => Some(join("model.skips", &[])),
            Some("xfail") => Some(join("model.xfails", &[])),
            Some("tiny-drop") => Some(join("model.tiny", &[])),
            Some(_) => Some(join("model", below)),
        }),
        _ => Box::new(|_, _| true),
    }
}

fn lock(field: Option<&str>) -> Test {
    let Some(field) = field else { return Box::new(|entry, _| entry.model.is_some()) };
    let parts = split(field);
    let rest = parts[1..].to_vec();
    match parts[0].as_str() {
        "model" => model(rest, |below| match below.first().map(String::as_str) {
            None => None,
            // These decide family, tags and rules.
            Some("tasks" | "classes" | "module" | "processors") if below.len() == 1 => None,
            Some("processors") => Some(join("model", &below[1..])),
            Some(_) => Some(join("model", below)),
        }),
        "transformers" => Box::new(|_, prepared| reads(prepared, "project.transformers")),
        _ => Box::new(|_, _| true),
    }
}

/// `rest`: the model type and what is below it. `path`: the data path that the field reaches; `None` reaches everything.
fn model(rest: Vec<String>, path: impl Fn(&[String]) -> Option<String> + 'static) -> Test {
    Box::new(move |entry, prepared| {
        let Some(key) = rest.first() else { return entry.model.is_some() };
        let path = path(&rest[1..]);
        let read = |prepared: &Prepared| path.as_ref().is_none_or(|path| reads(prepared, path));
        // What is made once, or once a family, goes over all models; any item stands for each.
        let listed = || {
            let item = path.as_ref().and_then(|path| path.strip_prefix("model")).unwrap_or("");
            reads(prepared, &format!("models[0]{item}"))
        };
        entry.model.as_deref() == Some(key) && read(prepared) || entry.model.is_none() && listed()
    })
}

fn rules(view: &View, path: &str, field: Option<&str>) -> Test {
    let book = crate::graph::models::rule_book(&view.session.db, view.session.workspace);
    let sections: Vec<(String, String)> = book
        .value
        .origin
        .iter()
        .filter(|(_, origin)| *origin == path)
        .filter_map(|(key, _)| key.split_once('.').map(|(kind, name)| (kind.to_owned(), name.to_owned())))
        .collect();
    let wanted = match field.map(split).as_deref() {
        Some([kind, name, ..]) => vec![(kind.clone(), name.clone())],
        Some([kind]) => sections.into_iter().filter(|(known, _)| known == kind).collect(),
        _ if book.value.tiny.is_empty() || !sections.is_empty() => sections,
        _ => vec![("tiny".to_owned(), String::new())],
    };
    let contracts: std::collections::BTreeMap<String, Option<String>> =
        book.value.target.iter().map(|(name, target)| (name.clone(), target.contract.clone())).collect();
    Box::new(move |entry, prepared| {
        wanted.iter().any(|(kind, name)| match kind.as_str() {
            "target" => entry.rule == *name,
            "family" => entry.family.as_deref() == Some(name) || reads(prepared, "families"),
            "check" => reads(prepared, "rule.checks"),
            "tag" => reads(prepared, "model.tags"),
            "tiny" => reads(prepared, "model.tiny"),
            "contract" => contracts.get(&entry.rule).is_some_and(|contract| contract.as_ref() == Some(name)),
            _ => true,
        })
    })
}

/// Cuts at dots; a part may be quoted, as in TOML.
fn split(field: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in field.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            _ => parts.last_mut().expect("Invariant: there is a first part").push(c),
        }
    }
    parts
}

fn join(root: &str, rest: &[String]) -> String {
    let mut path = root.to_owned();
    for part in rest {
        path.push('.');
        path.push_str(part);
    }
    path
}
