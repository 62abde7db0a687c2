//! Running what was generated: pytest in forks of one Python process, results kept by key, faults put in and caught.
//!
//! Map of the room: `files` says which outputs hold tests and what decides their results; `protocol` is what
//! `python/runner.py` is told and answers; `kept` remembers results, `sources` what the installed transformers
//! mean, and `changes` tells what changed since; `session` gets them, by the `pool` of Python processes
//! where they are not known; `prove` says what is wanted, `verdict` judges it, `findings` says what is wrong;
//! `test` is the same without faults.

pub mod changes;
pub mod files;
pub mod findings;
pub mod kept;
pub mod pool;
pub mod protocol;
pub mod prove;
pub mod session;
pub mod sources;
pub mod test;
pub mod verdict;

/// What Python runs, one call a file.
pub const RUNNER: &str = include_str!("python/runner.py");

/// Resident memory that one run of a file may hold: tiny models don't need more.
pub const MEGABYTES: u64 = 4096;
