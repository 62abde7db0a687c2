//! The shape of `rules/*.toml`. Types only; their JSON schema is generated from them.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// Values of the tiny configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tiny {
    pub fields: Vec<String>,
    pub value: serde_json::Value,
    /// Only for these models.
    #[serde(default)]
    pub select: Option<Selector>,
}

/// One property that a generated test asserts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub title: String,
    /// The fault that this check must catch.
    pub fault: String,
    #[serde(default)]
    pub tier: Tier,
    /// Models that it applies to; all of them when it is not given.
    #[serde(default)]
    pub select: Option<Selector>,
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
