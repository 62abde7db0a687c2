//! The shape of `registry.toml`: project settings, hardware profiles, per-model overrides, skips, custom model types.
//! Types only; their JSON schema is generated from them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Free data for templates: any TOML value by name.
pub type Free = IndexMap<String, Value>;

/// `registry.toml`, kept by hand.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Registry {
    pub project: Project,
    /// Hardware profiles by name: cpu, cuda, rocm, openvino, apple, qualcomm.
    #[serde(default)]
    pub hardware: IndexMap<String, Hardware>,
    /// Overrides by model type.
    #[serde(default)]
    pub model: IndexMap<String, Override>,
    /// Model types that transformers doesn't have.
    #[serde(default)]
    pub custom: IndexMap<String, Custom>,
}

/// Settings of the project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Project {
    pub name: String,
    /// Folder of the outputs, relative to this file.
    pub output: String,
    /// Lowest Python that the outputs must run on: `"3.10"`.
    pub python: String,
    /// Versions of hfgen that may build this project, as a semantic version requirement: `">=0.1"`.
    #[serde(default)]
    pub required_hfgen: Option<String>,
    /// Folder of the real worker modules (`hf_<type>.py`), relative to this file.
    #[serde(default)]
    pub skillset: Option<String>,
    /// Whether the outputs are committed: the commit hook then demands that the staged ones are up to date.
    #[serde(default)]
    pub commit_outputs: bool,
    /// Longest line of the outputs, in characters.
    #[serde(default = "line_length")]
    pub line_length: u16,
}

fn line_length() -> u16 {
    120
}

/// What a kind of device needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Hardware {
    /// For people: `"NVIDIA CUDA"`.
    pub title: String,
    /// The word in `init_<backend>` and `create_<backend>_<task>_endpoint_handler`.
    pub backend: String,
    /// The torch device, or the runtime's name of the device.
    pub device: String,
    /// `torch`, `openvino`, `qnn`.
    pub runtime: String,
    /// Types that are tested, the reference first.
    #[serde(default)]
    pub dtypes: Vec<String>,
    /// Largest absolute difference by dtype.
    #[serde(default)]
    pub tolerance: IndexMap<String, f64>,
    #[serde(default)]
    pub set: Free,
}

/// What is different for one model type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Override {
    /// Beats the family that the rules find.
    #[serde(default)]
    pub family: Option<String>,
    /// Added to the tags that the rules find.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Why this override is needed.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub set: Free,
    /// Lies over the tiny configuration that the probe finds.
    #[serde(default)]
    pub tiny: Free,
    /// Fields that the probe must leave at their default.
    #[serde(default)]
    pub tiny_drop: Vec<String>,
    /// What the probe may make smaller.
    #[serde(default)]
    pub widths: Widths,
    /// Inputs of the forward pass: name to descriptor (`"noise B 3 32 32"`), or to nested ones.
    #[serde(default)]
    pub inputs: Free,
    /// Inputs that the probe must leave out.
    #[serde(default)]
    pub drop_inputs: Vec<String>,
    /// Settings of the probe's search for inputs: `image = [64, 64]`.
    #[serde(default)]
    pub hints: Free,
    /// What is different for one of its classes.
    #[serde(default)]
    pub class: IndexMap<String, ClassOverride>,
    #[serde(default)]
    pub skip: Vec<Skip>,
    #[serde(default)]
    pub xfail: Vec<ExpectedFailure>,
    /// Faults that a check can't see in this model.
    #[serde(default)]
    pub blind: Vec<BlindSpot>,
}

/// What the probe may make smaller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Widths {
    /// Everything.
    #[default]
    Shrink,
    /// Only layers, vocabulary and positions: the widths agree at full size only.
    Keep,
}

/// What is different for one class of a model type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClassOverride {
    /// Why this override is needed.
    #[serde(default)]
    pub reason: Option<String>,
    /// Dotted path of the sub-configuration that the class takes.
    #[serde(default)]
    pub config: Option<String>,
    /// Lies over the type's `tiny`.
    #[serde(default)]
    pub tiny: Free,
    /// The method to call where there is no usable `forward`.
    #[serde(default)]
    pub call: Option<String>,
    #[serde(default)]
    pub inputs: Free,
    #[serde(default)]
    pub drop_inputs: Vec<String>,
    /// Further inputs that make it compute a loss.
    #[serde(default)]
    pub labels: Free,
    #[serde(default)]
    pub hints: Free,
}

/// "Not tested here", with its reason.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Skip {
    /// Name of the check; `"*"` for all of them.
    pub check: String,
    /// Only this class.
    #[serde(default)]
    pub class: Option<String>,
    /// Only on this hardware.
    #[serde(default)]
    pub hardware: Option<String>,
    pub reason: String,
    /// A day, `"2027-01-01"`, from which the skip is a finding.
    #[serde(default)]
    pub expires: Option<String>,
}

/// A check that fails because transformers or a runtime is at fault. It is run, and a pass is a failure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectedFailure {
    /// Name of the check.
    pub check: String,
    /// Only this class.
    #[serde(default)]
    pub class: Option<String>,
    /// Only on this hardware.
    #[serde(default)]
    pub hardware: Option<String>,
    /// What is at fault, for people.
    pub reason: String,
    /// The least Python that shows it.
    pub reproduction: String,
}

/// A fault that a check can't see in this model: `hfgen prove` lists it and does not fail.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BlindSpot {
    /// Name of the check.
    pub check: String,
    /// Only this class.
    #[serde(default)]
    pub class: Option<String>,
    /// Id of the fault.
    pub fault: String,
    /// Why nobody could see it, for people.
    pub reason: String,
}

/// A model type that transformers doesn't have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Custom {
    /// Python module that defines its classes.
    pub module: String,
    #[serde(default)]
    pub config: Option<String>,
    /// Class by mapping: `CAUSAL_LM = "MyForCausalLM"`.
    #[serde(default)]
    pub tasks: IndexMap<String, String>,
    /// `input_ids`, `pixel_values` ...
    #[serde(default)]
    pub main_input: Option<String>,
    #[serde(default)]
    pub modalities: Vec<String>,
    /// Parameters of `forward`.
    #[serde(default)]
    pub forward: Vec<String>,
    /// Configuration fields and their defaults.
    #[serde(default)]
    pub fields: Free,
}
