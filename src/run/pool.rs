//! Python processes as a `Runner`: each gets a few files, imports torch once, and forks for every file.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use rayon::prelude::*;

use super::protocol::{Answer, Job};
use super::prove::Runner;
use crate::build::{Failure, Options};
use crate::store::FOLDER;
use crate::sys::System;

/// What Python runs, by file name.
const PROGRAMS: [(&str, &str); 2] =
    [("host.py", include_str!("python/host.py")), ("runner.py", include_str!("python/runner.py"))];
/// So many files go to one process: its imports cost seconds, and what is not answered yet is lost in a kill.
const CHUNK: usize = 16;

/// Python, and where its programs lie.
pub struct Pool<'a> {
    system: &'a dyn System,
    root: PathBuf,
    python: &'a str,
    jobs: usize,
}

impl<'a> Pool<'a> {
    /// `jobs`: how many processes run at a time; as many as there are cores by default.
    pub fn new(system: &'a dyn System, options: &Options, python: &'a str, jobs: Option<NonZeroUsize>) -> Self {
        let jobs = jobs.map_or_else(rayon::current_num_threads, NonZeroUsize::get);
        Self { system, root: options.root.clone(), python, jobs }
    }

    fn ask(&self, host: &str, chunk: &[Job]) -> Vec<Result<Answer, String>> {
        let input: Vec<String> = chunk.iter().filter_map(|job| serde_json::to_string(job).ok()).collect();
        let ran = match self.system.run(self.python, &[host], &self.root, (input.join("\n") + "\n").as_bytes()) {
            Ok(ran) => ran,
            Err(error) => return vec![Err(error.to_string()); chunk.len()],
        };
        let text = String::from_utf8_lossy(&ran.stdout);
        let mut answers: Vec<Result<Answer, String>> = text
            .lines()
            .map(|line| serde_json::from_str(line).map_err(|error| format!("an answer that can't be read: {error}")))
            .collect();
        answers
            .resize_with(chunk.len(), || Err(format!("Python ended: {}", String::from_utf8_lossy(&ran.stderr).trim())));
        answers
    }
}

impl Runner for Pool<'_> {
    fn run(&mut self, jobs: Vec<Job>, done: &mut dyn FnMut(usize, Result<Answer, String>)) -> Result<(), Failure> {
        let folder = self.root.join(FOLDER).join("python");
        for (name, text) in PROGRAMS {
            let path = folder.join(name);
            self.system.write_atomic(&path, text.as_bytes()).map_err(Failure::io(path.display().to_string()))?;
        }
        let host = folder.join("host.py").display().to_string();
        // Few files are spread over all processes.
        let size = jobs.len().div_ceil(self.jobs.max(1)).clamp(1, CHUNK);
        let (send, answers) = std::sync::mpsc::channel();
        let this = &*self;
        std::thread::scope(|scope| {
            scope.spawn(move || {
                jobs.par_chunks(size).enumerate().for_each_with(send, |send, (at, chunk)| {
                    // Nobody listens any more where the receiver gave up.
                    let _ = send.send((at * size, this.ask(&host, chunk)));
                });
            });
            for (first, chunk) in answers {
                for (number, answer) in chunk.into_iter().enumerate() {
                    done(first + number, answer);
                }
            }
        });
        Ok(())
    }
}
