//! hfgen: an incremental build system for test suites.
//!
//! The rooms stand in the order of `docs/architecture.md`: each imports only from rooms below it.

pub mod cli;
pub mod report;
pub mod coverage;
pub mod run;
pub mod discover;
pub mod build;
pub mod hardware;
pub mod emit;
pub mod store;
pub mod graph;
pub mod validate;
pub mod template;
pub mod rules;
pub mod registry;
pub mod python;
pub mod finding;
pub mod digest;
pub mod sys;
