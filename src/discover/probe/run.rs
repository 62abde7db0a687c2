//! Has Python find out what is not known yet. A type that crashes, hangs or eats memory is asked again class by class, so
//! that one class does not hide what the others are.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::jobs::Probing;
use super::kept::Kept;
use super::merge::readable;
use super::{ENTRY, SEARCH, SHARED};
use crate::build::Progress;
use crate::finding::Finding;
use crate::finding::codes::output::NOT_WRITABLE;
use crate::finding::codes::sync::{PROBE_LIBRARY, PROBE_PYTHON};
use crate::python::{Answer, Failure, Job, Outcome, Pool, Settings, unpack};
use crate::store::FOLDER;
use crate::sys::System;

/// Without these nothing can be probed.
const NEEDED: [&str; 3] = ["torch", "transformers", "hfgen_probe.search"];
/// What nearly every model type imports, two seconds of it: the children find it done. Other versions lack some.
const SHARED_IMPORTS: [&str; 9] = [
    "transformers.modeling_utils",
    "transformers.models.auto.modeling_auto",
    "transformers.generation.utils",
    "transformers.masking_utils",
    "transformers.processing_utils",
    "transformers.image_processing_backends",
    "transformers.video_processing_utils",
    "transformers.tokenization_utils_sentencepiece",
    "timm",
];

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

/// What is asked, and of whom.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub root: &'a Path,
    pub python: &'a str,
    /// Types to probe.
    pub wanted: &'a [Probing],
    pub limits: Limits,
    /// Asks Python even where an answer is kept.
    pub force: bool,
    /// Whether an answer of this key may be needed again.
    pub counts: &'a dyn Fn(&str) -> bool,
}

/// Answers by model type, for all that are wanted: kept ones, and those that Python gives now.
pub fn probe(
    system: &dyn System,
    request: &Request<'_>,
    progress: &dyn Progress,
) -> Result<BTreeMap<String, Value>, Vec<Finding>> {
    let folder = request.root.join(FOLDER);
    let waiting = || progress.note("another probe is running here; this one waits for it");
    let _lock = system
        .make_folders(&folder)
        .and_then(|()| system.lock(&folder.join("probe.lock"), &waiting))
        .map_err(|error| vec![unwritable(&error)])?;
    let mut round = Round { kept: Kept::open(system, request.root), answers: BTreeMap::new(), unkept: None };
    let mut open: Vec<&Probing> = Vec::new();
    for probing in request.wanted {
        match round.kept.get(&probing.key).filter(|_| !request.force) {
            Some(answer) => drop(round.answers.insert(probing.model.clone(), answer.clone())),
            None => open.push(probing),
        }
    }
    if open.is_empty() {
        return Ok(round.answers);
    }
    let search = folder.join("probe");
    let files: Vec<(&str, &str)> = SEARCH.iter().chain(SHARED).copied().collect();
    unpack(system, &search, &files).map_err(|error| vec![unwritable(&error)])?;
    let settings = Settings {
        python: request.python.to_owned(),
        folder: request.root.to_owned(),
        path: vec![search.to_string_lossy().into_owned()],
        imports: NEEDED.iter().chain(&SHARED_IMPORTS).map(|name| (*name).to_owned()).collect(),
        env: environment(),
        package: None,
        jobs: request.limits.jobs,
    };
    progress.begin("importing torch and transformers", None);
    let alone = round.by_type(pool(system, &settings)?, &open, request, progress)?;
    if !alone.is_empty() && round.unkept.is_none() {
        progress.begin("importing torch and transformers again", None);
        round.by_class(pool(system, &settings)?, &alone, request, progress)?;
    }
    progress.end();
    if let Some(error) = round.unkept {
        return Err(vec![unwritable(&error)]);
    }
    // A cache that can't be made smaller is as good as before.
    let _ = round.kept.tidy(request.counts);
    Ok(round.answers)
}

/// What has come so far.
struct Round<'a> {
    kept: Kept<'a>,
    answers: BTreeMap<String, Value>,
    /// Why an answer could not be kept, which ends the round.
    unkept: Option<std::io::Error>,
}

impl Round<'_> {
    /// A job a type. The value is the types whose process died, and that have several classes.
    fn by_type<'p>(
        &mut self,
        pool: Pool,
        open: &[&'p Probing],
        request: &Request<'_>,
        progress: &dyn Progress,
    ) -> Result<Vec<&'p Probing>, Vec<Finding>> {
        progress.begin("probing", Some(open.len()));
        let jobs = open.iter().map(|probing| job(probing.job.clone(), request.limits)).collect();
        let mut alone = Vec::new();
        let on_answer = &mut |answer: Answer| {
            progress.advance(1);
            let probing = open[answer.id];
            match &answer.outcome {
                Outcome::Done { value } => self.take(probing, value),
                // The process died: which class it was nobody knows yet.
                _ if probing.classes.len() > 1 => {
                    alone.push(probing);
                    ControlFlow::Continue(())
                }
                _ => self.take(probing, &failed(&probing.classes, &answer)),
            }
        };
        let ran = pool.run(jobs, on_answer, &mut || ControlFlow::Continue(()));
        ran.map_err(|failure| vec![broken(request.python, &failure)])?;
        Ok(alone)
    }

    /// A job a class.
    fn by_class(
        &mut self,
        pool: Pool,
        alone: &[&Probing],
        request: &Request<'_>,
        progress: &dyn Progress,
    ) -> Result<(), Vec<Finding>> {
        let single: Vec<(&Probing, usize)> =
            alone.iter().flat_map(|probing| (0..probing.classes.len()).map(|at| (*probing, at))).collect();
        progress.begin("probing class by class", Some(single.len()));
        let jobs = single.iter().map(|(probing, at)| job(only(&probing.job, *at), request.limits)).collect();
        let mut parts: BTreeMap<&str, BTreeMap<usize, Value>> = BTreeMap::new();
        let on_answer = &mut |answer: Answer| {
            progress.advance(1);
            let (probing, at) = single[answer.id];
            let part = match answer.outcome {
                Outcome::Done { value } => value,
                _ => failed(&probing.classes[at..=at], &answer),
            };
            let parts = parts.entry(&probing.model).or_default();
            parts.insert(at, part);
            if parts.len() < probing.classes.len() {
                return ControlFlow::Continue(());
            }
            self.take(probing, &joined(&probing.classes, parts.values()))
        };
        let ran = pool.run(jobs, on_answer, &mut || ControlFlow::Continue(()));
        ran.map_err(|failure| vec![broken(request.python, &failure)])
    }

    fn take(&mut self, probing: &Probing, answer: &Value) -> ControlFlow<()> {
        if readable(answer) {
            self.unkept = self.kept.keep(probing, answer).err();
        }
        self.answers.insert(probing.model.clone(), answer.clone());
        if self.unkept.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
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
    if let Some((name, why)) = NEEDED.iter().find_map(|name| pool.ready.missing.get_key_value(*name)) {
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

/// Why no class was found out; where the process died, with the last that it said.
fn failed(classes: &[String], answer: &Answer) -> Value {
    let mut error = format!("forward: {}", answer.outcome.trouble().unwrap_or_default());
    let last = answer.said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    if let (Outcome::Signal { .. } | Outcome::Exit { .. }, Some(last)) = (&answer.outcome, last) {
        error.push_str("; it said: ");
        error.extend(last.chars().take(200));
    }
    let classes: Map<String, Value> = classes.iter().map(|name| (name.clone(), json!({ "error": error }))).collect();
    json!({"tiny": {}, "inputs": {}, "classes": classes})
}

/// The answers for single classes as one. What the first class that ran takes is common; the others say what they take
/// where that is something else.
fn joined<'v>(classes: &[String], parts: impl Iterator<Item = &'v Value>) -> Value {
    let mut found: Map<String, Value> = Map::new();
    let mut whole = json!({"tiny": {}, "inputs": {}, "classes": {}});
    let mut common = None;
    for part in parts {
        for (name, class) in part["classes"].as_object().into_iter().flatten() {
            let mut class = class.clone();
            if class.get("error").is_none() {
                let common = common.get_or_insert(part);
                for fact in ["tiny", "inputs"] {
                    if class.get(fact).is_none() && part[fact] != common[fact] {
                        class[fact] = part[fact].clone();
                    }
                }
            }
            found.insert(name.clone(), class);
        }
        if whole.get("local").is_none()
            && let Some(local) = part.get("local")
        {
            whole["local"] = local.clone();
        }
    }
    for fact in ["tiny", "inputs"] {
        whole[fact] = common.map_or_else(|| json!({}), |part| part[fact].clone());
    }
    let ordered = classes.iter().filter_map(|name| Some((name.clone(), found.remove(name)?)));
    whole["classes"] = Value::Object(ordered.collect());
    whole
}

fn broken(python: &str, failure: &Failure) -> Finding {
    Finding::error(PROBE_PYTHON, failure.words(python))
        .help("what was found so far is kept: run `hfgen probe` again to go on")
}

fn unwritable(error: &std::io::Error) -> Finding {
    Finding::error(NOT_WRITABLE, format!("the cache can't be written: {error}"))
        .help("what was found so far is kept: run `hfgen probe` again to go on")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_were_tried_one_by_one_make_one_answer() {
        let part = |name: &str, tiny: i32| json!({"tiny": {"width": tiny}, "inputs": {"x": "ids"}, "classes": {name: {"parameters": 1}}});
        let lost = json!({"tiny": {}, "inputs": {}, "classes": {"B": {"error": "forward: crash"}}});
        let own = json!({"tiny": {"width": 3}, "inputs": {}, "classes": {"D": {"inputs": {"y": "ones"}}}, "local": {"tokenizer": "T"}});
        let parts = [part("A", 1), lost, part("C", 2), own, part("E", 1)];
        let classes = ["A", "B", "C", "D", "E"].map(str::to_owned);
        let expected = json!({
            "tiny": {"width": 1}, "inputs": {"x": "ids"}, "local": {"tokenizer": "T"},
            "classes": {
                "A": {"parameters": 1}, "B": {"error": "forward: crash"}, "C": {"parameters": 1, "tiny": {"width": 2}},
                "D": {"inputs": {"y": "ones"}, "tiny": {"width": 3}}, "E": {"parameters": 1},
            },
        });
        assert_eq!(joined(&classes, parts.iter()), expected);
    }
}
