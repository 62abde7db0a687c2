//! What a probe found by running a model type: its tiny configuration, inputs, outputs and sizes. No probing here.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::json::Json;

/// What `hfgen probe` found of one model type, and what the answer depends on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven {
    /// blake3 (16 hex digits) of everything that the answer depends on.
    pub key: String,
    /// Version of torch that proved it.
    pub torch: String,
    /// Version of transformers that proved it.
    pub transformers: String,
    /// Keyword arguments of the config class that make the model tiny, nested.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub tiny: IndexMap<String, Json>,
    /// Inputs of the forward pass that most of its classes take: name to descriptor (`ids B S`), or to nested ones.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, Json>,
    /// By name, in the order of the facts.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub classes: IndexMap<String, ProvenClass>,
    /// Tokenizer and processors that were built without network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<ProvenLocal>,
}

/// One class: how it was built and called, and what it gave; or why not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenClass {
    /// Dotted path of the sub-configuration that the class takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Instead of the type's `tiny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiny: Option<IndexMap<String, Json>>,
    /// The method to call where there is no usable `forward`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Instead of the type's `inputs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<IndexMap<String, Json>>,
    /// Length of the text (`S`); 8 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    /// Further inputs that make it compute a loss.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub labels: IndexMap<String, Json>,
    /// Name to shape: `B S 64`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// To build it and to run it once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Peak resident memory of the process that ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub megabytes: Option<u64>,
    /// Inputs that carry content, and whose change leaves every output as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inert: Vec<String>,
    /// Whether it draws random numbers of its own: another seed gives another output.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub random: bool,
    /// Trainable weights that no gradient reaches: pattern to cause.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub unreached: IndexMap<String, String>,
    /// Hidden states and attentions whose count the configuration does not say: name of the output to their count.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub layers: IndexMap<String, u64>,
    /// Why it did not run: `build: ...` or `forward: ...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Tokenizer, processors and what their builder needs to make them again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenLocal {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_processor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_processor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_extractor: Option<String>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub settings: IndexMap<String, Json>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
