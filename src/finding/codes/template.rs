//! Codes HF200 to HF299: templates.

use super::Code;

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[];
