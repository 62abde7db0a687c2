//! What a difference to git's history or index reaches: the outputs whose inputs are not what they were there. Models are
//! compared one by one, so that one edited model selects its own outputs only.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;

use super::options::{Changed, Failure, Options};
use super::plan::{Plan, plan};
use super::project;
use super::scan::Scan;
use super::session::Session;
use super::texts::Texts;
use crate::finding::Finding;
use crate::graph::outputs::prepared;
use crate::store::trace::Trace;
use crate::sys::git::{GitError, Repository};
use crate::sys::{OverlaySystem, System};

/// Paths of the outputs that the difference reaches: their inputs or they themselves differ, or they are new.
pub fn reached(
    system: &dyn System,
    options: &Options,
    changed: &Changed,
    session: &Session,
    now: &Plan,
) -> Result<FxHashSet<String>, Failure> {
    let git = Repository::around(system, &options.root).map_err(|error| failure(&error))?;
    let (revision, paths) = match changed {
        Changed::Since(revision) => {
            let base = git.base(revision).map_err(|error| failure(&error))?;
            let paths = git.changed_since(&base, &[]).map_err(|error| failure(&error))?;
            (base, paths)
        }
        Changed::Staged => {
            let status = git.status(&[]).map_err(|error| failure(&error))?;
            let staged = status.entries.into_iter().filter(|entry| entry.is_staged).map(|entry| entry.path);
            (git.base("HEAD").map_err(|error| failure(&error))?, staged.collect())
        }
    };
    let mut reached: FxHashSet<String> =
        now.outputs.iter().map(|planned| planned.entry.path.clone()).filter(|path| paths.contains(path)).collect();
    let is_input = |path: &str| {
        session.set.files.iter().any(|file| file.path == path)
            || path.starts_with("rules/")
            || path.starts_with("templates/")
    };
    let moved: Vec<&str> = paths.iter().map(String::as_str).filter(|path| is_input(path)).collect();
    if moved.is_empty() {
        return Ok(reached);
    }
    let before = git.at(&revision, &moved).map_err(|error| failure(&error))?;
    let contents: BTreeMap<_, _> =
        moved.iter().zip(before).map(|(path, bytes)| (options.root.join(path), bytes)).collect();
    let overlay = OverlaySystem { below: system, contents };
    reached.extend(differing(&overlay, options, session, now));
    Ok(reached)
}

/// Outputs that would be made from something else in `other`, or that it doesn't have.
fn differing(other: &dyn System, options: &Options, session: &Session, now: &Plan) -> BTreeSet<String> {
    let everything = || now.outputs.iter().map(|planned| planned.entry.path.clone()).collect();
    if !other.exists(&options.root.join(project::REGISTRY)) {
        return everything();
    }
    let Ok(texts) = Texts::read(other, options, &mut Scan::default()) else { return everything() };
    let then = Session::open(other, options, texts, &Trace::default());
    let before = plan(&then, &Trace::default());
    if before.findings.iter().any(Finding::is_error) {
        return everything();
    }
    let same_shared = before.shared == now.shared && templates(&then) == templates(session);
    let known: BTreeMap<_, _> = before.outputs.iter().map(|planned| (&planned.entry, planned.model)).collect();
    let mut differing = BTreeSet::new();
    for planned in &now.outputs {
        let same = match known.get(&planned.entry) {
            None => false,
            Some(model) if same_shared && *model == planned.model => true,
            Some(_) => made_from_the_same(&then, session, planned),
        };
        if !same {
            differing.insert(planned.entry.path.clone());
        }
    }
    differing
}

fn templates(session: &Session) -> &BTreeMap<std::sync::Arc<str>, crate::digest::Digest> {
    crate::graph::templates::digests(&session.db, session.workspace)
}

fn made_from_the_same(then: &Session, now: &Session, planned: &super::plan::Planned) -> bool {
    let key = |session: &Session| {
        let (prepared, _) = prepared(&session.db, session.workspace, &planned.entry).ok()?;
        Some(prepared.key(&planned.entry.path))
    };
    matches!((key(then), key(now)), (Some(a), Some(b)) if a == b)
}

/// What git said, as a failure of the command.
pub fn failure(error: &GitError) -> Failure {
    Failure::Selection(vec![Finding::from(error)])
}
