//! Is the generated Python right? Decided in process; no Python is started and nothing is read from disk.
//!
//! Map of the room: `issue` is what is found, `lines` maps formatted lines to rendered ones. `syntax` says what CPython's
//! compiler would say, with `encoding`, `tokens` (indentation, limits), `walk` (one pass over the tree), `context` (what
//! that pass tells the parser's own semantic checks) and `scope` (the symbol table). `format` lays the text out.

mod context;
mod encoding;
mod format;
pub mod issue;
pub mod lines;
mod scope;
mod syntax;
mod tokens;
mod walk;

pub use issue::Issue;
pub use lines::LineShift;

/// What the output must satisfy.
#[derive(Debug, Clone, Copy)]
pub struct Demands<'a> {
    /// The lowest Python that the output must run on.
    pub python: (u8, u8),
    pub line_length: u16,
    /// Absolute folders of this machine that must not stand in an output: the project root, the home folder.
    pub roots: &'a [&'a str],
}

/// An output after validation.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// The formatted text; the raw text where it can't be formatted.
    pub text: String,
    /// Sorted by their place in the raw text.
    pub issues: Vec<Issue>,
    /// From the lines of `text` to those of the raw text and back.
    pub lines: LineShift,
}

impl Validated {
    /// Whether the text may be written over a valid one.
    pub fn is_valid(&self) -> bool {
        !self.issues.iter().any(Issue::is_error)
    }
}

/// Validates and formats one output.
pub fn python(raw: &str, demands: &Demands<'_>) -> Validated {
    let module = match syntax::check(raw, demands.python) {
        Ok(module) => module,
        Err(issues) => return Validated { text: raw.to_owned(), issues, lines: LineShift::default() },
    };
    let mut issues = Vec::new();
    let text = match format::module(&module.parsed, raw, demands) {
        Ok(text) => text,
        Err(issue) => {
            issues.push(issue);
            raw.to_owned()
        }
    };
    issues.sort_by_key(|issue| (issue.range.start, issue.range.end, issue.code));
    let lines = LineShift::between(raw, &text);
    Validated { text, issues, lines }
}

/// What CPython's compiler of that version would refuse in `source`; empty where it would accept it.
///
/// Stricter in one point: a source that declares an encoding other than UTF-8 is refused.
pub fn syntax_errors(source: &[u8], python: (u8, u8)) -> Vec<Issue> {
    match encoding::decode(source) {
        Ok(text) => syntax::check(text, python).err().unwrap_or_default(),
        Err(issue) => vec![issue],
    }
}
