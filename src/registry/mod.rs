//! What is known: registry.toml (kept by hand) and registry.lock (kept by `hfgen sync`), typed, with a place for every value.
//!
//! Map of the room: `lock` is the format of registry.lock.

pub mod lock;
