//! The Salsa database: inputs, and the queries from them to checked outputs. It reads no file, clock or environment: what
//! a query knows was given to it as an input.
//!
//! Map of the room: `inputs` is what is set from outside, `lock` cuts the lock and parses what is asked of it, `models`
//! goes from registry and lock to placed models and the plan (`settings` and `review` say what is wrong there), `templates` from sources
//! to closures and reads, `outputs` from a plan entry to its checked text, with `context` for what its template may see,
//! `header` is the mark that every output carries, `ordered` compares values so that their order counts, `faults` knows the
//! faults that the support package declares, `remembered` is what an earlier build found out.

pub mod context;
pub mod faults;
pub mod header;
pub mod inputs;
pub mod lock;
pub mod models;
pub mod ordered;
pub mod outputs;
pub mod remembered;
pub mod review;
pub mod settings;
pub mod templates;
pub mod written;

pub use inputs::{Source, TemplateSource, Text, Workspace};

/// The database of one project. Cheap to clone: clones share what was computed.
///
/// Invariant: a clone never outlives the round of queries that it was made for; a kept one would block every write.
#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
}

#[salsa::db]
impl salsa::Database for Database {}

impl Database {
    /// A database that reports every query that it runs.
    pub fn observed(on_run: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let storage = salsa::Storage::new(Some(Box::new(move |event: salsa::Event| {
            if let salsa::EventKind::WillExecute { database_key } = event.kind {
                on_run(&format!("{database_key:?}"));
            }
        })));
        Self { storage }
    }
}
