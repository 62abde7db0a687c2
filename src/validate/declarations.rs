//! `global`, `nonlocal` and bare annotations, with the errors that CPython's own symbol table raises for them.

use ruff_text_size::{Ranged, TextRange};

use super::Issue;
use super::scope::{NameId, ScopeId, ScopeKind, Scopes, is};
use crate::finding::codes::python::SYNTAX_ERROR;

impl<'a> Scopes<'a> {
    /// `global name`.
    pub fn declare_global(&mut self, text: &'a str, range: TextRange) {
        self.declare(text, range, is::GLOBAL, "global");
    }

    /// `nonlocal name`; whether anything binds it is known at the end of the walk.
    pub fn declare_nonlocal(&mut self, text: &'a str, range: TextRange) {
        let name = self.declare(text, range, is::NONLOCAL, "nonlocal");
        self.nonlocals.push((self.current(), name));
    }

    /// `name: annotation`, where the name stands alone.
    pub fn annotate(&mut self, text: &'a str, range: TextRange) {
        let name = self.intern(text);
        let scope = self.current();
        let flags = self.entry(scope, name).flags;
        for (bit, word) in [(is::GLOBAL, "global"), (is::NONLOCAL, "nonlocal")] {
            if flags & bit != 0 && scope != ScopeId::MODULE {
                self.error(range, format!("annotated name `{text}` can't be {word}"));
            }
        }
        self.entry(scope, name).flags |= is::ANNOTATED;
    }

    /// The errors of the table, once everything has been walked.
    pub fn finish(&mut self) -> Vec<Issue> {
        for (scope, name) in std::mem::take(&mut self.nonlocals) {
            let symbol = *self.entry(scope, name);
            let text = self.text(name);
            if symbol.flags & is::GLOBAL != 0 {
                self.error(symbol.declared, format!("name `{text}` is nonlocal and global"));
            } else if scope != ScopeId::MODULE {
                match self.enclosing_binding(scope, name, text) {
                    Enclosing::Bound => {}
                    Enclosing::TypeParameter => {
                        let message = format!("nonlocal binding not allowed for type parameter `{text}`");
                        self.error(symbol.declared, message);
                    }
                    Enclosing::None => {
                        self.error(symbol.declared, format!("no binding for nonlocal `{text}` found"));
                    }
                }
            }
        }
        std::mem::take(&mut self.errors)
    }

    fn declare(&mut self, text: &'a str, range: TextRange, bit: u16, word: &str) -> NameId {
        let name = self.intern(text);
        let symbol = self.entry(self.current(), name);
        let flags = symbol.flags;
        symbol.flags |= bit;
        symbol.declared = range;
        let message = if flags & is::PARAMETER != 0 {
            format!("name `{text}` is parameter and {word}")
        } else if flags & is::LOADED != 0 {
            format!("name `{text}` is used prior to {word} declaration")
        } else if flags & is::ANNOTATED != 0 {
            format!("annotated name `{text}` can't be {word}")
        } else if flags & is::LOCAL != 0 {
            format!("name `{text}` is assigned to before {word} declaration")
        } else {
            return name;
        };
        self.error(range, message);
        name
    }

    fn enclosing_binding(&self, from: ScopeId, name: NameId, text: &str) -> Enclosing {
        let mut next = self.scope(from).parent;
        while let Some(id) = next {
            let scope = self.scope(id);
            match scope.kind {
                ScopeKind::Module => break,
                // A class lends only `__class__` to the functions in it.
                ScopeKind::Class => {
                    if text == "__class__" {
                        return Enclosing::Bound;
                    }
                }
                _ => {
                    let flags = self.symbol(id, name).map_or(0, |symbol| symbol.flags);
                    if flags & is::TYPE_PARAMETER != 0 {
                        return Enclosing::TypeParameter;
                    }
                    if flags & is::GLOBAL != 0 {
                        return Enclosing::None;
                    }
                    if flags & is::BOUND != 0 && flags & is::NONLOCAL == 0 {
                        return Enclosing::Bound;
                    }
                }
            }
            next = scope.parent;
        }
        Enclosing::None
    }

    fn error(&mut self, range: impl Ranged, message: String) {
        self.errors.push(Issue::error(SYNTAX_ERROR, range.range(), message));
    }
}

enum Enclosing {
    Bound,
    TypeParameter,
    None,
}
