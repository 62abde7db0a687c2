//! The pool of Python processes as a `Runner`.

use std::num::NonZeroUsize;

use super::protocol::{Answer, Job};
use super::prove::Runner;
use crate::build::{Failure, Options};
use crate::sys::System;

/// Interim.
pub struct Pool<'a> {
    system: &'a dyn System,
    options: &'a Options,
    python: &'a str,
}

impl<'a> Pool<'a> {
    pub fn new(system: &'a dyn System, options: &'a Options, python: &'a str, _jobs: Option<NonZeroUsize>) -> Self {
        Self { system, options, python }
    }
}

impl Runner for Pool<'_> {
    fn run(&mut self, jobs: Vec<Job>, done: &mut dyn FnMut(usize, Result<Answer, String>)) -> Result<(), Failure> {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/src/run/python");
        for (at, chunk) in jobs.chunks(16).enumerate() {
            let input: String = chunk.iter().map(|job| serde_json::to_string(job).unwrap_or_default() + "\n").collect();
            let host = format!("{here}/host.py");
            let ran = self
                .system
                .run(self.python, &[&host, here], &self.options.root, input.as_bytes())
                .map_err(Failure::io("python"))?;
            let out = String::from_utf8_lossy(&ran.stdout);
            let mut lines = out.lines();
            for number in 0..chunk.len() {
                let answer = lines
                    .next()
                    .ok_or_else(|| String::from_utf8_lossy(&ran.stderr).into_owned())
                    .and_then(|line| serde_json::from_str(line).map_err(|e| e.to_string()));
                done(at * 16 + number, answer);
            }
        }
        Ok(())
    }
}
