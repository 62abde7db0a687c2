//! The shape of `rules/*.toml`. Types only; their JSON schema is generated from them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::classes::ClassSelector;
use super::contract::Contract;
use super::selector::Selector;
use crate::registry::config::Free;

/// One file of `rules/`. All files together are the rule book; a name may be defined once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Architecture families, tried in order: the first whose `when` holds takes the model.
    #[serde(default)]
    pub family: IndexMap<String, Family>,
    #[serde(default)]
    pub tag: IndexMap<String, Tag>,
    /// The tiny configuration; the first rule that names a field wins.
    #[serde(default)]
    pub tiny: Vec<Tiny>,
    /// The inputs of forward passes; the first rule that names one wins.
    #[serde(default)]
    pub input: Vec<Input>,
    /// What gives a loss; the first rule that names a class's mapping wins.
    #[serde(default)]
    pub label: Vec<Label>,
    #[serde(default)]
    pub check: IndexMap<String, Check>,
    #[serde(default)]
    pub contract: IndexMap<String, Contract>,
    #[serde(default)]
    pub target: IndexMap<String, Target>,
}

/// An architecture family.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// For people: `"decoder-only language model"`.
    pub title: String,
    /// Exactly these model types; beats every `when`.
    #[serde(default)]
    pub models: Vec<String>,
    #[serde(default)]
    pub when: Option<Selector>,
    /// Mappings by preference: the first that a model has gives `model.primary`.
    #[serde(default)]
    pub prefer: Vec<String>,
    /// Data for templates, as `family.set`.
    #[serde(default)]
    pub set: Free,
}

/// A property that cuts across families.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    pub when: Selector,
}

/// How the probe makes a field of a configuration tiny. The first rule that names a field wins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tiny {
    /// Fields, by name.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Fields, by a regular expression (of Python's `re`) that is found in their name.
    #[serde(default, rename = "match")]
    pub pattern: Option<String>,
    /// Not fields whose name this regular expression is found in.
    #[serde(default)]
    pub not: Option<String>,
    /// What the field is, so that it can be kept in agreement with others.
    #[serde(default)]
    pub role: Option<Role>,
    /// Numbers above it become it.
    #[serde(default)]
    pub at_most: Option<serde_json::Value>,
    /// Numbers below it stay.
    #[serde(default)]
    pub at_least: Option<serde_json::Value>,
    /// The value, whatever it was.
    #[serde(default)]
    pub value: Option<serde_json::Value>,
    /// The value where it was `None`.
    #[serde(default)]
    pub absent: Option<serde_json::Value>,
    /// Only for these models.
    #[serde(default)]
    pub select: Option<Selector>,
    /// Further data for the probe.
    #[serde(default)]
    pub set: Free,
}

/// What a field of a configuration is; rules/tiny.toml says what each means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Absent,
    Channels,
    Chunk,
    Depth,
    Each,
    Exact,
    Experts,
    Ffn,
    HeadWidth,
    Heads,
    Image,
    Keep,
    KvHeads,
    LayerIndices,
    LayerKinds,
    Layers,
    Limit,
    MainHeads,
    Number,
    One,
    Patch,
    QkWidth,
    Rotary,
    Size,
    StageDepths,
    StageSize,
    Stages,
    Token,
    TopK,
    Vocab,
    Width,
    WithinLayers,
}

/// How the probe makes an input of a forward pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Input {
    /// Names of parameters of `forward`.
    pub name: Vec<String>,
    /// Descriptors to try in this order; `{field|other|4}` in one is a field of the configuration, or a number.
    pub make: OneOrMany,
    /// Only for these models.
    #[serde(default)]
    pub select: Option<Selector>,
    /// Further data for the probe.
    #[serde(default)]
    pub set: Free,
}

/// What makes the classes of a mapping compute a loss.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Label {
    /// `SEQUENCE_CLASSIFICATION` for `MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES`.
    #[serde(default)]
    pub mapping: Vec<String>,
    /// Names of classes; `*` at either end stands for anything.
    #[serde(default)]
    pub class: Vec<String>,
    /// Argument to descriptor, as in [`Input::make`].
    pub make: Free,
    /// Only for these models.
    #[serde(default)]
    pub select: Option<Selector>,
    /// Further data for the probe.
    #[serde(default)]
    pub set: Free,
}

/// One descriptor, or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// One property that a generated test asserts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub title: String,
    /// The fault that this check must catch, for people.
    pub fault: String,
    /// Ids of the faults of the support package that `hfgen prove` injects; each must turn the check red.
    #[serde(default)]
    pub faults: Vec<String>,
    #[serde(default)]
    pub tier: Tier,
    /// Models that it applies to; all of them when it is not given.
    #[serde(default)]
    pub select: Option<Selector>,
    /// Classes of such a model that it applies to; all of them when it is not given.
    #[serde(default)]
    pub classes: Option<ClassSelector>,
    /// Hardware profiles that it applies to; all of them when it is not given.
    #[serde(default)]
    pub hardware: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    #[default]
    Fast,
    Full,
}

/// Which template makes which outputs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub for_each: ForEach,
    /// Models that it applies to; all of them when it is not given.
    #[serde(default)]
    pub select: Option<Selector>,
    /// Hardware profiles, for `model-hardware`; all of them when it is not given.
    #[serde(default)]
    pub hardware: Vec<String>,
    /// Path below `templates/`.
    pub template: String,
    /// Path below the output root, with `{ident}`, `{type}`, `{family}`, `{hardware}` and `{variant}`.
    pub output: String,
    /// Contract that the output must honour.
    #[serde(default)]
    pub contract: Option<String>,
    /// Variant of the template: `x@quantised.py.hbs` is taken where there is one.
    #[serde(default)]
    pub variant: Option<String>,
    /// Data for templates, as `rule.set`.
    #[serde(default)]
    pub set: Free,
}

/// What a target makes one output of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForEach {
    #[default]
    Model,
    ModelHardware,
    Family,
    Once,
}
