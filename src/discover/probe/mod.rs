//! The probe: runs every model class and writes down what was found, as proven facts in `registry.lock`.
//!
//! Map of the folder: `jobs` says what is to be found out and what each answer depends on, `run` has Python find it out,
//! `kept` remembers answers so that a probe that was stopped goes on, `why` says what
//! made an answer out of date, `merge` puts answers into the lock, `verdict` counts and says what is wrong. The search itself is in `python/`.

pub mod jobs;
pub mod kept;
mod merge;
pub mod run;
pub mod verdict;
mod why;

pub use jobs::{Probing, Versions, jobs};
pub use kept::Kept;
pub use merge::merge;
pub use run::{Limits, Request, probe};
pub use verdict::{Tally, findings, out_of_date, tally};
pub use why::why;

macro_rules! search {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("hfgen_probe/", $name), include_str!(concat!("python/", $name)))),*]
    };
}

/// The search, as it is laid before Python: path and text of each file.
pub const SEARCH: &[(&str, &str)] = search![
    "__init__.py",
    "agree.py",
    "arguments.py",
    "build.py",
    "configs.py",
    "labels.py",
    "learning.py",
    "local.py",
    "local_marks.py",
    "local_media.py",
    "local_network.py",
    "local_text.py",
    "measure.py",
    "node.py",
    "placeholders.py",
    "rules.py",
    "search.py",
    "shrink.py",
    "sizes.py",
    "states.py",
    "tree.py",
];

/// What the search shares with the generated tests: the same descriptions make the same tensors.
pub const SHARED: &[(&str, &str)] = &[
    ("hfgen_runtime/__init__.py", ""),
    ("hfgen_runtime/compat.py", include_str!("../../../templates/runtime/compat.py.hbs")),
    ("hfgen_runtime/inputs.py", include_str!("../../../templates/runtime/inputs.py.hbs")),
    ("hfgen_runtime/layers.py", include_str!("../../../templates/runtime/layers.py.hbs")),
    ("hfgen_runtime/libraries.py", include_str!("../../../templates/runtime/libraries.py.hbs")),
    ("hfgen_runtime/local.py", include_str!("../../../templates/runtime/local.py.hbs")),
    ("hfgen_runtime/objective.py", include_str!("../../../templates/runtime/objective.py.hbs")),
    ("hfgen_runtime/outputs.py", include_str!("../../../templates/runtime/outputs.py.hbs")),
    ("hfgen_runtime/samples.py", include_str!("../../../templates/runtime/samples.py.hbs")),
    ("hfgen_runtime/vocabularies.py", include_str!("../../../templates/runtime/vocabularies.py.hbs")),
    ("hfgen_runtime/waking.py", include_str!("../../../templates/runtime/waking.py.hbs")),
];

/// `module:function` of the search.
pub const ENTRY: &str = "hfgen_probe.search:run";
