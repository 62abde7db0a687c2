//! Templates: parsing, what calls what, what data they read, rendering with its line map. Pure: no disk, no queries.
//!
//! Map of the room: `source` is one parsed file (`lexer`, `expr`, `parser`, `ast` make its tree); `render` walks the tree
//! with data (`scope` finds names, `helpers` and `python` make values, `writer` and `linemap` take the text, `failure`
//! words what went wrong).

mod ast;
mod expr;
mod failure;
mod helpers;
mod lexer;
mod linemap;
mod parser;
mod python;
mod render;
mod scope;
mod source;
mod writer;

pub use helpers::Helper;
pub use linemap::{LineMap, Origin, Step};
pub use python::literal as python_literal;
pub use render::{RenderInput, Rendered, render, render_with_map};
pub use source::{PartialRef, RefKind, Template, parse};
