//! hfgen's own Python environment: where it lies, what it is made for, how far it is. It is made in place, because a
//! virtual environment can't be moved; a record beside it, written after each step, says what of it is whole.
//!
//! Map of the folder: `plan` is what to install, step by step; `cost` what that costs; `make` does it.

pub mod cost;
pub mod make;
pub mod plan;

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::finding::codes::environment::NO_HOME;
use crate::sys::System;

/// The torch that environments are made with.
pub const TORCH: &str = "2.15.0";
/// The transformers of an environment where no project names one.
pub const TRANSFORMERS: &str = "5.23.0";
/// The version of the record. One of another version is taken for not there.
const FORMAT: u32 = 1;

/// What an environment is made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    pub torch: String,
    pub transformers: String,
    /// PyTorch's build without CUDA, where its index can be reached.
    pub cpu: bool,
}

/// How far an environment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    pub wanted: Wanted,
    /// Steps that are done, in their order.
    pub done: Vec<String>,
    /// The step that was begun; after a kill it may be half done.
    pub begun: Option<String>,
    /// Whether everything that was wanted is there.
    pub whole: bool,
}

/// An environment: its folder, which need not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub folder: PathBuf,
    pub wanted: Wanted,
}

impl Wanted {
    /// For the transformers that a project's lock names.
    pub fn for_project(system: &dyn System, root: Option<&Path>, cpu: bool) -> Self {
        let transformers = root.and_then(|root| locked(system, root)).unwrap_or_else(|| TRANSFORMERS.to_owned());
        Self { torch: TORCH.to_owned(), transformers, cpu }
    }

    fn name(&self) -> String {
        let cpu = if self.cpu { "-cpu" } else { "" };
        format!("transformers-{}-torch-{}{cpu}", self.transformers, self.torch)
    }
}

impl Environment {
    pub fn new(system: &dyn System, wanted: Wanted) -> Result<Self, Finding> {
        Ok(Self { folder: environments(system).ok_or_else(no_home)?.join(wanted.name()), wanted })
    }

    /// The Python in it.
    pub fn python(&self) -> PathBuf {
        python_of(&self.folder)
    }

    /// The record of how far it is; a new one where there is none that can be read.
    pub fn record(&self, system: &dyn System) -> Record {
        read(system, &self.file()).unwrap_or_else(|| Record {
            version: FORMAT,
            wanted: self.wanted.clone(),
            done: Vec::new(),
            begun: None,
            whole: false,
        })
    }

    pub fn is_whole(&self, system: &dyn System) -> bool {
        self.record(system).whole && system.exists(&self.python())
    }

    fn keep(&self, system: &dyn System, record: &Record) -> io::Result<()> {
        let text = serde_json::to_string_pretty(record).map_err(io::Error::other)? + "\n";
        system.write_atomic(&self.file(), text.as_bytes()).map(|_| ())
    }

    /// Beside the folder: making the environment anew empties that.
    fn file(&self) -> PathBuf {
        self.folder.with_file_name(format!("{}.json", self.wanted.name()))
    }

    /// Removes it; the record goes first, so that nothing takes a half removed one for whole.
    pub fn remove(&self, system: &dyn System) -> io::Result<()> {
        match system.remove_file(&self.file()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        system.remove_folder(&self.folder)
    }
}

/// The Python of hfgen's own environment that suits a project best: one for its transformers, without it none.
pub fn own(system: &dyn System, root: &Path) -> Option<PathBuf> {
    [false, true].into_iter().find_map(|cpu| {
        let environment = Environment::new(system, Wanted::for_project(system, Some(root), cpu)).ok()?;
        environment.is_whole(system).then(|| environment.python())
    })
}

/// Where Python stands in an environment.
pub fn python_of(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts").join("python.exe") } else { folder.join("bin").join("python") }
}

/// The version of transformers that `registry.lock` names; only its head is read.
pub fn locked(system: &dyn System, root: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        transformers: String,
    }
    let text = system.read_text(&root.join("registry.lock")).ok()?;
    let head = text.split("\n[").next().unwrap_or_default();
    toml::from_str::<Head>(head).ok().map(|head| head.transformers).filter(|version| is_version(version))
}

/// The version becomes the name of a folder and a requirement of pip.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '+'))
}

fn environments(system: &dyn System) -> Option<PathBuf> {
    let folder = |name: &str| system.env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = folder("HFGEN_HOME")
        .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("hfgen")))
        .or_else(|| Some(folder("HOME")?.join(".cache").join("hfgen")))
        .or_else(|| Some(folder("LOCALAPPDATA")?.join("hfgen")))?;
    let home = if home.is_absolute() { home } else { system.current_folder().ok()?.join(home) };
    Some(home.join("environments"))
}

fn read(system: &dyn System, file: &Path) -> Option<Record> {
    let record: Record = serde_json::from_str(&system.read_text(file).ok()?).ok()?;
    (record.version == FORMAT).then_some(record)
}

fn no_home() -> Finding {
    Finding::error(NO_HOME, "there is no folder to keep Python environments in").help("set HFGEN_HOME to one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MemorySystem;

    const LOCK: &str = "# x\nversion = 1\ntransformers = \"5.1.0\"\n\n[base_fields]\nx = 1\n";

    #[test]
    fn it_lies_where_caches_do() {
        let folder = |names: &[(&str, &str)]| {
            let system = MemorySystem::default();
            for (name, value) in names {
                system.set_env(name, value);
            }
            let wanted = Wanted::for_project(&system, None, false);
            Environment::new(&system, wanted).map(|environment| environment.folder.display().to_string()).ok()
        };
        let name = "environments/transformers-5.23.0-torch-2.15.0";
        assert_eq!(folder(&[]), None);
        assert_eq!(folder(&[("HOME", "/h")]), Some(format!("/h/.cache/hfgen/{name}")));
        assert_eq!(folder(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]), Some(format!("/x/hfgen/{name}")));
        assert_eq!(folder(&[("HFGEN_HOME", "own"), ("XDG_CACHE_HOME", "/x")]), Some(format!("/project/own/{name}")));
    }

    #[test]
    fn the_lock_names_the_version() {
        let system = MemorySystem::new([("/p/registry.lock", LOCK), ("/q/registry.lock", "transformers = \"../x\"")]);
        assert_eq!(locked(&system, Path::new("/p")).as_deref(), Some("5.1.0"));
        assert_eq!(locked(&system, Path::new("/q")), None);
        assert_eq!(locked(&system, Path::new("/r")), None);
    }

    #[test]
    fn half_an_environment_is_none() {
        let system = MemorySystem::new([("/p/registry.lock", LOCK)]);
        system.set_env("HFGEN_HOME", "/h");
        let environment = Environment::new(&system, Wanted::for_project(&system, Some(Path::new("/p")), true)).unwrap();
        let mut record = environment.record(&system);
        record.done.push("environment".to_owned());
        environment.keep(&system, &record).unwrap();
        system.put(environment.python(), "");
        assert_eq!(own(&system, Path::new("/p")), None);
        record.whole = true;
        environment.keep(&system, &record).unwrap();
        assert_eq!(own(&system, Path::new("/p")), Some(environment.python()));
        environment.remove(&system).unwrap();
        assert_eq!(own(&system, Path::new("/p")), None);
        assert!(system.files().keys().all(|file| !file.starts_with("/h")));
    }
}
