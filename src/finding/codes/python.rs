//! Codes HF300 to HF399: the generated Python.

use super::Code;

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[];
