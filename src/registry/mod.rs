//! What is known: registry.toml (kept by hand) and registry.lock (kept by `hfgen sync`), typed, with a place for every value.
//!
//! Map of the room: `config` is registry.toml's shape, `parse` reads TOML into types and findings,
//! `pieces` cuts registry.toml, `lock` is the format
//! of registry.lock, `ident` the one mapping from model types to identifiers, `data` what templates see of a model.

pub mod config;
pub mod data;
pub mod ident;
pub mod lock;
pub mod parse;
pub mod pieces;
pub mod version;

pub use config::Registry;
