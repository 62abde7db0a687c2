//! Cuts the text of a lock into its head and a section a model type. Nothing is parsed: it only looks at how lines begin.

use std::borrow::Cow;

/// A lock as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockText<'a> {
    /// Everything before the first section.
    pub head: &'a str,
    /// In the order of the file.
    pub sections: Vec<Section<'a>>,
}

/// The lines of one model type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section<'a> {
    /// The model type.
    pub key: Cow<'a, str>,
    /// From its `[model.<key>]` to the next section's.
    pub text: &'a str,
    /// Where `text` starts in the lock, in bytes.
    pub offset: usize,
    /// The line (from 1) on which `text` starts.
    pub line: u32,
}

/// Cuts `text`. Any text can be cut; whether a section makes sense is for [`super::parse_section`] to say.
pub fn split(text: &str) -> LockText<'_> {
    let mut starts = Vec::with_capacity(1024);
    for_each_header(text.as_bytes(), |start| {
        if let Some(key) = text[start..].strip_prefix("[model.").and_then(section_key) {
            starts.push((start, key));
        }
    });
    let head = &text[..starts.first().map_or(text.len(), |(start, _)| *start)];
    let mut line = 1 + newlines(head);
    let ends: Vec<usize> = starts.iter().skip(1).map(|(start, _)| *start).chain([text.len()]).collect();
    let mut sections = Vec::with_capacity(starts.len());
    for ((offset, key), end) in starts.into_iter().zip(ends) {
        let section = Section { key, text: &text[offset..end], offset, line };
        line = line.saturating_add(newlines(section.text));
        sections.push(section);
    }
    LockText { head, sections }
}

/// Calls `found` with the start of each line that begins with `[`.
///
/// A no-op build cuts the whole lock, so this goes through it in blocks that the compiler turns into vector code; only
/// a block with a header is looked at byte by byte.
fn for_each_header(bytes: &[u8], mut found: impl FnMut(usize)) {
    const BLOCK: usize = 64;
    if bytes.first() == Some(&b'[') {
        found(0);
    }
    let opens = |before: u8, byte: u8| u8::from(before == b'\n') & u8::from(byte == b'[');
    let mut at = 0;
    // Arrays and not slices, or the bounds would be checked byte by byte.
    while let Some((here, next)) = block::<BLOCK>(bytes, at).zip(block::<BLOCK>(bytes, at + 1)) {
        let mut any = 0;
        for index in 0..BLOCK {
            any |= opens(here[index], next[index]);
        }
        if any != 0 {
            (0..BLOCK).filter(|index| opens(here[*index], next[*index]) != 0).for_each(|index| found(at + index + 1));
        }
        at += BLOCK;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    rest.windows(2).enumerate().filter(|(_, pair)| pair == b"\n[").for_each(|(index, _)| found(at + index + 1));
}

fn block<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    bytes.get(at..)?.first_chunk()
}

/// In pieces short enough to count in a byte, which lets the compiler count sixteen at a time.
fn newlines(text: &str) -> u32 {
    let count = |piece: &[u8]| piece.iter().fold(0_u8, |count, byte| count + u8::from(*byte == b'\n'));
    text.as_bytes().chunks(192).map(|piece| u32::from(count(piece))).fold(0, u32::saturating_add)
}

/// The key of a header of which `rest` (of the whole text) stands behind `[model.`; none where the header names a table
/// within a section.
fn section_key(rest: &str) -> Option<Cow<'_, str>> {
    let (key, behind) = match rest.strip_prefix('"') {
        None => {
            let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            let end = rest.as_bytes().iter().position(|byte| !bare(byte))?;
            (Cow::Borrowed(&rest[..end]), &rest[end..])
        }
        Some(quoted) => {
            let end = quoted_end(quoted)?;
            let key = &quoted[..end];
            let key = if key.contains('\\') { Cow::Owned(unescape(&rest[..end + 2])?) } else { Cow::Borrowed(key) };
            (key, &quoted[end + 1..])
        }
    };
    let behind = behind.strip_prefix(']')?;
    let line = behind.find('\n').map_or(behind, |end| &behind[..end]);
    line.trim().is_empty().then_some(key)
}

/// Where the quote stands that ends the string, which is on one line.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = (byte == b'"' && !escaped) || byte == b'\n';
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    text[end..].starts_with('"').then_some(end)
}

/// A TOML string, quotes included, as what it means.
fn unescape(quoted: &str) -> Option<String> {
    let table: std::collections::BTreeMap<String, String> = toml::from_str(&format!("key = {quoted}")).ok()?;
    table.into_values().next()
}
