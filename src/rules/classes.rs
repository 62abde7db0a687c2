//! Which classes of a model a check means, said in facts. As in selectors, lists mean any of, keys mean all of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::selector::glob_matches;
use crate::registry::lock::{ClassFacts, ModelFacts, mapping_word};

/// All given keys must hold. An empty selector holds for every class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClassSelector {
    /// Names; `*` at either end stands for anything.
    pub class: Vec<String>,
    /// `CAUSAL_LM` for `MODEL_FOR_CAUSAL_LM_MAPPING_NAMES`; `*` at either end stands for anything.
    pub mapping: Vec<String>,
    /// The pipeline's name of a task: `text-generation`.
    pub pipeline: Vec<String>,
    /// Main input: `pixel_values`.
    pub main_input: Vec<String>,
    /// Modality: `image`.
    pub modality: Vec<String>,
    /// Parameters of `forward`, exactly.
    pub argument: Vec<String>,
    /// Inputs that the probe found the class to take.
    pub input: Vec<String>,
    /// Outputs that the probe found the class to give.
    pub output: Vec<String>,
    /// Whether it can generate.
    pub generates: Option<bool>,
    /// Whether it says that it supports scaled dot product attention.
    pub sdpa: Option<bool>,
    /// Whether the probe found labels that give a loss.
    pub labels: Option<bool>,
    /// Whether it is run by another method than `forward`.
    pub called: Option<bool>,
    /// At least one of these must hold as well.
    pub any: Vec<ClassSelector>,
    /// This must not hold.
    pub not: Option<Box<ClassSelector>>,
}

impl ClassSelector {
    /// The names of a model's classes that it means, in the order of the facts.
    pub fn of<'a>(&self, facts: &'a ModelFacts) -> Vec<&'a str> {
        let means = |(name, class): &(&'a String, &'a ClassFacts)| self.holds(name, class, facts);
        facts.classes.iter().filter(means).map(|(name, _)| name.as_str()).collect()
    }

    fn holds(&self, name: &str, class: &ClassFacts, facts: &ModelFacts) -> bool {
        let proven = facts.proven.as_ref().and_then(|proven| proven.classes.get(name));
        let mut tasks = facts.tasks.iter().filter(|(_, task)| task.classes.iter().any(|known| known == name));
        let named =
            |wanted: &[String], have: &[String]| wanted.is_empty() || have.iter().any(|name| wanted.contains(name));
        let keyed =
            |wanted: &[String], has: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.iter().any(|name| has(name));
        let takes = |input: &str| {
            let common = facts.proven.as_ref().map(|proven| &proven.inputs);
            proven.and_then(|class| class.inputs.as_ref()).or(common).is_some_and(|inputs| inputs.contains_key(input))
        };
        (self.class.is_empty() || self.class.iter().any(|want| glob_matches(want, name)))
            && (self.mapping.is_empty() && self.pipeline.is_empty()
                || tasks.any(|(mapping, task)| {
                    let short = mapping_word(mapping);
                    let pipeline = task.pipeline.as_ref();
                    (self.mapping.is_empty() || self.mapping.iter().any(|want| glob_matches(want, short)))
                        && (self.pipeline.is_empty() || pipeline.is_some_and(|name| self.pipeline.contains(name)))
                }))
            && (self.main_input.is_empty() || self.main_input.contains(&class.main_input))
            && named(&self.modality, &class.modalities)
            && named(&self.argument, &class.forward)
            && keyed(&self.input, &takes)
            && keyed(&self.output, &|name| proven.is_some_and(|class| class.outputs.contains_key(name)))
            && self.generates.is_none_or(|wanted| wanted == class.generates)
            && self.sdpa.is_none_or(|wanted| wanted == class.sdpa)
            && self.labels.is_none_or(|wanted| wanted == proven.is_some_and(|class| !class.labels.is_empty()))
            && self.called.is_none_or(|wanted| wanted == proven.is_some_and(|class| class.call.is_some()))
            && (self.any.is_empty() || self.any.iter().any(|one| one.holds(name, class, facts)))
            && !self.not.as_ref().is_some_and(|not| not.holds(name, class, facts))
    }
}
