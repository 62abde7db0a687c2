//! Codes HF001 to HF099: registry.toml and registry.lock.

use super::{Code, CodeId};

pub const BROKEN_REGISTRY: CodeId = CodeId(1);
pub const MODEL_TYPE: CodeId = CodeId(2);
pub const UNKNOWN_MODEL: CodeId = CodeId(3);
pub const SAME_IDENT: CodeId = CodeId(4);
pub const EXPIRED_SKIP: CodeId = CodeId(5);
pub const REQUIRED_VERSION: CodeId = CodeId(6);
pub const MISSING_INPUT: CodeId = CodeId(7);
pub const UNKNOWN_NAME: CodeId = CodeId(8);
pub const STATED_TWICE: CodeId = CodeId(9);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: BROKEN_REGISTRY,
        name: "broken-registry",
        summary: "registry.toml can't be read",
        page: "The file is not TOML, or a key or value is not one that hfgen knows.\n\n\
               Unknown keys are errors because a misspelt setting that is silently ignored is worse than none. \
               The schema is printed by `hfgen schema registry`; editors that know it complete the keys.",
    },
    Code {
        id: MODEL_TYPE,
        name: "bad-model-type",
        summary: "a name can't be a model type",
        page: "A model type names a file (`test_hf_<ident>.py`) and a class (`hf_<ident>`), so it is made of ASCII \
               letters, digits, `_`, `-` and `.`, and starts with a letter or a digit.\n\n\
               Names of checkpoints (`facebook/bart-base`), flags (`--help`) and paths are refused, so that a slip of \
               the shell never becomes a generated file.",
    },
    Code {
        id: UNKNOWN_MODEL,
        name: "unknown-model",
        summary: "an override names a model type that is neither in registry.lock nor custom",
        page: "The section `[model.<type>]` has no effect. Correct the name, declare the type under `[custom.<type>]`, \
               or run `hfgen sync` if a newer transformers brought it.",
    },
    Code {
        id: SAME_IDENT,
        name: "same-identifier",
        summary: "two model types normalise to one identifier",
        page: "`gpt-neo` and `gpt_neo` both become `gpt_neo`, so their outputs would overwrite each other. \
               Remove one of them, or rename the custom one.",
    },
    Code {
        id: EXPIRED_SKIP,
        name: "expired-skip",
        summary: "a skip has passed its day",
        page: "A skip may say until when its reason is expected to hold (`expires = \"2027-01-01\"`). From that day on \
               the build reports it, so that it is looked at again: remove the skip, or give it a new day.",
    },
    Code {
        id: REQUIRED_VERSION,
        name: "required-version",
        summary: "the project asks for another version of hfgen",
        page: "`[project] required-hfgen` keeps everybody's outputs the same. Install a version that it allows.",
    },
    Code {
        id: MISSING_INPUT,
        name: "missing-input",
        summary: "a file that the build needs is not there",
        page: "Nothing is defaulted silently. `hfgen init` makes a new registry.toml; `hfgen sync` makes registry.lock \
               from an installed transformers.",
    },
    Code {
        id: UNKNOWN_NAME,
        name: "unknown-name",
        summary: "a name refers to nothing: a family, a check, a hardware profile, a contract",
        page: "A rule, a skip or an override names a family, a tag, a check, a hardware profile or a contract that is \
               defined nowhere. Names are looked up exactly, and the help line names the nearest one that is known.\n\n\
               Correct the name, or define it in `rules/` or, for hardware, under `[hardware.<name>]`.",
    },
    Code {
        id: STATED_TWICE,
        name: "stated-twice",
        summary: "a skip, an expected failure or a blind spot stands twice",
        page: "Two entries of one model are about the same check, class, hardware and fault. The second says nothing new, or \
               gives another reason, and stays behind when the first is removed.\n\nRemove one of them.",
    },
];
