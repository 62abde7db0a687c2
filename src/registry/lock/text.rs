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
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut head = text;
    let (mut start, mut line) = (0, 1_u32);
    while start < text.len() {
        let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
        if let Some(key) = text[start..end].strip_prefix("[model.").and_then(section_key) {
            match sections.last_mut() {
                Some(last) => last.text = &text[last.offset..start],
                None => head = &text[..start],
            }
            sections.push(Section { key, text: &text[start..], offset: start, line });
        }
        start = end;
        line = line.saturating_add(1);
    }
    LockText { head, sections }
}

/// The key of a header of which `rest` stands behind `[model.`; none where the header names a table within a section.
fn section_key(rest: &str) -> Option<Cow<'_, str>> {
    let (key, behind) = match rest.strip_prefix('"') {
        None => {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
            (Cow::Borrowed(&rest[..end]), &rest[end..])
        }
        Some(quoted) => {
            let end = quoted_end(quoted)?;
            let key = &quoted[..end];
            let key = if key.contains('\\') { Cow::Owned(unescape(&rest[..end + 2])?) } else { Cow::Borrowed(key) };
            (key, &quoted[end + 1..])
        }
    };
    (behind.strip_prefix(']')?.trim().is_empty()).then_some(key)
}

/// Where the quote stands that ends the string.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

/// A TOML string, quotes included, as what it means.
fn unescape(quoted: &str) -> Option<String> {
    let table: std::collections::BTreeMap<String, String> = toml::from_str(&format!("key = {quoted}")).ok()?;
    table.into_values().next()
}
