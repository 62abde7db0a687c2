//! What a rule demands of its outputs' structure, as data. The checking itself lives in `validate/`.
//!
//! Names may hold `{ident}` and `{type}` (the model's), `{each}` (a word of `for_each`) and `*` (any characters).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The structure that an output must have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Contract {
    /// Modules that must be imported, under whatever name: `"pytest"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
    /// Classes that must stand at the module's level.
    #[serde(rename = "class", skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassDemand>,
    /// Functions that must stand at the module's level.
    #[serde(rename = "function", skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionDemand>,
    /// Imported helpers whose call is an assertion, by their last name: `"assert_*"` needs no mention, `"same_tensors"` does.
    /// A helper of the same file is looked into instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asserting: Vec<String>,
    /// How many tests pytest must be able to collect, parameters not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_tests: Option<u32>,
}

/// A class that must be there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassDemand {
    /// `"hf_{ident}"`
    pub name: String,
    /// Methods that it must define itself.
    #[serde(rename = "method", default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<FunctionDemand>,
}

/// A function or method that must be there; with `*` in its name, every one that matches must honour the rest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunctionDemand {
    /// `"init_{each}"`, `"create_{each}_*_endpoint_handler"`
    pub name: String,
    /// The demand holds once for each of these words, which stand in for `{each}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub for_each: Vec<String>,
    /// Its parameters in order: a name; `_` for any name; `...` for any number of parameters; `*args`, `**kwargs` (or `*_`,
    /// `**_`), and a lone `*` in front of keyword-only ones. A `=` at the end demands a default: `"metadata="`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Vec<String>>,
    /// Every return gives a tuple of so many values, and the end is never run into; raising is fine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_tuple: Option<u32>,
    /// May be missing; what is there must honour the rest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}
