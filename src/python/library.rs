//! Which Python is meant, and which libraries it has: asked of their metadata, nothing is imported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::finding::Finding;
use crate::finding::codes::output::UNKNOWN_PYTHON;
use crate::sys::System;

/// Prints name and version of every distribution that matters and is there, as JSON.
const SCRIPT: &str = "
import importlib.metadata as m, json, platform
found = {'python': platform.python_version(), 'machine': platform.machine()}
names = 'torch transformers pytest numpy safetensors tokenizers accelerate pillow torchvision torchaudio timm openvino \
onnxruntime onnxruntime-qnn onnx executorch optimum scipy einops sentencepiece'
for name in names.split():
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps(found))
";

/// The Python that is named, else that of the active or of the project's own environment, else `python3`.
pub fn find(system: &dyn System, root: &Path, named: Option<&str>) -> String {
    if let Some(named) = named {
        return named.to_owned();
    }
    let active = system.env("VIRTUAL_ENV").map(PathBuf::from);
    let own = [".venv", "venv"].map(|folder| root.join(folder));
    let places = active.into_iter().chain(own).flat_map(|folder| {
        // Where Windows puts it, too.
        [folder.join("bin/python"), folder.join("Scripts/python.exe")]
    });
    let found = places.into_iter().find(|python| system.exists(python));
    found.map_or_else(|| "python3".to_owned(), |python| python.display().to_string())
}

/// Versions by name: `python`, `machine`, and each library that is there.
pub fn versions(system: &dyn System, python: &str, folder: &Path) -> Result<BTreeMap<String, String>, Finding> {
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
    }
}
