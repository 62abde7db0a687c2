//! A transformers package on disk, installed or unpacked: where it is, its version, which of its files matter. It reads
//! no Python beyond the line of the version.

use std::path::{Path, PathBuf};

use crate::finding::codes::sync::{MISSING_FILE, NO_PACKAGE, UNREADABLE_PYTHON};
use crate::finding::{Finding, Place};
use crate::sys::{Kind, System};

/// A folder `transformers/`.
pub struct Package<'a> {
    system: &'a dyn System,
    pub root: PathBuf,
    pub version: String,
    /// Every `.py` file, relative, with forward slashes, sorted.
    pub files: Vec<String>,
}

/// What a file of a model's folder is for, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Configuration,
    Modeling,
    /// Tokenizers, processors, image processors, feature extractors ...
    Processing,
}

/// Files larger than this aren't transformers' (the largest has half a megabyte).
const MAX_BYTES: usize = 8 << 20;

impl<'a> Package<'a> {
    /// Opens the package at `root`, which is the folder `transformers/` or the one that holds it.
    pub fn open(system: &'a dyn System, root: &Path) -> Result<Self, Finding> {
        let nested = root.join("transformers");
        let root = if system.exists(&nested.join("__init__.py")) { nested } else { root.to_owned() };
        let init = system.read_text(&root.join("__init__.py")).map_err(|error| {
            Finding::error(NO_PACKAGE, format!("{} holds no transformers package: {error}", root.display()))
                .help("name the folder `transformers` of an installed package or of an unpacked wheel: `--package DIR`")
        })?;
        let version = version(&init).ok_or_else(|| {
            Finding::error(NO_PACKAGE, format!("{} doesn't say its version", root.join("__init__.py").display()))
                .at(Place::file("__init__.py"))
                .help("a transformers package has a line `__version__ = \"...\"` there")
        })?;
        let walked = system
            .walk(&root)
            .map_err(|error| Finding::error(NO_PACKAGE, format!("{} can't be listed: {error}", root.display())))?;
        let mut files: Vec<String> = walked
            .iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
            .map(|path| path.components().map(|c| c.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
            .collect();
        files.sort();
        Ok(Self { system, root, version, files })
    }

    pub fn has(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }

    /// The text of a file. A file that isn't there, or isn't text, is a finding.
    pub fn read(&self, path: &str) -> Result<String, Finding> {
        let unreadable = |why: String| {
            Finding::error(UNREADABLE_PYTHON, format!("{path} can't be read: {why}"))
                .at(Place::file(path))
                .help("install the package again, or unpack its wheel anew")
        };
        if !self.has(path) {
            return Err(Finding::error(MISSING_FILE, format!("the package at {} has no {path}", self.root.display()))
                .at(Place::file(path))
                .help("install the package again, or unpack its wheel anew"));
        }
        let bytes = self.system.read(&self.root.join(path)).map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() > MAX_BYTES {
            return Err(unreadable(format!("it has {} bytes, more than the {MAX_BYTES} that are read", bytes.len())));
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| unreadable(format!("byte {} isn't UTF-8", error.utf8_error().valid_up_to())))?;
        // A byte order mark is no part of the program.
        Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
    }

    /// The files of models' folders that say something of a model, with their roles.
    pub fn model_files(&self) -> impl Iterator<Item = (&str, Role)> {
        self.files.iter().filter_map(|path| Some((path.as_str(), role(path)?)))
    }
}

/// By how a file's name begins.
const ROLES: [(&str, Role); 7] = [
    ("configuration_", Role::Configuration),
    ("modeling_", Role::Modeling),
    ("tokenization_", Role::Processing),
    ("processing_", Role::Processing),
    ("image_processing_", Role::Processing),
    ("feature_extraction_", Role::Processing),
    ("video_processing_", Role::Processing),
];

/// The role of `models/<module>/<name>.py`; none where sync has no use for it.
///
/// Left out: `modular_*` (the source from which upstream generates the others), `convert_*` (scripts), and the classes
/// for TensorFlow and Flax of older versions.
pub fn role(path: &str) -> Option<Role> {
    let (folder, name) = path.strip_prefix("models/")?.rsplit_once('/')?;
    if folder == "auto" || name.contains("_tf_") || name.contains("_flax_") {
        return None;
    }
    ROLES.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, role)| *role)
}

/// The folder of a model's file below `models/`: `gpt_neo`, `deprecated/mega`.
pub fn folder(path: &str) -> Option<&str> {
    path.strip_prefix("models/")?.rsplit_once('/').map(|(folder, _)| folder)
}

/// Where transformers is installed: in the first of these environments that has it.
pub fn find(system: &dyn System, environments: &[PathBuf]) -> Result<PathBuf, Finding> {
    if let Some(package) = environments.iter().find_map(|environment| in_environment(system, environment)) {
        return Ok(package);
    }
    let looked: Vec<String> = environments.iter().map(|environment| environment.display().to_string()).collect();
    Err(Finding::error(NO_PACKAGE, format!("no transformers package was found in {}", looked.join(", ")))
        .help("name one, which may be an unpacked wheel: `hfgen sync --package DIR`"))
}

fn in_environment(system: &dyn System, environment: &Path) -> Option<PathBuf> {
    let holds = |site: &Path| {
        let package = site.join("transformers");
        system.exists(&package.join("__init__.py")).then_some(package)
    };
    let lib = environment.join("lib");
    let pythons = system.list(&lib).unwrap_or_default();
    let unix = pythons
        .iter()
        .filter(|(name, kind)| name.starts_with("python") && matches!(kind, Kind::Folder | Kind::Symlink))
        .find_map(|(name, _)| holds(&lib.join(name).join("site-packages")));
    unix.or_else(|| holds(&environment.join("Lib").join("site-packages")))
}

/// `__version__ = "5.23.0"`.
fn version(init: &str) -> Option<String> {
    let line = init.lines().find_map(|line| line.strip_prefix("__version__"))?;
    let value = line.trim_start().strip_prefix('=')?.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (version, _) = value[1..].split_once(quote)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-' | '_');
    (!version.is_empty() && version.chars().all(plain)).then(|| version.to_owned())
}
