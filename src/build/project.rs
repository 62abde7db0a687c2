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

/// The file that makes a folder a project.
pub const REGISTRY: &str = "registry.toml";
pub const LOCK: &str = "registry.lock";
pub const RULES: &str = "rules";
pub const TEMPLATES: &str = "templates";

impl InputSet {
    /// The inputs of a project without further layers by their paths, each with its stamp; `None` where a path is no
    /// input's.
    pub fn known<'a>(
        inputs: impl Iterator<Item = (&'a str, Option<Stamp>)>,
        folders: Vec<(String, Option<Stamp>)>,
    ) -> Option<(Self, Vec<Option<Stamp>>)> {
        let below = |path: &'a str, folder: &str| path.strip_prefix(folder)?.strip_prefix('/');
        let file = |path: &'a str| {
            let role = match (path, below(path, RULES), below(path, TEMPLATES)) {
                (REGISTRY, ..) => Role::Registry,
                (LOCK, ..) => Role::Lock,
                (_, Some(_), _) => Role::Rules,
                (.., Some(relative)) => Role::Template { relative: relative.to_owned(), layer: 1 },
                _ => return None,
            };
            Some(InputFile { path: path.to_owned(), role })
        };
        let mut inputs: Vec<_> = inputs.map(|(path, stamp)| Some((file(path)?, stamp))).collect::<Option<_>>()?;
        inputs.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (files, stamps) = inputs.into_iter().unzip();
        Some((Self { files, folders }, stamps))
    }
}

/// Lists the inputs below `root` and in the layers of templates.
pub fn inputs(system: &dyn System, root: &Path, layers: &[PathBuf]) -> std::io::Result<InputSet> {
    let mut set = InputSet::default();
    set.files.push(InputFile { path: REGISTRY.to_owned(), role: Role::Registry });
    set.files.push(InputFile { path: LOCK.to_owned(), role: Role::Lock });
    set.folders.push((RULES.to_owned(), folder_stamp(system, &root.join(RULES))));
    for (name, kind) in listed(system, &root.join(RULES))? {
        let kind = followed(system, &root.join(RULES).join(&name), kind);
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
    // Each folder with the real folders that links led out of on the way to it.
    let mut open = vec![(String::new(), Vec::new())];
    while let Some((below, way)) = open.pop() {
        let folder = if below.is_empty() { layer.to_owned() } else { layer.join(&below) };
        let full = root.join(&folder);
        set.folders.push((slashes(&folder), folder_stamp(system, &full)));
        for (name, kind) in listed(system, &full)? {
            if name.starts_with('.') {
                continue;
            }
            let relative = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            match followed(system, &full.join(&name), kind) {
                Kind::Folder if kind == Kind::Symlink => {
                    let (here, there) = (system.canonical(&full)?, system.canonical(&full.join(&name))?);
                    let mut way: Vec<PathBuf> = way.clone();
                    way.push(here);
                    // A link that leads back to where it was come from has nothing new in it.
                    if !way.iter().any(|here| here.starts_with(&there)) {
                        open.push((relative, way));
                    }
                }
                Kind::Folder => open.push((relative, way.clone())),
                Kind::File if name.ends_with(".hbs") => set.files.push(InputFile {
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
        Err(error) => Err(std::io::Error::new(error.kind(), format!("{}: {error}", folder.display()))),
        listed => listed,
    }
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A folder's stamp, that of the folder that a link leads to; none where there is no folder.
pub fn folder_stamp(system: &dyn System, path: &Path) -> Option<Stamp> {
    let stamp = system.stat(path).ok()?;
    let stamp = if stamp.kind == Kind::Symlink { system.stat(&system.canonical(path).ok()?).ok()? } else { stamp };
    Some(stamp).filter(|stamp| stamp.kind == Kind::Folder)
}

/// What a link leads to: inputs may lie elsewhere.
fn followed(system: &dyn System, path: &Path, kind: Kind) -> Kind {
    if kind != Kind::Symlink {
        return kind;
    }
    system.canonical(path).and_then(|real| system.stat(&real)).map_or(kind, |stamp| stamp.kind)
}
