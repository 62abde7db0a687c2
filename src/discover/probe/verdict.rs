//! What a probe came to: how many types and classes run, and which don't without a cause in `registry.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use salsa::Database as Db;
use serde::Serialize;

use crate::finding::Finding;
use crate::finding::codes::sync::NOT_PROVEN;
use crate::graph::Workspace;
use crate::graph::models::{Model, own, place_of_model};
use crate::registry::config::Override;
use crate::registry::lock::Lock;

/// Counts over all types that have a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Types that have a class, and were probed.
    pub types: usize,
    /// Types of which at least one class ran.
    pub types_run: usize,
    pub classes: usize,
    pub classes_built: usize,
    pub classes_run: usize,
    /// Classes that do not run, and whose cause stands in the registry.
    pub explained: usize,
    /// Classes that do not run, by the words of the error without its details.
    pub causes: BTreeMap<String, usize>,
}

/// Counts what the lock holds.
pub fn tally(db: &dyn Db, workspace: Workspace, lock: &Lock) -> Tally {
    let mut tally = Tally::default();
    for (key, facts) in &lock.models {
        let Some(proven) = &facts.proven else { continue };
        let own = own(db, workspace, Model::new(db, Arc::from(key.as_str())));
        tally.types += 1;
        tally.types_run += usize::from(proven.classes.values().any(|class| class.error.is_none()));
        for (name, class) in &proven.classes {
            tally.classes += 1;
            let Some(error) = &class.error else {
                tally.classes_built += 1;
                tally.classes_run += 1;
                continue;
            };
            tally.classes_built += usize::from(!error.starts_with("build:"));
            tally.explained += usize::from(explained(own, name));
            *tally.causes.entry(short(error)).or_default() += 1;
        }
    }
    tally
}

/// A finding for each class that does not run and has no cause in the registry.
pub fn findings(db: &dyn Db, workspace: Workspace, lock: &Lock, models: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, facts) in lock.models.iter().filter(|(key, _)| models(key)) {
        let Some(proven) = &facts.proven else { continue };
        let own = own(db, workspace, Model::new(db, Arc::from(key.as_str())));
        for (name, class) in &proven.classes {
            let Some(error) = class.error.as_ref().filter(|_| !explained(own, name)) else { continue };
            findings.push(
                Finding::warning(NOT_PROVEN, format!("`{name}` of `{key}` does not run: {error}"))
                    .at(place_of_model(db, workspace, key))
                    .help(format!(
                        "say what it needs under `[model.{key}]`, or why it can't run in a `[[model.{key}.skip]]`"
                    )),
            );
        }
    }
    findings
}

fn explained(own: &Override, class: &str) -> bool {
    own.skip.iter().any(|skip| {
        matches!(skip.check.as_str(), "*" | "builds" | "forward")
            && skip.hardware.is_none()
            && skip.class.as_ref().is_none_or(|name| name == class)
    })
}

/// Stage and kind: `forward: RuntimeError`.
fn short(error: &str) -> String {
    error.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")
}
