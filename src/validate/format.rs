//! Lays a parsed module out as `ruff format` would, from the tree that the checks have read.

use std::sync::Arc;

use ruff_python_ast::{Mod, PythonVersion, Stmt};
use ruff_python_formatter::{PyFormatOptions, format_module_ast, format_module_source};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange};

use super::{Demands, Issue};
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

/// Gives the layout of a definition that stands alone, as [`definition`] makes it, perhaps from memory.
pub type Layouts<'a> = &'a dyn Fn(&str) -> Option<Arc<str>>;

/// The formatted text. `layouts`: where given, those of definitions that other modules may hold too come from there.
pub fn module(
    parsed: &Parsed<Mod>,
    raw: &str,
    demands: &Demands<'_>,
    layouts: Option<Layouts<'_>>,
) -> Result<String, Issue> {
    let style = Style { python: demands.python, line_length: demands.line_length };
    if let (Some(layouts), Mod::Module(tree)) = (layouts, parsed.syntax())
        && let Some(text) = in_parts(&tree.body, raw, style, layouts)
    {
        return Ok(text);
    }
    let failed = |error: &dyn std::fmt::Display| {
        Issue::warning(NOT_FORMATTED, TextRange::default(), format!("the formatter gave up: {error}"))
    };
    let trivia = parsed.tokens().into();
    let formatted = format_module_ast(parsed, &trivia, raw, style.options()).map_err(|error| failed(&error))?;
    let printed = formatted.print().map_err(|error| failed(&error))?;
    Ok(printed.into_code())
}

/// The layout of a text that is whole statements; `None` where the formatter gives up.
pub fn definition(text: &str, style: Style) -> Option<Arc<str>> {
    Some(format_module_source(text, style.options()).ok()?.as_code().into())
}

/// A definition that is longer belongs to one model.
const LONG: usize = 2048;

/// The same, from the layouts of its parts: no more is told of a definition at the top than that two empty lines part it
/// from its neighbours. `None` where that does not hold, or where nothing would be gained.
fn in_parts(body: &[Stmt], raw: &str, style: Style, layouts: Layouts<'_>) -> Option<String> {
    // Comments that switch layout off reach beyond a statement; lines end as the first one does.
    if raw.contains("fmt:") || raw.contains("yapf:") || raw.contains('\r') {
        return None;
    }
    let start = |at: usize| body.get(at).map_or(raw.len(), |statement| statement.start().to_usize());
    // Only empty lines lie between the statement and the one before, or the end.
    let parted = |at: usize| {
        let gap = &raw[body[at - 1].end().to_usize()..start(at)];
        let lines = gap.bytes().filter(|byte| *byte == b'\n').count();
        gap.ends_with('\n') && gap.bytes().all(|byte| matches!(byte, b' ' | b'\n')) && (lines > 1 || at == body.len())
    };
    // At the beginning of a text it would be a docstring.
    let is_string = |at: usize| matches!(&body.get(at), Some(Stmt::Expr(text)) if text.value.is_string_literal_expr());
    let mut text = String::with_capacity(raw.len() + raw.len() / 8);
    let mut part = |layout: &str| {
        if !text.is_empty() && !layout.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(layout);
    };
    let mut rest = 0;
    for (at, statement) in body.iter().enumerate() {
        let common =
            matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) && statement.range().len().to_usize() < LONG;
        let apart = at > 0 && !is_string(at - 1) && parted(at) && parted(at + 1) && !is_string(at + 1);
        if !common || !apart {
            continue;
        }
        if rest < start(at) {
            part(&definition(&raw[rest..start(at)], style)?);
        }
        part(&layouts(&raw[statement.range()])?);
        rest = start(at + 1);
    }
    if rest == 0 {
        return None;
    }
    if rest < raw.len() {
        part(&definition(&raw[rest..], style)?);
    }
    Some(text)
}
