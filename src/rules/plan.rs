//! Which outputs a model (or a family, or the project) has: the plan, entry by entry. Nothing is rendered here.

use serde::{Deserialize, Serialize};

use super::RuleBook;
use super::file::{ForEach, Target};
use super::selector::Subject;
use crate::registry::config::Hardware;
use crate::registry::ident::ident;
use indexmap::IndexMap;

/// One planned output; its identity is (rule, model, hardware, family).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// Relative to the project root.
    pub path: String,
    pub rule: String,
    pub model: Option<String>,
    pub hardware: Option<String>,
    pub family: Option<String>,
}

impl RuleBook {
    /// The outputs of one model, in the order of the rules.
    pub fn plan_model(&self, subject: &Subject<'_>, hardware: &IndexMap<String, Hardware>, root: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (rule, target) in &self.target {
            let per_hardware = match target.for_each {
                ForEach::Model => false,
                ForEach::ModelHardware => true,
                ForEach::Family | ForEach::Once => continue,
            };
            if target.select.as_ref().is_some_and(|select| !select.holds(subject)) {
                continue;
            }
            let entry = |hardware: Option<&str>| Entry {
                path: path(root, target, subject.key, subject.family, hardware.unwrap_or("")),
                rule: rule.clone(),
                model: Some(subject.key.to_owned()),
                hardware: hardware.map(str::to_owned),
                family: Some(subject.family.to_owned()),
            };
            if per_hardware {
                let wanted =
                    hardware.keys().filter(|name| target.hardware.is_empty() || target.hardware.contains(name));
                entries.extend(wanted.map(|name| entry(Some(name))));
            } else {
                entries.push(entry(None));
            }
        }
        entries
    }

    /// The outputs that are made once, or once a family.
    pub fn plan_others(&self, root: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (rule, target) in &self.target {
            let entry = |family: Option<&str>| Entry {
                path: path(root, target, "", family.unwrap_or(""), ""),
                rule: rule.clone(),
                model: None,
                hardware: None,
                family: family.map(str::to_owned),
            };
            match target.for_each {
                ForEach::Once => entries.push(entry(None)),
                ForEach::Family => {
                    let select = target.select.as_ref();
                    let wanted = |name: &&String| {
                        select.is_none_or(|select| select.family.is_empty() || select.family.contains(name))
                    };
                    entries.extend(self.family.keys().filter(wanted).map(|name| entry(Some(name))));
                }
                ForEach::Model | ForEach::ModelHardware => {}
            }
        }
        entries
    }
}

fn path(root: &str, target: &Target, model: &str, family: &str, hardware: &str) -> String {
    let below = target
        .output
        .replace("{ident}", &ident(model))
        .replace("{type}", model)
        .replace("{family}", &ident(family))
        .replace("{hardware}", &ident(hardware))
        .replace("{variant}", target.variant.as_deref().unwrap_or(""));
    if root.is_empty() || root == "." { below } else { format!("{}/{below}", root.trim_end_matches('/')) }
}
