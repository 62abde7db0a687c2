//! `registry.lock`: the facts of every model type, as `hfgen sync` read them. The format and its types; no reading of Python.
//!
//! A head and then a section a model type, sorted. Invariant: a section starts with a line `[model.<key>]` at column 0
//! and no value spans lines, so the file can be cut into sections without being parsed, and one changed model is a few
//! changed lines.
//!
//! Map of the folder: `text` cuts a lock into sections, `read` parses head and sections (`names` reads the long table of
//! the head in no time), `write` prints them, `literal` is how a Python value stands in TOML, `proven` is what a probe adds
//! to the facts, with `json` for its values.

#![expect(clippy::result_large_err, reason = "an error here is a finding, made once a run and then shown")]

mod json;
mod literal;
mod names;
mod proven;
mod read;
mod text;
mod write;

use std::collections::BTreeMap;

use indexmap::IndexMap;
pub use json::Json;
pub use literal::Literal;
pub use names::{HeadText, part};
pub use proven::{Proven, ProvenClass, ProvenLocal};
pub use read::{parse, parse_head, parse_section};
use serde::{Deserialize, Serialize};
pub use text::{LockText, Section, split};
pub use write::write;

/// The version of the format.
pub const FORMAT: u32 = 1;

/// What stands before the first model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockHead {
    /// Format of this file.
    pub version: u32,
    /// The transformers version that the facts were read from: `5.23.0`.
    pub transformers: String,
    /// Fields and defaults of `PreTrainedConfig`, which every config class has; not repeated in the models.
    #[serde(default)]
    pub base_fields: IndexMap<String, Literal>,
    /// Every name that `from transformers import ...` finds, by the module (dotted, below the package) that exports it.
    #[serde(default)]
    pub class_names: BTreeMap<String, Vec<String>>,
}

impl LockHead {
    /// Every name that `transformers` exports, in the order of the modules.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.class_names.values().flatten().map(String::as_str)
    }
}

/// A whole lock.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    pub head: LockHead,
    /// By model type, in the order of the file.
    pub models: BTreeMap<String, ModelFacts>,
}

/// What transformers says of one model type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFacts {
    /// Folder below `transformers/models/`: `gpt_neo`.
    pub module: String,
    /// blake3 (16 hex digits) of what `sources` mean: comments, docstrings and layout don't count.
    pub meaning: String,
    /// Files that belong to this type, relative to the package.
    pub sources: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigFacts>,
    /// Auto classes' choices, each empty when there is none. Sorted as transformers lists them.
    #[serde(default, skip_serializing_if = "Processors::is_empty")]
    pub processors: Processors,
    /// Task heads from the auto mappings, sorted by mapping name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub tasks: IndexMap<String, TaskFacts>,
    /// Model classes of this type, sorted by name: those of the tasks, and those that only name its config class.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub classes: IndexMap<String, ClassFacts>,
    /// The real worker module of this type, where a checkout was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<WorkerFacts>,
    /// What `hfgen probe` found by running it; kept by `hfgen sync`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Proven>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFacts {
    /// `BertConfig`
    pub class: String,
    /// Base classes in the order of the source.
    pub bases: Vec<String>,
    /// File that defines it.
    pub from: String,
    /// Whether values are derived or checked by code after the defaults: the names of such methods
    /// (`__init__`, `__post_init__`, `validate_*`), sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<String>,
    /// Fields of its own and of its bases below `PreTrainedConfig`, in the order of the source, with their defaults.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub fields: IndexMap<String, Literal>,
    /// `sub_configs_defaults` or `sub_configs`: name to the config it holds.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub sub_configs: IndexMap<String, SubConfig>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub attribute_map: IndexMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubConfig {
    /// `AutoConfig`, `XTextConfig`
    pub class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_type: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What the sub-config is built with where nothing else is said.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub init: IndexMap<String, Literal>,
}

/// One `MODEL_FOR_*_MAPPING_NAMES` entry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskFacts {
    /// Usually one class; a few types name two.
    pub classes: Vec<String>,
    /// The pipeline's name of the task (`fill-mask`), where a pipeline serves this mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// File of the mapping.
    pub from: String,
}

/// What a model class says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassFacts {
    /// File that defines it.
    pub from: String,
    /// `input_ids`, `pixel_values`, `input_features` ...
    pub main_input: String,
    /// `text`, `image`, `video`, `audio`, `time`; as the class says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub modalities: Vec<String>,
    /// Parameters of `forward`, without `self`, `*args` and `**kwargs`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forward: Vec<String>,
    /// Has `GenerationMixin` among its bases.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub generates: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sdpa: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processors {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokenizer: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processor: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_processor: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub video_processor: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feature_extractor: Vec<String>,
    /// Files of the mappings that named any of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
}

impl Processors {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A real `hf_<type>.py` of a worker project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerFacts {
    /// Path relative to the checkout.
    pub from: String,
    /// `hf_bert`
    pub class: String,
    /// Method name to its parameters, `self` included, in the order of the source.
    pub methods: IndexMap<String, Vec<String>>,
}

/// The word for a mapping: `MODEL_FOR_CAUSAL_LM_MAPPING_NAMES` is `CAUSAL_LM`, `MODEL_MAPPING_NAMES` is `BASE`.
pub fn mapping_word(name: &str) -> &str {
    let word = name.strip_suffix("_NAMES").unwrap_or(name);
    let word = word.strip_suffix("_MAPPING").unwrap_or(word);
    match word.strip_prefix("MODEL_FOR_") {
        Some(word) => word,
        None if word == "MODEL" => "BASE",
        None => word.strip_prefix("MODEL_").unwrap_or(word),
    }
}
