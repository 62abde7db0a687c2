//! Codes HF100 to HF199: rules and the plan.

use super::Code;

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[];
