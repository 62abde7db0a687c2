//! A selector: which models a rule means, said in facts. Lists mean any of, keys mean all of; names are never guessed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::registry::lock::{ModelFacts, mapping_word};

/// All given keys must hold. An empty selector holds for every model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Selector {
    /// Model types, exactly.
    pub model: Vec<String>,
    /// Families, exactly. Not allowed where families are decided.
    pub family: Vec<String>,
    /// Tags, exactly. Not allowed where families and tags are decided.
    pub tag: Vec<String>,
    /// `CAUSAL_LM` for `MODEL_FOR_CAUSAL_LM_MAPPING_NAMES`; `*` at either end stands for anything.
    pub mapping: Vec<String>,
    /// The pipeline's name of a task: `text-generation`.
    pub pipeline: Vec<String>,
    /// Folder below `transformers/models/`.
    pub module: Vec<String>,
    /// Main input of any class: `pixel_values`.
    pub main_input: Vec<String>,
    /// Modality of any class: `image`.
    pub modality: Vec<String>,
    /// Names of model classes; `*` at either end stands for anything.
    pub class: Vec<String>,
    /// Fields of the configuration; `*` at either end stands for anything.
    pub field: Vec<String>,
    /// Names of nested configurations; `*` at either end stands for anything.
    pub sub_config: Vec<String>,
    /// `tokenizer`, `processor`, `image_processor`, `video_processor`, `feature_extractor`.
    pub processor: Vec<String>,
    /// Parameters of any class's `forward`, exactly.
    pub forward: Vec<String>,
    /// Whether any class can generate.
    pub generates: Option<bool>,
    /// Whether there is any model class.
    pub has_class: Option<bool>,
    /// Whether it is declared under `[custom]`.
    pub custom: Option<bool>,
    /// At least one of these must hold as well.
    pub any: Vec<Selector>,
    /// This must not hold.
    pub not: Option<Box<Selector>>,
}

/// A model as selectors see it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub key: &'a str,
    pub facts: &'a ModelFacts,
    pub custom: bool,
    pub family: &'a str,
    pub tags: &'a [String],
}

impl Selector {
    pub fn holds(&self, subject: &Subject<'_>) -> bool {
        let facts = subject.facts;
        let exact = |wanted: &[String], mut have: &mut dyn Iterator<Item = &str>| {
            wanted.is_empty() || Iterator::any(&mut have, |name| wanted.iter().any(|want| want == name))
        };
        let glob = |wanted: &[String], mut have: &mut dyn Iterator<Item = &str>| {
            wanted.is_empty() || Iterator::any(&mut have, |name| wanted.iter().any(|want| glob_matches(want, name)))
        };
        let classes = || facts.classes.values();
        exact(&self.model, &mut std::iter::once(subject.key))
            && exact(&self.family, &mut std::iter::once(subject.family))
            && exact(&self.tag, &mut subject.tags.iter().map(String::as_str))
            && (self.mapping.is_empty()
                || facts.tasks.keys().any(|mapping| {
                    let short = mapping_word(mapping);
                    self.mapping.iter().any(|want| glob_matches(want, short))
                }))
            && exact(&self.pipeline, &mut facts.tasks.values().filter_map(|task| task.pipeline.as_deref()))
            && exact(&self.module, &mut std::iter::once(facts.module.as_str()))
            && exact(&self.main_input, &mut classes().map(|class| class.main_input.as_str()))
            && exact(&self.modality, &mut classes().flat_map(|class| class.modalities.iter().map(String::as_str)))
            && glob(&self.class, &mut facts.classes.keys().map(String::as_str))
            && glob(&self.field, &mut facts.config.iter().flat_map(|config| config.fields.keys().map(String::as_str)))
            && glob(
                &self.sub_config,
                &mut facts.config.iter().flat_map(|config| config.sub_configs.keys().map(String::as_str)),
            )
            && (self.processor.is_empty() || self.processor.iter().any(|kind| has_processor(facts, kind)))
            && exact(&self.forward, &mut classes().flat_map(|class| class.forward.iter().map(String::as_str)))
            && self.generates.is_none_or(|wanted| wanted == classes().any(|class| class.generates))
            && self.has_class.is_none_or(|wanted| wanted != facts.classes.is_empty())
            && self.custom.is_none_or(|wanted| wanted == subject.custom)
            && (self.any.is_empty() || self.any.iter().any(|one| one.holds(subject)))
            && !self.not.as_ref().is_some_and(|not| not.holds(subject))
    }

    /// This selector and every selector inside it.
    pub fn each(&self, visit: &mut dyn FnMut(&Selector)) {
        visit(self);
        self.any.iter().chain(self.not.as_deref()).for_each(|inner| inner.each(visit));
    }
}

fn has_processor(facts: &ModelFacts, kind: &str) -> bool {
    let processors = &facts.processors;
    match kind {
        "tokenizer" => !processors.tokenizer.is_empty(),
        "processor" => !processors.processor.is_empty(),
        "image_processor" => !processors.image_processor.is_empty(),
        "video_processor" => !processors.video_processor.is_empty(),
        "feature_extractor" => !processors.feature_extractor.is_empty(),
        _ => false,
    }
}

/// `*` at either end stands for anything; elsewhere it is a character like any other.
pub(super) fn glob_matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(rest), Some(_)) => name.contains(rest.trim_end_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => pattern == name,
    }
}
