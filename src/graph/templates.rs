//! From template sources to closures and reads. Each file is parsed once, however many outputs use it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salsa::Database as Db;

use super::inputs::{Source, Workspace};
use crate::digest::Digest;
use crate::finding::Finding;
use crate::template::{Layer, LayerFile, Layers, Reads, Template, TemplateGraph, template_name};

/// A template's name: its path below `templates/` without extensions.
#[salsa::interned(debug)]
pub struct Name<'db> {
    pub text: Arc<str>,
}

/// The files after layering, and what is wrong with the layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Layered {
    pub layers: Layers<Source>,
    pub findings: Vec<Finding>,
}

/// Higher layers replace the names of lower ones.
#[salsa::tracked]
pub fn layered(db: &dyn Db, workspace: Workspace) -> Arc<Layered> {
    let mut by_number: BTreeMap<u8, Layer<Source>> = BTreeMap::new();
    for file in workspace.templates(db) {
        let title = match file.layer {
            0 => "built-in".to_owned(),
            1 => "project".to_owned(),
            number => format!("layer {}", number - 1),
        };
        let layer = by_number.entry(file.layer).or_insert_with(|| Layer { title, files: Vec::new() });
        layer.files.push(LayerFile {
            relative: file.relative.to_string(),
            path: file.source.path(db).to_string(),
            item: file.source,
        });
    }
    let (layers, findings) = Layers::new(by_number.into_values());
    Arc::new(Layered { layers, findings })
}

/// Path and digest of every template in force.
#[salsa::tracked]
pub fn digests(db: &dyn Db, workspace: Workspace) -> BTreeMap<Arc<str>, Digest> {
    let files = layered(db, workspace).layers.iter();
    files.map(|file| (file.item.path(db).clone(), digest(db, file.item))).collect()
}

fn digest(db: &dyn Db, source: Source) -> Digest {
    source.digest(db).unwrap_or_else(|| Digest::of(source.text(db).as_bytes()))
}

/// The file of one name: other names coming and going don't matter to it.
#[salsa::tracked]
pub fn source<'db>(db: &'db dyn Db, workspace: Workspace, name: Name<'db>) -> Option<Source> {
    layered(db, workspace).layers.get(name.text(db)).map(|file| file.item)
}

#[salsa::tracked]
pub fn parsed<'db>(db: &'db dyn Db, workspace: Workspace, name: Name<'db>) -> Option<Arc<Result<Template, Finding>>> {
    let source = (*source(db, workspace, name))?;
    let text = source.text(db);
    let known = workspace.remembered(db).templates.contains(&digest(db, source));
    let parse = if known { crate::template::parse_known } else { crate::template::parse };
    Some(Arc::new(parse(name.text(db), source.path(db), text)))
}

/// A template with all that it can include.
#[derive(Debug, Clone, PartialEq)]
pub struct Closure {
    pub root: Template,
    /// Sorted by name, without the root.
    pub partials: Vec<Template>,
    pub reads: Reads,
}

/// The closure of a template; findings when a part is missing or broken, or when it includes itself.
#[salsa::tracked]
pub fn closure<'db>(
    db: &'db dyn Db,
    workspace: Workspace,
    name: Name<'db>,
) -> Option<Result<Arc<Closure>, Vec<Finding>>> {
    let root = match &**parsed(db, workspace, name).as_ref()? {
        Ok(template) => template.clone(),
        Err(finding) => return Some(Err(vec![finding.clone()])),
    };
    let mut known: BTreeMap<String, Template> = BTreeMap::from([(root.name().to_owned(), root.clone())]);
    let mut findings = Vec::new();
    let mut open: BTreeSet<String> = root.refs().iter().map(|reference| reference.name.clone()).collect();
    while let Some(next) = open.pop_first() {
        if known.contains_key(&next) {
            continue;
        }
        match parsed(db, workspace, Name::new(db, Arc::from(next.as_str()))).as_deref() {
            Some(Ok(template)) => {
                open.extend(template.refs().iter().map(|reference| reference.name.clone()));
                known.insert(next, template.clone());
            }
            Some(Err(finding)) => findings.push(finding.clone()),
            // The graph below finds it, with the near miss.
            None => {}
        }
    }
    if !findings.is_empty() {
        // What a broken template includes and offers is not known: the graph would find what is not so.
        return Some(Err(findings));
    }
    findings.extend(TemplateGraph::new(known.values()).check());
    if findings.iter().any(Finding::is_error) {
        return Some(Err(findings));
    }
    known.remove(root.name());
    let partials: Vec<Template> = known.into_values().collect();
    let reads = crate::template::reads(&root, &partials.iter().collect::<Vec<_>>());
    Some(Ok(Arc::new(Closure { root, partials, reads })))
}

/// The name that a rule's template stands for: the variant's where there is one.
pub fn resolve(db: &dyn Db, workspace: Workspace, template: &str, variant: Option<&str>) -> Result<Arc<str>, Finding> {
    let name = template_name(template).map_or_else(|| template.to_owned(), |(name, _)| name);
    layered(db, workspace).layers.require(&name, variant).map(|file| Arc::from(file.name.as_str()))
}
