//! Lays a parsed module out as `ruff format` would, from the tree that the checks have read.

use ruff_python_ast::{Mod, PythonVersion};
use ruff_python_formatter::{PyFormatOptions, format_module_ast};
use ruff_python_parser::Parsed;
use ruff_text_size::TextRange;

use super::{Demands, Issue};
use crate::finding::codes::python::NOT_FORMATTED;

/// The formatted text.
pub fn module(parsed: &Parsed<Mod>, raw: &str, demands: &Demands<'_>) -> Result<String, Issue> {
    let mut options = PyFormatOptions::default().with_target_version(PythonVersion::from(demands.python));
    if let Ok(width) = demands.line_length.try_into() {
        options = options.with_line_width(width);
    }
    let failed = |error: &dyn std::fmt::Display| {
        Issue::warning(NOT_FORMATTED, TextRange::default(), format!("the formatter gave up: {error}"))
    };
    let trivia = parsed.tokens().into();
    let formatted = format_module_ast(parsed, &trivia, raw, options).map_err(|error| failed(&error))?;
    let printed = formatted.print().map_err(|error| failed(&error))?;
    Ok(printed.into_code())
}
