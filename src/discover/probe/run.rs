//! Has Python find out what is not known yet. A type that crashes, hangs or eats memory is asked again class by class, so
//! that one class does not hide what the others are.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Value, json};

use super::jobs::Probing;
use super::kept::Kept;
use super::{ENTRY, SEARCH, SHARED};
use crate::build::Progress;
use crate::finding::Finding;
use crate::finding::codes::output::NOT_WRITABLE;
use crate::finding::codes::sync::{PROBE_LIBRARY, PROBE_PYTHON};
use crate::python::{Answer, Failure, Job, Outcome, Pool, Settings, unpack};
use crate::store::FOLDER;
use crate::sys::System;

/// How far a model type may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Model types at the same time.
    pub jobs: usize,
    /// Wall time of one model type, in seconds.
    pub seconds: f64,
    /// Resident memory of one model type.
    pub megabytes: u64,
}

/// Answers by model type, for all of `wanted`: kept ones, and those that Python gives now.
pub fn probe(
    system: &dyn System,
    root: &Path,
    python: &str,
    wanted: &[Probing],
    limits: Limits,
    force: bool,
    progress: &dyn Progress,
) -> Result<BTreeMap<String, Value>, Vec<Finding>> {
    let mut kept = Kept::open(system, root);
    let mut answers = BTreeMap::new();
    let mut open: Vec<&Probing> = Vec::new();
    for probing in wanted {
        match kept.get(&probing.key).filter(|_| !force) {
            Some(answer) => drop(answers.insert(probing.model.clone(), answer.clone())),
            None => open.push(probing),
        }
    }
    if open.is_empty() {
        return Ok(answers);
    }
    let search = root.join(FOLDER).join("probe");
    let files: Vec<(&str, &str)> = SEARCH.iter().chain(SHARED).copied().collect();
    unpack(system, &search, &files).map_err(|error| vec![unwritable(&error)])?;
    let settings = Settings {
        python: python.to_owned(),
        folder: root.to_owned(),
        path: vec![search.to_string_lossy().into_owned()],
        imports: ["torch", "transformers", "hfgen_probe.search"].map(str::to_owned).to_vec(),
        env: environment(),
        jobs: limits.jobs,
    };
    let mut unkept = None;
    let mut alone: Vec<&Probing> = Vec::new();
    let mut take = |probing: &Probing, answer: Value| {
        unkept = kept.keep(&probing.key, answer.clone()).err();
        answers.insert(probing.model.clone(), answer);
        if unkept.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    progress.begin("probing", Some(open.len()));
    let jobs = open.iter().map(|probing| job(probing.job.clone(), limits)).collect();
    let on_answer = &mut |answer: Answer| {
        progress.advance(1);
        let probing = open[answer.id];
        match answer.outcome {
            Outcome::Done { value } => take(probing, value),
            // Python itself failed: no class did.
            _ if probing.classes.len() > 1 => {
                alone.push(probing);
                ControlFlow::Continue(())
            }
            outcome => take(probing, failed(&probing.classes, &outcome)),
        }
    };
    pool(system, &settings)?
        .run(jobs, on_answer, &mut || ControlFlow::Continue(()))
        .map_err(|f| vec![broken(python, &f)])?;
    progress.end();
    if !alone.is_empty() {
        let single: Vec<(&Probing, usize)> =
            alone.iter().flat_map(|probing| (0..probing.classes.len()).map(move |at| (*probing, at))).collect();
        progress.begin("probing class by class", Some(single.len()));
        let mut parts: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        let jobs = single.iter().map(|(probing, at)| job(only(&probing.job, *at), limits)).collect();
        let on_answer = &mut |answer: Answer| {
            progress.advance(1);
            let (probing, at) = single[answer.id];
            let part = match answer.outcome {
                Outcome::Done { value } => value,
                outcome => failed(&probing.classes[at..=at], &outcome),
            };
            let parts = parts.entry(&probing.model).or_default();
            parts.push(part);
            if parts.len() < probing.classes.len() {
                return ControlFlow::Continue(());
            }
            take(probing, joined(&probing.classes, parts))
        };
        let pool = pool(system, &settings)?;
        pool.run(jobs, on_answer, &mut || ControlFlow::Continue(()))
            .map_err(|failure| vec![broken(python, &failure)])?;
        progress.end();
    }
    if let Some(error) = unkept {
        return Err(vec![unwritable(&error)]);
    }
    let _ = kept.tidy(&|key| wanted.iter().any(|probing| probing.key == key));
    Ok(answers)
}

/// No network, no threads of its own, no colour.
fn environment() -> BTreeMap<String, String> {
    let words = [
        ("HF_HUB_OFFLINE", "1"),
        ("TRANSFORMERS_OFFLINE", "1"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("OMP_NUM_THREADS", "1"),
        ("MKL_NUM_THREADS", "1"),
        ("PYTHONHASHSEED", "0"),
    ];
    words.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn pool(system: &dyn System, settings: &Settings) -> Result<Pool, Vec<Finding>> {
    let pool = Pool::start(system, settings).map_err(|failure| vec![broken(&settings.python, &failure)])?;
    if let Some((name, why)) = pool.ready.missing.iter().next() {
        return Err(vec![
            Finding::error(PROBE_LIBRARY, format!("`{}` can't import {name}: {why}", settings.python))
                .help("name a Python that has torch and transformers with --python, or activate its environment"),
        ]);
    }
    Ok(pool)
}

fn job(body: Value, limits: Limits) -> Job {
    Job { entry: ENTRY.to_owned(), job: body, seconds: limits.seconds, megabytes: limits.megabytes, ..Job::default() }
}

/// The job with one class alone.
fn only(job: &Value, at: usize) -> Value {
    let mut job = job.clone();
    job["classes"] = json!([job["classes"][at]]);
    job
}

fn failed(classes: &[String], outcome: &Outcome) -> Value {
    let error = format!("forward: {}", outcome.trouble().unwrap_or_default());
    let classes: serde_json::Map<String, Value> =
        classes.iter().map(|name| (name.clone(), json!({ "error": error }))).collect();
    json!({"tiny": {}, "inputs": {}, "classes": classes})
}

/// The answers for single classes as one: each says its own inputs, so nothing is common.
fn joined(classes: &[String], parts: &[Value]) -> Value {
    let mut found = serde_json::Map::new();
    let mut tiny = json!({});
    for part in parts {
        if part["tiny"].as_object().is_some_and(|fields| !fields.is_empty()) {
            tiny = part["tiny"].clone();
        }
        for (name, class) in part["classes"].as_object().into_iter().flatten() {
            let mut class = class.clone();
            if class.get("error").is_none() && class.get("inputs").is_none() {
                class["inputs"] = part["inputs"].clone();
            }
            found.insert(name.clone(), class);
        }
    }
    let ordered: serde_json::Map<String, Value> =
        classes.iter().filter_map(|name| Some((name.clone(), found.remove(name)?))).collect();
    json!({"tiny": tiny, "inputs": {}, "classes": ordered})
}

fn broken(python: &str, failure: &Failure) -> Finding {
    let message = match failure {
        Failure::NotStarted(error) => format!("`{python}` can't be started: {error}"),
        Failure::Broken { status, said } => {
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
            format!("`{python}` ended with status {status}: {last}")
        }
    };
    Finding::error(PROBE_PYTHON, message).help("what was found so far is kept: run `hfgen probe` again to go on")
}

fn unwritable(error: &std::io::Error) -> Finding {
    Finding::error(NOT_WRITABLE, format!("the cache can't be written: {error}"))
        .help("what was found so far is kept: run `hfgen probe` again to go on")
}
