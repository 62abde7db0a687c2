//! Outputs on disk: whole or not at all, owned, hand edits noticed. Decides nothing about what an output should hold.
//!
//! Map of the room: `header` is the mark that every output carries, `ownership` tells whose a file is, `files` writes and
//! removes.

pub mod files;
pub mod header;
pub mod ownership;
