//! The pool of Python processes as a `Runner`: what they import, how long and how large a file's child may get.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use super::protocol::{Answer, Job};
use super::session::{Done, Runner};
use super::{MEGABYTES, RUNNER};
use crate::build::{Failure, Options, Progress};
use crate::finding::Finding;
use crate::finding::codes::output::UNKNOWN_PYTHON;
use crate::python::{self, Outcome, Settings};
use crate::store::FOLDER;
use crate::sys::System;

/// What Python runs, by file name.
const PROGRAMS: [(&str, &str); 1] = [("runner.py", RUNNER)];
/// What nearly every file needs, imported once.
const IMPORTS: [&str; 8] = [
    "pytest",
    "torch",
    "transformers",
    "transformers.modeling_utils",
    "transformers.models.auto.modeling_auto",
    "transformers.pipelines",
    "hfgen_runtime",
    "runner",
];
/// A file may hold a hundred tests, each within its own time.
const LONGEST_TESTS: f64 = 30.0;

/// Python, and where its programs lie.
pub struct Pool<'a> {
    system: &'a dyn System,
    root: PathBuf,
    python: &'a str,
    jobs: usize,
    progress: &'a dyn Progress,
}

impl<'a> Pool<'a> {
    /// `jobs`: how many files run at a time; as many as there are cores by default.
    pub fn new(
        system: &'a dyn System,
        options: &Options,
        python: &'a str,
        jobs: Option<NonZeroUsize>,
        progress: &'a dyn Progress,
    ) -> Self {
        let jobs = jobs.map_or_else(rayon::current_num_threads, NonZeroUsize::get);
        Self { system, root: options.root.clone(), python, jobs, progress }
    }

    fn settings(&self, outputs: &str) -> Result<Settings, Failure> {
        let programs = self.root.join(FOLDER).join("run");
        let unpacked = python::unpack(self.system, &programs, &PROGRAMS);
        unpacked.map_err(Failure::io(programs.display().to_string()))?;
        // Forked children can't share a pool of threads; and no test may reach for the network.
        // Whether CUDA is there is asked of NVML: asking the driver would bring it up, and then nothing can be forked.
        // glibc gives the memory of a large tensor back to the system as soon as it is free, and the next one asks for it
        // again: kept, 41 files have 2.0 million page faults instead of 3.3. Other C libraries pass these over.
        let env = [
            ("OMP_NUM_THREADS", "1"),
            ("HF_HUB_OFFLINE", "1"),
            ("TOKENIZERS_PARALLELISM", "false"),
            ("PYTORCH_NVML_BASED_CUDA_CHECK", "1"),
            ("MALLOC_MMAP_THRESHOLD_", "33554432"),
            ("MALLOC_TRIM_THRESHOLD_", "4294967296"),
        ];
        Ok(Settings {
            python: self.python.to_owned(),
            folder: self.root.clone(),
            path: vec![programs.display().to_string(), outputs.to_owned()],
            imports: IMPORTS.map(str::to_owned).into(),
            package: Some("transformers".to_owned()),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            jobs: self.jobs,
        })
    }

    fn unusable(&self, failure: python::Failure) -> Failure {
        let why = match failure {
            python::Failure::NotStarted(error) => error.to_string(),
            python::Failure::Broken { status, said } => format!("it ended with status {status}\n{}", said.trim()),
            stuck @ python::Failure::Stuck { .. } => stuck.words(self.python),
        };
        let finding = Finding::error(UNKNOWN_PYTHON, format!("`{}` can't run the tests: {why}", self.python));
        Failure::Selection(vec![finding.help("name a Python that has torch, transformers and pytest with --python")])
    }
}

impl Runner for Pool<'_> {
    fn run(&mut self, jobs: Vec<Job>, done: &mut Done<'_>) -> Result<(), Failure> {
        let Some(first) = jobs.first() else { return Ok(()) };
        let pool = python::Pool::start(self.system, &self.settings(&first.root)?).map_err(|e| self.unusable(e))?;
        let job = |job: &Job| python::Job {
            entry: "runner:run".to_owned(),
            job: serde_json::json!(job),
            folder: Some(self.root.clone()),
            seconds: job.timeout * LONGEST_TESTS,
            megabytes: MEGABYTES,
            ..python::Job::default()
        };
        let core: Arc<[String]> = pool.ready.loaded.clone().into();
        let mut on_answer = |answer: python::Answer| {
            let answered = match answer.outcome {
                Outcome::Done { value } => serde_json::from_value(value)
                    .map(|answer| Answer { core: Arc::clone(&core), ..answer })
                    .map_err(|error| format!("an answer that can't be read: {error}")),
                other => Err(other.trouble().unwrap_or_default()),
            };
            done(answer.id, answered)
        };
        let name = |id: usize| jobs.get(id).map_or("", |job| job.file.rsplit('/').next().unwrap_or(&job.file));
        let progress = self.progress;
        let mut on_begin = |id| progress.begins(name(id));
        let mut on_answer = |answer: python::Answer| {
            progress.ends(name(answer.id));
            on_answer(answer)
        };
        // A moment in which nothing happens is one in which seconds pass.
        let mut pulse = || {
            progress.advance(0);
            ControlFlow::Continue(())
        };
        pool.run_told(jobs.iter().map(job).collect(), &mut on_begin, &mut on_answer, &mut pulse)
            .map_err(|failure| self.unusable(failure))
    }
}
