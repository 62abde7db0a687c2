//! What a Python file means, as a hash: its tokens without comments, docstrings and layout. Also tells a file that nests so
//! deeply that walking its tree would be dangerous.

use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ModModule, Stmt};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged as _, TextRange};

/// The hash of what `parsed` means. The text of the tokens goes in, not their numbers, so that it outlives the parser.
pub fn meaning(source: &str, parsed: &Parsed<ModModule>) -> blake3::Hash {
    meaning_without(source, parsed, &[])
}

/// The same without what stands in `left_out`.
pub fn meaning_without(source: &str, parsed: &Parsed<ModModule>, left_out: &[TextRange]) -> blake3::Hash {
    let mut docstrings = Docstrings::default();
    docstrings.visit_body(parsed.suite());
    docstrings.ranges.extend(left_out);
    docstrings.ranges.sort_by_key(|range| (range.start(), range.end()));
    let mut skip = docstrings.ranges.iter().peekable();
    let mut canonical = Vec::with_capacity(source.len());
    let mut skipped = false;
    for token in parsed.tokens() {
        while skip.next_if(|range| range.end() <= token.start()).is_some() {}
        if skip.peek().is_some_and(|range| range.contains_range(token.range()) && !token.range().is_empty()) {
            skipped = true;
            continue;
        }
        match token.kind() {
            TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::EndOfFile => {}
            // The end of a docstring's line goes with it.
            TokenKind::Newline | TokenKind::Semi if skipped => skipped = false,
            TokenKind::Newline => canonical.push(b'\n'),
            TokenKind::Indent => canonical.push(1),
            TokenKind::Dedent => canonical.push(2),
            _ => {
                skipped = false;
                canonical.extend_from_slice(source[token.range()].as_bytes());
                canonical.push(0);
            }
        }
    }
    blake3::hash(&canonical)
}

/// Statements that are nothing but a string: docstrings, and strings that stand for comments.
#[derive(Default)]
struct Docstrings {
    ranges: Vec<TextRange>,
}

impl<'a> StatementVisitor<'a> for Docstrings {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Expr(expr) if matches!(&*expr.value, Expr::StringLiteral(_)) => self.ranges.push(expr.range()),
            other => walk_stmt(self, other),
        }
    }
}

/// Whether the tree of `parsed` may be so deep that code which walks it (or frees it) could run out of stack.
pub fn too_deep(parsed: &Parsed<ModModule>) -> bool {
    const MAX_CHAIN: usize = 1_000;
    const MAX_INDENT: usize = 100;
    // A bound from the tokens alone: within each open bracket, what may have built up since the last comma.
    let mut open = vec![0_usize];
    let (mut chain, mut indent) = (0_usize, 0_usize);
    for token in parsed.tokens() {
        match token.kind() {
            TokenKind::Indent => indent += 1,
            TokenKind::Dedent => indent = indent.saturating_sub(1),
            TokenKind::Newline => {
                open.clear();
                open.push(0);
                chain = 0;
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                open.push(1);
                chain += 1;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace if open.len() > 1 => {
                chain -= open.pop().unwrap_or(0);
                // A call or a subscript wraps what stands before it.
                if let Some(count) = open.last_mut() {
                    *count += 1;
                    chain += 1;
                }
            }
            TokenKind::Comma => {
                // The bracket itself stays open.
                let bracket = usize::from(open.len() > 1);
                if let Some(count) = open.last_mut() {
                    chain = chain - *count + bracket;
                    *count = bracket;
                }
            }
            TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::Name | TokenKind::String => {}
            _ => {
                if let Some(count) = open.last_mut() {
                    *count += 1;
                    chain += 1;
                }
            }
        }
        if chain > MAX_CHAIN || indent > MAX_INDENT {
            return true;
        }
    }
    false
}
