//! Codes HF400 to HF499: outputs on disk, builds, hooks.

use super::Code;

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[];
