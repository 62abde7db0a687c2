//! Removing what hfgen made: outputs that are still as it wrote them, and the cache. Of the inputs only
//! registry.toml is read, for the output root.

use std::path::PathBuf;

use super::engine::below;
use super::memory;
use super::options::{Failure, Options};
use super::outcome::{Action, Outcome, OutputOutcome};
use super::progress::Silent;
use super::project::REGISTRY;
use crate::digest::Digest;
use crate::emit::files::Writer;
use crate::emit::ownership::{Standing, look};
use crate::finding::codes::output::{EDITED_BY_HAND, NOT_WRITABLE};
use crate::finding::codes::registry::BROKEN_REGISTRY;
use crate::finding::{Finding, Place};
use crate::graph::header::{Mark, mark};
use crate::registry::Registry;
use crate::registry::parse::read;
use crate::store::Layout;
use crate::sys::System;

/// What is to go.
#[derive(Debug, Clone, Copy)]
pub struct What {
    pub outputs: bool,
    pub cache: bool,
    /// Only say it.
    pub dry: bool,
}

pub fn clean(system: &dyn System, options: &Options, what: What) -> Result<Outcome, Failure> {
    let layout = Layout::new(&options.root, options.output_dir.as_deref());
    let mut outcome = Outcome { dry: what.dry, ..Outcome::default() };
    let lock = if what.dry { None } else { Some(memory::take(system, &layout, &Silent)?) };
    if what.outputs {
        outputs(system, options, &layout, what.dry, &mut outcome)?;
    }
    let mut of_cache = 0;
    if what.cache {
        of_cache = cache(system, &layout, what.dry)?;
    }
    drop(lock);
    outcome.cleaned = Some(of_cache);
    outcome.counts.removed = outcome.count(Action::Removed) as u64;
    Ok(outcome)
}

/// Removes the cache and says how many files it had. Hand edits were kept there for their owner: they stay, and what
/// tells git that the folder is a cache.
fn cache(system: &dyn System, layout: &Layout, dry: bool) -> Result<usize, Failure> {
    let files = system.walk(&layout.folder).map_err(Failure::io("listing the cache"))?;
    let full = |file: &PathBuf| layout.folder.join(file);
    let edits = layout.edits();
    let (edits, mut files): (Vec<PathBuf>, Vec<PathBuf>) =
        files.iter().map(full).partition(|file| file.starts_with(&edits));
    let markers = layout.markers().map(|(path, _)| path);
    files.retain(|file| edits.is_empty() || !markers.contains(file));
    if !dry {
        // Whoever waits for the lock goes on when its file is gone.
        files.sort_by_key(|file| *file == layout.lock());
        for file in &files {
            system.remove_file(file).map_err(Failure::io("removing the cache"))?;
        }
        for folder in files.iter().filter_map(|file| file.parent()) {
            // Those that have something left stay.
            let _ = system.remove_empty_folder(folder);
        }
        let _ = system.remove_empty_folder(&layout.folder);
    }
    Ok(files.iter().filter(|file| **file != layout.lock()).count())
}

fn outputs(
    system: &dyn System,
    options: &Options,
    layout: &Layout,
    dry: bool,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let trace = memory::load(system, layout).unwrap_or_default();
    let text = system.read_text(&options.root.join(REGISTRY)).map_err(Failure::io(REGISTRY))?;
    let registry: Registry =
        read(REGISTRY, &text, BROKEN_REGISTRY).map_err(|finding| Failure::Inputs(vec![*finding]))?;
    let root = options.output_dir.as_ref().map_or_else(
        || registry.project.output.trim_end_matches('/').to_owned(),
        |dir| dir.to_string_lossy().into_owned(),
    );
    let folder = options.root.join(&root);
    let mut known: Vec<(String, Option<Digest>)> =
        trace.outputs.iter().map(|old| (old.entry.path.clone(), Some(old.body))).collect();
    for file in system.walk(&folder).map_err(Failure::io("listing the outputs"))? {
        let path = format!("{root}/{}", file.to_string_lossy().replace('\\', "/"));
        if trace.output(&path).is_some() {
            continue;
        }
        let Ok(bytes) = system.read(&folder.join(&file)) else { continue };
        if mark(below(&path, &root), &bytes) != Mark::None {
            known.push((path, None));
        }
    }
    known.sort();
    let mut writer = None;
    for (path, body) in known {
        let full = options.root.join(&path);
        let standing =
            look(system, &full, below(&path, &root), body).map_err(Failure::io(format!("looking at {path}")))?;
        let action = match standing {
            Standing::Missing | Standing::Foreign { .. } => continue,
            Standing::Edited { .. } if !options.force => {
                outcome.findings.push(
                    Finding::error(EDITED_BY_HAND, format!("`{path}` was edited by hand"))
                        .at(Place::file(&path))
                        .help("take what you need from it, then `hfgen clean --force`"),
                );
                Action::Kept
            }
            Standing::Ours { .. } | Standing::Edited { .. } => Action::Removed,
        };
        if action == Action::Removed && !dry {
            let failed = |error: crate::emit::files::WriteError| {
                Failure::Inputs(vec![Finding::error(NOT_WRITABLE, error.to_string()).at(Place::file(&path))])
            };
            if writer.is_none() {
                let inside = options.output_dir.is_none();
                writer = Some(Writer::open(system, &options.root, &folder, inside).map_err(failed)?);
            }
            if let Some(writer) = &writer {
                writer.remove(&full).map_err(failed)?;
            }
        }
        outcome.outputs.push(OutputOutcome {
            path,
            rule: String::new(),
            model: None,
            hardware: None,
            action,
            why: Vec::new(),
            diff: None,
        });
    }
    outcome.planned = outcome.count(Action::Kept);
    outcome.selected = outcome.planned;
    if !dry {
        let _ = system.remove_file(&layout.stamps());
        let _ = system.remove_file(&layout.trace());
    }
    Ok(())
}
