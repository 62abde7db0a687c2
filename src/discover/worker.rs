//! A worker project: which model types have a real `hf_<type>.py`, and what its class offers. It reads, it loads nothing.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;

use super::outline::{Class, outline};
use crate::finding::codes::sync::{NO_WORKER, UNREADABLE_PYTHON, WORKER_CLASS, WORKER_TWICE};
use crate::finding::{Finding, Place};
use crate::registry::lock::WorkerFacts;
use crate::sys::System;

/// Worker modules by the identifier in their name: `gpt_neo` for `hf_gpt_neo.py`.
pub type Workers = BTreeMap<String, WorkerFacts>;

/// Reads the modules of the checkout at `root`: `hf_*.py` in the folder itself and in folders `skillset/` below it.
pub fn workers(system: &dyn System, root: &Path) -> Result<(Workers, Vec<Finding>), Finding> {
    let walked = system.walk(root).map_err(|error| {
        Finding::error(NO_WORKER, format!("the worker project {} can't be listed: {error}", root.display()))
    })?;
    let mut workers = Workers::new();
    let mut findings = Vec::new();
    for path in walked {
        let path = path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        let Some(ident) = ident(&path) else { continue };
        match module(system, root, &path, ident) {
            Err(finding) => findings.push(finding),
            Ok(facts) => match workers.get(ident) {
                None => drop(workers.insert(ident.to_owned(), facts)),
                Some(first) => findings.push(
                    Finding::warning(WORKER_TWICE, format!("two modules stand for `{ident}`; {} counts", first.from))
                        .at(Place::file(path))
                        .related("the one that counts", Place::file(&first.from)),
                ),
            },
        }
    }
    if workers.is_empty() && findings.is_empty() {
        return Err(Finding::error(NO_WORKER, format!("{} holds no hf_<type>.py", root.display()))
            .help("name the checkout, or its folder `skillset/`"));
    }
    Ok((workers, findings))
}

/// `gpt_neo` for `worker/skillset/hf_gpt_neo.py` and for `hf_gpt_neo.py`.
fn ident(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let here = folder.is_empty() || folder.rsplit('/').next() == Some("skillset");
    let ident = name.strip_prefix("hf_")?.strip_suffix(".py")?;
    (here && !ident.is_empty()).then_some(ident)
}

fn module(system: &dyn System, root: &Path, path: &str, ident: &str) -> Result<WorkerFacts, Finding> {
    let source = system.read_text(&root.join(path)).map_err(|error| {
        Finding::warning(UNREADABLE_PYTHON, format!("{path} can't be read: {error}")).at(Place::file(path))
    })?;
    let outlined = outline(path, &source, None).map_err(|finding| Finding {
        severity: crate::finding::Severity::Warning,
        help: None,
        ..finding
    })?;
    let name = format!("hf_{ident}");
    let Some(class) = outlined.classes.get(&name) else {
        let near = crate::finding::near_miss(&name, outlined.classes.keys().map(String::as_str));
        let help = match near {
            Some(near) => format!("its class is `{near}`; name it `{name}`"),
            None => format!("define `class {name}` there"),
        };
        return Err(Finding::warning(WORKER_CLASS, format!("{path} defines no class `{name}`"))
            .at(Place::file(path))
            .help(help));
    };
    Ok(WorkerFacts { from: path.to_owned(), class: name, methods: methods(class) })
}

fn methods(class: &Class) -> IndexMap<String, Vec<String>> {
    class.methods.clone()
}
