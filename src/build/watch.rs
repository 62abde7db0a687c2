//! Building again whenever an input changes. The database is kept between rounds, so only what the change reaches is
//! asked for.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::engine::round;
use super::options::{Failure, Options};
use super::outcome::Outcome;
use super::progress::Progress;
use super::project::{LOCK, REGISTRY, RULES, TEMPLATES};
use super::session::Session;
use crate::sys::System;

/// Editors write in several steps; a round waits until they have been still for so long.
const STILL: Duration = Duration::from_millis(20);

/// Builds, and builds again after each change, until `told` says to stop.
pub fn watch(
    system: &dyn System,
    options: &Options,
    progress: &dyn Progress,
    told: &mut dyn FnMut(Result<Outcome, Failure>, Duration) -> bool,
) -> Result<(), Failure> {
    let (sender, changes) = unbounded();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let changed = match event {
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) if !event.need_rescan() => Some(event.paths),
            // Something was missed.
            Ok(_) | Err(_) => None,
        };
        // The receiver goes with the watch.
        let _ = sender.send(changed);
    })
    .map_err(unwatchable)?;
    let mut session: Option<Session> = None;
    loop {
        // Folders come and go, as another branch is checked out; one that came back is another one.
        watch_folders(&mut watcher, system, options)?;
        let started = Instant::now();
        let outcome = round(system, options, progress, &mut session);
        if outcome.is_err() {
            // Its inputs may be half set: the next round reads them anew.
            session = None;
        }
        if !told(outcome, started.elapsed()) {
            return Ok(());
        }
        if !wait(&changes, options) {
            return Ok(());
        }
    }
}

fn watch_folders(watcher: &mut RecommendedWatcher, system: &dyn System, options: &Options) -> Result<(), Failure> {
    watcher.watch(&options.root, RecursiveMode::NonRecursive).map_err(unwatchable)?;
    for folder in folders(options).iter().filter(|folder| system.exists(folder)) {
        // What is watched under this name may be a folder that is gone.
        let _ = watcher.unwatch(folder);
        watcher.watch(folder, RecursiveMode::Recursive).map_err(unwatchable)?;
    }
    Ok(())
}

/// The folders that hold inputs, there or not.
fn folders(options: &Options) -> Vec<PathBuf> {
    let own = [RULES, TEMPLATES].map(PathBuf::from);
    own.iter().chain(&options.templates).map(|folder| options.root.join(folder)).collect()
}

/// Waits for a change of an input, and then until changes stop coming. `None`: nobody knows what changed.
fn wait(changes: &Receiver<Option<Vec<PathBuf>>>, options: &Options) -> bool {
    let folders = folders(options);
    loop {
        let Ok(changed) = changes.recv() else { return false };
        if changed.is_none_or(|paths| paths.iter().any(|path| is_input(path, &options.root, &folders))) {
            break;
        }
    }
    while changes.recv_timeout(STILL).is_ok() {}
    true
}

/// Whether what stands at `path` may be an input or hold some. What editors put beside a file is not.
fn is_input(path: &Path, root: &Path, folders: &[PathBuf]) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let is_aside = name.starts_with('.') || name.ends_with('~');
    let of_root = [REGISTRY, LOCK].iter().any(|name| path == root.join(name));
    of_root || !is_aside && folders.iter().any(|folder| path.starts_with(folder))
}

fn unwatchable(error: notify::Error) -> Failure {
    Failure::Io { what: "watching the inputs".to_owned(), source: std::io::Error::other(error) }
}
