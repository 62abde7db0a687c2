//! A finding: what is wrong, where, why, and what to do. It knows nothing of how it is printed (`report/`).
//!
//! Map of the room: `codes` is the catalogue behind `hfgen explain`; one file of codes a room.

pub mod codes;

pub use codes::{Code, CodeId};
use serde::{Deserialize, Serialize};

/// How bad a finding is. Errors make a command exit 1 (or 2 where an input is broken); warnings do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Note,
}

/// A place in a text file. Lines and columns count from 1, columns and widths in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path relative to the project root, with forward slashes; `<builtin>/...` for what the binary carries.
    pub path: String,
    pub line: u32,
    pub column: u32,
    /// Characters to underline on that line; 0 when only the line is known.
    pub width: u32,
    /// The text of that line, without its newline, so that no reader needs the file.
    pub snippet: Option<String>,
}

impl Place {
    /// A whole file, for findings that have no line.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), line: 1, column: 1, width: 0, snippet: None }
    }

    /// The place of the byte range `start..end` of `text`; the range is cut at the end of its first line.
    pub fn in_text(path: impl Into<String>, text: &str, start: usize, end: usize) -> Self {
        let start = floor_char(text, start.min(text.len()));
        let end = floor_char(text, end.clamp(start, text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let count = |s: &str| u32::try_from(s.chars().count()).unwrap_or(u32::MAX);
        Self {
            path: path.into(),
            line: count_newlines(&text[..line_start]) + 1,
            column: count(&text[line_start..start]) + 1,
            width: count(&text[start..end.min(line_end).max(start)]),
            snippet: Some(text[line_start..line_end].trim_end_matches('\r').to_owned()),
        }
    }

    /// The place of a whole line (from 1) of `text`, underlined from its first to its last visible character.
    pub fn line_of(path: impl Into<String>, text: &str, line: u32) -> Self {
        let content = text.lines().nth(line.saturating_sub(1) as usize).unwrap_or("");
        let indent = content.chars().take_while(|c| c.is_whitespace()).count();
        let width = content.trim().chars().count();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            path: path.into(),
            line,
            column: number(indent) + 1,
            width: number(width),
            snippet: Some(content.to_owned()),
        }
    }
}

/// One diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Finding {
    pub code: CodeId,
    pub severity: Severity,
    /// One sentence without a full stop, naming the thing.
    pub message: String,
    /// Where the cause stands: registry, rule, template.
    pub place: Option<Place>,
    /// Further places, each with a few words ("first defined here").
    pub related: Vec<(String, Place)>,
    /// The line of the output that shows it, where there is one.
    pub output: Option<Place>,
    /// What to do, in one sentence; the near miss is suggested here.
    pub help: Option<String>,
}

impl Finding {
    pub fn error(code: CodeId, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    pub fn warning(code: CodeId, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    pub fn new(code: CodeId, severity: Severity, message: impl Into<String>) -> Self {
        Self { code, severity, message: message.into(), place: None, related: Vec::new(), output: None, help: None }
    }

    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    #[must_use]
    pub fn related(mut self, words: impl Into<String>, place: Place) -> Self {
        self.related.push((words.into(), place));
        self
    }

    #[must_use]
    pub fn shown_at(mut self, place: Place) -> Self {
        self.output = Some(place);
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The candidate nearest to `word`, where one is near enough to be a slip of the pen.
pub fn near_miss<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let slips = strsim::damerau_levenshtein(word, candidate);
            // Letters of another size are one slip, however many they are.
            let same = word.len() == candidate.len() && word.to_lowercase() == candidate.to_lowercase();
            (if same { slips.min(1) } else { slips }, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `did you mean "x"?` for `word` among `candidates`, as a help line.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    near_miss(word, candidates).map(|near| format!("did you mean `{near}`?"))
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn count_newlines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|b| *b == b'\n').count()).unwrap_or(u32::MAX)
}
