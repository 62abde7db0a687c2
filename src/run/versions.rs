//! Which Python runs the tests, and the versions of what decides their results, asked without importing any of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::build::Failure;
use crate::finding::Finding;
use crate::finding::codes::output::UNKNOWN_PYTHON;
use crate::sys::System;

/// Prints name and version of every distribution that matters and is there, as JSON.
const SCRIPT: &str = "
import importlib.metadata as m, json, platform
found = {'python': platform.python_version(), 'machine': platform.machine()}
names = 'torch transformers pytest numpy safetensors tokenizers accelerate pillow torchvision torchaudio timm openvino \
onnxruntime onnxruntime-qnn onnx executorch optimum scipy'
for name in names.split():
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps(found))
";

/// The Python that is named, else that of the active or the project's own environment, else `python3`.
pub fn python(system: &dyn System, root: &Path, named: Option<&str>) -> String {
    if let Some(named) = named {
        return named.to_owned();
    }
    let active = system.env("VIRTUAL_ENV").map(PathBuf::from);
    let own = [".venv", "venv"].map(|folder| root.join(folder));
    let found = active.into_iter().chain(own).flat_map(|folder| {
        // Where Windows puts it, too.
        [folder.join("bin/python"), folder.join("Scripts/python.exe")]
    });
    let found = found.into_iter().find(|python| system.exists(python));
    found.map_or_else(|| "python3".to_owned(), |python| python.display().to_string())
}

/// Versions by name; a library that isn't there has none.
pub fn versions(system: &dyn System, root: &Path, python: &str) -> Result<BTreeMap<String, String>, Failure> {
    let unusable = |why: &str| {
        let finding = Finding::error(UNKNOWN_PYTHON, format!("`{python}` can't be run: {}", why.trim()));
        Failure::Selection(vec![finding.help("name a Python that has torch, transformers and pytest with --python")])
    };
    let ran = system.run(python, &["-c", SCRIPT], root, &[]).map_err(|error| unusable(&error.to_string()))?;
    if !ran.ok() {
        return Err(unusable(&String::from_utf8_lossy(&ran.stderr)));
    }
    let found: BTreeMap<String, String> = serde_json::from_slice(&ran.stdout).map_err(|e| unusable(&e.to_string()))?;
    if found.contains_key("pytest") { Ok(found) } else { Err(unusable("it has no pytest")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MemorySystem;

    #[test]
    fn the_nearest_environment_is_taken() {
        let system = MemorySystem::new([("/p/venv/bin/python", ""), ("/active/bin/python", "")]);
        let found = |system: &MemorySystem, named| python(system, Path::new("/p"), named);
        assert_eq!(found(&system, None), "/p/venv/bin/python");
        assert_eq!(found(&system, Some("python3.12")), "python3.12");
        system.set_env("VIRTUAL_ENV", "/active");
        assert_eq!(found(&system, None), "/active/bin/python");
        assert_eq!(found(&MemorySystem::default(), None), "python3");
    }
}
