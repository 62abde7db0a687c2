//! Is the generated Python right? Decided in process; no Python is started and nothing is read from disk.
//!
//! Map of the room: `issue` is what is found, `lines` maps formatted lines to rendered ones. `syntax` says what CPython's
//! compiler would say, with `encoding`, `tokens` (indentation, limits), `walk` (one pass over the tree), `scope` (the symbol
//! table) with `declarations`, and `facts` (what the pass writes down for the rest). The rest: `names` with `builtins`, `duplicates`, `classes`, `texts` with `phrases` and `paths`, `suite` with
//! `asserts` and `flow`, `structure` with `returns` and `glob`. `format` lays the text out.

mod asserts;
mod builtins;
mod classes;
mod declarations;
mod duplicates;
mod encoding;
mod facts;
mod flow;
mod format;
mod glob;
pub mod issue;
pub mod lines;
mod names;
mod paths;
mod phrases;
mod returns;
mod scope;
mod structure;
mod suite;
mod syntax;
mod texts;
mod tokens;
mod walk;

pub use classes::ClassNames;
use format::Formatted;
pub use format::{Before, LONG, LaidOut, Layouts, Style, definition};
pub use issue::Issue;
pub use lines::LineShift;
use ruff_python_ast::Mod;
use ruff_python_parser::Parsed;
use walk::Walked;

use crate::rules::contract::Contract;

/// What the output must satisfy.
#[derive(Debug, Clone, Copy)]
pub struct Demands<'a> {
    /// The lowest Python that the output must run on.
    pub python: (u8, u8),
    pub line_length: u16,
    pub kind: FileKind,
    /// What the rule demands of the structure.
    pub contract: Option<&'a Contract>,
    /// The classes of this transformers; class names are not judged without them.
    pub class_names: Option<&'a ClassNames>,
    /// The model that the output is made for, if it is made for one.
    pub model: Option<ModelWords<'a>>,
}

/// What fills the names of a contract.
#[derive(Debug, Clone, Copy)]
pub struct ModelWords<'a> {
    /// `gpt-neo`
    pub model_type: &'a str,
    /// `gpt_neo`
    pub ident: &'a str,
}

/// Whether pytest collects the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// It must hold tests that can fail.
    Test,
    /// A support module, a `conftest.py`: no test is looked for.
    Module,
}

impl FileKind {
    /// By pytest's default names: `test_*.py` and `*_test.py`.
    pub fn of_path(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.strip_suffix(".py") {
            Some(stem) if stem.starts_with("test_") || stem.ends_with("_test") => Self::Test,
            _ => Self::Module,
        }
    }

    /// Whether pytest collects a file of this path.
    pub fn is_test(path: &str) -> bool {
        Self::of_path(path) == Self::Test
    }
}

/// An output after validation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Validated {
    /// The formatted text; the raw text where it can't be formatted.
    pub text: String,
    /// The long definitions in it that were laid out alone.
    pub long: Vec<LaidOut>,
    /// Sorted by their place in the raw text.
    pub issues: Vec<Issue>,
}

impl Validated {
    /// Whether the text may be written over a valid one.
    pub fn is_valid(&self) -> bool {
        !self.issues.iter().any(Issue::is_error)
    }

    /// From the lines of `text` to those of `raw`, which it was made from, and back. Made when it is asked for: few outputs
    /// have anything to show.
    pub fn lines(&self, raw: &str) -> LineShift {
        LineShift::between(raw, &self.text)
    }
}

/// Validates and formats one output. Where the syntax is wrong nothing else is judged.
pub fn python(raw: &str, demands: &Demands<'_>) -> Validated {
    python_with(raw, demands, None)
}

/// The same. `layouts`: where layouts of definitions come from that other outputs may hold too; see [`definition`].
pub fn python_with(raw: &str, demands: &Demands<'_>, layouts: Option<Layouts<'_>>) -> Validated {
    let as_it_is = || Formatted { text: raw.to_owned(), long: Vec::new() };
    let (formatted, mut issues) = syntax::check(raw, demands.python, |parsed, walked| {
        let mut issues = Vec::new();
        judge(raw, parsed, walked, demands, &mut issues);
        let formatted = format::module(parsed, raw, demands, layouts).unwrap_or_else(|issue| {
            issues.push(issue);
            as_it_is()
        });
        (formatted, issues)
    })
    .unwrap_or_else(|issues| (as_it_is(), issues));
    issues.sort_by_key(|issue| (issue.range.start, issue.range.end, issue.code));
    let Formatted { text, long } = formatted;
    Validated { text, long, issues }
}

/// Everything beyond syntax.
fn judge(raw: &str, parsed: &Parsed<Mod>, walked: &Walked<'_>, demands: &Demands<'_>, issues: &mut Vec<Issue>) {
    let Mod::Module(tree) = parsed.syntax() else { return };
    let (scopes, facts) = (&walked.scopes, &walked.facts);
    names::check(scopes, facts, demands.python, issues);
    duplicates::check(scopes, facts, raw, issues);
    if let Some(names) = demands.class_names {
        classes::check(facts, names, issues);
    }
    texts::check(raw, parsed.tokens(), facts, scopes, issues);
    if demands.kind == FileKind::Test {
        let suite = suite::Suite {
            body: &tree.body,
            asserting: demands.contract.map_or(&[], |contract| &contract.asserting),
            min_tests: demands.contract.and_then(|contract| contract.min_tests),
            star_import: facts.star_import,
        };
        suite::check(&suite, issues);
    }
    if let Some(contract) = demands.contract {
        structure::check(&tree.body, facts, contract, demands.model, issues);
    }
}

/// What CPython's compiler of that version would refuse in `source`; empty where it would accept it.
///
/// Stricter in one point: a source that declares an encoding other than UTF-8 is refused.
pub fn syntax_errors(source: &[u8], python: (u8, u8)) -> Vec<Issue> {
    match encoding::decode(source) {
        Ok(text) => syntax::check(text, python, |_, _| ()).err().unwrap_or_default(),
        Err(issue) => vec![issue],
    }
}
