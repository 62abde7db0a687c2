//! Which Python is meant, and which libraries it has: asked of their metadata, nothing is imported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::environment;
use crate::finding::Finding;
use crate::finding::codes::output::UNKNOWN_PYTHON;
use crate::sys::System;

/// Prints name and version of every distribution that matters and is there, and where transformers lies, as JSON.
const SCRIPT: &str = "
import importlib.metadata as m, importlib.util as u, json, platform
found = {'python': platform.python_version(), 'machine': platform.machine()}
names = 'torch transformers pytest numpy safetensors tokenizers accelerate pillow torchvision torchaudio timm openvino \
onnxruntime onnxruntime-qnn onnx onnxscript executorch optimum scipy einops sentencepiece'
for name in names.split():
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
try:
    spec = u.find_spec('transformers')
except (ImportError, ValueError):
    spec = None
print(json.dumps({'versions': found, 'transformers': spec and spec.origin}))
";

/// What a Python said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Said {
    /// By name: `python`, `machine`, and each library that is there.
    pub versions: BTreeMap<String, String>,
    /// The file `transformers/__init__.py` that it would import.
    transformers: Option<PathBuf>,
}

impl Said {
    /// The folder of the transformers package that it would import.
    pub fn transformers(&self) -> Option<&Path> {
        self.transformers.as_deref().and_then(Path::parent)
    }
}

/// A Python, and why it is this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Python {
    pub program: String,
    pub source: Source,
}

/// Why a Python was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// By --python, or HFGEN_PYTHON.
    Named,
    /// VIRTUAL_ENV names its environment.
    Active,
    /// `.venv` or `venv` of the project.
    Project,
    /// The environment that `hfgen env create` made.
    Own,
    /// Whatever `python3` is.
    Path,
}

impl Source {
    pub fn words(self) -> &'static str {
        match self {
            Self::Named => "named with --python or HFGEN_PYTHON",
            Self::Active => "of the active environment",
            Self::Project => "of the project's environment",
            Self::Own => "of hfgen's own environment",
            Self::Path => "from the PATH",
        }
    }
}

/// The Python that commands use: the one that is named, else that of the active, of the project's or of hfgen's own
/// environment, else `python3`. An environment without torch is passed over where a later one has it.
pub fn choose(system: &dyn System, root: &Path, named: Option<&str>) -> Python {
    if let Some(program) = said(system, named) {
        return Python { program, source: Source::Named };
    }
    let mut found: Vec<(PathBuf, Source)> =
        folders(system, root).filter_map(|(folder, s)| Some((inside(system, &folder)?, s))).collect();
    found.extend(environment::own(system, root).map(|python| (python, Source::Own)));
    let with_torch = found.iter().position(|(python, source)| *source == Source::Own || has_torch(system, python));
    let taken = found.into_iter().nth(with_torch.unwrap_or(0));
    taken.map_or_else(
        || Python { program: "python3".to_owned(), source: Source::Path },
        |(python, source)| Python { program: python.display().to_string(), source },
    )
}

/// The environments that commands look into, without asking which of them has what.
pub fn environments(system: &dyn System, root: &Path, named: Option<&str>) -> Vec<PathBuf> {
    if let Some(program) = said(system, named) {
        return around(Path::new(&program)).map(Path::to_path_buf).into_iter().collect();
    }
    let own = environment::own(system, root).and_then(|python| around(&python).map(Path::to_path_buf));
    folders(system, root).map(|(folder, _)| folder).chain(own).collect()
}

/// The Python that is named, or that of HFGEN_PYTHON.
fn said(system: &dyn System, named: Option<&str>) -> Option<String> {
    let variable = || system.env("HFGEN_PYTHON").filter(|program| !program.is_empty());
    named.map(str::to_owned).or_else(variable)
}

/// The active environment, then those that a project may have, whether they are there or not.
fn folders(system: &dyn System, root: &Path) -> impl Iterator<Item = (PathBuf, Source)> {
    let active = system.env("VIRTUAL_ENV").filter(|folder| !folder.is_empty());
    let active = active.map(|folder| (PathBuf::from(folder), Source::Active));
    active.into_iter().chain([".venv", "venv"].map(|folder| (root.join(folder), Source::Project)))
}

/// The environment that a Python stands in.
fn around(python: &Path) -> Option<&Path> {
    python.parent().and_then(Path::parent)
}

/// The program of `choose`.
pub fn find(system: &dyn System, root: &Path, named: Option<&str>) -> String {
    choose(system, root, named).program
}

/// The Python of an environment, also where Windows puts it.
fn inside(system: &dyn System, folder: &Path) -> Option<PathBuf> {
    [folder.join("bin/python"), folder.join("Scripts/python.exe")].into_iter().find(|python| system.exists(python))
}

/// Whether torch lies in the environment of a Python; nothing is started to find out.
fn has_torch(system: &dyn System, python: &Path) -> bool {
    let Some(folder) = around(python) else { return false };
    let lib = folder.join("lib");
    let versions = system.list(&lib).unwrap_or_default();
    let mut places = versions.iter().map(|(name, _)| lib.join(name).join("site-packages"));
    let there = |place: PathBuf| system.exists(&place.join("torch/__init__.py"));
    places.any(there) || there(folder.join("Lib").join("site-packages"))
}

/// Versions by name: `python`, `machine`, and each library that is there.
pub fn versions(system: &dyn System, python: &str, folder: &Path) -> Result<BTreeMap<String, String>, Finding> {
    ask(system, python, folder).map(|said| said.versions)
}

/// Asks a Python what it has. Nothing is imported.
pub fn ask(system: &dyn System, python: &str, folder: &Path) -> Result<Said, Finding> {
    let help = "name one with --python, or activate the environment that has torch and transformers";
    let ran = system
        .run(python, &["-c", SCRIPT], folder, &[])
        .map_err(|error| Finding::error(UNKNOWN_PYTHON, format!("`{python}` can't be started: {error}")).help(help))?;
    serde_json::from_slice(&ran.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&ran.stderr);
        let last = said.lines().last().unwrap_or("it printed nothing");
        Finding::error(UNKNOWN_PYTHON, format!("`{python}` is no Python that can be asked: {last}")).help(help)
    })
}

/// A finding where a Python lacks a library that a command can't do without.
pub fn demand(versions: &BTreeMap<String, String>, python: &str, names: &[&str]) -> Result<(), Finding> {
    match names.iter().find(|name| !versions.contains_key(**name)) {
        None => Ok(()),
        Some(name) => Err(Finding::error(UNKNOWN_PYTHON, format!("`{python}` has no {name}"))
            .help("name a Python that has torch, transformers and pytest with --python, or activate its environment")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MemorySystem;

    #[test]
    fn the_nearest_environment_is_taken() {
        let system = MemorySystem::new([("/p/venv/bin/python", ""), ("/active/bin/python", "")]);
        let found = |system: &MemorySystem, named| find(system, Path::new("/p"), named);
        assert_eq!(found(&system, None), "/p/venv/bin/python");
        assert_eq!(found(&system, Some("python3.12")), "python3.12");
        system.set_env("VIRTUAL_ENV", "/active");
        assert_eq!(found(&system, None), "/active/bin/python");
        assert_eq!(found(&MemorySystem::default(), None), "python3");
        system.set_env("HFGEN_PYTHON", "pypy");
        assert_eq!((found(&system, None), found(&system, Some("x"))), ("pypy".to_owned(), "x".to_owned()));
    }

    #[test]
    fn an_environment_without_torch_is_passed_over_for_one_that_has_it() {
        let torch = "/p/.venv/lib/python3.12/site-packages/torch/__init__.py";
        let system = MemorySystem::new([("/active/bin/python", ""), ("/p/.venv/bin/python", ""), (torch, "")]);
        system.set_env("VIRTUAL_ENV", "/active");
        let source = || choose(&system, Path::new("/p"), None).source;
        assert_eq!(source(), Source::Project);
        system.delete(torch);
        assert_eq!(source(), Source::Active);
        system.set_env("HFGEN_HOME", "/h");
        let own = "/h/environments/transformers-5.23.0-torch-2.15.0";
        system.put(format!("{own}/bin/python"), "");
        assert_eq!(source(), Source::Active);
        let wanted = r#"{"torch": "2.15.0", "transformers": "5.23.0", "cpu": false}"#;
        let record = format!(r#"{{"version": 1, "wanted": {wanted}, "done": [], "begun": null, "whole": true}}"#);
        system.put(format!("{own}.json"), record);
        assert_eq!(source(), Source::Own);
        system.put("/active/lib/python3.11/site-packages/torch/__init__.py", "");
        assert_eq!(source(), Source::Active);
    }
}
