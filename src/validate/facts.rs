//! What the walk writes down for the checks that follow it, so that none of them walks the tree again.

use ruff_python_ast::{Decorator, Expr, ExprDict, FStringPart, Identifier, InterpolatedStringElement, StringLiteral};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use super::scope::{Moment, ScopeId};

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A literal, or a part of an implicitly joined one.
    Literal {
        raw: bool,
    },
    /// What stands between the braces of an f-string; doubled braces are single ones here.
    InFString,
    Comment,
}

/// A string as Python reads it.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    pub text: &'a str,
    /// Of the characters between the quotes.
    pub range: TextRange,
    pub kind: PieceKind,
    /// `.format` is called on it.
    pub formatted: bool,
    /// The name that it is assigned to.
    pub target: Option<&'a str>,
}

/// A `def` or `class`.
#[derive(Debug, Clone, Copy)]
pub struct Definition<'a> {
    pub scope: ScopeId,
    /// The list of statements that it stands in.
    pub block: u32,
    pub name: &'a Identifier,
    pub decorators: &'a [Decorator],
    pub moment: Moment,
    /// Directly in a module or a class, where pytest collects.
    pub collected: bool,
}

/// A name that is looked up in transformers.
#[derive(Debug, Clone, Copy)]
pub struct FromTransformers<'a> {
    pub name: &'a str,
    pub range: TextRange,
}

#[derive(Debug, Default)]
pub struct Facts<'a> {
    pub pieces: Vec<Piece<'a>>,
    pub dicts: Vec<&'a ExprDict>,
    pub definitions: Vec<Definition<'a>>,
    pub from_transformers: Vec<FromTransformers<'a>>,
    /// Modules that are imported, as written.
    pub imports: FxHashSet<&'a str>,
    /// Names on which `.format` is called.
    pub formatted: FxHashSet<&'a str>,
    /// Entries of `__all__`.
    pub exports: Vec<(&'a str, TextRange)>,
    /// Statements that are nothing but a name in braces.
    pub braced: Vec<TextRange>,
    /// Calls that leave with success from an `except` block.
    pub exits: Vec<TextRange>,
    /// `from x import *` somewhere: any name may be bound.
    pub star_import: bool,
    transformers: FxHashSet<&'a str>,
}

impl<'a> Facts<'a> {
    pub fn import(&mut self, module: &'a str, bound: &'a str) {
        self.imports.insert(module);
        if module == "transformers" {
            self.transformers.insert(bound);
        }
    }

    pub fn import_from(&mut self, module: &'a str, name: &'a Identifier, range: TextRange) {
        if module == "transformers" || module.starts_with("transformers.") {
            self.from_transformers.push(FromTransformers { name, range });
        }
    }

    /// `transformers.X`, `self.transformers.X`, `getattr(transformers, "X")`.
    pub fn attribute(&mut self, value: &'a Expr, name: &'a str, range: TextRange) {
        let of_transformers = match value {
            Expr::Name(module) => module.id == "transformers" || self.transformers.contains(module.id.as_str()),
            Expr::Attribute(module) => &module.attr == "transformers" || is_submodule(module),
            _ => false,
        };
        if of_transformers {
            self.from_transformers.push(FromTransformers { name, range });
        }
        if matches!(name, "format" | "format_map") {
            match value {
                Expr::Name(name) => _ = self.formatted.insert(&name.id),
                Expr::Attribute(name) => _ = self.formatted.insert(&name.attr),
                _ => {}
            }
        }
    }

    pub fn literal(&mut self, literal: &'a StringLiteral, formatted: bool, target: Option<&'a str>) {
        let kind = PieceKind::Literal { raw: literal.flags.prefix().is_raw() };
        self.pieces.push(Piece { text: literal.as_str(), range: literal.content_range(), kind, formatted, target });
    }

    /// The texts of one part of an f-string; its expressions are the walk's.
    pub fn f_string(&mut self, part: &'a FStringPart) {
        match part {
            FStringPart::Literal(literal) => self.literal(literal, false, None),
            FStringPart::FString(string) => {
                for text in string.elements.iter().filter_map(InterpolatedStringElement::as_literal) {
                    let kind = PieceKind::InFString;
                    self.pieces.push(Piece { text, range: text.range(), kind, formatted: false, target: None });
                }
            }
        }
    }
}

/// `transformers.models.bert.modeling_bert`
fn is_submodule(module: &ruff_python_ast::ExprAttribute) -> bool {
    let mut value = &*module.value;
    while let Expr::Attribute(attribute) = value {
        value = &attribute.value;
    }
    module.attr.starts_with("modeling_") && matches!(value, Expr::Name(name) if name.id == "transformers")
}
