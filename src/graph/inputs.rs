//! What is set from outside: the texts of all input files, and the few settings that come from the command line.

use std::ops::Deref;
use std::sync::Arc;

use super::remembered::Remembered;
use crate::digest::Digest;

/// The contents of a file. Made and shared without copying them: the lock is megabytes.
#[derive(Debug, Clone)]
pub enum Text {
    /// What the binary carries.
    Builtin(&'static str),
    Read(Arc<String>),
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Read(Arc::new(text))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Builtin(text) => text,
            Self::Read(text) => text,
        }
    }
}

/// A text file.
#[salsa::input(debug)]
pub struct Source {
    /// Relative to the project root; `<builtin>/...` for what the binary carries.
    pub path: Arc<str>,
    pub text: Text,
    /// Of the text, where it is known already.
    pub digest: Option<Digest>,
}

/// A template file with its place in the layers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TemplateSource {
    /// Path below its layer's folder: `family/vision.py.hbs`.
    pub relative: Arc<str>,
    /// 0 is what the binary carries; higher layers lie over lower ones.
    pub layer: u8,
    pub source: Source,
}

/// Everything that a build reads.
#[salsa::input(singleton, debug)]
pub struct Workspace {
    pub registry: Source,
    pub lock: Option<Source>,
    pub rules: Vec<Source>,
    pub templates: Vec<TemplateSource>,
    /// Another output root than the project's.
    pub output_root: Option<Arc<str>>,
    /// Hints from an earlier build.
    pub remembered: Arc<Remembered>,
    /// Whether facts are kept once they are parsed: not where they are so many that parsing them again is the lesser evil.
    pub remembers: bool,
    /// `2026-11-21`; decides which skips have expired.
    pub today: Arc<str>,
}
