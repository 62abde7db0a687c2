//! The build: from what moved on disk to what must be rendered, written, restored or removed. The only room that knows
//! both the traces (`store/`) and the database (`graph/`).
//!
//! Map of the room: `options` is what is asked, `outcome` what is told. `engine` is a round: `scan` looks at stamps,
//! `project` lists the inputs, `texts` reads them, `session` holds the database, `plan` says what there should be
//! (`sections` hashes the lock for it), `selection` and `changed` narrow it, `reason` says why something is due (`job`
//! is one output on its way), `apply` writes, `memory` keeps what the next round needs, `diff` prints differences.
//! `watch` runs rounds, `staged` is the project as git's index has it, `clean` removes, `deep` asks Python. `inspect`
//! answers questions without building: `affected` and `picture` are its forms, and `blame` names what made a text
//! another.

mod apply;
pub mod affected;
pub mod blame;
pub mod changed;
pub mod clean;
pub mod deep;
pub mod diff;
pub mod engine;
pub mod inspect;
pub mod job;
mod make;
pub mod memory;
pub mod options;
pub mod outcome;
pub mod picture;
pub mod plan;
pub mod progress;
pub mod project;
pub mod reason;
mod record;
pub mod scan;
mod sections;
pub mod selection;
pub mod session;
pub mod staged;
pub mod texts;
pub mod watch;

pub use engine::build;
pub use options::{Changed, Failure, Mode, Options, Selection};
pub use progress::{Progress, Silent};
