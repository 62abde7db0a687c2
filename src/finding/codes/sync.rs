//! Codes HF500 to HF599: reading transformers and worker projects.

use super::Code;

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[];
