//! `validate::syntax_errors` and CPython's compiler agree, over mutants of `tests/corpus/` and over the standard library.
//! Every disagreement is explained by an entry of `EXPLAINED`; one without fails the test.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a skipped test says why")]

#[path = "support/cpython_oracle.rs"]
mod cpython_oracle;
#[path = "support/validate_mutants.rs"]
mod validate_mutants;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use cpython_oracle::{Python, Source, pythons};
use hfgen::sys::{OsSystem, System};
use hfgen::validate::syntax_errors;
use rayon::prelude::*;

/// How one verdict differs from the other.
struct Explanation {
    /// Ours is to refuse and CPython's to accept, or the other way round.
    refused_by_us: bool,
    /// Within our message, or CPython's.
    message: &'static str,
    /// Within the source; empty for any.
    source: &'static str,
    /// Only these versions, from and to.
    versions: ((u8, u8), (u8, u8)),
    why: &'static str,
}

const ALWAYS: ((u8, u8), (u8, u8)) = ((3, 0), (3, 99));

const EXPLAINED: &[Explanation] = &[
    Explanation {
        refused_by_us: true,
        message: "declares the encoding",
        source: "",
        versions: ALWAYS,
        why: "deliberate: outputs are UTF-8; a file that declares another encoding is refused even where CPython reads it",
    },
    Explanation {
        refused_by_us: true,
        message: "is not UTF-8",
        source: "",
        versions: ALWAYS,
        why: "deliberate: outputs are UTF-8; CPython reads these bytes by the encoding that a comment declares",
    },
    Explanation {
        refused_by_us: true,
        message: "f-string: expecting `}`",
        source: "",
        versions: ((3, 10), (3, 11)),
        why: "CPython puts a field of an f-string into parentheses until 3.11, so that `f'{x for x in y}'` passes; no longer",
    },
    Explanation {
        refused_by_us: true,
        message: "expected FStringEnd",
        source: "",
        versions: ((3, 10), (3, 11)),
        why: "the same, over several lines",
    },
    Explanation {
        refused_by_us: true,
        message: "named expression cannot be used within a",
        source: "",
        versions: ((3, 12), (3, 13)),
        why: "the parser's check of annotations looks into a lambda, where CPython begins a new block",
    },
    Explanation {
        refused_by_us: true,
        message: "newlines are not allowed in format specifiers",
        source: "",
        versions: ((3, 12), (3, 13)),
        why: "a slip of early 3.12 and 3.13; 3.11 and later patches refuse it",
    },
    Explanation {
        refused_by_us: true,
        message: "compound statements are not allowed on the same line",
        source: "; match, case",
        versions: ALWAYS,
        why: "the parser takes the name `match` behind a semicolon for a statement",
    },
    Explanation {
        refused_by_us: false,
        message: "surrogates not allowed",
        source: "",
        versions: ((3, 13), (3, 99)),
        why: "CPython 3.13 re-encodes docstrings to strip them and stumbles over a lone surrogate, which the language allows",
    },
];

struct Case {
    name: String,
    ours: Option<String>,
    theirs: Option<String>,
    text: String,
}

#[test]
fn mutants_of_the_corpus() {
    let system = OsSystem;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut mutants = Vec::new();
    for (seed, path) in seeds(&system, &folder).iter().enumerate() {
        let source = system.read_text(&folder.join(path)).expect("a seed");
        let name = path.display().to_string();
        mutants.push((name.clone(), source.clone()));
        for (number, mutant) in validate_mutants::of(&source, 200, seed as u64 + 1).into_iter().enumerate() {
            mutants.push((format!("{name} mutant {number}"), mutant));
        }
    }
    assert!(mutants.len() >= 600, "{}", mutants.len());
    for python in with_pythons() {
        let sources: Vec<Source> = mutants.iter().map(|(_, text)| Source::Text(text.clone())).collect();
        let theirs = python.verdicts(&sources);
        let cases = mutants.iter().zip(theirs).map(|((name, text), theirs)| Case {
            name: name.clone(),
            ours: ours(text.as_bytes(), python.version),
            theirs,
            text: text.clone(),
        });
        agree(&python, "mutants", &cases.collect::<Vec<_>>());
    }
}

#[test]
fn the_standard_library() {
    let system = OsSystem;
    for python in with_pythons() {
        let library = PathBuf::from(&python.library);
        let paths: Vec<PathBuf> = system
            .walk(&library)
            .expect("a standard library")
            .into_iter()
            .filter(|path| path.extension().is_some_and(|end| end == "py") && !path.starts_with("site-packages"))
            .map(|path| library.join(path))
            .collect();
        assert!(paths.len() > 500, "{} files in {}", paths.len(), library.display());
        let sources: Vec<Source> = paths.iter().map(|path| Source::File(path.display().to_string())).collect();
        let (theirs, mine) = rayon::join(
            || python.verdicts(&sources),
            || {
                let one = |path: &PathBuf| ours(&system.read(path).expect("readable"), python.version);
                paths.par_iter().map(one).collect::<Vec<_>>()
            },
        );
        let cases = paths.iter().zip(theirs).zip(mine).map(|((path, theirs), ours)| Case {
            name: path.display().to_string(),
            ours,
            theirs,
            text: String::new(),
        });
        agree(&python, "files of the standard library", &cases.collect::<Vec<_>>());
    }
}

fn seeds(system: &dyn System, folder: &Path) -> Vec<PathBuf> {
    let paths = system.walk(folder).expect("the corpus is there");
    paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "py")).collect()
}

fn with_pythons() -> Vec<Python> {
    let found = pythons();
    if found.is_empty() {
        eprintln!("skipped: neither HFGEN_PYTHONS nor python3.10 nor python3 (3.10 or later) can be run");
    }
    found
}

fn ours(source: &[u8], version: (u8, u8)) -> Option<String> {
    syntax_errors(source, version).first().map(|issue| issue.message.clone())
}

/// Fails on every disagreement that no entry of `EXPLAINED` covers.
fn agree(python: &Python, what: &str, cases: &[Case]) {
    let total = cases.len();
    let refused = cases.iter().filter(|case| case.theirs.is_some()).count();
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    let mut open = String::new();
    for case in cases.iter().filter(|case| case.ours.is_some() != case.theirs.is_some()) {
        if let Some(entry) = explanation(case, python.version) {
            *explained.entry(entry.why).or_default() += 1;
            continue;
        }
        let _ = writeln!(open, "\n--- {}\n  ours:   {:?}\n  theirs: {:?}", case.name, case.ours, case.theirs);
        open += &context(case);
    }
    let (major, minor) = python.version;
    eprintln!(
        "Python {major}.{minor}: {total} {what}, {refused} refused by CPython; explained differences: {explained:#?}"
    );
    assert!(open.is_empty(), "Python {major}.{minor}, {what}: verdicts differ without an explanation{open}");
}

fn explanation(case: &Case, version: (u8, u8)) -> Option<&'static Explanation> {
    let message = case.ours.as_deref().or(case.theirs.as_deref()).unwrap_or("");
    EXPLAINED.iter().find(|entry| {
        entry.refused_by_us == case.ours.is_some()
            && message.contains(entry.message)
            && case.text.contains(entry.source)
            && (entry.versions.0..=entry.versions.1).contains(&version)
    })
}

/// The lines around the place that a verdict names.
fn context(case: &Case) -> String {
    let named = case.theirs.as_deref().and_then(|text| text.rsplit("line ").next()?.trim_end_matches(')').parse().ok());
    let ours = || {
        syntax_errors(case.text.as_bytes(), (3, 10))
            .first()
            .map(|issue| case.text[..issue.range.start].matches('\n').count() + 1)
    };
    let line: usize = named.or_else(ours).unwrap_or(1);
    let around = case.text.lines().enumerate().skip(line.saturating_sub(3)).take(5);
    around.fold(String::new(), |shown, (number, text)| shown + &format!("  {:4} | {text}\n", number + 1))
}
