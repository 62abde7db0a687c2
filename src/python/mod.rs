//! Python processes that run jobs: one parent imports torch and transformers once, each job is a forked child of its own.
//! What the jobs are is not known here.
//!
//! Map of the room: `server.py` is what runs in Python, `pool` talks to it, `answer` is what comes back; `library` finds a
//! Python and asks what it has, `environment` makes one.

mod answer;
pub mod environment;
pub mod library;
mod pool;

pub use answer::{Answer, Outcome, Ready};
pub use pool::{Failure, Job, Pool, Settings, unpack};
