//! Which outputs a command means. Names that mean nothing are findings with the near miss, never an empty selection.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::changed;
use super::options::{Failure, Options, Selection};
use super::plan::Plan;
use super::session::Session;
use crate::finding::codes::output::{UNKNOWN_OUTPUT, UNKNOWN_SELECTION};
use crate::finding::{CodeId, Finding, did_you_mean};
use crate::graph::models::settings;
use crate::rules::plan::Entry;
use crate::sys::System;

/// A selection, resolved against the plan.
#[derive(Debug)]
pub struct Selected {
    /// Paths of the selected outputs; `None` means all.
    paths: Option<FxHashSet<String>>,
}

impl Selected {
    pub fn resolve(system: &dyn System, options: &Options, session: &Session, plan: &Plan) -> Result<Self, Failure> {
        let wanted = &options.selection;
        if wanted.is_everything() {
            return Ok(Self { paths: None });
        }
        names(wanted, session, plan)?;
        let mut paths: FxHashSet<String> = plan
            .outputs
            .iter()
            .filter(|planned| holds(wanted, &planned.entry, plan))
            .map(|planned| planned.entry.path.clone())
            .collect();
        if let Some(changed) = &wanted.changed {
            let reached = changed::reached(system, options, changed, session, plan)?;
            paths.retain(|path| reached.contains(path));
        }
        Ok(Self { paths: Some(paths) })
    }

    pub fn is_everything(&self) -> bool {
        self.paths.is_none()
    }

    pub fn holds(&self, entry: &Entry) -> bool {
        self.paths.as_ref().is_none_or(|paths| paths.contains(&entry.path))
    }

    pub fn count(&self, plan: &Plan) -> usize {
        self.paths.as_ref().map_or(plan.outputs.len(), FxHashSet::len)
    }
}

fn holds(wanted: &Selection, entry: &Entry, plan: &Plan) -> bool {
    let any = |list: &[String], value: Option<&str>| {
        list.is_empty() || value.is_some_and(|value| list.iter().any(|one| one == value))
    };
    let tasks = || {
        let model = plan.models.binary_search_by(|model| Some(model.key.as_str()).cmp(&entry.model.as_deref())).ok();
        model.is_some_and(|at| plan.models[at].tasks.iter().any(|task| wanted.tasks.contains(task)))
    };
    any(&wanted.models, entry.model.as_deref())
        && any(&wanted.families, entry.family.as_deref())
        && any(&wanted.hardware, entry.hardware.as_deref())
        && any(&wanted.rules, Some(&entry.rule))
        && (wanted.tasks.is_empty() || tasks())
        && (wanted.paths.is_empty() || wanted.paths.iter().any(|path| below(&entry.path, path)))
}

fn below(path: &str, wanted: &str) -> bool {
    let wanted = wanted.trim_start_matches("./").trim_end_matches('/');
    path == wanted || path.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
}

/// Every name must mean something.
fn names(wanted: &Selection, session: &Session, plan: &Plan) -> Result<(), Failure> {
    let mut findings = Vec::new();
    let mut check = |what: &str, code: CodeId, names: &[String], known: &BTreeSet<&str>| {
        for name in names.iter().filter(|name| !known.contains(name.as_str())) {
            let help = did_you_mean(name, known.iter().copied());
            let mut finding = Finding::error(code, format!("there is no {what} `{name}`"));
            finding.help = help.or_else(|| {
                (known.len() <= 40).then(|| format!("known: {}", known.iter().copied().collect::<Vec<_>>().join(", ")))
            });
            findings.push(finding);
        }
    };
    let models = plan.models.iter().map(|model| model.key.as_str()).collect();
    check("model type", UNKNOWN_SELECTION, &wanted.models, &models);
    let families = plan.models.iter().map(|model| model.family.as_str()).collect();
    check("family", UNKNOWN_SELECTION, &wanted.families, &families);
    let tasks = plan.models.iter().flat_map(|model| model.tasks.iter().map(String::as_str)).collect();
    check("task", UNKNOWN_SELECTION, &wanted.tasks, &tasks);
    let settings = settings(&session.db, session.workspace);
    let hardware = settings.hardware.keys().map(String::as_str).collect();
    check("hardware profile", UNKNOWN_SELECTION, &wanted.hardware, &hardware);
    let rules = plan.outputs.iter().map(|planned| planned.entry.rule.as_str()).collect();
    check("rule", UNKNOWN_SELECTION, &wanted.rules, &rules);
    let lost: Vec<String> = wanted
        .paths
        .iter()
        .filter(|path| !plan.outputs.iter().any(|planned| below(&planned.entry.path, path)))
        .cloned()
        .collect();
    let known = plan.outputs.iter().map(|planned| planned.entry.path.as_str()).collect();
    check("output", UNKNOWN_OUTPUT, &lost, &known);
    if findings.is_empty() { Ok(()) } else { Err(Failure::Selection(findings)) }
}
