//! Looking without building: one session, its plan, and the answers of `why`, `affected`, `graph` and `template`.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::engine::below;
use super::options::{Failure, Options};
use super::plan::{Plan, Planned, plan};
use super::reason::{Reason, differences};
use super::scan::Scan;
use super::session::Session;
use super::texts::Texts;
use crate::emit::ownership::{Standing, look};
use crate::finding::Finding;
use crate::graph::context::context;
use crate::graph::models::rule_book;
use crate::graph::outputs::{Inputs, beside, prepared};
use crate::graph::templates::{Name, layered, parsed, resolve};
use crate::rules::plan::Entry;
use crate::store::Layout;
use crate::store::trace::{OutputTrace, Trace};
use crate::sys::System;
use crate::template::{TemplateGraph, Use, template_name};

/// A project, read and planned.
pub struct View {
    pub session: Session,
    pub trace: Trace,
    pub plan: Plan,
}

/// What is known of one output.
pub struct Known {
    pub entry: Entry,
    /// The templates that it is made from, its own first.
    pub templates: Vec<String>,
    /// The data paths that they read.
    pub reads: Vec<String>,
    /// Why it is due; empty when it is up to date.
    pub due: Vec<Reason>,
    /// Why the last build that wrote it did.
    pub last: Vec<String>,
    /// Why its template can't be used.
    pub findings: Vec<Finding>,
    pub standing: Standing,
}

impl View {
    pub fn open(system: &dyn System, options: &Options) -> Result<Self, Failure> {
        let layout = Layout::new(&options.root, options.output_dir.as_deref());
        let trace = super::memory::load(system, &layout).unwrap_or_default();
        let texts = Texts::read(system, options, &mut Scan::default())?;
        let session = Session::open(system, options, texts, &trace);
        let plan = plan(&session, &trace);
        let broken = plan.broken();
        if broken.is_empty() { Ok(Self { session, trace, plan }) } else { Err(Failure::Inputs(broken)) }
    }

    pub fn planned(&self, path: &str) -> Option<&Planned> {
        let found = self.plan.outputs.binary_search_by(|planned| planned.entry.path.as_str().cmp(path));
        found.ok().map(|at| &self.plan.outputs[at])
    }

    /// What the last build remembers of a path.
    pub fn remembered(&self, path: &str) -> Option<&OutputTrace> {
        self.trace.output(path).map(|old| &**old)
    }

    /// What each of `planned` is made from, in their order.
    pub fn prepared<'a>(&self, planned: &[&'a Planned]) -> Vec<(&'a Planned, Inputs)> {
        let workspace = self.session.workspace;
        planned
            .par_iter()
            .with_min_len(4)
            .map_with(self.session.db.clone(), |db, planned| {
                (*planned, prepared(db, workspace, &planned.entry).map(|(prepared, _)| prepared))
            })
            .collect()
    }

    /// Everything that is known of one planned output.
    pub fn known(&self, system: &dyn System, options: &Options, planned: &Planned) -> Result<Known, Failure> {
        let old = self.trace.output(&planned.entry.path).filter(|old| old.entry == planned.entry);
        let path = &planned.entry.path;
        let standing =
            look(system, &options.root.join(path), below(path, &self.plan.output_root), old.map(|old| old.body))
                .map_err(Failure::io(format!("looking at {path}")))?;
        let (_, prepared) = self.prepared(&[planned]).remove(0);
        let mut known = Known {
            entry: (*planned.entry).clone(),
            templates: Vec::new(),
            reads: Vec::new(),
            due: Vec::new(),
            last: old.map(|old| old.why.clone()).unwrap_or_default(),
            findings: old.map(|old| old.findings.clone()).unwrap_or_default(),
            standing,
        };
        match &prepared {
            Err(findings) => {
                known.findings.clone_from(findings);
                known.due.push(Reason::Unusable);
            }
            Ok(now) => {
                known.templates = now.templates().map(|(path, _)| path.to_owned()).collect();
                known.reads = now.held.iter().map(|(path, _)| path.clone()).collect();
                let whole = |old: &OutputTrace| {
                    if old.failed {
                        beside(&self.session.db, self.session.workspace, &planned.entry)
                    } else {
                        now.whole
                    }
                };
                known.due = old.map_or_else(|| vec![Reason::New], |old| differences(&self.trace, old, now, whole(old)));
            }
        }
        if known.due.is_empty() {
            match &known.standing {
                Standing::Missing => known.due.push(Reason::Missing),
                Standing::Ours { digest, .. } if old.is_some_and(|old| old.valid && old.body != *digest) => {
                    known.due.push(Reason::Replaced);
                }
                _ => {}
            }
        }
        Ok(known)
    }

    /// Every planned output.
    pub fn all(&self) -> Vec<&Planned> {
        self.plan.outputs.iter().collect()
    }
}

/// A template, for listing.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Described {
    pub name: String,
    pub path: String,
    pub layer: String,
    /// Paths of the files that it lies over.
    pub replaces: Vec<String>,
    pub calls: Vec<String>,
    pub called_by: Vec<String>,
    /// How many outputs are made from it.
    pub outputs: usize,
}

impl View {
    fn graph(&self) -> (TemplateGraph, Vec<Finding>) {
        let (db, workspace) = (&self.session.db, self.session.workspace);
        let mut templates = Vec::new();
        let mut findings = Vec::new();
        for file in layered(db, workspace).layers.iter() {
            match parsed(db, workspace, Name::new(db, Arc::from(file.name.as_str()))).as_deref() {
                Some(Ok(template)) => templates.push(template.clone()),
                Some(Err(finding)) => findings.push(finding.clone()),
                None => {}
            }
        }
        (TemplateGraph::new(&templates), findings)
    }

    /// Every template in force.
    pub fn templates(&self) -> Vec<Described> {
        let (graph, _) = self.graph();
        let mut used: BTreeMap<String, usize> = BTreeMap::new();
        for (_, prepared) in self.prepared(&self.all()) {
            if let Ok(prepared) = &prepared {
                prepared.templates().for_each(|(path, _)| *used.entry(path.to_owned()).or_default() += 1);
            }
        }
        let strings = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        layered(&self.session.db, self.session.workspace)
            .layers
            .iter()
            .map(|file| Described {
                name: file.name.clone(),
                path: file.path.clone(),
                layer: file.layer.clone(),
                replaces: file.replaces.clone(),
                calls: strings(graph.calls(&file.name)),
                called_by: strings(graph.called_by(&file.name)),
                outputs: used.get(&file.path).copied().unwrap_or(0),
            })
            .collect()
    }

    /// The text of a template, by its name or its path.
    pub fn template_text(&self, name: &str) -> Result<String, Finding> {
        let name = template_name(name).map_or_else(|| name.to_owned(), |(name, _)| name);
        let name = name.trim_start_matches("templates/");
        let file = layered(&self.session.db, self.session.workspace).layers.require(name, None)?;
        Ok(file.item.text(&self.session.db).to_string())
    }
}

impl View {
    /// What is useless or odd in the templates, over all the data that the rules render them with.
    pub fn lint(&self) -> Vec<Finding> {
        let (graph, mut findings) = self.graph();
        let (db, workspace) = (&self.session.db, self.session.workspace);
        let mut data: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for planned in &self.plan.outputs {
            let target = &rule_book(db, workspace).value.target[&planned.entry.rule];
            let Ok(name) = resolve(db, workspace, &target.template, target.variant.as_deref()) else { continue };
            data.entry(name.to_string()).or_default().push(context(db, workspace, &planned.entry, None));
        }
        let uses: Vec<Use<'_>> =
            data.iter().map(|(template, data)| Use { template, data: data.iter().collect() }).collect();
        // Of what a broken template includes nothing is known.
        if findings.is_empty() {
            findings.extend(crate::template::lint(&graph, &uses));
        }
        findings
    }
}
