//! Outputs on disk: whole or not at all, owned, hand edits noticed. Decides nothing about what an output should hold.
//!
//! Map of the room: `ownership` tells whose a file is, `files` writes and
//! removes.

pub mod files;
pub mod ownership;
