//! From registry and lock to placed models and their plan. Every model is a query of its own.

use std::sync::Arc;

use indexmap::IndexMap;
use salsa::Database as Db;
use serde_json::{Value, json};

use super::inputs::{Source, Workspace};
use super::lock;
use super::ordered::{Ordered, same};
use super::remembered::{KnownPiece, KnownRegistry};
use super::review::model_findings;
use super::settings::findings as findings_of_settings;
use super::written::Written;
use crate::digest::Digest;
use crate::finding::codes::registry::{BROKEN_REGISTRY, MODEL_TYPE};
use crate::finding::{Finding, Place};
use crate::registry::config::{Override, Registry};
use crate::registry::data::{self, Decisions, custom_facts};
use crate::registry::ident::refusal;
use crate::registry::lock::{ModelFacts, mapping_word};
use crate::registry::parse::{place_of, read};
use crate::registry::pieces;
use crate::rules::RuleBook;
use crate::rules::decide::Decision;
use crate::rules::file::RuleFile;
use crate::rules::merge;
use crate::rules::plan::Entry;
use crate::rules::selector::Subject;

/// A value and what was found while it was made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed<T> {
    pub value: T,
    pub findings: Vec<Finding>,
}

/// `registry.toml` as it was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// Empty where it is broken.
    pub value: Registry,
    pub findings: Vec<Finding>,
    /// What stands under the headers of each of its models; of none where it had to be read as a whole.
    pieces: Vec<KnownPiece>,
}

/// `registry.toml`. Never taken for unchanged: whether the order of its parts matters is for the queries that read them.
#[salsa::tracked(no_eq)]
pub fn registry(db: &dyn Db, workspace: Workspace) -> Arc<Reading> {
    let source = workspace.registry(db);
    let (path, text) = (source.path(db), source.text(db));
    let remembered = workspace.remembered(db);
    let same = remembered.same_registry(*source.digest(db)).and_then(|known| {
        let pieces = known.models.values().cloned().collect();
        Some((known.read()?, pieces))
    });
    let parts = || read_in_pieces(text, remembered.registry.as_deref());
    let (value, pieces) = match same.or_else(parts) {
        Some(read) => read,
        None => match read::<Registry>(path, text, BROKEN_REGISTRY) {
            Ok(registry) => (registry, Vec::new()),
            Err(finding) => return Arc::new(Reading { findings: vec![*finding], ..Reading::default() }),
        },
    };
    let findings = findings_of_settings(&value, path, text);
    Arc::new(Reading { value, findings, pieces })
}

/// Parses only what is not known; `None` where the whole must be read.
fn read_in_pieces(text: &str, known: Option<&KnownRegistry>) -> Option<(Registry, Vec<KnownPiece>)> {
    let cut = pieces::cut(text)?;
    let known = known.map(KnownRegistry::by_text).unwrap_or_default();
    let mut registry = pieces::read_rest(&cut.rest)?;
    registry.model.reserve(cut.models.len());
    let mut pieces = Vec::with_capacity(cut.models.len());
    for (model, piece) in cut.models {
        let text = Digest::of(piece.as_bytes());
        let known = known.get(&text).and_then(|known| Some((known.own.read()?, (*known).clone())));
        let (own, piece) = if let Some(known) = known {
            known
        } else {
            let own = pieces::read_model(model, &piece)?;
            let piece = KnownPiece::of(text, &own);
            (own, piece)
        };
        registry.model.insert(model.to_owned(), own);
        pieces.push(piece);
    }
    Some((registry, pieces))
}

/// The registry as a later build takes it up.
#[salsa::tracked(no_eq)]
fn written(db: &dyn Db, workspace: Workspace) -> Arc<KnownRegistry> {
    let digest = *workspace.registry(db).digest(db);
    if let Some(known) = workspace.remembered(db).same_registry(digest) {
        return known.clone();
    }
    let Reading { value, pieces, .. } = &**registry(db, workspace);
    Arc::new(KnownRegistry::of(digest.unwrap_or_default(), value, pieces))
}

/// What a model's own part hashes to; of nothing where it has none.
pub fn own_digest(db: &dyn Db, workspace: Workspace, model: &str) -> Digest {
    written(db, workspace).models.get(model).map(|piece| piece.digest).unwrap_or_default()
}

/// What a later build need not parse again.
pub fn registry_to_remember(db: &dyn Db, workspace: Workspace) -> Option<Arc<KnownRegistry>> {
    workspace.registry(db).digest(db).map(|_| written(db, workspace).clone())
}

/// The rules as JSON, by the digests of their texts.
pub fn rules_to_remember(db: &dyn Db, workspace: Workspace) -> Vec<(Digest, Arc<Written<RuleFile>>)> {
    let remembered = &workspace.remembered(db).rules;
    let sources = rule_sources(db, workspace);
    let one = |(file, source): (&Source, &merge::Source<'_>)| {
        let digest = (*file.digest(db))?;
        let make = || Some(Arc::new(Written::of(&merge::read_file(source).ok()?)));
        Some((digest, remembered.get(&digest).cloned().or_else(make)?))
    };
    workspace.rules(db).iter().zip(&sources).filter_map(one).collect()
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
    let remembered = workspace.remembered(db);
    let digests: Vec<_> = workspace.rules(db).iter().map(|source| *source.digest(db)).collect();
    let (value, findings) = RuleBook::merge(&sources, |index| remembered.rules(digests[index]));
    Arc::new(Parsed { value, findings })
}

/// The files of `rules/` as the rule room wants them.
pub fn rule_sources(db: &dyn Db, workspace: Workspace) -> Vec<merge::Source<'_>> {
    workspace.rules(db).iter().map(|source| merge::Source { path: source.path(db), text: source.text(db) }).collect()
}

/// A model type's name.
#[salsa::interned(debug)]
pub struct Model<'db> {
    pub key: Arc<str>,
}

/// Every model type, from the lock and from `[custom]`, sorted.
#[salsa::tracked]
pub fn model_keys(db: &dyn Db, workspace: Workspace) -> Vec<Arc<str>> {
    let mut keys: Vec<Arc<str>> = lock::keys(db, workspace).cloned().collect();
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

pub fn facts<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Option<Facts> {
    if *workspace.remembers(db) { kept_facts(db, workspace, model).clone() } else { find_facts(db, workspace, model) }
}

#[salsa::tracked]
fn kept_facts<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Option<Facts> {
    find_facts(db, workspace, model)
}

fn find_facts<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Option<Facts> {
    if let Some(facts) = lock::section_facts(db, workspace, model) {
        return Some(Facts { facts: Arc::new(facts), custom: false });
    }
    let custom = registry(db, workspace).value.custom.get(&**model.key(db))?;
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

/// What templates see as `model`, with null for what `seen` says nobody looks at. `found`: its facts. A plain function:
/// a round asks once for each output.
pub fn model_data<'db>(
    db: &'db dyn Db,
    workspace: Workspace,
    model: Model<'db>,
    found: Option<&Facts>,
    seen: data::Seen<'_>,
) -> Value {
    let Some(found) = found else { return Value::Null };
    let Ok(facts) = &*found.facts else { return Value::Null };
    let placed = placed(db, workspace, model);
    let book = &rule_book(db, workspace).value;
    let family = placed.decision.family.as_deref().unwrap_or("");
    let prefer = book.family.get(family).map_or(&[][..], |family| &family.prefer);
    let decisions = Decisions { family, tags: &placed.decision.tags, tiny: &placed.decision.tiny, prefer };
    data::model(model.key(db), facts, found.custom, own(db, workspace, model), &decisions, seen)
}

/// What templates see as `project`.
#[salsa::tracked]
pub fn project_data(db: &dyn Db, workspace: Workspace) -> Arc<Data> {
    let project = &settings(db, workspace).project;
    let transformers = &lock::lock_head(db, workspace).value.transformers;
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
    lock::place_of_section(db, workspace, key)
        .unwrap_or_else(|| place_of(source.path(db), source.text(db), &["model", key]))
}
