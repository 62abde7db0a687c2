//! What CPython's compiler would refuse: the parser's errors, those of the version, and those of the symbol table.

use std::mem;

use ruff_python_ast::{Mod, PythonVersion};
use ruff_python_parser::{Mode, ParseOptions, Parsed, parse_unchecked};
use ruff_text_size::Ranged;

use super::scope::Scopes;
use super::walk::Walk;
use super::{Issue, encoding, tokens};
use crate::finding::codes::python::{NEWER_SYNTAX, SYNTAX_ERROR};

/// So many errors say enough: a missing bracket makes hundreds.
const ENOUGH: usize = 20;

/// A tree this many tokens wide may be too deep to be dropped by recursion.
const DEEP: usize = 3000;

/// A module that CPython's compiler would accept.
pub struct Module {
    pub parsed: Parsed<Mod>,
}

/// Parses `text` and checks it as `compile()` of that Python would.
pub fn check(text: &str, python: (u8, u8)) -> Result<Module, Vec<Issue>> {
    if let Some(issue) = encoding::refuse(text) {
        return Err(vec![issue]);
    }
    let version = PythonVersion::from(python);
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module).with_target_version(version));
    let seen = tokens::check(text, parsed.tokens());

    let mut issues: Vec<Issue> = parsed
        .errors()
        .iter()
        .map(|error| Issue::error(SYNTAX_ERROR, error.range(), error.error.to_string()))
        .chain(parsed.unsupported_syntax_errors().iter().map(|error| {
            Issue::error(NEWER_SYNTAX, error.range, error.to_string())
                .help(format!("`[project] python` is {version}: write it in the older way, or raise that version"))
        }))
        .collect();
    issues.extend(seen.issues);
    let mut too_deep = !parsed.errors().is_empty() && seen.longest_line > DEEP;
    let mut scopes = Scopes::default();
    if issues.is_empty() {
        let mut walk = Walk::new(text, version);
        walk.module(parsed.syntax());
        let walked = walk.finish();
        too_deep = walked.too_deep;
        issues = walked.issues;
        scopes = walked.scopes;
    }
    if issues.is_empty() {
        return Ok(Module { parsed });
    }
    drop(scopes);
    if too_deep {
        // Dropping the tree would recurse as deep as the text nests, beyond the stack: it is leaked instead.
        mem::forget(parsed);
    }
    issues.sort_by_key(|issue| (issue.range.start, issue.range.end));
    issues.dedup_by(|one, other| one.range == other.range && one.message == other.message);
    issues.truncate(ENOUGH);
    Err(issues)
}
