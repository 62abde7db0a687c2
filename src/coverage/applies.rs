//! What there should be, from the graph alone: which checks are about which model, on which hardware, and what the registry
//! and the probe say of them. No result is known here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;

use super::map::{CheckInfo, HardwareInfo, Map, ModelInfo};
use crate::build::inspect::View;
use crate::build::{Failure, Options, Selection};
use crate::graph::context::checks_of;
use crate::graph::lock::lock_head;
use crate::graph::models::{Model, facts, own, placed, rule_book, settings};
use crate::registry::config::{ExpectedFailure, Hardware, Skip};
use crate::rules::file::{Check, Tier};
use crate::run::files::TestFile;
use crate::sys::System;
use crate::validate::FileKind;

/// What the rules and the registry want tested.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The map without its cells.
    pub frame: Map,
    pub checks: IndexMap<String, Check>,
    pub hardware: IndexMap<String, Hardware>,
    /// In the order of the map.
    pub models: Vec<WantedModel>,
}

/// What is wanted of one model.
#[derive(Debug, Default)]
pub struct WantedModel {
    pub key: Arc<str>,
    /// Its selected test files, by path.
    pub files: Vec<String>,
    pub checks: Vec<Applied>,
    pub skips: Vec<Skip>,
    pub xfails: Vec<ExpectedFailure>,
    /// Why classes can't be built or run, by name.
    pub errors: BTreeMap<String, String>,
    /// Why no test of any check can be made.
    pub obstacle: Option<String>,
}

/// A check that is about a model.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Applied {
    pub check: String,
    /// The classes that it is about.
    pub classes: Vec<String>,
    /// Names of profiles.
    pub hardware: Vec<String>,
}

/// What is not asked about.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// Names of checks; none: all.
    pub checks: Vec<String>,
    /// Names of profiles; none: all.
    pub hardware: Vec<String>,
}

impl Narrow {
    pub fn holds(&self, check: &str, hardware: &str) -> bool {
        (self.checks.is_empty() || self.checks.iter().any(|one| one == check))
            && (self.hardware.is_empty() || self.hardware.iter().any(|one| one == hardware))
    }
}

impl Wanted {
    /// Asks the graph about the models of `files`, and about selected models that have none.
    pub fn open(system: &dyn System, options: &Options, files: &[TestFile], narrow: &Narrow) -> Result<Self, Failure> {
        let view = View::open(system, options)?;
        let (db, workspace) = (&view.session.db, view.session.workspace);
        let profiles = settings(db, workspace).hardware.clone();
        let checks = rule_book(db, workspace).value.check.clone();
        let mut wanted =
            Self { frame: frame(&view, &checks, &profiles), checks, hardware: profiles, ..Self::default() };
        let mut by_model: BTreeMap<&str, Vec<&TestFile>> = BTreeMap::new();
        for file in files {
            if let Some(model) = &file.model {
                by_model.entry(model).or_default().push(file);
            }
        }
        let planned: BTreeSet<&str> = view
            .plan
            .outputs
            .iter()
            .filter(|planned| FileKind::is_test(&planned.entry.path))
            .filter_map(|planned| planned.entry.model.as_deref())
            .collect();
        for known in &view.plan.models {
            let files = by_model.get(known.key.as_str()).cloned().unwrap_or_default();
            let bare = !planned.contains(known.key.as_str()) && names(&options.selection, &known.key, known);
            if files.is_empty() && !bare {
                continue;
            }
            let model = wanted.model(&view, &known.key, &files, narrow);
            wanted.models.push(model);
            wanted.frame.models.push(ModelInfo {
                key: Arc::from(known.key.as_str()),
                family: Arc::from(known.family.as_str()),
                tasks: placed(db, workspace, Model::new(db, Arc::from(known.key.as_str()))).tasks.clone(),
            });
        }
        Ok(wanted)
    }

    fn model(&self, view: &View, key: &str, files: &[&TestFile], narrow: &Narrow) -> WantedModel {
        let (db, workspace) = (&view.session.db, view.session.workspace);
        let model = Model::new(db, Arc::from(key));
        let own = own(db, workspace, model);
        let found = facts(db, workspace, model);
        let facts = found.as_ref().and_then(|found| found.facts.as_ref().as_ref().ok());
        let proven = facts.and_then(|facts| facts.proven.as_ref());
        let errors = proven.into_iter().flat_map(|proven| &proven.classes);
        let errors = errors.filter_map(|(name, class)| Some((name.clone(), class.error.clone()?)));
        // A file for one hardware holds the tests of that hardware, any other those of all.
        let whole = files.iter().any(|file| file.hardware.is_none()) || files.is_empty();
        let on = |check: &Check, name: &str| {
            (check.hardware.is_empty() || check.hardware.iter().any(|one| one == name))
                && (whole || files.iter().any(|file| file.hardware.as_deref() == Some(name)))
        };
        let applied = checks_of(db, workspace, key).into_iter().filter_map(|(name, classes)| {
            let check = self.checks.get(&name)?;
            // A check that asks for classes, and finds none, is not about the model.
            if check.classes.is_some() && classes.is_empty() {
                return None;
            }
            let hardware = self.hardware.keys().filter(|profile| on(check, profile) && narrow.holds(&name, profile));
            let hardware: Vec<String> = hardware.cloned().collect();
            (!hardware.is_empty()).then_some(Applied { check: name, classes, hardware })
        });
        let obstacle = files.is_empty().then(|| "no rule makes a test file for it".to_owned());
        WantedModel {
            key: Arc::from(key),
            files: files.iter().map(|file| file.path.clone()).collect(),
            checks: applied.collect(),
            skips: own.skip.clone(),
            xfails: own.xfail.clone(),
            errors: errors.collect(),
            obstacle,
        }
    }

    /// Whether a check's tests are slow ones, which run on demand.
    pub fn is_slow(&self, check: &str) -> bool {
        self.checks.get(check).is_some_and(|check| check.tier == Tier::Full)
    }
}

fn frame(view: &View, checks: &IndexMap<String, Check>, hardware: &IndexMap<String, Hardware>) -> Map {
    let transformers = lock_head(&view.session.db, view.session.workspace).value.transformers.clone();
    let check =
        |(name, check): (&String, &Check)| CheckInfo { name: Arc::from(name.as_str()), title: check.title.clone() };
    let profile =
        |(name, one): (&String, &Hardware)| HardwareInfo { name: Arc::from(name.as_str()), title: one.title.clone() };
    Map {
        transformers,
        checks: checks.iter().map(check).collect(),
        hardware: hardware.iter().map(profile).collect(),
        ..Map::default()
    }
}

/// Whether a selection means a model that has no test file: it must not ask for files.
fn names(selection: &Selection, key: &str, known: &crate::store::trace::ModelTrace) -> bool {
    let any = |list: &[String], holds: &dyn Fn(&String) -> bool| list.is_empty() || list.iter().any(holds);
    selection.rules.is_empty()
        && selection.paths.is_empty()
        && selection.changed.is_none()
        && any(&selection.models, &|name| name == key)
        && any(&selection.families, &|name| *name == known.family)
        && any(&selection.tasks, &|name| known.tasks.contains(name))
}
