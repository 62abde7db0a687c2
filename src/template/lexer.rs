//! Cuts a source into text and tags and applies Handlebars' whitespace control. It knows nothing of what tags mean.

use super::ast::Span;
use super::source::{Fail, Source};
use crate::finding::codes::template as codes;

#[derive(Debug)]
pub enum Piece {
    /// Text with escapes undone; `start` is where its first character stands.
    Text {
        text: Box<str>,
        start: u32,
    },
    Tag(Tag),
}

#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each says something of its own about the tag's surroundings")]
pub struct Tag {
    pub kind: TagKind,
    /// With its braces.
    pub span: Span,
    /// What follows the braces and the sigil.
    pub inner: Span,
    /// Alone on its line, so that the line vanishes.
    pub standalone: bool,
    /// Alone on its line, which ends with a newline.
    pub whole_line: bool,
    /// The whitespace between the start of the line and the tag, when nothing else stands there.
    pub indent: Span,
    trim_left: bool,
    trim_right: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagKind {
    Print,
    PrintTriple,
    Open,
    Close,
    Else,
    Partial,
    PartialOpen,
    InlineOpen,
    Comment,
}

pub fn lex(source: &Source) -> Result<Vec<Piece>, Fail> {
    let text = source.text();
    let mut tags: Vec<Tag> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("{{").map(|offset| at + offset) {
        let slashes = text[at..found].bytes().rev().take_while(|byte| *byte == b'\\').count();
        if slashes == 1 {
            // `\{{` and `\{{{{` stand for themselves.
            at = found + if text[found..].starts_with("{{{{") { 4 } else { 2 };
            continue;
        }
        let tag = tag(source, found)?;
        at = tag.span.end as usize;
        tags.push(tag);
    }
    let mut pieces = Vec::with_capacity(tags.len() * 2 + 1);
    let mut from = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut left: Option<Tag> = None;
    for tag in tags {
        push_text(&mut pieces, text, from, tag.span.start as usize, left, Some(tag));
        from = tag.span.end as usize;
        left = Some(tag);
        pieces.push(Piece::Tag(tag));
    }
    push_text(&mut pieces, text, from, text.len(), left, None);
    Ok(pieces)
}

fn tag(source: &Source, start: usize) -> Result<Tag, Fail> {
    let text = source.text();
    if text[start..].starts_with("{{{{") {
        let width = text[start..].bytes().take_while(|byte| *byte == b'{').count();
        return Err(source
            .error(
                codes::RAW_BLOCK,
                "four braces open a raw block, which templates don't have",
                Span::new(start, start + width),
            )
            .help("for braces that should reach the output write `\\{{` in front of each pair: `\\{{\\{{x}}}}`"));
    }
    let mut inner = start + 2;
    let mut trim_left = false;
    if text[inner..].starts_with('~') {
        trim_left = true;
        inner += 1;
    }
    if text[inner..].starts_with('!') {
        return comment(source, start, inner + 1, trim_left);
    }
    let triple = text[inner..].starts_with('{');
    if triple {
        inner += 1;
    }
    let (mut inner_end, end, trim_right) = close(source, start, inner, triple)?;
    let content = &text[inner..inner_end];
    let lead = content.len() - content.trim_start().len();
    let rest = &content[lead..];
    let starts_word = |word: &str| {
        rest.strip_prefix(word)
            .is_some_and(|tail| !tail.starts_with(|c: char| c.is_alphanumeric() || "_-$.:/=".contains(c)))
    };
    let (kind, skip) = if triple {
        (TagKind::PrintTriple, 0)
    } else if let Some(opened) = content.strip_prefix('#') {
        match opened.trim_start().chars().next() {
            Some('>') => (TagKind::PartialOpen, content.find('>').unwrap_or(0) + 1),
            Some('*') => (TagKind::InlineOpen, content.find('*').unwrap_or(0) + 1),
            _ => (TagKind::Open, 1),
        }
    } else if content.starts_with('/') {
        (TagKind::Close, 1)
    } else if rest.starts_with('>') {
        (TagKind::Partial, lead + 1)
    } else if rest.starts_with('^') {
        (TagKind::Else, lead + 1)
    } else if starts_word("else") {
        (TagKind::Else, lead + 4)
    } else if rest.starts_with('&') {
        (TagKind::Print, lead + 1)
    } else if rest.starts_with('*') {
        return Err(source
            .error(codes::SYNTAX, "decorators are not supported", Span::new(start, end))
            .help("`{{#*inline \"name\"}}...{{/inline}}` defines a block"));
    } else {
        (TagKind::Print, 0)
    };
    inner += skip;
    inner_end = inner_end.max(inner);
    let layout = kind != TagKind::Print && kind != TagKind::PrintTriple;
    let (indent, standalone) = surroundings(text, start, end);
    Ok(Tag {
        kind,
        span: Span::new(start, end),
        inner: Span::new(inner, inner_end),
        standalone: layout && standalone,
        whole_line: layout && standalone && end < text.trim_end_matches([' ', '\t']).len(),
        indent,
        trim_left,
        trim_right,
    })
}

fn comment(source: &Source, start: usize, inner: usize, trim_left: bool) -> Result<Tag, Fail> {
    let text = source.text();
    let closing = if text[inner..].starts_with("--") { "--}}" } else { "}}" };
    let from = if closing == "--}}" { inner + 2 } else { inner };
    let Some(offset) = text[from..].find(closing) else {
        return Err(source
            .error(codes::UNCLOSED, "this comment is never closed", Span::new(start, inner))
            .help(format!("close it with `{closing}`")));
    };
    let end = from + offset + closing.len();
    let (indent, standalone) = surroundings(text, start, end);
    let span = Span::new(start, end);
    Ok(Tag {
        kind: TagKind::Comment,
        span,
        inner: Span::new(from, from + offset),
        standalone,
        whole_line: standalone,
        indent,
        trim_left,
        trim_right: false,
    })
}

/// Finds the end of a tag: end of its content, end of the tag, and whether a `~` closes it.
fn close(source: &Source, start: usize, inner: usize, triple: bool) -> Result<(usize, usize, bool), Fail> {
    let text = source.text();
    let bytes = text.as_bytes();
    let unclosed = || {
        let line_end = text[start..].find('\n').map_or(text.len(), |offset| start + offset);
        source
            .error(codes::UNCLOSED, "this tag is never closed", Span::new(start, line_end))
            .help("close it with `}}`; for braces that should reach the output write `\\{{`")
    };
    let mut at = inner;
    let mut braces = 0_u32;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => at = string_end(text, at, quote).ok_or_else(unclosed)?,
            b'{' if bytes.get(at + 1) == Some(&b'{') => return Err(unclosed()),
            b'{' => {
                braces += 1;
                at += 1;
            }
            b'}' if braces > 0 => {
                braces -= 1;
                at += 1;
            }
            b'}' if triple && text[at..].starts_with("}}}") => return Ok((at, at + 3, false)),
            b'}' if triple && text[at..].starts_with("}~}}") => return Ok((at, at + 4, true)),
            b'}' if text[at..].starts_with("}}") => {
                if triple {
                    return Err(source
                        .error(codes::UNCLOSED, "three braces open this tag and two close it", Span::new(start, at + 2))
                        .help("write `{{x}}`; values are never escaped. For a brace before a value leave a space: `{ {{x}} }`"));
                }
                let tilde = at > inner && bytes[at - 1] == b'~';
                return Ok((at - usize::from(tilde), at + 2, tilde));
            }
            _ => at += 1,
        }
    }
    Err(unclosed())
}

/// The byte after a string's closing quote; strings end on their line.
fn string_end(text: &str, start: usize, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'\n' => return None,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// The whitespace before a tag if the line holds nothing else before it, and whether it stands alone on its line.
fn surroundings(text: &str, start: usize, end: usize) -> (Span, bool) {
    let blank = |c: char| c == ' ' || c == '\t';
    let before = text[..start].trim_end_matches(blank);
    let alone_before = before.is_empty() || before.ends_with(['\n', '\r', '\u{feff}']);
    let after = text[end..].trim_start_matches(blank);
    let alone_after = after.is_empty() || after.starts_with(['\n', '\r']);
    let indent = if alone_before { Span::new(before.len(), start) } else { Span::new(start, start) };
    (indent, alone_before && alone_after)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str, from: usize, to: usize, left: Option<Tag>, right: Option<Tag>) {
    let (mut start, mut end) = (from, to);
    if let Some(tag) = left {
        if tag.trim_right {
            start = end - text[start..end].trim_start().len();
        } else if tag.standalone {
            let rest = text[start..end].trim_start_matches([' ', '\t']);
            let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest);
            start = end - rest.len();
        }
    }
    if let Some(tag) = right {
        if tag.trim_left {
            end = start + text[start..end].trim_end().len();
        } else if tag.standalone {
            end = start + text[start..end].trim_end_matches([' ', '\t']).len();
        }
    }
    if start >= end {
        return;
    }
    let start_at = u32::try_from(start).unwrap_or(u32::MAX);
    pieces.push(Piece::Text { text: unescape(&text[start..end], right.is_some() && end == to), start: start_at });
}

/// `\{{` becomes `{{`; of the backslashes before a tag one is dropped; line ends become `\n`.
fn unescape(raw: &str, before_tag: bool) -> Box<str> {
    let mut text = if raw.contains('\r') { raw.replace("\r\n", "\n") } else { raw.to_owned() };
    if before_tag && text.ends_with("\\\\") {
        text.pop();
    }
    if text.contains("\\{{") {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find("\\{{") {
            let width = if rest[at + 1..].starts_with("{{{{") { 5 } else { 3 };
            out.push_str(&rest[..at]);
            out.push_str(&rest[at + 1..at + width]);
            rest = &rest[at + width..];
        }
        out.push_str(rest);
        text = out;
    }
    text.into_boxed_str()
}
