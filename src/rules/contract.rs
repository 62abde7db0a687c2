//! What a rule demands of its outputs' structure, as data. The checking itself lives in `validate/`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// placeholder until the validator's branch lands
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contract {}
