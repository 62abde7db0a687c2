//! What a probe came to: how many types and classes run, and which don't, with or without a cause in `registry.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use salsa::Database as Db;
use serde::Serialize;

use crate::build::project::LOCK;
use crate::finding::codes::sync::{NEEDLESS_CAUSE, NOT_PROVEN, PROVEN_STALE};
use crate::finding::{Finding, Place};
use crate::graph::Workspace;
use crate::graph::models::{Model, own};
use crate::registry::config::Override;
use crate::registry::lock::Lock;
use crate::registry::parse::place_of;

/// That the proven facts of these model types are of another state than that of now.
pub fn out_of_date(models: &[&str]) -> Finding {
    const NAMED: usize = 5;
    let more = if models.len() > NAMED { ", ..." } else { "" };
    let named = models[..models.len().min(NAMED)].join(", ");
    let noun = if models.len() == 1 { "model type" } else { "model types" };
    let message = format!("the proven facts of {} {noun} are out of date ({named}{more})", models.len());
    let finding = Finding::error(PROVEN_STALE, message).at(Place::file(LOCK));
    finding.help("run `hfgen probe`; `hfgen probe --dry-run --why` says why")
}

/// Counts over all types that have a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub types: usize,
    /// Types of which at least one class was found to be proven or not.
    pub types_probed: usize,
    /// Types of which at least one class ran.
    pub types_run: usize,
    pub classes: usize,
    pub classes_probed: usize,
    pub classes_built: usize,
    pub classes_run: usize,
    /// Classes that do not run, by the cause that the registry gives.
    pub explained: BTreeMap<String, usize>,
    /// Classes that do not run for no known cause, by stage and kind of the error.
    pub unexplained: BTreeMap<String, usize>,
}

/// Counts what the lock holds.
pub fn tally(db: &dyn Db, workspace: Workspace, lock: &Lock) -> Tally {
    let mut tally = Tally::default();
    for (key, facts) in lock.models.iter().filter(|(_, facts)| facts.config.is_some() && !facts.classes.is_empty()) {
        tally.types += 1;
        tally.classes += facts.classes.len();
        let Some(proven) = &facts.proven else { continue };
        let own = own(db, workspace, Model::new(db, Arc::from(key.as_str())));
        tally.types_probed += 1;
        tally.types_run += usize::from(proven.classes.values().any(|class| class.error.is_none()));
        for (name, class) in &proven.classes {
            tally.classes_probed += 1;
            let Some(error) = &class.error else {
                tally.classes_built += 1;
                tally.classes_run += 1;
                continue;
            };
            tally.classes_built += usize::from(!error.starts_with("build:"));
            match cause(own, name) {
                Some(cause) => *tally.explained.entry(cause.reason.to_owned()).or_default() += 1,
                None => *tally.unexplained.entry(short(error)).or_default() += 1,
            }
        }
    }
    tally
}

/// A finding for each class that does not run and has no cause in the registry, and for each cause of a class that runs.
/// `text`: of the lock.
pub fn findings(
    db: &dyn Db,
    workspace: Workspace,
    (lock, text): (&Lock, &str),
    models: &dyn Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let registry = workspace.registry(db);
    for (key, facts) in lock.models.iter().filter(|(key, _)| models(key)) {
        let Some(proven) = &facts.proven else { continue };
        let own = own(db, workspace, Model::new(db, Arc::from(key.as_str())));
        for (name, class) in &proven.classes {
            match (&class.error, cause(own, name)) {
                (Some(error), None) => findings.push(
                    Finding::warning(NOT_PROVEN, format!("`{name}` of `{key}` does not run: {error}"))
                        .at(place_in_lock(text, key, name))
                        .help(format!(
                            "say what it needs under `[model.{key}]`, or why it can't run in a `[[model.{key}.skip]]`"
                        )),
                ),
                (None, Some(Cause { skip: Some(index), .. })) => findings.push(
                    Finding::warning(
                        NEEDLESS_CAUSE,
                        format!("`{name}` of `{key}` runs, and the registry says it can't"),
                    )
                    .at(place_of(registry.path(db), registry.text(db), &["model", key, "skip", &index]))
                    .help("take the entry away: its checks are not run"),
                ),
                _ => {}
            }
        }
    }
    findings
}

/// Why a class can't run, as the registry says it.
struct Cause<'a> {
    reason: &'a str,
    /// Which `skip` it is, where it names this very class: one that the class does not need if it runs. An `xfail` of what
    /// runs is about what it computes.
    skip: Option<String>,
}

fn cause<'a>(own: &'a Override, class: &str) -> Option<Cause<'a>> {
    let is_about = |check: &str, name: &Option<String>, hardware: &Option<String>| {
        matches!(check, "*" | "builds" | "forward")
            && hardware.is_none()
            && name.as_ref().is_none_or(|name| name == class)
    };
    let skips = own.skip.iter().enumerate().filter(|(_, skip)| is_about(&skip.check, &skip.class, &skip.hardware));
    let skips = skips.map(|(at, skip)| Cause {
        reason: &skip.reason,
        skip: (skip.class.is_some() && skip.check != "*").then(|| at.to_string()),
    });
    let fails = own.xfail.iter().filter(|fail| is_about(&fail.check, &fail.class, &fail.hardware));
    skips.chain(fails.map(|fail| Cause { reason: &fail.reason, skip: None })).next()
}

/// The line of registry.lock that says why a class does not run.
fn place_in_lock(text: &str, model: &str, class: &str) -> Place {
    const PATH: &str = "registry.lock";
    let headers =
        [model.to_owned(), format!("\"{model}\"")].map(|key| format!("\n[model.{key}.proven.classes.{class}]\n"));
    let Some(section) = headers.iter().find_map(|header| Some(text.find(header)? + 1)) else {
        return Place::file(PATH);
    };
    let header = text[section..].find('\n').map_or(section, |end| section + end);
    let end = text[header..].find("\n[").map_or(text.len(), |end| header + end);
    let error = text[header..end].find("\nerror = ").map_or(section, |at| header + at + 1);
    Place::in_text(PATH, text, error, text[error..].find('\n').map_or(text.len(), |end| error + end))
}

/// Stage and kind: `forward: RuntimeError`. What the process said is no part of it.
fn short(error: &str) -> String {
    let error = error.split_once("; it said: ").map_or(error, |(error, _)| error);
    error.splitn(3, ':').take(2).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_error_is_found() {
        let text = "\n[model.a]\nx = 1\n\n[model.a.proven.classes.A]\nparameters = 1\n\n[model.\"a.b\".proven.classes.A]\n\
                    megabytes = 3\nerror = \"build: X\"\n\n[model.c]\n";
        let place = place_in_lock(text, "a.b", "A");
        assert_eq!((place.line, place.snippet.as_deref()), (10, Some("error = \"build: X\"")));
        assert_eq!(place_in_lock(text, "a", "A").snippet.as_deref(), Some("[model.a.proven.classes.A]"));
        assert_eq!(place_in_lock(text, "b", "A"), Place::file("registry.lock"));
    }

    #[test]
    fn errors_are_put_together_by_stage_and_kind() {
        assert_eq!(short("forward: RuntimeError: shape [1]: x"), "forward: RuntimeError");
        assert_eq!(
            short("forward: the process crashed (SIGSEGV); it said: a: b"),
            "forward: the process crashed (SIGSEGV)"
        );
    }
}
