//! Which generated files hold tests, and what decides their results: the file, what it imports, the versions, the runner.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexmap::IndexMap;

use super::changes::{FILE, SUPPORT};
use super::sources::Snapshots;
use crate::build::inspect::View;
use crate::build::selection::Selected;
use crate::build::{Failure, Options};
use crate::digest::Digest;
use crate::graph::models::{output_root, registry, rule_book, settings};
use crate::registry::config::BlindSpot;
use crate::rules::file::Check;
use crate::sys::System;
use crate::validate::FileKind;

/// A generated file of tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// Relative to the project root.
    pub path: String,
    pub model: Option<String>,
    pub family: Option<String>,
    /// The only hardware that it is for, where it is made for one.
    pub hardware: Option<String>,
    pub digest: Digest,
    /// In bytes: the more tests it has, the longer it is.
    pub size: usize,
}

/// The selected test files of a project, with what their results depend on.
#[derive(Debug, Default)]
pub struct Suite {
    /// The output root, relative to the project root.
    pub root: String,
    /// The selected ones, in order of path.
    pub files: Vec<TestFile>,
    /// Paths of what Python loads beside the tests.
    pub package: Vec<String>,
    /// Digests of the support package, by path.
    pub support: BTreeMap<String, String>,
    /// The name of that list.
    pub support_id: String,
    pub checks: IndexMap<String, Check>,
    /// Names of the hardware profiles.
    pub hardware: Vec<String>,
    /// By model type.
    pub blind: BTreeMap<String, Vec<BlindSpot>>,
    /// The text of the registry, in which these stand.
    pub registry: String,
}

impl Suite {
    /// Reads the plan. Names in the selection that mean nothing are a failure.
    pub fn open(system: &dyn System, options: &Options) -> Result<Self, Failure> {
        let view = View::open(system, options)?;
        let selected = Selected::resolve(system, options, &view.session, &view.plan)?;
        let (db, workspace) = (&view.session.db, view.session.workspace);
        let mut suite = Self {
            root: output_root(db, workspace).to_string(),
            checks: rule_book(db, workspace).value.check.clone(),
            hardware: settings(db, workspace).hardware.keys().cloned().collect(),
            registry: workspace.registry(db).text(db).to_string(),
            ..Self::default()
        };
        let models = &registry(db, workspace).value.model;
        let blind = models.iter().filter(|(_, own)| !own.blind.is_empty());
        suite.blind = blind.map(|(key, own)| (key.clone(), own.blind.clone())).collect();
        for planned in view.plan.outputs.iter().filter(|planned| planned.entry.path.ends_with(".py")) {
            let entry = &planned.entry;
            if !FileKind::is_test(&entry.path) {
                suite.package.push(entry.path.clone());
            } else if selected.holds(entry) {
                suite.files.push(TestFile {
                    path: entry.path.clone(),
                    model: entry.model.clone(),
                    family: entry.family.clone(),
                    hardware: entry.hardware.clone(),
                    digest: Digest::default(),
                    size: 0,
                });
            }
        }
        Ok(suite)
    }

    /// Reads the files, once they are built. One that is not on disk is a test file that can't be collected.
    pub fn read(&mut self, system: &dyn System, root: &Path) {
        let look = |path: &str| system.read(&root.join(path)).map(|bytes| (Digest::of(&bytes), bytes.len()));
        for file in &mut self.files {
            (file.digest, file.size) = look(&file.path).unwrap_or_default();
        }
        let digest = |path: &str| look(path).unwrap_or_default().0.to_string();
        self.support = self.package.iter().map(|path| (path.clone(), digest(path))).collect();
        self.support_id = Snapshots::id(&self.support);
    }

    /// Leaves `count` model types a family, spread over the family and always the same ones.
    pub fn sample(&mut self, count: usize) {
        let mut families: BTreeMap<Option<&str>, BTreeSet<(Digest, &str)>> = BTreeMap::new();
        for file in &self.files {
            if let Some(model) = &file.model {
                families.entry(file.family.as_deref()).or_default().insert((Digest::of(model.as_bytes()), model));
            }
        }
        let drawn = families.into_values().flat_map(|models| models.into_iter().take(count));
        let drawn: BTreeSet<String> = drawn.map(|(_, model)| model.to_owned()).collect();
        self.files.retain(|file| file.model.as_ref().is_none_or(|model| drawn.contains(model)));
    }

    /// What decides the results of a file, by name; `more` is the same for all files.
    pub fn parts(&self, file: &TestFile, more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut parts = more.clone();
        parts.insert(FILE.to_owned(), file.digest.to_string());
        parts.insert(SUPPORT.to_owned(), self.support_id.clone());
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(model: &str, family: &str) -> TestFile {
        TestFile {
            path: format!("generated/test_hf_{model}.py"),
            model: Some(model.to_owned()),
            family: Some(family.to_owned()),
            hardware: None,
            digest: Digest::of(model.as_bytes()),
            size: 0,
        }
    }

    #[test]
    fn a_sample_has_so_many_types_of_each_family() {
        let mut suite = Suite {
            files: vec![file("a", "x"), file("b", "x"), file("c", "x"), file("c", "x"), file("d", "y")],
            ..Suite::default()
        };
        suite.sample(2);
        let models: BTreeSet<&str> = suite.files.iter().filter_map(|file| file.model.as_deref()).collect();
        assert_eq!(models.len(), 3);
        assert!(models.contains("d"));
        let before = suite.files.clone();
        suite.sample(2);
        assert_eq!(suite.files, before);
    }

    #[test]
    fn what_decides_a_result_has_a_name() {
        let suite = Suite::default();
        let more = BTreeMap::from([("torch".to_owned(), "2.15.0".to_owned())]);
        let names: Vec<String> = suite.parts(&file("a", "x"), &more).into_keys().collect();
        assert_eq!(names, ["file", "support package", "torch"]);
    }
}
