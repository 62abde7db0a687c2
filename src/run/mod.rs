//! Running what was generated: pytest in forks of one Python process, results kept by key, faults put in and caught.
//!
//! Map of the room: `files` says which outputs hold tests and what decides their results; `protocol` is what
//! `python/runner.py` is told and answers; `kept` remembers results; `verdict` judges them; `prove` puts it together.

pub mod files;
pub mod kept;
pub mod protocol;
pub mod prove;
pub mod verdict;
