//! Writing and removing outputs, in parallel, each whole or not at all. Paths are checked to lie below the output root as
//! the file system sees it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::sys::os::TEMPORARY;
use crate::sys::{Stamp, System};

/// Writes below one output root.
pub struct Writer<'a> {
    system: &'a dyn System,
    /// The project's root, as it is named and with every symlink resolved.
    project: (PathBuf, PathBuf),
    /// The output root, as it is named.
    named: PathBuf,
    /// The output root, with every symlink resolved.
    real: PathBuf,
    /// Folders that were checked or made.
    folders: Mutex<BTreeMap<PathBuf, Result<(), String>>>,
}

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("{0}")]
    Outside(String),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl<'a> Writer<'a> {
    /// `root`: the project's root, which the output root must stay below unless it was named on the command line.
    pub fn open(system: &'a dyn System, root: &Path, output: &Path, inside: bool) -> Result<Self, WriteError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| WriteError::Io { path, source }
        };
        system.make_folders(output).map_err(io(output))?;
        let real = system.canonical(output).map_err(io(output))?;
        let project = system.canonical(root).map_err(io(root))?;
        if inside && !real.starts_with(&project) {
            return Err(WriteError::Outside(format!(
                "the output root `{}` leads out of the project, to `{}`",
                output.display(),
                real.display()
            )));
        }
        let named = output.to_owned();
        Ok(Self { system, project: (root.to_owned(), project), named, real, folders: Mutex::default() })
    }

    /// Replaces the file at `path` by `bytes`.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<Stamp, WriteError> {
        if let Some(folder) = path.parent() {
            self.folder(folder)?;
        }
        self.system.write_atomic(path, bytes).map_err(|source| WriteError::Io { path: path.to_owned(), source })
    }

    /// Removes the file at `path`, and the folders that it leaves empty. It may lie below another output root of the
    /// project, which was its root when it was written.
    pub fn remove(&self, path: &Path) -> Result<(), WriteError> {
        let Some(folder) = path.parent() else { return Ok(()) };
        let within = |folder: &Path| -> Option<bool> {
            let real = self.system.canonical(folder).ok()?;
            let straight =
                || folder.strip_prefix(&self.project.0).is_ok_and(|below| real == self.project.1.join(below));
            Some(real.starts_with(&self.real) || straight()).filter(|_| real != self.real && real != self.project.1)
        };
        if within(folder) == Some(false) {
            return Err(WriteError::Outside(format!(
                "`{}` is reached through a symbolic link that leads out of the output root",
                path.display()
            )));
        }
        match self.system.remove_file(path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError::Io { path: path.to_owned(), source });
            }
            _ => {}
        }
        let mut folder = Some(folder);
        while let Some(empty) = folder {
            if within(empty) != Some(true) || self.system.remove_empty_folder(empty).is_err() {
                break;
            }
            folder = empty.parent();
        }
        Ok(())
    }

    /// Removes temporary files that a killed build left below the output root.
    pub fn sweep(&self) {
        for file in self.system.walk(&self.real).unwrap_or_default() {
            if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY)) {
                let _ = self.system.remove_file(&self.real.join(file));
            }
        }
    }

    /// A folder of outputs is there, and no symlink on the way leads out of the output root.
    fn folder(&self, folder: &Path) -> Result<(), WriteError> {
        let mut known = self.folders.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(result) = known.get(folder) {
            return result.clone().map_err(WriteError::Outside);
        }
        let io = |source| WriteError::Io { path: folder.to_owned(), source };
        // What is there decides before anything is made: a folder made below it can lead nowhere else.
        let is_there = |above: &&Path| **above == self.named || self.system.exists(above);
        let there = folder.ancestors().find(is_there).unwrap_or(folder);
        let real = self.system.canonical(there).map_err(io)?;
        let result = if real.starts_with(&self.real) {
            self.system.make_folders(folder).map_err(io)?;
            Ok(())
        } else {
            Err(format!(
                "`{}` is reached through a symbolic link that leads out of the output root, to `{}`",
                folder.display(),
                real.display()
            ))
        };
        known.insert(folder.to_owned(), result.clone());
        result.map_err(WriteError::Outside)
    }
}
