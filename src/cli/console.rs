//! The two streams. Standard output is the answer, standard error is for notes; a reader that went away ends nothing.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use super::Exit;
use crate::report::Look;

/// Where text goes, and how it may look there.
#[derive(Debug)]
pub struct Console {
    /// The look of standard output.
    pub out: Look,
    /// The look of standard error.
    pub err: Look,
    /// Whether standard error is a terminal, where a line can be drawn over.
    pub live: bool,
    failed: Mutex<Option<io::Error>>,
}

impl Console {
    pub fn new(out: Look, err: Look, live: bool) -> Self {
        Self { out, err, live, failed: Mutex::new(None) }
    }

    /// Writes to standard output. A failure is kept for `finish`.
    pub fn answer(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// Writes to standard error, unless `-q` was given.
    pub fn note(&self, text: &str) {
        if self.err.verbosity >= 0 {
            self.complain(text);
        }
    }

    /// Writes to standard error, whatever was given.
    pub fn complain(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// The exit code in the end: an answer that could not be written is a failure, a closed pipe is not.
    pub fn finish(&self, exit: Exit) -> Exit {
        match self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.complain(&format!("error: cannot write to standard output: {error}\n"));
                Exit::Broken
            }
            _ => exit,
        }
    }
}
