//! The plan of this round: every output there should be, with digests of what decided it. What the last build planned is
//! taken over where nothing that it depends on has moved.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::project::{LOCK, REGISTRY};
use super::sections::{Sections, sections};
use super::session::Session;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::graph::faults::fault_names;
use crate::graph::lock::{class_names, head_digest, lock_head, lock_text, whole};
use crate::graph::models::{
    Model, model_keys, output_root, own_digest, place_of_model, placed, registry, rule_book, rule_sources, settings,
};
use crate::graph::review::registry_names;
use crate::rules::conflicts;
use crate::rules::plan::Entry;
use crate::store::trace::{Block, ModelTrace, Trace};

/// A planned output with what its inputs hash to, before looking at fields.
#[derive(Debug, Clone)]
pub struct Planned {
    pub entry: Arc<Entry>,
    /// Of its model's section and override; of all models' for outputs that are made once.
    pub model: Digest,
}

/// Everything that there should be.
#[derive(Debug, Default)]
pub struct Plan {
    /// Sorted by path.
    pub outputs: Vec<Planned>,
    pub models: Vec<Arc<ModelTrace>>,
    /// Digests of the lock, some sections at a time.
    pub blocks: Vec<Block>,
    /// Of settings, rules and the lock's head: what can reach any output.
    pub shared: Vec<(String, Digest)>,
    /// About inputs and the plan as a whole.
    pub findings: Vec<Finding>,
    /// How many sections of the lock were parsed.
    pub parsed: u64,
    pub output_root: String,
}

impl Plan {
    pub fn shared_digest(&self) -> Digest {
        Digest::of_value(&self.shared)
    }

    /// Whether there should be an output at `path`.
    pub fn holds(&self, path: &str) -> bool {
        self.outputs.binary_search_by(|planned| planned.entry.path.as_str().cmp(path)).is_ok()
    }

    /// Whether these, sorted by path, are of just the outputs that there should be.
    pub fn is_of<'a>(&self, entries: impl ExactSizeIterator<Item = &'a Arc<Entry>>) -> bool {
        entries.len() == self.outputs.len() && self.outputs.iter().map(|planned| &planned.entry).eq(entries)
    }

    /// Findings that make the whole build impossible.
    pub fn broken(&self) -> Vec<Finding> {
        self.findings.iter().filter(|finding| finding.is_error()).cloned().collect()
    }
}

/// Makes the plan.
pub fn plan(session: &Session, trace: &Trace) -> Plan {
    let (db, workspace) = (&session.db, session.workspace);
    read_at_once(session);
    let mut findings = Vec::new();
    findings.extend(registry(db, workspace).findings.iter().cloned());
    findings.extend(rule_book(db, workspace).findings.iter().cloned());
    findings.extend(lock_head(db, workspace).findings.iter().cloned());
    findings.extend(crate::graph::templates::layered(db, workspace).findings.iter().cloned());
    if findings.iter().any(Finding::is_error) {
        return Plan { findings, ..Plan::default() };
    }
    findings.extend(registry_names(db, workspace).iter().cloned());
    findings.extend(fault_names(db, workspace).iter().cloned());
    let shared = shared(session);
    let known = if shared == trace.shared { Known::of(trace) } else { Known::default() };
    let keys = model_keys(db, workspace);
    let is_same = |input: &str| {
        let before = trace.inputs.iter().find(|(path, _)| path == input).map(|(_, digest)| *digest);
        before.is_some() && session.inputs().any(|(path, loaded)| path == input && Some(loaded.digest) == before)
    };
    let cut = lock_text(db, workspace);
    let sections = sections(whole(db, workspace), &cut, trace, is_same(LOCK));
    let own = Overrides::of(trace, is_same(REGISTRY));
    let now: Vec<(Arc<str>, Digest, Digest)> = keys.iter().map(|key| digests(session, key, &sections, &own)).collect();
    let fresh: Vec<&(Arc<str>, Digest, Digest)> =
        now.iter().filter(|(key, section, own)| known.model(key, *section, *own).is_none()).collect();
    let parsed = fresh.len() as u64;
    if fresh.len() > 8 {
        let clone = db.clone();
        fresh.par_iter().with_min_len(8).for_each_with(clone, |db, (key, ..)| {
            placed(db, workspace, Model::new(db, key.clone()));
        });
    }
    let root = output_root(db, workspace).to_string();
    let mut plan = Plan { shared, parsed, output_root: root, blocks: sections.blocks, ..Plan::default() };
    for (key, section, own) in &now {
        let digest = Digest::of_parts([&section.0[..], &own.0[..]]);
        if let Some((model, entries)) = known.model(key, *section, *own) {
            findings.extend(model.findings.iter().cloned());
            plan.models.push(model.clone());
            plan.outputs.extend(entries.iter().map(|entry| Planned { entry: Arc::clone(entry), model: digest }));
            continue;
        }
        let placed = placed(db, workspace, Model::new(db, key.clone()));
        findings.extend(placed.findings.iter().cloned());
        plan.models.push(Arc::new(ModelTrace {
            key: key.to_string(),
            section: *section,
            own: *own,
            family: placed.decision.family.clone().unwrap_or_default(),
            tasks: placed.tasks.clone(),
            findings: placed.findings.clone(),
        }));
        let entries = placed.entries.iter().map(|entry| Planned { entry: Arc::new(entry.clone()), model: digest });
        plan.outputs.extend(entries);
    }
    let all = now.iter().flat_map(|(key, section, own)| [key.as_bytes(), &section.0[..], &own.0[..]]);
    let all = Digest::of_parts(all);
    let others = rule_book(db, workspace).value.plan_others(&plan.output_root);
    plan.outputs.extend(others.into_iter().map(|entry| Planned { entry: Arc::new(entry), model: all }));
    plan.outputs.sort_by(|a, b| a.entry.cmp(&b.entry));
    if !same_plan(&plan, trace) {
        let place = |key: &str| place_of_model(db, workspace, key);
        findings.extend(conflicts::identifiers(now.iter().map(|(key, ..)| &**key), &place));
        let entries: Vec<&Entry> = plan.outputs.iter().map(|planned| &*planned.entry).collect();
        let sources = rule_sources(db, workspace);
        findings.extend(conflicts::conflicts(&rule_book(db, workspace).value, &sources, &entries, &plan.output_root));
    }
    findings.sort();
    findings.dedup();
    plan.findings = findings;
    plan
}

/// Whether the last build planned the same outputs of the same models by the same rules, and had nothing to say of them.
fn same_plan(plan: &Plan, trace: &Trace) -> bool {
    trace.findings.is_empty()
        && plan.shared == trace.shared
        && plan.models.iter().map(|model| &model.key).eq(trace.models.iter().map(|model| &model.key))
        && plan.is_of(trace.outputs.iter().map(|output| &output.entry))
}

/// Has the two long inputs read at the same time: neither needs the other.
fn read_at_once(session: &Session) {
    let (workspace, other) = (session.workspace, session.db.clone());
    rayon::in_place_scope(|scope| {
        scope.spawn(move |_| {
            lock_head(&other, workspace);
            rule_book(&other, workspace);
            class_names(&other, workspace);
        });
        registry(&session.db, workspace);
    });
}

/// What reaches every output: the registry without its models, the rules, the head of the lock.
fn shared(session: &Session) -> Vec<(String, Digest)> {
    let (db, workspace) = (&session.db, session.workspace);
    let rules: Vec<(&str, &Option<Digest>)> =
        workspace.rules(db).iter().map(|source| (&**source.path(db), source.digest(db))).collect();
    vec![
        ("settings".to_owned(), Digest::of_value(&***settings(db, workspace))),
        ("output root".to_owned(), Digest::of(output_root(db, workspace).as_bytes())),
        ("rules".to_owned(), Digest::of_value(&rules)),
        ("lock".to_owned(), *head_digest(db, workspace)),
        ("template names".to_owned(), template_names(session)),
        ("day".to_owned(), expired_skips(session)),
    ]
}

/// A template that comes or goes can change which one a name or a variant stands for.
fn template_names(session: &Session) -> Digest {
    let layered = crate::graph::templates::layered(&session.db, session.workspace);
    Digest::of_value(&layered.layers.iter().map(|file| file.name.as_str()).collect::<Vec<_>>())
}

/// A day that passes is no change, unless a skip expired on it.
fn expired_skips(session: &Session) -> Digest {
    let (db, workspace) = (&session.db, session.workspace);
    let today = workspace.today(db);
    let models = registry(db, workspace).value.model.values();
    let expired = models.flat_map(|model| &model.skip).filter_map(|skip| skip.expires.as_deref());
    Digest::of_value(&expired.filter(|day| *day <= &**today).count())
}

/// A model with the digests of its section and of its override.
fn digests(
    session: &Session,
    key: &Arc<str>,
    sections: &Sections<'_>,
    own: &Overrides<'_>,
) -> (Arc<str>, Digest, Digest) {
    let (db, workspace) = (&session.db, session.workspace);
    let section = match sections.digests.get(&**key) {
        Some(digest) => *digest,
        None => Digest::of_value(&registry(db, workspace).value.custom.get(&**key)),
    };
    (key.clone(), section, own.digest(session, key))
}

/// The digests of overrides: the last build's, where the registry is the same.
struct Overrides<'a>(FxHashMap<&'a str, Digest>);

impl<'a> Overrides<'a> {
    fn of(trace: &'a Trace, same: bool) -> Self {
        let models = trace.models.iter().filter(|_| same);
        Self(models.map(|model| (model.key.as_str(), model.own)).collect())
    }

    /// Of nothing where there is no override.
    fn digest(&self, session: &Session, key: &str) -> Digest {
        self.0.get(key).copied().unwrap_or_else(|| own_digest(&session.db, session.workspace, key))
    }
}

/// The last build's models with their outputs.
#[derive(Default)]
struct Known<'a> {
    models: FxHashMap<&'a str, &'a Arc<ModelTrace>>,
    entries: FxHashMap<&'a str, Vec<&'a Arc<Entry>>>,
}

impl<'a> Known<'a> {
    fn of(trace: &'a Trace) -> Self {
        let mut known = Self::default();
        // Findings name lines of files that an edit elsewhere may have moved, so they are always made anew.
        let quiet = trace.models.iter().filter(|model| model.findings.is_empty());
        known.models = quiet.map(|model| (model.key.as_str(), model)).collect();
        for output in &trace.outputs {
            if let Some(model) = &output.entry.model {
                known.entries.entry(model).or_default().push(&output.entry);
            }
        }
        known
    }

    fn model(&self, key: &str, section: Digest, own: Digest) -> Option<(&'a Arc<ModelTrace>, &[&'a Arc<Entry>])> {
        let model = *self.models.get(key)?;
        let same = model.section == section && model.own == own;
        same.then(|| (model, self.entries.get(key).map_or(&[][..], Vec::as_slice)))
    }
}

/// Until when (nanoseconds since the epoch) nothing moves by the calendar alone: the next midnight in UTC where a skip is
/// still to expire.
pub fn valid_until(session: &Session, now: i64) -> i64 {
    const DAY: i64 = 86_400_000_000_000;
    let (db, workspace) = (&session.db, session.workspace);
    let today = workspace.today(db);
    let mut models = registry(db, workspace).value.model.values();
    let waiting =
        models.any(|model| model.skip.iter().any(|skip| skip.expires.as_deref().is_some_and(|day| day > &**today)));
    if waiting { (now.div_euclid(DAY) + 1).saturating_mul(DAY) } else { i64::MAX }
}
