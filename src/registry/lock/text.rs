//! Cuts the text of a lock into its head and a section a model type. Nothing is parsed: it only looks at how lines begin.

use std::borrow::Cow;

use memchr::memmem;

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
    /// All that stands before `text` in the lock.
    pub above: &'a str,
}

impl Section<'_> {
    /// Where `text` starts in the lock, in bytes.
    pub fn offset(&self) -> usize {
        self.above.len()
    }

    /// The line (from 1) on which `text` starts. Counted when it is asked for, which only a finding does.
    pub fn line(&self) -> u32 {
        let lines = memchr::memchr_iter(b'\n', self.above.as_bytes()).count();
        u32::try_from(lines).unwrap_or(u32::MAX).saturating_add(1)
    }
}

/// What a section's first line begins with.
const HEADER: &str = "[model.";

/// Cuts `text`. Any text can be cut; whether a section makes sense is for [`super::parse_section`] to say.
pub fn split(text: &str) -> LockText<'_> {
    let mut starts = Vec::with_capacity(1024);
    let first = text.starts_with(HEADER).then_some(0);
    let others = memmem::find_iter(text.as_bytes(), b"\n[model.").map(|newline| newline + 1);
    for start in first.into_iter().chain(others) {
        if let Some(key) = section_key(&text[start + HEADER.len()..]) {
            starts.push((start, key));
        }
    }
    let head = &text[..starts.first().map_or(text.len(), |(start, _)| *start)];
    let ends: Vec<usize> = starts.iter().skip(1).map(|(start, _)| *start).chain([text.len()]).collect();
    let section = |((start, key), end)| Section { key, text: &text[start..end], above: &text[..start] };
    LockText { head, sections: starts.into_iter().zip(ends).map(section).collect() }
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
