//! What CPython's tokenizer refuses and the parser lets pass: tabs mixed with spaces, nesting and number limits.

use std::mem;

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Issue;
use crate::finding::codes::python::SYNTAX_ERROR;

/// CPython's own limits.
const BRACKETS: usize = 200;
const INDENTS: usize = 100;
const DIGITS: usize = 4300;

/// What one look at the tokens found.
#[derive(Debug, Default)]
pub struct Seen {
    pub issues: Vec<Issue>,
    /// Tokens of the longest logical line.
    pub longest_line: usize,
}

/// Looks at every token once.
pub fn check(text: &str, tokens: &Tokens) -> Seen {
    let mut seen = Seen::default();
    let mut indents = text.contains('\t').then(Indents::default);
    let (mut brackets, mut depth, mut length, mut at_start) = (0_usize, 0_usize, 0, true);
    for token in tokens {
        let kind = token.kind();
        match kind {
            TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::EndOfFile => continue,
            TokenKind::Newline => {
                at_start = true;
                length = 0;
                continue;
            }
            TokenKind::Indent => {
                depth += 1;
                if depth == INDENTS {
                    seen.issues.push(Issue::error(SYNTAX_ERROR, token.range(), "too many levels of indentation"));
                }
                continue;
            }
            TokenKind::Dedent => {
                depth = depth.saturating_sub(1);
                continue;
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                brackets += 1;
                if brackets == BRACKETS + 1 {
                    seen.issues.push(Issue::error(SYNTAX_ERROR, token.range(), "too many nested parentheses"));
                }
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => brackets = brackets.saturating_sub(1),
            TokenKind::Int if token.range().len().to_usize() > DIGITS => {
                let number = &text[token.range()];
                if !number.starts_with(['0']) && number.bytes().filter(u8::is_ascii_digit).count() > DIGITS {
                    let message = format!("an integer has more than {DIGITS} digits");
                    seen.issues.push(Issue::error(SYNTAX_ERROR, token.range(), message));
                }
            }
            _ => {}
        }
        length += 1;
        seen.longest_line = seen.longest_line.max(length);
        if mem::take(&mut at_start)
            && let Some(indents) = &mut indents
            && let Some(issue) = indents.line(text, token.start())
        {
            seen.issues.push(issue);
        }
    }
    seen
}

/// CPython's two counts of an indentation: a tab reaches to the next multiple of 8 in one, and is 1 wide in the other. Lines
/// must compare alike in both.
#[derive(Debug)]
struct Indents {
    stack: Vec<(usize, usize)>,
}

impl Default for Indents {
    fn default() -> Self {
        Self { stack: vec![(0, 0)] }
    }
}

impl Indents {
    /// The logical line whose first token starts at `start`.
    fn line(&mut self, text: &str, start: TextSize) -> Option<Issue> {
        let before = &text[..start.to_usize()];
        let from = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let (mut column, mut alternative) = (0, 0);
        for byte in before[from..].bytes() {
            match byte {
                b' ' => (column, alternative) = (column + 1, alternative + 1),
                b'\t' => (column, alternative) = ((column / 8 + 1) * 8, alternative + 1),
                b'\x0c' => (column, alternative) = (0, 0),
                // Not the first token of its physical line (`a; b`), or behind a continuation: no indentation of its own.
                _ => return None,
            }
        }
        let depth = self.stack.len();
        while self.stack.len() > 1 && self.stack.last().is_some_and(|top| column < top.0) {
            self.stack.pop();
        }
        let top = *self.stack.last().expect("Invariant: the stack keeps its first entry");
        let message = if self.stack.len() < depth && column != top.0 {
            "unindent does not match any outer indentation level"
        } else if (column == top.0 && alternative != top.1) || (column > top.0 && alternative <= top.1) {
            "inconsistent use of tabs and spaces in indentation"
        } else {
            if column > top.0 {
                self.stack.push((column, alternative));
            }
            return None;
        };
        let range = TextRange::new(TextSize::try_from(from).unwrap_or(start), start);
        Some(Issue::error(SYNTAX_ERROR, range, message))
    }
}
