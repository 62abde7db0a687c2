//! Running what was generated: pytest in forks of one Python process, results kept by key, faults put in and caught.
//!
//! Map of the room: `files` says which outputs hold tests and what decides their results; `protocol` is what
//! `python/runner.py` is told and answers; `kept` remembers results; `verdict` judges
//! them, `findings` says what is wrong; `prove` puts it together.

pub mod files;
pub mod findings;
pub mod kept;
pub mod pool;
pub mod protocol;
pub mod prove;
pub mod verdict;

/// Resident memory that one run of a file may hold: tiny models don't need more.
pub const MEGABYTES: u64 = 4096;
