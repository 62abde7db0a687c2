//! Facts of model types: reading an installed or unpacked transformers without importing it, and without Python running.
//!
//! Map of the room: `package` is the folder on disk, `outline` a file's skeleton, `meaning` its hash, `library` all files
//! with their classes resolved. `value`, `eval`, `arithmetic`, `builtins` and `interpret` tell what constants come to. `auto` reads the
//! auto mappings, `catalogue` what a list of all models says of one, `pipelines` the tasks, `names` what the package exports, `config` configurations, `classes` model
//! classes, `worker` a worker project. `facts` puts them together into a lock, `compare` tells two locks apart, `sync` writes.
//!
//! Invariant: the same files give the same facts, whatever is installed beside them: what is optional counts as there.

#![expect(clippy::result_large_err, reason = "an error here is a finding, made once a run and then shown")]

mod arithmetic;
mod auto;
mod builtins;
mod catalogue;
mod classes;
mod compare;
mod config;
mod eval;
mod facts;
mod interpret;
mod library;
mod meaning;
mod names;
mod outline;
mod package;
pub mod probe;
mod pipelines;
mod sync;
mod value;
mod worker;

pub use catalogue::{Catalogue, meaning_of};
pub use compare::{Change, Changes, compare};
pub use facts::{Read, read};
pub use package::find;
pub use sync::{Sync, Synced, sync};
pub use worker::{Workers, workers};
