//! Reading a package into the lock, or saying what differs. What an earlier run knows and a package does not say is kept:
//! what was proven, and what was read of a worker project.

use std::io;
use std::path::{Path, PathBuf};

use super::{Changes, Workers, compare, probe, read, workers};
use crate::build::project::LOCK;
use crate::finding::codes::sync::{LOCK_DAMAGED, LOCK_UNWRITABLE};
use crate::finding::{Finding, Severity};
use crate::registry::lock::{self, Lock, ModelFacts};
use crate::sys::System;

/// What is read, and whether it is written.
#[derive(Debug, Clone)]
pub struct Sync {
    /// The project's root.
    pub root: PathBuf,
    /// The transformers package.
    pub package: PathBuf,
    /// The checkout of a worker project. Without it, what an earlier run read of one is kept.
    pub worker: Option<PathBuf>,
    /// Writes nothing.
    pub check: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Synced {
    pub lock: Lock,
    /// None where there was no lock.
    pub changes: Option<Changes>,
    pub written: bool,
    pub findings: Vec<Finding>,
}

impl Synced {
    /// Whether the lock is another than the one that was there.
    pub fn differs(&self) -> bool {
        self.changes.as_ref().is_none_or(|changes| !changes.is_empty())
    }
}

/// Reads the package, and writes the lock where it may and must. Findings where there is nothing to be had.
pub fn sync(system: &dyn System, wanted: &Sync) -> Result<Synced, Vec<Finding>> {
    let path = wanted.root.join(LOCK);
    let before = match system.read_text(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(vec![unreadable(&path, &error)]),
    };
    let (old, damage) = before.as_deref().map_or_else(Default::default, |text| lock::parse(LOCK, text));
    if wanted.check && !damage.is_empty() {
        return Err(damage);
    }
    let (workers, mut findings) = match &wanted.worker {
        Some(worker) => workers(system, worker).map_err(|finding| vec![finding])?,
        None => (Workers::new(), Vec::new()),
    };
    let found = read(system, &wanted.package, &workers).map_err(|finding| vec![finding])?;
    let mut lock = found.lock;
    findings.extend(found.findings);
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    for (key, facts) in &mut lock.models {
        let before = old.models.get(key);
        facts.proven = before.and_then(|before| before.proven.clone());
        if wanted.worker.is_none() {
            facts.worker = before.and_then(|before| before.worker.clone());
        }
    }
    findings.extend(outdated(&old, &lock));
    let text = lock::write(&lock);
    let written = !wanted.check && before.as_deref() != Some(text.as_str());
    if written {
        system.write_atomic(&path, text.as_bytes()).map_err(|error| vec![unwritable(&path, &error)])?;
    }
    let changes = before.is_some().then(|| compare(&old, &lock));
    Ok(Synced { lock, changes, written, findings })
}

/// Proven facts that are of other sources than those that were read. They stay: a probe knows by their key what to do.
fn outdated(old: &Lock, new: &Lock) -> Option<Finding> {
    let is_outdated = |(key, facts): &(&String, &ModelFacts)| {
        facts.proven.as_ref().is_some_and(|proven| {
            let same = old.models.get(*key).is_some_and(|before| before.meaning == facts.meaning);
            !same || proven.transformers != new.head.transformers
        })
    };
    let models: Vec<&str> = new.models.iter().filter(is_outdated).map(|(key, _)| key.as_str()).collect();
    let finding = || Finding { severity: Severity::Warning, ..probe::out_of_date(&models) };
    (!models.is_empty()).then(finding)
}

fn unreadable(path: &Path, error: &io::Error) -> Finding {
    Finding::error(LOCK_DAMAGED, format!("{} can't be read: {error}", path.display()))
        .help("take the file from version control, or remove it and run `hfgen sync`")
}

fn unwritable(path: &Path, error: &io::Error) -> Finding {
    Finding::error(LOCK_UNWRITABLE, format!("{} can't be written: {error}", path.display()))
        .help("what stood there before is untouched")
}
