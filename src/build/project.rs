//! A project on disk: where it is and which files are its inputs. Reads names and stamps, no contents.

use std::path::{Path, PathBuf};

use crate::sys::{Kind, Stamp, System};

/// An input file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputFile {
    /// Relative to the project root where it lies below it, with forward slashes.
    pub path: String,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Registry,
    Lock,
    Rules,
    /// Path below its layer's folder; 1 is the project's own layer, higher ones come from the command line.
    Template {
        relative: String,
        layer: u8,
    },
}

/// Which files and folders a build has to look at.
#[derive(Debug, Clone, Default)]
pub struct InputSet {
    /// Sorted by path. The registry and the lock stand in it whether they are there or not.
    pub files: Vec<InputFile>,
    /// Folders whose stamp moves when an input comes or goes, there or not; stamped before they were listed.
    pub folders: Vec<(String, Option<Stamp>)>,
}

pub const REGISTRY: &str = "registry.toml";
pub const LOCK: &str = "registry.lock";
const RULES: &str = "rules";
const TEMPLATES: &str = "templates";

/// The nearest folder upward from `start` that holds a registry.toml.
pub fn find_root(system: &dyn System, start: &Path) -> Option<PathBuf> {
    start.ancestors().find(|folder| system.exists(&folder.join(REGISTRY))).map(Path::to_owned)
}

/// Lists the inputs below `root` and in the layers of templates.
pub fn inputs(system: &dyn System, root: &Path, layers: &[PathBuf]) -> std::io::Result<InputSet> {
    let mut set = InputSet::default();
    set.files.push(InputFile { path: REGISTRY.to_owned(), role: Role::Registry });
    set.files.push(InputFile { path: LOCK.to_owned(), role: Role::Lock });
    set.folders.push((RULES.to_owned(), folder_stamp(system, &root.join(RULES))));
    for (name, kind) in listed(system, &root.join(RULES))? {
        if kind == Kind::File && name.ends_with(".toml") && !name.starts_with('.') {
            set.files.push(InputFile { path: format!("{RULES}/{name}"), role: Role::Rules });
        }
    }
    templates(system, root, Path::new(TEMPLATES), 1, &mut set)?;
    for (index, layer) in layers.iter().enumerate() {
        templates(system, root, layer, u8::try_from(index + 2).unwrap_or(u8::MAX), &mut set)?;
    }
    set.files.sort();
    Ok(set)
}

fn templates(system: &dyn System, root: &Path, layer: &Path, number: u8, set: &mut InputSet) -> std::io::Result<()> {
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        let folder = if below.is_empty() { layer.to_owned() } else { layer.join(&below) };
        set.folders.push((slashes(&folder), folder_stamp(system, &root.join(&folder))));
        for (name, kind) in listed(system, &root.join(&folder))? {
            let relative = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            match kind {
                Kind::Folder if !name.starts_with('.') => open.push(relative),
                Kind::File if name.ends_with(".hbs") && !name.starts_with('.') => set.files.push(InputFile {
                    path: slashes(&layer.join(&relative)),
                    role: Role::Template { relative, layer: number },
                }),
                _ => {}
            }
        }
    }
    Ok(())
}

/// A folder that is not there has nothing in it.
fn listed(system: &dyn System, folder: &Path) -> std::io::Result<Vec<(String, Kind)>> {
    match system.list(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other,
    }
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A folder's stamp; none where there is no folder.
pub fn folder_stamp(system: &dyn System, path: &Path) -> Option<Stamp> {
    system.stat(path).ok().filter(|stamp| stamp.kind == Kind::Folder)
}
