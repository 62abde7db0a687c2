//! Words in: one file a command.

pub mod sync;
