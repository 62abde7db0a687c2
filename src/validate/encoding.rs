//! From bytes to text as CPython's tokenizer would read them. Only UTF-8 is taken, whatever a coding comment says.

use std::borrow::Cow;

use ruff_text_size::{TextRange, TextSize};

use super::Issue;
use crate::finding::codes::python::{SOURCE_ENCODING, SYNTAX_ERROR};

/// The text of a source file.
pub fn decode(source: &[u8]) -> Result<&str, Issue> {
    std::str::from_utf8(source).map_err(|error| {
        let at = error.valid_up_to();
        Issue::error(SOURCE_ENCODING, range(at, at + 1), format!("byte {at} is not UTF-8: 0x{:02x}", source[at]))
    })
}

/// What stands in the way of reading `text` as Python at all: its length, a NUL byte, a coding comment.
pub fn refuse(text: &str) -> Option<Issue> {
    if u32::try_from(text.len()).is_err() {
        return Some(Issue::error(SYNTAX_ERROR, TextRange::default(), "the output is longer than 4 GiB"));
    }
    if let Some(at) = text.bytes().position(|byte| byte == 0) {
        return Some(Issue::error(SOURCE_ENCODING, range(at, at + 1), "source code cannot contain null bytes"));
    }
    let (name, at) = coding_comment(text)?;
    let marked = text.starts_with('\u{feff}');
    let accepted = match normalised(name).as_ref() {
        "utf8" | "u8" | "utf" | "utf8-ucs2" | "utf8-ucs4" | "cp65001" => !marked,
        "ascii" | "us-ascii" | "646" => !marked && text.is_ascii(),
        other => other == "utf-8" || other.starts_with("utf-8-"),
    };
    (!accepted).then(|| {
        Issue::error(SOURCE_ENCODING, range(at, at + name.len()), format!("the output declares the encoding `{name}`"))
            .help("remove the comment: outputs are UTF-8")
    })
}

/// The encoding that a comment in the first two lines names, and where. A second line counts only after a blank one or a comment.
fn coding_comment(text: &str) -> Option<(&str, usize)> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut at = text.len() - body.len();
    for line in body.split_inclusive(['\n', '\r']).take(2) {
        let trimmed = line.trim_matches([' ', '\t', '\u{c}', '\n', '\r']);
        if let Some(comment) = trimmed.strip_prefix('#') {
            let offset = at + line.find('#').unwrap_or(0) + 1;
            if let Some((name, inside)) = coding_name(comment) {
                return Some((name, offset + inside));
            }
        } else if !trimmed.is_empty() {
            return None;
        }
        at += line.len();
    }
    None
}

/// The name behind the first `coding:` or `coding=` that has one.
fn coding_name(comment: &str) -> Option<(&str, usize)> {
    let mut from = 0;
    while let Some(found) = comment[from..].find("coding") {
        let after = from + found + "coding".len();
        if let Some(rest) = comment[after..].strip_prefix([':', '=']) {
            let name = rest.trim_start_matches([' ', '\t']);
            let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(name.len());
            if end > 0 {
                return Some((&name[..end], comment.len() - name.len()));
            }
        }
        from = after;
    }
    None
}

fn normalised(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte == b'_' || byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase().replace('_', "-"))
    } else {
        Cow::Borrowed(name)
    }
}

fn range(start: usize, end: usize) -> TextRange {
    let size = |at: usize| TextSize::new(u32::try_from(at).unwrap_or(u32::MAX));
    TextRange::new(size(start), size(end))
}
