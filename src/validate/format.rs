//! Lays a parsed module out as `ruff format` would, from the tree that the checks have read.

use std::ops::Range;
use std::sync::Arc;

use ruff_python_ast::{Mod, PythonVersion, Stmt, StmtClassDef};
use ruff_python_formatter::{PyFormatOptions, format_module_ast, format_module_source};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange};
use serde::{Deserialize, Serialize};

use super::{Demands, Issue};
use crate::digest::Digest;
use crate::finding::codes::python::NOT_FORMATTED;

/// What decides a layout beside the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// The lowest Python that the text must run on.
    pub python: (u8, u8),
    pub line_length: u16,
}

impl Style {
    fn options(self) -> PyFormatOptions {
        let options = PyFormatOptions::default().with_target_version(PythonVersion::from(self.python));
        match self.line_length.try_into() {
            Ok(width) => options.with_line_width(width),
            Err(_) => options,
        }
    }
}

/// Where layouts may be had that were made before.
#[derive(Clone, Copy)]
pub struct Layouts<'a> {
    /// Gives the layout of whole statements that stand alone, as [`definition`] makes it, perhaps from memory.
    pub shared: &'a dyn Fn(&str) -> Option<Arc<str>>,
    /// The same module, as it was.
    pub before: Before<'a>,
}

/// A definition that is longer, in bytes, belongs to one model.
pub const LONG: usize = 512;

/// Where the layout of a long definition lies in a formatted text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaidOut {
    /// Of what it was laid out from.
    pub raw: Digest,
    pub place: Range<usize>,
}

/// A formatted text of before, with the long definitions in it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before<'a> {
    pub text: &'a str,
    pub long: &'a [LaidOut],
}

impl<'a> Before<'a> {
    /// The layout of a definition that was there already, of the same style.
    pub fn find(self, raw: &str) -> Option<&'a str> {
        let digest = if self.long.is_empty() { return None } else { Digest::of(raw.as_bytes()) };
        let known = self.long.iter().find(|known| known.raw == digest)?;
        self.text.get(known.place.clone())
    }
}

/// A text as it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Formatted {
    pub text: String,
    pub long: Vec<LaidOut>,
}

impl Formatted {
    fn part(&mut self, gap: &str, layout: &str) {
        if !self.text.is_empty() && !layout.is_empty() {
            self.text.push_str(gap);
        }
        self.text.push_str(layout);
    }

    fn definition(&mut self, gap: &str, layout: &str, raw: &str) {
        self.part(gap, layout);
        if raw.len() >= LONG {
            let place = self.text.len() - layout.len()..self.text.len();
            self.long.push(LaidOut { raw: Digest::of(raw.as_bytes()), place });
        }
    }
}

/// The formatted text. `layouts`: where given, those of definitions that other modules may hold too come from there.
pub fn module(
    parsed: &Parsed<Mod>,
    raw: &str,
    demands: &Demands<'_>,
    layouts: Option<Layouts<'_>>,
) -> Result<Formatted, Issue> {
    if let (Some(layouts), Mod::Module(tree)) = (layouts, parsed.syntax())
        && let Some(formatted) = in_parts(&tree.body, raw, layouts)
    {
        return Ok(formatted);
    }
    let style = Style { python: demands.python, line_length: demands.line_length };
    let failed = |error: &dyn std::fmt::Display| {
        Issue::warning(NOT_FORMATTED, TextRange::default(), format!("the formatter gave up: {error}"))
    };
    let trivia = parsed.tokens().into();
    let formatted = format_module_ast(parsed, &trivia, raw, style.options()).map_err(|error| failed(&error))?;
    let printed = formatted.print().map_err(|error| failed(&error))?;
    Ok(Formatted { text: printed.into_code(), long: Vec::new() })
}

/// The layout of a text that is whole statements; `None` where the formatter gives up.
pub fn definition(text: &str, style: Style) -> Option<Arc<str>> {
    Some(format_module_source(text, style.options()).ok()?.as_code().into())
}

/// The same, from the layouts of its parts: no more is told of a definition at the top than how many empty lines part it from
/// its neighbours. `None` where that does not hold, or where nothing would be gained.
fn in_parts(body: &[Stmt], raw: &str, layouts: Layouts<'_>) -> Option<Formatted> {
    // Comments that switch layout off reach beyond a statement; lines end as the first one does.
    if raw.contains("fmt:") || raw.contains("yapf:") || raw.contains('\r') {
        return None;
    }
    let start = |at: usize| body.get(at).map_or(raw.len(), |statement| statement.start().to_usize());
    // What parts a statement from the one before, or the end of the text: nothing but empty lines, two around a definition,
    // elsewhere as many as there are.
    let gap = |at: usize| {
        let gap = &raw[body[at - 1].end().to_usize()..start(at)];
        let lines = line_ends(gap).filter(|lines| gap.ends_with('\n') && (*lines > 1 || at == body.len()))?;
        let defined = is_definition(&body[at - 1]) || body.get(at).is_some_and(is_definition);
        Some(if defined || lines > 2 { "\n\n" } else { "\n" })
    };
    let mut formatted = Formatted { text: String::with_capacity(raw.len() + raw.len() / 8), long: Vec::new() };
    let (mut rest, mut before) = (0, "");
    for (at, statement) in body.iter().enumerate().skip(1) {
        let plain = |at: usize| body.get(at).is_none_or(|other| is_definition(other) || is_plain(other));
        let table = is_plain(statement) && statement.range().len().to_usize() >= LONG && plain(at - 1) && plain(at + 1);
        if !is_definition(statement) && !table || is_text(body.get(at - 1)) || is_text(body.get(at + 1)) {
            continue;
        }
        let (Some(above), Some(below)) = (gap(at), gap(at + 1)) else { continue };
        if rest < start(at) {
            formatted.part(before, &(layouts.shared)(&raw[rest..start(at)])?);
        }
        formatted.definition(above, &alone(statement, raw, layouts)?, &raw[statement.range()]);
        (rest, before) = (start(at + 1), below);
    }
    if rest == 0 {
        return None;
    }
    if rest < raw.len() {
        formatted.part(before, &(layouts.shared)(&raw[rest..])?);
    }
    Some(formatted)
}

/// The layout of a statement that stands alone: a long one as it was, or that of a class from those of its methods.
fn alone(statement: &Stmt, module: &str, layouts: Layouts<'_>) -> Option<Arc<str>> {
    let raw = &module[statement.range()];
    if raw.len() >= LONG {
        if let Some(layout) = layouts.before.find(raw) {
            return Some(layout.into());
        }
        if let Stmt::ClassDef(class) = statement
            && let Some(layout) = by_methods(class, module, layouts)
        {
            return Some(layout.into());
        }
    }
    (layouts.shared)(raw)
}

/// What methods stand in when they are laid out alone.
const CLASS: &str = "class _:\n";

/// The layout of a class from those of its methods: no more is told of a method than that an empty line parts it from its
/// neighbours. `None` where that does not hold of any.
fn by_methods(class: &StmtClassDef, module: &str, layouts: Layouts<'_>) -> Option<String> {
    let body = &class.body;
    let text = |from: usize, to: usize| -> Option<&str> {
        let start = module[..body[from].start().to_usize()].rfind('\n')? + 1;
        Some(&module[start..body[to].end().to_usize()])
    };
    let parted = |at: usize| {
        let gap = &module[body[at - 1].end().to_usize()..body[at].start().to_usize()];
        line_ends(gap).is_some_and(|lines| lines > 1)
    };
    let stands_alone = |at: usize| {
        body[at].is_function_def_stmt()
            && parted(at)
            && (at == 1 || !is_text(body.get(at - 1)))
            && (at + 1 == body.len() || parted(at + 1) && !is_text(body.get(at + 1)))
    };
    let first = (1..body.len()).find(|at| stands_alone(*at))?;
    let head = &module[class.start().to_usize()..body[first - 1].end().to_usize()];
    let mut layout = String::with_capacity(class.range().len().to_usize() * 9 / 8);
    layout.push_str(&(layouts.shared)(head)?);
    let mut members = |from: usize, to: usize| {
        let wrapped = [CLASS, text(from, to)?].concat();
        layout.push('\n');
        layout.push_str((layouts.shared)(&wrapped)?.strip_prefix(CLASS)?);
        Some(())
    };
    let mut rest = first;
    for at in (first..body.len()).filter(|at| stands_alone(*at)) {
        if rest < at {
            members(rest, at - 1)?;
        }
        members(at, at)?;
        rest = at + 1;
    }
    if rest < body.len() {
        members(rest, body.len() - 1)?;
    }
    Some(layout)
}

/// How many lines end in what parts two statements; `None` where it is more than empty lines.
fn line_ends(gap: &str) -> Option<usize> {
    let empty = gap.bytes().all(|byte| matches!(byte, b' ' | b'\n'));
    empty.then(|| gap.bytes().filter(|byte| *byte == b'\n').count())
}

/// At the beginning of what is laid out alone it would be a docstring.
fn is_text(statement: Option<&Stmt>) -> bool {
    matches!(statement, Some(Stmt::Expr(text)) if text.value.is_string_literal_expr())
}

fn is_definition(statement: &Stmt) -> bool {
    matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_))
}

/// A statement that asks for no empty lines of its own.
fn is_plain(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_) | Stmt::Assign(_) | Stmt::AnnAssign(_))
}
