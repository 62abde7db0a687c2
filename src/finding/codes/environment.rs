//! Codes HF840 to HF859: the Python environment that generated tests run in.

use super::{Code, CodeId};

/// There is no whole environment of hfgen's own.
pub const NO_ENVIRONMENT: CodeId = CodeId(840);
/// The Python in use lacks something.
pub const PYTHON_LACKS: CodeId = CodeId(841);
/// The Python in use has another version than the project names.
pub const OTHER_VERSION: CodeId = CodeId(842);
/// A step of making the environment failed.
pub const STEP_FAILED: CodeId = CodeId(843);
/// Nobody said yes.
pub const NOT_AGREED: CodeId = CodeId(844);
/// No folder to keep environments in.
pub const NO_HOME: CodeId = CodeId(845);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: NO_ENVIRONMENT,
        name: "no-environment",
        summary: "hfgen's own Python environment is not there, or only half made",
        page: "`hfgen env create` makes it, and says before what it costs. One that was interrupted goes on where it was. It \
               lies below HFGEN_HOME, else XDG_CACHE_HOME/hfgen, else ~/.cache/hfgen, and is shared by all projects that \
               name the same version of transformers.",
    },
    Code {
        id: PYTHON_LACKS,
        name: "python-lacks-library",
        summary: "the Python that commands would use lacks torch, transformers or pytest",
        page: "Commands that need Python take the first of: --python, HFGEN_PYTHON, the active environment (VIRTUAL_ENV), \
               .venv or venv of the project, hfgen's own environment, python3; an environment without torch is passed \
               over where a later one has it. Install what is missing there, name another Python, or let `hfgen env \
               create` make one.",
    },
    Code {
        id: OTHER_VERSION,
        name: "other-transformers",
        summary: "the Python in use has another transformers than registry.lock was read from",
        page: "The tests then run models of one version with facts of another: classes and fields may be missing. Install \
               the version that the message names, or run `hfgen sync` to read the facts of the one that is installed.",
    },
    Code {
        id: STEP_FAILED,
        name: "environment-step-failed",
        summary: "a step of making the Python environment failed",
        page: "The end of what uv or pip said stands in the message. What was done before is kept: `hfgen env create` goes \
               on with the step that failed. Where no wheel fits this machine, name another Python with --python; where \
               an index can't be reached, PIP_INDEX_URL or UV_INDEX_URL names a mirror. `python -m venv` needs the \
               package python3-venv on Debian and Ubuntu; uv needs nothing.",
    },
    Code {
        id: NOT_AGREED,
        name: "not-agreed",
        summary: "an environment costs gigabytes, and nobody said yes",
        page: "On a terminal `hfgen env create` asks before it downloads anything. Elsewhere, as in continuous integration, \
               `--yes` says it beforehand.\n\n    hfgen env create --yes",
    },
    Code {
        id: NO_HOME,
        name: "no-home-folder",
        summary: "there is no folder to keep environments in",
        page: "Neither HFGEN_HOME nor XDG_CACHE_HOME nor HOME (on Windows LOCALAPPDATA) is set. Set HFGEN_HOME to a folder \
               with room for some gigabytes.",
    },
];
