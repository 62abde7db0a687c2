//! From registry and lock to placed models and their plan. Every model is a query of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use salsa::Database as Db;
use serde_json::{Value, json};

use super::inputs::Workspace;
use super::ordered::{Ordered, same};
use super::review::{model_findings, registry_findings};
use crate::finding::codes::registry::{BROKEN_REGISTRY, MISSING_INPUT, MODEL_TYPE};
use crate::finding::{Finding, Place};
use crate::registry::config::{Override, Registry};
use crate::registry::data::{self, Decisions, custom_facts};
use crate::registry::ident::refusal;
use crate::registry::lock::{self, LockHead, ModelFacts, mapping_word};
use crate::registry::parse::{place_of, read};
use crate::rules::RuleBook;
use crate::rules::decide::Decision;
use crate::rules::merge;
use crate::rules::plan::Entry;
use crate::rules::selector::Subject;

/// Path of the lock, relative to the project root.
const LOCK: &str = "registry.lock";

/// A value and what was found while it was made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed<T> {
    pub value: T,
    pub findings: Vec<Finding>,
}

/// `registry.toml`; empty when it is broken, with the finding that says so. Never taken for unchanged: whether the order
/// of its parts matters is for the queries that read them.
#[salsa::tracked(no_eq)]
pub fn registry(db: &dyn Db, workspace: Workspace) -> Arc<Parsed<Registry>> {
    let source = workspace.registry(db);
    let (path, text) = (source.path(db), source.text(db));
    Arc::new(match read::<Registry>(path, text, BROKEN_REGISTRY) {
        Ok(registry) => {
            let findings = registry_findings(&registry, path, text);
            Parsed { value: registry, findings }
        }
        Err(finding) => Parsed { value: Registry::default(), findings: vec![*finding] },
    })
}

/// Everything of the registry but its models: a change here can reach any output.
#[salsa::tracked]
pub fn settings(db: &dyn Db, workspace: Workspace) -> Arc<Ordered<Registry>> {
    let registry = &registry(db, workspace).value;
    Arc::new(Ordered(Registry {
        project: registry.project.clone(),
        hardware: registry.hardware.clone(),
        model: IndexMap::new(),
        custom: IndexMap::new(),
    }))
}

/// Where outputs go, relative to the project root.
#[salsa::tracked]
pub fn output_root(db: &dyn Db, workspace: Workspace) -> Arc<str> {
    match workspace.output_root(db) {
        Some(root) => root.clone(),
        None => Arc::from(settings(db, workspace).project.output.trim_end_matches('/')),
    }
}

/// All rules. Never taken for unchanged: families are tried in their order.
#[salsa::tracked(no_eq)]
pub fn rule_book(db: &dyn Db, workspace: Workspace) -> Arc<Parsed<RuleBook>> {
    let sources = rule_sources(db, workspace);
    let (value, findings) = RuleBook::merge(&sources);
    Arc::new(Parsed { value, findings })
}

/// The files of `rules/` as the rule room wants them.
pub fn rule_sources(db: &dyn Db, workspace: Workspace) -> Vec<merge::Source<'_>> {
    workspace.rules(db).iter().map(|source| merge::Source { path: source.path(db), text: source.text(db) }).collect()
}

/// A section of `registry.lock`.
#[salsa::tracked(debug)]
pub struct Section<'db> {
    pub key: Arc<str>,
    #[tracked]
    pub text: Arc<str>,
}

/// Where the sections of `registry.lock` lie in its text; found once a revision, since that reads every byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cut {
    sections: Vec<(Arc<str>, std::ops::Range<usize>, u32)>,
}

#[salsa::tracked]
fn cut(db: &dyn Db, workspace: Workspace) -> Cut {
    let Some(source) = workspace.lock(db) else { return Cut::default() };
    let place = |section: &lock::Section<'_>| {
        (Arc::from(section.key.as_ref()), section.offset..section.offset + section.text.len(), section.line)
    };
    Cut { sections: lock::split(source.text(db)).sections.iter().map(place).collect() }
}

/// `registry.lock`, cut; empty where there is none.
pub fn lock_text(db: &dyn Db, workspace: Workspace) -> lock::LockText<'_> {
    let text = workspace.lock(db).map_or("", |source| source.text(db));
    let cut = cut(db, workspace);
    let section = |(key, range, line): &'_ (Arc<str>, std::ops::Range<usize>, u32)| lock::Section {
        key: key.to_string().into(),
        text: &text[range.clone()],
        offset: range.start,
        line: *line,
    };
    let head = cut.sections.first().map_or(text, |(_, range, _)| &text[..range.start]);
    lock::LockText { head, sections: cut.sections.iter().map(section).collect() }
}

/// `registry.lock` cut into its sections; nothing is parsed.
#[salsa::tracked]
pub fn sections(db: &dyn Db, workspace: Workspace) -> BTreeMap<Arc<str>, Section<'_>> {
    let Some(source) = workspace.lock(db) else { return BTreeMap::new() };
    let text = source.text(db);
    let section = |(key, range, _): &(Arc<str>, std::ops::Range<usize>, u32)| {
        (key.clone(), Section::new(db, key.clone(), Arc::from(&text[range.clone()])))
    };
    cut(db, workspace).sections.iter().map(section).collect()
}

/// What stands before the first model in the lock.
#[salsa::tracked]
pub fn lock_head(db: &dyn Db, workspace: Workspace) -> Arc<Parsed<LockHead>> {
    let Some(source) = workspace.lock(db) else {
        return Arc::new(Parsed { value: LockHead::default(), findings: vec![missing_lock()] });
    };
    Arc::new(match lock::parse_head(source.path(db), &lock_text(db, workspace)) {
        Ok(value) => Parsed { value, findings: Vec::new() },
        Err(finding) => Parsed { value: LockHead::default(), findings: vec![finding] },
    })
}

#[salsa::tracked(no_eq)]
fn section_facts<'db>(
    db: &'db dyn Db,
    workspace: Workspace,
    section: Section<'db>,
) -> Arc<Result<ModelFacts, Finding>> {
    let key = &**section.key(db);
    let cut = lock::Section { key: key.into(), text: section.text(db), offset: 0, line: 1 };
    let parsed = lock::parse_section(LOCK, &cut);
    // Only a broken section needs its real line: asked for always, an edit above it would parse it again.
    let Err(finding) = parsed else { return Arc::new(parsed) };
    let text = lock_text(db, workspace);
    let found = text.sections.iter().find(|section| section.key == key);
    let found = found.map(|section| lock::parse_section(LOCK, section));
    Arc::new(found.unwrap_or(Err(finding)))
}

/// A model type's name.
#[salsa::interned(debug)]
pub struct Model<'db> {
    pub key: Arc<str>,
}

/// Every model type, from the lock and from `[custom]`, sorted.
#[salsa::tracked]
pub fn model_keys(db: &dyn Db, workspace: Workspace) -> Vec<Arc<str>> {
    let mut keys: Vec<Arc<str>> = sections(db, workspace).keys().cloned().collect();
    keys.extend(registry(db, workspace).value.custom.keys().map(|key| Arc::from(key.as_str())));
    keys.sort();
    keys.dedup();
    keys
}

/// A model's own part of the registry; equal parts stop the wave.
#[salsa::tracked]
pub fn own<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Arc<Ordered<Override>> {
    Arc::new(Ordered(registry(db, workspace).value.model.get(&**model.key(db)).cloned().unwrap_or_default()))
}

/// A model's facts, from the lock or from `[custom]`.
#[derive(Debug, Clone)]
pub struct Facts {
    pub facts: Arc<Result<ModelFacts, Finding>>,
    pub custom: bool,
}

/// Facts that were parsed anew are others: the order of their fields may have changed.
impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.custom == other.custom && Arc::ptr_eq(&self.facts, &other.facts)
    }
}

#[salsa::tracked]
pub fn facts<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Option<Facts> {
    let key = model.key(db);
    if let Some(section) = sections(db, workspace).get(key) {
        return Some(Facts { facts: section_facts(db, workspace, *section).clone(), custom: false });
    }
    let custom = registry(db, workspace).value.custom.get(&**key)?;
    Some(Facts { facts: Arc::new(Ok(custom_facts(custom))), custom: true })
}

/// A placed model: what the rules decided, its outputs, and what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Placed {
    pub decision: Decision,
    pub entries: Vec<Entry>,
    /// Pipeline names and short mappings, sorted.
    pub tasks: Vec<String>,
    pub findings: Vec<Finding>,
}

#[salsa::tracked]
pub fn placed<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Arc<Placed> {
    let key = model.key(db);
    let Some(found) = facts(db, workspace, model) else { return Arc::default() };
    let facts = match &*found.facts {
        Ok(facts) => facts,
        Err(finding) => return Arc::new(Placed { findings: vec![finding.clone()], ..Placed::default() }),
    };
    let book = &rule_book(db, workspace).value;
    let own = own(db, workspace, model);
    let decision = book.decide(key, facts, found.custom, own);
    let mut findings = model_findings(db, workspace, key, &decision, own);
    if let Some(finding) = refusal(key, MODEL_TYPE) {
        findings.push(finding.at(place_of_model(db, workspace, key)));
        return Arc::new(Placed { decision, findings, ..Placed::default() });
    }
    let mut entries = Vec::new();
    if let Some(family) = &decision.family {
        let subject = Subject { key, facts, custom: found.custom, family, tags: &decision.tags };
        entries = book.plan_model(&subject, &settings(db, workspace).hardware, output_root(db, workspace));
    }
    let mut tasks: Vec<String> = facts
        .tasks
        .iter()
        .flat_map(|(mapping, task)| task.pipeline.clone().into_iter().chain([mapping_word(mapping).to_owned()]))
        .collect();
    tasks.sort();
    tasks.dedup();
    Arc::new(Placed { decision, entries, tasks, findings })
}

/// JSON that compares with its order: two orders make two outputs.
#[derive(Debug, Clone, Default)]
pub struct Data(pub Value);

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

/// What templates see as `model`.
#[salsa::tracked]
pub fn model_data<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Arc<Data> {
    let Some(found) = facts(db, workspace, model) else { return Arc::default() };
    let Ok(facts) = &*found.facts else { return Arc::default() };
    let placed = placed(db, workspace, model);
    let book = &rule_book(db, workspace).value;
    let family = placed.decision.family.as_deref().unwrap_or("");
    let prefer = book.family.get(family).map_or(&[][..], |family| &family.prefer);
    let decisions = Decisions { family, tags: &placed.decision.tags, tiny: &placed.decision.tiny, prefer };
    Arc::new(Data(data::model(model.key(db), facts, found.custom, own(db, workspace, model), &decisions)))
}

/// What templates see as `project`.
#[salsa::tracked]
pub fn project_data(db: &dyn Db, workspace: Workspace) -> Arc<Data> {
    let project = &settings(db, workspace).project;
    let transformers = &lock_head(db, workspace).value.transformers;
    Arc::new(Data(json!({
        "name": project.name, "output": project.output, "python": project.python, "skillset": project.skillset,
        "line_length": project.line_length, "transformers": transformers,
    })))
}

/// What templates see as `hardwares`.
#[salsa::tracked]
pub fn hardware_data(db: &dyn Db, workspace: Workspace) -> Arc<Data> {
    let profiles = settings(db, workspace).hardware.iter().map(|(name, profile)| {
        json!({
            "name": name, "title": profile.title, "backend": profile.backend, "device": profile.device,
            "runtime": profile.runtime, "dtypes": profile.dtypes, "tolerance": profile.tolerance, "set": profile.set,
        })
    });
    Arc::new(Data(profiles.collect()))
}

/// Where a model type is written down: its override or its custom section, else its section in the lock.
pub fn place_of_model(db: &dyn Db, workspace: Workspace, key: &str) -> Place {
    let source = workspace.registry(db);
    let registry = &registry(db, workspace).value;
    if registry.custom.contains_key(key) {
        return place_of(source.path(db), source.text(db), &["custom", key]);
    }
    if let Some(source) = workspace.lock(db) {
        let text = source.text(db);
        if let Some(section) = lock_text(db, workspace).sections.iter().find(|section| section.key == key) {
            return Place::line_of(&**source.path(db), text, section.line);
        }
    }
    place_of(source.path(db), source.text(db), &["model", key])
}

fn missing_lock() -> Finding {
    Finding::error(MISSING_INPUT, "there is no registry.lock")
        .at(Place::file("registry.lock"))
        .help("make it from an installed transformers: `hfgen sync`")
}
