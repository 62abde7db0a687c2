//! What a build is asked to do, and how it can fail. Plain values: no command line, no printing.

use std::path::PathBuf;

use crate::finding::Finding;

/// One call of the engine.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Folder of registry.toml.
    pub root: PathBuf,
    pub selection: Selection,
    pub mode: Mode,
    /// Fill `OutputOutcome::diff`.
    pub diff: bool,
    /// List unchanged outputs too.
    pub show_unchanged: bool,
    /// Render and validate everything selected, and overwrite hand edits (each is kept as a patch in the cache).
    pub force: bool,
    /// Another output root than the project's.
    pub output_dir: Option<PathBuf>,
    /// Folders of templates that lie over the project's, lowest first.
    pub templates: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    Build,
    /// Write nothing; say what would be written.
    Dry,
}

/// Which outputs; an empty selection means all of them. Lists mean any of, keys mean all of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    pub models: Vec<String>,
    pub families: Vec<String>,
    /// Pipeline names (`fill-mask`) or mappings (`MASKED_LM`).
    pub tasks: Vec<String>,
    pub hardware: Vec<String>,
    pub rules: Vec<String>,
    /// Outputs, or folders of them.
    pub paths: Vec<String>,
    /// Only what differences to a git revision reach.
    pub changed: Option<Changed>,
}

/// Against what "changed" is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// Working tree against this revision: `HEAD`, `main`, `origin/main...`.
    Since(String),
    /// The index against `HEAD`.
    Staged,
}

impl Selection {
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// A build that could not be done: exit code 2, nothing was written.
#[derive(Debug)]
pub enum Failure {
    /// Inputs are broken.
    Inputs(Vec<Finding>),
    /// A name in the selection that means nothing.
    Selection(Vec<Finding>),
    /// The machine said no.
    Io { what: String, source: std::io::Error },
}

impl Failure {
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
