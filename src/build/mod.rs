//! The build: from what moved on disk to what must be rendered, written, restored or removed. The only room that knows
//! both the traces (`store/`) and the database (`graph/`).
//!
//! Map of the room: `outcome` is what a build has to tell, `progress` what it tells while it runs.

pub mod outcome;
pub mod progress;
