//! What CPython's compiler would refuse: the parser's errors, those of the version, and those of the symbol table.

use std::mem;

use ruff_python_ast::{Mod, PythonVersion};
use ruff_python_parser::{Mode, ParseError, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::Ranged;

use super::walk::{Walk, Walked};
use super::{Issue, encoding, tokens};
use crate::finding::codes::python::{NEWER_SYNTAX, SYNTAX_ERROR};

/// So many errors say enough: a missing bracket makes hundreds.
const ENOUGH: usize = 20;

/// A tree this many tokens wide may be too deep to be dropped by recursion.
const DEEP: usize = 3000;

/// Parses `text` and checks it as `compile()` of that Python would; `then` sees the tree of what it would accept.
pub fn check<T>(
    text: &str,
    python: (u8, u8),
    then: impl FnOnce(&Parsed<Mod>, &Walked<'_>) -> T,
) -> Result<T, Vec<Issue>> {
    if let Some(issue) = encoding::refuse(text) {
        return Err(vec![issue]);
    }
    let version = PythonVersion::from(python);
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module).with_target_version(version));
    let seen = tokens::check(text, parsed.tokens());
    let mut issues = parser_errors(text, &parsed);
    issues.extend(seen.issues);
    let mut too_deep = !issues.is_empty() && seen.longest_line > DEEP;
    if issues.is_empty() {
        let mut walk = Walk::new(text, version);
        walk.module(parsed.syntax());
        let mut walked = walk.finish();
        if walked.issues.is_empty() {
            return Ok(then(&parsed, &walked));
        }
        too_deep = walked.too_deep;
        issues = mem::take(&mut walked.issues);
    }
    if too_deep {
        // Dropping the tree would recurse as deep as the text nests, beyond the stack: it is leaked instead.
        mem::forget(parsed);
    }
    issues.sort_by_key(|issue| (issue.range.start, issue.range.end));
    issues.dedup_by(|one, other| one.range == other.range && one.message == other.message);
    issues.truncate(ENOUGH);
    Err(issues)
}

/// The parser's errors, the first of each line: the others are its attempts to go on.
fn parser_errors(text: &str, parsed: &Parsed<Mod>) -> Vec<Issue> {
    let as_issue = |error: &ParseError| Issue::error(SYNTAX_ERROR, error.range(), sentence(&error.error.to_string()));
    let mut issues: Vec<Issue> = parsed.errors().iter().map(as_issue).collect();
    issues.sort_by_key(|issue| issue.range.start);
    issues.dedup_by(|later, first| !text.as_bytes()[first.range.start..later.range.start].contains(&b'\n'));
    issues.truncate(ENOUGH);
    issues.extend(parsed.unsupported_syntax_errors().iter().map(|error| {
        let help = "write it in the older way, or raise `[project] python`";
        Issue::error(NEWER_SYNTAX, error.range, sentence(&error.to_string())).help(help)
    }));
    issues
}

/// The parser's message as ours are: a small letter in front.
pub fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + chars.as_str())
}
