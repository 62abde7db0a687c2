//! Which outputs an input, or one field of it, can reach. Answered from what templates read, without rendering.

use super::inspect::View;
use crate::finding::codes::output::UNKNOWN_SELECTION;
use crate::finding::{Finding, did_you_mean};
use crate::graph::models::{model_keys, registry, rule_book, settings};
use crate::graph::outputs::Prepared;
use crate::registry::config::{Custom, Hardware, Override};
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
    if let Some(field) = &input.field {
        known_field(view, &input.path, &split(field))?;
    }
    let test: Test = match input.path.as_str() {
        "registry.toml" => in_registry(input.field.as_deref()),
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

/// A finding where an input can't have this field. What stands deeper than a section, a name and a key is anybody's.
fn known_field(view: &View, path: &str, field: &[String]) -> Result<(), Finding> {
    let (db, workspace) = (&view.session.db, view.session.workspace);
    let keys = |value: Result<serde_json::Value, serde_json::Error>| -> Vec<String> {
        let object = value.ok().and_then(|value| value.as_object().cloned());
        object.unwrap_or_default().into_iter().map(|(key, _)| key).collect()
    };
    let one_of = |at: usize, known: &[String]| match field.get(at) {
        Some(part) if !known.contains(part) => {
            let finding = Finding::error(UNKNOWN_SELECTION, format!("`{path}` has no `{}`", field[..=at].join(".")));
            let known = || known.iter().map(String::as_str);
            let help = did_you_mean(part, known()).or_else(|| {
                let names: Vec<&str> = known().take(12).collect();
                (!names.is_empty()).then(|| format!("there are {}", names.join(", ")))
            });
            Err(help.into_iter().fold(finding, Finding::help))
        }
        _ => Ok(()),
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let models = || model_keys(db, workspace).iter().map(ToString::to_string).collect::<Vec<_>>();
    let settings = settings(db, workspace);
    match path {
        "registry.toml" => {
            one_of(0, &words(&["project", "hardware", "model", "custom"]))?;
            match field[0].as_str() {
                "project" => one_of(1, &keys(serde_json::to_value(&settings.project))),
                "hardware" => {
                    one_of(1, &settings.hardware.keys().cloned().collect::<Vec<_>>())?;
                    one_of(2, &keys(serde_json::to_value(Hardware::default())))
                }
                "model" => {
                    one_of(1, &models())?;
                    one_of(2, &keys(serde_json::to_value(Override::default())))
                }
                _ => {
                    one_of(1, &registry(db, workspace).value.custom.keys().cloned().collect::<Vec<_>>())?;
                    one_of(2, &keys(serde_json::to_value(Custom::default())))
                }
            }
        }
        "registry.lock" => {
            one_of(0, &words(&["version", "transformers", "base_fields", "class_names", "worker", "model"]))?;
            if field[0] == "model" { one_of(1, &models()) } else { Ok(()) }
        }
        path if path.starts_with("rules/") => {
            let lists = ["tiny", "input", "label"];
            let named = ["family", "tag", "check", "contract", "target"];
            one_of(0, &words(&[&named[..], &lists].concat()))?;
            let names = sections(view, path).into_iter().filter(|(kind, _)| *kind == field[0]).map(|(_, name)| name);
            if lists.contains(&field[0].as_str()) { Ok(()) } else { one_of(1, &names.collect::<Vec<_>>()) }
        }
        _ => Err(Finding::error(UNKNOWN_SELECTION, format!("`{path}` is a template: it has no fields"))
            .help("name the template alone, or the field of registry.toml, registry.lock or rules/ that it reads")),
    }
}

type Test = Box<dyn Fn(&Entry, &Prepared) -> bool>;

fn reads(prepared: &Prepared, path: &str) -> bool {
    prepared.closure.reads.may_read(path)
}

fn in_registry(field: Option<&str>) -> Test {
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

/// Kind and name of each rule that stands in a file.
fn sections(view: &View, path: &str) -> Vec<(String, String)> {
    let book = rule_book(&view.session.db, view.session.workspace);
    let here = book.value.origin.iter().filter(|(_, origin)| *origin == path);
    here.filter_map(|(key, _)| key.split_once('.').map(|(kind, name)| (kind.to_owned(), name.to_owned()))).collect()
}

fn rules(view: &View, path: &str, field: Option<&str>) -> Test {
    let book = rule_book(&view.session.db, view.session.workspace);
    let sections = sections(view, path);
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
            "check" => prepared.closure.reads.may_see("rule.checks", name),
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
