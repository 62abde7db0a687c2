//! Codes HF300 to HF399: the generated Python.

use super::{Code, CodeId};

pub const SYNTAX_ERROR: CodeId = CodeId(300);
pub const NEWER_SYNTAX: CodeId = CodeId(301);
pub const SOURCE_ENCODING: CodeId = CodeId(302);
pub const NOT_FORMATTED: CodeId = CodeId(303);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: SYNTAX_ERROR,
        name: "syntax-error",
        summary: "the output is not valid Python",
        page: "Python would refuse to compile this output, so it is never written over a valid one. \
               The finding names the template line that made the bad line.\n\n\
               Look at the output as it would be with `hfgen build --diff`, then mend the template. Frequent causes: a value \
               printed without `{{py value}}`, a name printed without `{{ident name}}`, a block that loses its indentation, \
               a triple quote inside a docstring (`{{doc text}}` is safe there).",
    },
    Code {
        id: NEWER_SYNTAX,
        name: "newer-syntax",
        summary: "the output uses syntax that the project's lowest Python does not have",
        page: "`[project] python` in registry.toml names the lowest Python that the outputs must run on. This syntax came later: \
               for example `except*` needs 3.11, and nesting the same quotes in an f-string needs 3.12.\n\n\
               Write it in the older way, or raise `[project] python`.",
    },
    Code {
        id: SOURCE_ENCODING,
        name: "source-encoding",
        summary: "the output is not plain UTF-8 text",
        page: "Outputs are UTF-8 without NUL bytes. A comment such as `# -*- coding: latin-1 -*-` in the first two lines makes \
               Python read the file otherwise.\n\nRemove the comment from the template, or the byte that is named.",
    },
    Code {
        id: NOT_FORMATTED,
        name: "not-formatted",
        summary: "the formatter could not lay the output out",
        page: "The output is valid Python, but the formatter gave up on it; it is written as it was rendered.\n\n\
               This is rare. Cut the construct that is named into smaller statements.",
    },
];
