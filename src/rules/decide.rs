//! Places a model: its family, its tags, its tiny configuration. A model that no rule places has no family: a finding, never a default.

use serde_json::{Map, Value};

use super::RuleBook;
use super::selector::Subject;
use crate::registry::config::Override;
use crate::registry::lock::ModelFacts;

/// What the rules say of one model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// `None`: no family places it.
    pub family: Option<String>,
    /// Sorted.
    pub tags: Vec<String>,
    pub tiny: Map<String, Value>,
    /// Families other than the first that name this model exactly: a conflict.
    pub also_named_by: Vec<String>,
}

impl RuleBook {
    pub fn decide(&self, key: &str, facts: &ModelFacts, custom: bool, own: &Override) -> Decision {
        let named: Vec<&String> = self
            .family
            .iter()
            .filter(|(_, family)| family.models.iter().any(|model| model == key))
            .map(|(name, _)| name)
            .collect();
        let bare = Subject { key, facts, custom, family: "", tags: &[] };
        let family = own.family.as_ref().or_else(|| named.first().copied()).or_else(|| {
            self.family
                .iter()
                .find(|(_, family)| family.when.as_ref().is_some_and(|when| when.holds(&bare)))
                .map(|(name, _)| name)
        });
        let family = family.cloned();
        let placed = Subject { family: family.as_deref().unwrap_or(""), ..bare };
        let mut tags: Vec<String> =
            self.tag.iter().filter(|(_, tag)| tag.when.holds(&placed)).map(|(name, _)| name.clone()).collect();
        tags.extend(own.tags.iter().cloned());
        tags.sort();
        tags.dedup();
        let tiny = self.tiny(&Subject { tags: &tags, ..placed });
        Decision { tags, tiny, also_named_by: named.into_iter().skip(1).cloned().collect(), family }
    }

    fn tiny(&self, subject: &Subject<'_>) -> Map<String, Value> {
        let Some(config) = &subject.facts.config else { return Map::new() };
        config
            .fields
            .keys()
            .filter_map(|field| {
                let rule = self.tiny.iter().find(|rule| {
                    rule.fields.iter().any(|name| name == field)
                        && rule.select.as_ref().is_none_or(|select| select.holds(subject))
                });
                rule.and_then(|rule| rule.value.clone()).map(|value| (field.clone(), value))
            })
            .collect()
    }
}
