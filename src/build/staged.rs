//! The project as the next commit will have it: staged contents over the working tree, without touching the tree.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::changed::failure;
use super::options::Failure;
use crate::sys::System;
use crate::sys::git::{Repository, Status};

/// What the index holds where it differs from the working tree, and what the commit would change.
#[derive(Debug, Default)]
pub struct Staged {
    /// For an overlay: contents by absolute path; `None` where the index has no such file.
    pub contents: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// Staged paths, relative to the project root.
    pub paths: Vec<String>,
}

/// The text of one file as it is staged. Asks git only where the working tree has another.
pub fn text(
    system: &dyn System,
    git: &Repository<'_>,
    root: &Path,
    status: &Status,
    path: &str,
) -> Result<String, Failure> {
    let moved = status.entries.iter().find(|entry| entry.path == path && entry.is_unstaged);
    let Some(id) = moved.and_then(|entry| entry.staged.clone()) else {
        return system.read_text(&root.join(path)).map_err(Failure::io(path));
    };
    let bytes = git.blobs(&[id]).map_err(|error| failure(&error))?.pop().unwrap_or_default();
    String::from_utf8(bytes).map_err(std::io::Error::other).map_err(Failure::io(path))
}

/// Asks git, with one process at most. `relevant`: whether a path is an input or an output.
pub fn staged(
    git: &Repository<'_>,
    root: &Path,
    status: &Status,
    relevant: &dyn Fn(&str) -> bool,
) -> Result<Staged, Failure> {
    let entries: Vec<_> = status.entries.iter().filter(|entry| relevant(&entry.path)).collect();
    let mut staged = Staged {
        paths: entries.iter().filter(|entry| entry.is_staged).map(|entry| entry.path.clone()).collect(),
        ..Staged::default()
    };
    if staged.paths.is_empty() {
        return Ok(staged);
    }
    let moved: Vec<_> = entries.iter().filter(|entry| entry.is_unstaged).collect();
    let ids: Vec<_> = moved.iter().filter_map(|entry| entry.staged.clone()).collect();
    let mut blobs = git.blobs(&ids).map_err(|error| failure(&error))?.into_iter();
    for entry in moved {
        let contents = entry.staged.as_ref().and_then(|_| blobs.next());
        staged.contents.insert(root.join(&entry.path), contents);
    }
    // A file that git doesn't know is in no commit.
    for path in status.untracked.iter().filter(|path| relevant(path)) {
        staged.contents.insert(root.join(path), None);
    }
    Ok(staged)
}
