//! Codes HF100 to HF199: rules and the plan.

use super::{Code, CodeId};

pub const BROKEN_RULES: CodeId = CodeId(101);
pub const DEFINED_TWICE: CodeId = CodeId(102);
pub const NO_FAMILY: CodeId = CodeId(103);
pub const TWO_FAMILIES: CodeId = CodeId(104);
pub const SAME_PATH: CodeId = CodeId(105);
pub const NO_MATCH: CodeId = CodeId(106);
pub const OUTSIDE_ROOT: CodeId = CodeId(107);
pub const UNKNOWN_PLACEHOLDER: CodeId = CodeId(108);
pub const NO_TEMPLATE: CodeId = CodeId(109);
pub const NO_COMMENT_SYNTAX: CodeId = CodeId(110);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: BROKEN_RULES,
        name: "broken-rules",
        summary: "a file of rules/ can't be read",
        page: "The file is not TOML, or a key or value is not one that hfgen knows. The schema is printed by \
               `hfgen schema rules`.",
    },
    Code {
        id: DEFINED_TWICE,
        name: "defined-twice",
        summary: "a family, tag, check, contract or target is defined in two files",
        page: "All files of `rules/` make one rule book, so a name may stand in one of them only.",
    },
    Code {
        id: NO_FAMILY,
        name: "no-family",
        summary: "no rule places a model type",
        page: "Families are decided from facts, and a type that no family takes gets no default: it would be tested as \
               something that it isn't. Add the type to a family's `models`, or a `when` that holds for it, or set \
               `[model.<type>] family`.",
    },
    Code {
        id: TWO_FAMILIES,
        name: "two-families",
        summary: "two families name a model type exactly",
        page: "`models` is an exact table, and a type stands in it once: leave it in the family that it belongs to. Where \
               one project wants another family than the rules say, `[model.<type>] family` in registry.toml does that.",
    },
    Code {
        id: SAME_PATH,
        name: "same-path",
        summary: "two rules make the same output",
        page: "The last writer would win silently. Narrow one rule's `select`, or let the paths differ. Paths that \
               differ only in case count as the same, because some file systems fold it.",
    },
    Code {
        id: NO_MATCH,
        name: "rule-matches-nothing",
        summary: "a rule makes no output",
        page: "Nothing is selected by it: usually a misspelt value, or a rule that has outlived its models.",
    },
    Code {
        id: OUTSIDE_ROOT,
        name: "outside-root",
        summary: "a rule makes a path outside the output root",
        page: "Outputs live below `[project] output`, so that hfgen never touches anything else.",
    },
    Code {
        id: UNKNOWN_PLACEHOLDER,
        name: "unknown-placeholder",
        summary: "an output path has a placeholder that is not known",
        page: "An `output` path may hold `{ident}`, `{type}`, `{family}`, `{hardware}` and `{variant}`; a misspelt one would \
               end up in file names, and several outputs in one file.",
    },
    Code {
        id: NO_TEMPLATE,
        name: "no-template",
        summary: "a rule names a template that is not there",
        page: "Templates are looked up in `--templates` folders, then in the project's `templates/`, then among those \
               that the binary carries. `hfgen template list` shows them.",
    },
    Code {
        id: NO_COMMENT_SYNTAX,
        name: "no-comment-syntax",
        summary: "an output's format has no comments, so it can't carry its header",
        page: "Every output says in its first lines that it is generated, and carries the hash by which hand edits are \
               noticed. Formats without comments (JSON) can't; make a format that has them.",
    },
];
