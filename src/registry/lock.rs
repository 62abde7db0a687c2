//! `registry.lock`: the facts of every model type, as `hfgen sync` read them. The format and its types; no reading of Python.
//!
//! A head and then a section a model type, sorted. Invariant: a section starts with a line `[model.<key>]` at column 0
//! and no value spans lines, so the file can be cut into sections without being parsed, and one changed model is a few
//! changed lines.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

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
    /// Every class name that `transformers` and its modeling files define for use (validators look names up here).
    #[serde(default)]
    pub class_names: Vec<String>,
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

/// A Python value as data. What TOML can say stands as itself; the rest as Python source: `{ py = "None" }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Literal>),
    /// `None`, tuples, dicts, numbers beyond 64 bits, as canonical Python source.
    Python { py: String },
    /// A default that can't be read statically, with its source text.
    Unread { unread: String },
}
