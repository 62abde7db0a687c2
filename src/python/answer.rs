//! What comes back from Python: what it could import, and what became of each job.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the Python is and has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Version of Python: `3.11.7`.
    pub python: String,
    /// Modules that were imported, with their versions; empty where a module names none.
    pub found: BTreeMap<String, String>,
    /// Modules that could not be imported, with the error.
    pub missing: BTreeMap<String, String>,
    /// Files of the package of interest that were loaded, relative to it; sorted.
    #[serde(default)]
    pub loaded: Vec<String>,
}

/// What became of one job.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    /// The number of the job in the order in which the jobs were given.
    pub id: usize,
    /// Wall time, seconds.
    pub seconds: f64,
    /// Peak resident memory.
    pub megabytes: u64,
    /// The end of what it printed.
    #[serde(default)]
    pub said: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a job ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It returned.
    Done { value: Value },
    /// It raised an exception.
    Raised { error: String },
    /// It ended by itself without an answer, as by `os._exit`.
    Exit { status: i32 },
    /// A signal ended it: `SIGSEGV`.
    Signal { signal: String },
    /// It took longer than it may, and was killed.
    Time,
    /// It held more memory than it may, and was killed.
    Memory,
}

impl Outcome {
    /// Why there is no value, in words; `None` where there is one.
    pub fn trouble(&self) -> Option<String> {
        match self {
            Self::Done { .. } => None,
            Self::Raised { error } => Some(error.clone()),
            Self::Exit { status } => Some(format!("the process ended by itself with status {status}")),
            Self::Signal { signal } if signal == "SIGSEGV" => Some("the process crashed (SIGSEGV)".to_owned()),
            Self::Signal { signal } if signal == "SIGKILL" => {
                Some("the process was killed (SIGKILL), perhaps for want of memory".to_owned())
            }
            Self::Signal { signal } => Some(format!("the process was ended by {signal}")),
            Self::Time => Some("it took too long and was stopped".to_owned()),
            Self::Memory => Some("it took too much memory and was stopped".to_owned()),
        }
    }
}
