//! The catalogue of codes: a number, a name, and the page that `hfgen explain` prints. One file a room that finds.

pub mod coverage;
pub mod environment;
pub mod hardware;
pub mod output;
pub mod python;
pub mod registry;
pub mod rules;
pub mod run;
pub mod sync;
pub mod template;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of a code, printed as `HF012`. Numbers are never used again for another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CodeId(pub u16);

/// An entry of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    pub id: CodeId,
    /// Kebab-case name: `unknown-field`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// The page: why it matters, an example, what to do. Markdown.
    pub page: &'static str,
}

impl fmt::Display for CodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HF{:03}", self.0)
    }
}

impl CodeId {
    /// The entry of this code.
    pub fn entry(self) -> Option<&'static Code> {
        all().find(|code| code.id == self)
    }
}

/// Every code, in order of number.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        registry::CODES,
        rules::CODES,
        template::CODES,
        python::CODES,
        output::CODES,
        sync::CODES,
        run::CODES,
        coverage::CODES,
        hardware::CODES,
        environment::CODES,
    ]
    .into_iter()
    .flatten()
}
