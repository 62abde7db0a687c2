//! Templates: parsing, what calls what, what data they read, rendering with its line map. Pure: no disk, no queries.
//!
//! Map of the room: `source` is one parsed file (`lexer`, `expr`, `parser`, `indent`, `resolve`, `ast` make its tree); `render` walks the tree
//! with data (`eval` and `scope` find values, `helpers` and `python` make values, `writer` and `linemap` take the text, `failure`
//! words what went wrong). `layers` says which file a name means, `graph` what calls what. `analyse` walks the tree without
//! data and finds its `reads`. `lint` looks for what is useless or wrong (`track` follows paths through all data).

mod analyse;
mod ast;
mod eval;
mod expr;
mod failure;
mod graph;
mod helpers;
mod indent;
mod layers;
mod lexer;
mod linemap;
mod lint;
mod parser;
mod python;
mod reads;
mod render;
mod resolve;
mod scope;
mod source;
mod track;
mod writer;

pub use analyse::reads;
pub use graph::TemplateGraph;
pub use helpers::Helper;
pub use layers::{Layer, LayerFile, Layered, Layers, template_name};
pub use linemap::{LineMap, Origin, Step};
pub use lint::{Use, lint};
pub use python::literal as python_literal;
pub use reads::Reads;
pub use render::{RenderInput, Rendered, render, render_with_map};
pub use source::{PartialRef, RefKind, Template, parse, parse_known};
