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
use super::session::Session;
use crate::store::FOLDER;
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
        if let Ok(event) = event
            && !matches!(event.kind, EventKind::Access(_))
        {
            // The receiver goes with the watch.
            let _ = sender.send(event.paths);
        }
    })
    .map_err(unwatchable)?;
    let mut session: Option<Session> = None;
    watch_folders(&mut watcher, system, options)?;
    loop {
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
    let mut folders: Vec<PathBuf> = vec![options.root.join("rules"), options.root.join("templates")];
    folders.extend(options.templates.iter().map(|layer| options.root.join(layer)));
    for folder in folders.iter().filter(|folder| system.exists(folder)) {
        watcher.watch(folder, RecursiveMode::Recursive).map_err(unwatchable)?;
    }
    Ok(())
}

/// Waits for a change of an input, and then until changes stop coming.
fn wait(changes: &Receiver<Vec<PathBuf>>, options: &Options) -> bool {
    loop {
        let Ok(paths) = changes.recv() else { return false };
        if paths.iter().any(|path| is_input(path, &options.root)) {
            break;
        }
    }
    while changes.recv_timeout(STILL).is_ok() {}
    true
}

fn is_input(path: &Path, root: &Path) -> bool {
    if path.starts_with(root.join(FOLDER)) {
        return false;
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let ending = |ending: &str| name.ends_with(ending) && !name.starts_with('.');
    name == "registry.toml" || name == "registry.lock" || ending(".toml") || ending(".hbs")
}

fn unwatchable(error: notify::Error) -> Failure {
    Failure::Io { what: "watching the inputs".to_owned(), source: std::io::Error::other(error) }
}
