//! What is set from outside: the texts of all input files, and the few settings that come from the command line.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digest::Digest;

/// A text file.
#[salsa::input(debug)]
pub struct Source {
    /// Relative to the project root; `<builtin>/...` for what the binary carries.
    pub path: Arc<str>,
    pub text: Arc<str>,
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
    /// Digests of templates that a build parsed before; parsing them again can skip a check. A hint: no result depends on it.
    pub accepted: Arc<BTreeSet<Digest>>,
    /// `2026-11-21`; decides which skips have expired.
    pub today: Arc<str>,
}
