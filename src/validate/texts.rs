//! What should not stand in a generated string or comment: placeholders, braces that were meant to be filled, doubled
//! escapes, paths of one machine. Each text is looked at once.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::facts::{Facts, Piece, PieceKind};
use super::phrases::{angle, brace_word, braced, dotted, mustache, phrase, placeholder_identifier};
use super::scope::Scopes;
use super::{Issue, paths};
use crate::finding::codes::python::{ABSOLUTE_PATH, BRACES_PRINTED, DOUBLED_ESCAPE, FAILURE_EXITS_ZERO, PLACEHOLDER};

pub fn check(source: &str, tokens: &Tokens, facts: &Facts<'_>, scopes: &Scopes<'_>, issues: &mut Vec<Issue>) {
    let mut scan = Scan { facts, scopes, issues };
    for piece in &facts.pieces {
        scan.piece(piece);
    }
    for token in tokens {
        match token.kind() {
            TokenKind::Comment => {
                let (text, range) = (&source[token.range()], token.range());
                scan.piece(&Piece { text, range, kind: PieceKind::Comment, formatted: false, target: None });
            }
            TokenKind::Name => {
                let text = &source[token.range()];
                if placeholder_identifier(text) {
                    scan.placeholder(text, token.range());
                }
            }
            _ => {}
        }
    }
    for range in &facts.braced {
        scan.placeholder(&source[*range], *range);
    }
    for range in &facts.exits {
        let message = format!("`{}` leaves with success after a failure", &source[*range]);
        let help = "let the exception out, or leave with another status than 0";
        scan.issues.push(Issue::error(FAILURE_EXITS_ZERO, *range, message).help(help));
    }
}

struct Scan<'a, 'b> {
    facts: &'b Facts<'a>,
    scopes: &'b Scopes<'a>,
    issues: &'b mut Vec<Issue>,
}

impl Scan<'_, '_> {
    fn piece(&mut self, piece: &Piece<'_>) {
        let text = piece.text;
        let formatted = piece.formatted || piece.target.is_some_and(|name| self.facts.formatted.contains(name));
        let comment = piece.kind == PieceKind::Comment;
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let from = at;
            let in_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
            at += 1;
            // A word is looked at where it starts.
            if in_word && bytes[from].is_ascii_alphanumeric() {
                continue;
            }
            let found = match bytes[from] {
                b'{' if piece.kind == PieceKind::InFString => {
                    if let Some(end) = braced(&text[from..]).filter(|end| dotted(&text[from + 1..from + end - 1])) {
                        self.braces_printed(piece, from, end);
                        at = from + end;
                    }
                    None
                }
                b'{' if !formatted && !text.contains("{%") => match mustache(&text[from..]) {
                    Some(end) => Some(end),
                    None => braced(&text[from..]).filter(|end| brace_word(&text[from + 1..from + end - 1])),
                },
                b'<' => angle(&text[from..]),
                b'\\' if piece.kind != (PieceKind::Literal { raw: true }) && !comment => {
                    if let Some(end) = doubled_escape(&text[from..]) {
                        let shown = &text[from..from + end];
                        let message =
                            format!("the escape sequence `{shown}` is printed as it stands: its backslash is doubled");
                        let issue = Issue::error(DOUBLED_ESCAPE, place(piece, from, end), message);
                        self.issues.push(issue.help("print the value with `{{py value}}`, or write one backslash"));
                        at = from + end;
                    }
                    None
                }
                b'/' | b'\\' | b'A'..=b'Z' | b'a'..=b'z' if !comment && paths::boundary(bytes, from) => {
                    match paths::absolute(&text[from..]) {
                        Some(end) => {
                            self.path(piece, from, end);
                            at = from + end;
                            None
                        }
                        None => phrase(&text[from..]),
                    }
                }
                byte if byte.is_ascii_alphabetic() => phrase(&text[from..]),
                _ => None,
            };
            if let Some(end) = found {
                let range = place(piece, from, end);
                self.placeholder(&text[from..from + end], range);
                at = from + end;
            }
        }
    }

    fn placeholder(&mut self, shown: &str, range: TextRange) {
        let issue = Issue::error(
            PLACEHOLDER,
            range,
            format!("`{}` looks like a placeholder that nothing filled", shown.trim()),
        );
        self.issues.push(issue.help("fill it in the template, or reword it"));
    }

    fn braces_printed(&mut self, piece: &Piece<'_>, from: usize, end: usize) {
        let inside = &piece.text[from + 1..from + end - 1];
        let range = place(piece, from, end);
        let message = format!("the f-string prints `{{{inside}}}` as it stands: its braces are doubled");
        let certain = inside.contains('.') || self.scopes.knows(inside);
        let make = if certain { Issue::error } else { Issue::warning };
        self.issues.push(make(BRACES_PRINTED, range, message).help(format!("write `{{{inside}}}` with single braces")));
    }

    fn path(&mut self, piece: &Piece<'_>, from: usize, end: usize) {
        let message = format!("`{}` is a path of one machine", &piece.text[from..from + end]);
        let issue = Issue::error(ABSOLUTE_PATH, place(piece, from, end), message);
        self.issues.push(issue.help("use `tmp_path`, a path relative to `__file__`, or an environment variable"));
    }
}

/// Where a part of a text stands; the whole text where escapes make its characters move.
fn place(piece: &Piece<'_>, from: usize, len: usize) -> TextRange {
    if piece.range.len().to_usize() != piece.text.len() {
        return piece.range;
    }
    let size = |at: usize| TextSize::try_from(at).unwrap_or_default();
    TextRange::at(piece.range.start() + size(from), size(len))
}

/// `\033[`, `\x1b[`, `\u001b[` that reached the text itself.
fn doubled_escape(text: &str) -> Option<usize> {
    ["\\033[", "\\x1b[", "\\x1B[", "\\u001b[", "\\e["]
        .iter()
        .find(|escape| text.starts_with(**escape))
        .map(|escape| escape.len())
}
