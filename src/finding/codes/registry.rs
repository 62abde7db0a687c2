//! Codes HF001 to HF099: registry.toml and registry.lock.

use super::Code;

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[];
