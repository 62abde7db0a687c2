//! One template file: its name, path, text, tree, and the places in it. Parsing is total: a template or one finding.

use std::fmt;
use std::sync::Arc;

use super::ast::{Body, Span};
use super::parser;
use crate::finding::codes::template as codes;
use crate::finding::{CodeId, Finding, Place};

/// Files beyond this are refused.
const MAX_SOURCE: usize = 1 << 20;

/// A parsed template. Cheap to clone; equal when name, path and source are.
#[derive(Clone)]
pub struct Template(Arc<Inner>);

struct Inner {
    source: Source,
    digest: [u8; 32],
    body: Body,
    refs: Vec<PartialRef>,
}

/// A place where a template calls another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartialRef {
    pub name: String,
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    pub kind: RefKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefKind {
    /// `{{> name}}`
    Include,
    /// `{{#> name}}` with inline blocks in it.
    Extends,
}

/// The text of a template and how to point into it.
pub(super) struct Source {
    name: Box<str>,
    path: Box<str>,
    text: Box<str>,
    line_starts: Vec<u32>,
}

/// A finding on its way out. Boxed, because results of it pass through frames that nest as deep as templates do.
pub(super) struct Fail(Box<Finding>);

/// Parses one file. `name` is the path without its extensions, `path` what findings show.
pub fn parse(name: &str, path: &str, source: &str) -> Result<Template, Finding> {
    parse_with(name, path, source, false)
}

/// Parses a file that `parse` took before, perhaps in another process: nine tenths of the time goes into asking the
/// `handlebars` crate whether it agrees, and that needs no second answer.
pub fn parse_known(name: &str, path: &str, source: &str) -> Result<Template, Finding> {
    parse_with(name, path, source, true)
}

fn parse_with(name: &str, path: &str, source: &str, trusted: bool) -> Result<Template, Finding> {
    if source.len() > MAX_SOURCE {
        return Err(Finding::error(codes::TOO_LARGE, format!("template `{name}` has {} bytes", source.len()))
            .at(Place::file(path))
            .help(format!("a template may have {MAX_SOURCE}")));
    }
    let source = Source::new(name, path, source);
    let (body, refs) = parser::parse(&source, trusted)?;
    let digest = *blake3::hash(source.text.as_bytes()).as_bytes();
    Ok(Template(Arc::new(Inner { source, digest, body, refs })))
}

impl Template {
    /// `family/decoder_only`
    pub fn name(&self) -> &str {
        &self.0.source.name
    }

    /// `templates/family/decoder_only.py.hbs`, or `<builtin>/...`.
    pub fn path(&self) -> &str {
        &self.0.source.path
    }

    pub fn source(&self) -> &str {
        &self.0.source.text
    }

    /// blake3 of the source.
    pub fn digest(&self) -> [u8; 32] {
        self.0.digest
    }

    /// The templates that this one calls, in the order of the file. Calls of its own inline blocks are not among them.
    pub fn refs(&self) -> &[PartialRef] {
        &self.0.refs
    }

    /// Where a call stands, for findings.
    pub fn place_of(&self, reference: &PartialRef) -> Place {
        let width = reference.name.chars().count();
        let snippet = self.source().lines().nth(reference.line.saturating_sub(1) as usize).unwrap_or("");
        Place {
            path: self.path().to_owned(),
            line: reference.line,
            column: reference.column,
            width: u32::try_from(width).unwrap_or(u32::MAX),
            snippet: Some(snippet.to_owned()),
        }
    }

    pub(super) fn body(&self) -> &Body {
        &self.0.body
    }

    pub(super) fn place(&self, span: Span) -> Place {
        self.0.source.place(span)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.digest == other.0.digest && self.name() == other.name() && self.path() == other.path())
    }
}

impl Eq for Template {}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("name", &self.name()).field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Fail {
    pub fn new(finding: Finding) -> Self {
        Self(Box::new(finding))
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub fn related(mut self, words: &str, place: Place) -> Self {
        self.0.related.push((words.to_owned(), place));
        self
    }
}

impl From<Fail> for Finding {
    fn from(fail: Fail) -> Self {
        *fail.0
    }
}

impl Source {
    fn new(name: &str, path: &str, text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(starts).map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        Self { name: name.into(), path: path.into(), text: text.into(), line_starts }
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line (from 1) of a byte.
    pub fn line(&self, at: u32) -> u32 {
        u32::try_from(self.line_starts.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    /// Line and column, from 1, the column in characters.
    pub fn line_column(&self, at: u32) -> (u32, u32) {
        let line = self.line(at);
        let start = self.line_starts[line.saturating_sub(1) as usize];
        let column = Span { start, end: at }.text(&self.text).chars().count() + 1;
        (line, u32::try_from(column).unwrap_or(u32::MAX))
    }

    pub fn place(&self, span: Span) -> Place {
        Place::in_text(&*self.path, &self.text, span.start as usize, span.end as usize)
    }

    pub fn error(&self, code: CodeId, message: impl Into<String>, span: Span) -> Fail {
        Fail::new(Finding::error(code, message).at(self.place(span)))
    }
}
