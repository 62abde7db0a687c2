//! The deep check: `python -m py_compile` and `pytest --collect-only` on outputs, each verdict kept by content.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::inspect::View;
use super::options::{Failure, Options};
use super::progress::Progress;
use super::selection::Selected;
use crate::digest::Digest;
use crate::finding::codes::output::{DOES_NOT_COMPILE, NOT_COLLECTED, UNKNOWN_PYTHON};
use crate::finding::{Finding, Place};
use crate::python::library;
use crate::store::{FOLDER, frame};
use crate::sys::{Ran, System};
use crate::validate::FileKind;

/// So many files go to one Python process.
const CHUNK: usize = 200;

/// What Python and pytest said.
#[derive(Debug, Default)]
pub struct Verdicts {
    pub valid: usize,
    pub invalid: usize,
    /// Tests that pytest collected.
    pub tests: usize,
    /// Verdicts taken from the cache.
    pub cached: usize,
    pub findings: Vec<Finding>,
}

/// One file's verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Verdict {
    /// What is wrong, in Python's or pytest's words.
    wrong: Option<(bool, String)>,
    tests: u32,
}

/// Asks `python` about every selected Python output that is on disk.
pub fn deep(
    system: &dyn System,
    options: &Options,
    python: &str,
    progress: &dyn Progress,
) -> Result<Verdicts, Failure> {
    let view = View::open(system, options)?;
    let selected = Selected::resolve(system, options, &view.session, &view.plan)?;
    let libraries = libraries(system, options, python)?;
    let store = options.root.join(FOLDER).join("deep.bin");
    let mut known: BTreeMap<Digest, Verdict> =
        system.read(&store).ok().and_then(|bytes| frame::decode(&bytes).ok()).unwrap_or_default();
    let mut files = Vec::new();
    let mut common = Vec::new();
    for planned in view.plan.outputs.iter().filter(|planned| planned.entry.path.ends_with(".py")) {
        let Ok(bytes) = system.read(&options.root.join(&planned.entry.path)) else { continue };
        let digest = Digest::of(&bytes);
        if planned.entry.model.is_none() {
            common.push(digest);
        }
        if selected.holds(&planned.entry) {
            files.push((planned.entry.path.as_str(), digest));
        }
    }
    // What a file collects depends on what it imports, so the support package is in its key, and the libraries are.
    let common = Digest::of_value(&common);
    let keyed: Vec<(&str, Digest)> = files
        .iter()
        .map(|(path, digest)| (*path, Digest::of_parts([path.as_bytes(), &digest.0, &common.0, &libraries.0])))
        .collect();
    let open: Vec<(&str, Digest)> = keyed.iter().filter(|(_, key)| !known.contains_key(key)).copied().collect();
    progress.begin("asking Python", Some(open.len()));
    for chunk in open.chunks(CHUNK) {
        let paths: Vec<&str> = chunk.iter().map(|(path, _)| *path).collect();
        for ((_, key), verdict) in chunk.iter().zip(ask(system, options, python, &paths)?) {
            known.insert(*key, verdict);
        }
        progress.advance(chunk.len());
    }
    progress.end();
    let mut verdicts = Verdicts { cached: keyed.len() - open.len(), ..Verdicts::default() };
    for (path, key) in &keyed {
        let Some(verdict) = known.get(key) else { continue };
        verdicts.tests += verdict.tests as usize;
        match &verdict.wrong {
            None => verdicts.valid += 1,
            Some((compiles, words)) => {
                verdicts.invalid += 1;
                let code = if *compiles { NOT_COLLECTED } else { DOES_NOT_COMPILE };
                let what = if *compiles { "pytest can't collect" } else { "Python can't compile" };
                verdicts.findings.push(
                    Finding::error(code, format!("{what} `{path}`: {words}"))
                        .at(Place::file(*path))
                        .help(format!("`hfgen why {path}` names the template that it is made from")),
                );
            }
        }
    }
    let used: BTreeSet<Digest> = keyed.iter().map(|(_, key)| *key).collect();
    // What is wrong may be wrong with the environment: it is asked about again.
    known.retain(|key, verdict| verdict.wrong.is_none() && (used.contains(key) || !selected.is_everything()));
    if !open.is_empty() {
        // Only time is lost when this can't be kept.
        let _ = system.write_atomic(&store, &frame::encode(&known, 0));
    }
    Ok(verdicts)
}

/// Of the versions of Python and of the libraries that it has; it must have pytest.
fn libraries(system: &dyn System, options: &Options, python: &str) -> Result<Digest, Failure> {
    let versions = library::versions(system, python, &options.root)
        .and_then(|versions| library::demand(&versions, python, &["pytest"]).map(|()| versions))
        .map_err(|finding| Failure::Selection(vec![finding]))?;
    Ok(Digest::of_value(&versions))
}

fn unusable(python: &str, why: &str) -> Failure {
    Failure::Selection(vec![
        Finding::error(UNKNOWN_PYTHON, format!("`{python}` can't be run: {}", why.trim()))
            .help("name a Python that has pytest with --python"),
    ])
}

/// Compiles and collects some files; one process each where all is well.
fn ask(system: &dyn System, options: &Options, python: &str, paths: &[&str]) -> Result<Vec<Verdict>, Failure> {
    let run = |module: &[&str], paths: &[&str]| -> Result<Ran, Failure> {
        // Compiled files go into the cache, not beside the outputs.
        let prefix = format!("pycache_prefix={FOLDER}/pycache");
        let mut args = vec!["-X", prefix.as_str(), "-m"];
        args.extend(module);
        args.extend(paths);
        system.run(python, &args, &options.root, &[]).map_err(Failure::io(python.to_owned()))
    };
    let mut verdicts: BTreeMap<&str, Verdict> =
        paths.iter().map(|path| (*path, Verdict { wrong: None, tests: 0 })).collect();
    if !run(&["py_compile"], paths)?.ok() {
        for path in paths {
            let ran = run(&["py_compile"], &[path])?;
            if !ran.ok() {
                verdicts.insert(path, Verdict { wrong: Some((false, last_line(&ran.stderr))), tests: 0 });
            }
        }
    }
    let is_test = |path: &&str| verdicts[path].wrong.is_none() && FileKind::is_test(path);
    let tests: Vec<&str> = paths.iter().copied().filter(is_test).collect();
    if !tests.is_empty() {
        // Paths are told from the root folder, which a configuration above the project would move.
        let collect = ["pytest", "--rootdir=.", "--collect-only", "-qq", "-p", "no:cacheprovider"];
        let ran = run(&collect, &tests)?;
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        if said.trim().is_empty() && !ran.ok() {
            return Err(unusable(python, &last_line(&ran.stderr)));
        }
        for path in tests {
            let count = said.lines().find_map(|line| line.strip_prefix(path)?.strip_prefix(": ")?.trim().parse().ok());
            let verdict = match count {
                Some(tests) if tests > 0 => Verdict { wrong: None, tests },
                _ => {
                    let ran = run(&collect, &[path])?;
                    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
                    let error =
                        said.lines().find(|line| line.starts_with("E  ")).map(|line| line[1..].trim().to_owned());
                    Verdict {
                        wrong: Some((true, error.unwrap_or_else(|| "no test was collected".to_owned()))),
                        tests: 0,
                    }
                }
            };
            verdicts.insert(path, verdict);
        }
    }
    Ok(paths.iter().filter_map(|path| verdicts.remove(path)).collect())
}

fn last_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().lines().last().unwrap_or("it said nothing").trim().to_owned()
}
