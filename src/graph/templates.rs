//! From template sources to closures and reads. Each file is parsed once, however many outputs use it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salsa::Database as Db;

use super::inputs::{Source, Workspace};
use crate::digest::Digest;
use crate::finding::Finding;
use crate::finding::codes::rules::NO_TEMPLATE;
use crate::template::{Reads, Template, TemplateGraph};

/// A template's name: its path below `templates/` without extensions.
#[salsa::interned(debug)]
pub struct Name<'db> {
    pub text: Arc<str>,
}

/// The file that each name stands for after layering, and what is wrong with the layers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layered {
    pub sources: BTreeMap<Arc<str>, Source>,
    pub findings: Vec<Finding>,
}

/// Higher layers replace the names of lower ones.
#[salsa::tracked]
pub fn layered(db: &dyn Db, workspace: Workspace) -> Arc<Layered> {
    let mut files: Vec<_> = workspace.templates(db).iter().collect();
    files.sort_by_key(|file| file.layer);
    let mut layered = Layered::default();
    let mut seen: BTreeMap<(Arc<str>, u8), Source> = BTreeMap::new();
    for file in files {
        let name: Arc<str> = Arc::from(crate::template::name_of(&file.relative));
        if let Some(other) = seen.insert((name.clone(), file.layer), file.source) {
            layered.findings.push(crate::template::same_name(&name, file.source.path(db), other.path(db)));
        }
        layered.sources.insert(name, file.source);
    }
    Arc::new(layered)
}

/// Path and digest of every template in force.
#[salsa::tracked]
pub fn digests(db: &dyn Db, workspace: Workspace) -> BTreeMap<Arc<str>, Digest> {
    let sources = layered(db, workspace).sources.values();
    sources.map(|source| (source.path(db).clone(), digest(source.text(db)))).collect()
}

/// The digest of a template, by its text or as the template room gives it.
fn digest(text: &str) -> Digest {
    Digest::of(blake3::hash(text.as_bytes()).as_bytes())
}

/// The file of one name: other names coming and going don't matter to it.
#[salsa::tracked]
pub fn source<'db>(db: &'db dyn Db, workspace: Workspace, name: Name<'db>) -> Option<Source> {
    layered(db, workspace).sources.get(name.text(db)).copied()
}

#[salsa::tracked]
pub fn parsed<'db>(db: &'db dyn Db, workspace: Workspace, name: Name<'db>) -> Option<Arc<Result<Template, Finding>>> {
    let source = (*source(db, workspace, name))?;
    Some(Arc::new(crate::template::parse(name.text(db), source.path(db), source.text(db))))
}

/// A template with all that it can include.
#[derive(Debug, Clone, PartialEq)]
pub struct Closure {
    pub root: Template,
    /// Sorted by name, without the root.
    pub partials: Vec<Template>,
    pub reads: Reads,
    /// The paths of `reads`, in order.
    pub paths: Arc<Vec<String>>,
}

/// The closure of a template; findings when a part is missing or broken, or when it includes itself.
#[salsa::tracked]
pub fn closure<'db>(
    db: &'db dyn Db,
    workspace: Workspace,
    name: Name<'db>,
) -> Option<Arc<Result<Closure, Vec<Finding>>>> {
    let root = match &**parsed(db, workspace, name).as_ref()? {
        Ok(template) => template.clone(),
        Err(finding) => return Some(Arc::new(Err(vec![finding.clone()]))),
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
    let graph = TemplateGraph::new(known.values());
    let names: Vec<&str> = layered(db, workspace).sources.keys().map(|name| &**name).collect();
    findings.extend(graph.findings(&names));
    if findings.iter().any(Finding::is_error) {
        return Some(Arc::new(Err(findings)));
    }
    known.remove(root.name());
    let partials: Vec<Template> = known.into_values().collect();
    let reads = crate::template::reads(&root, &partials);
    let paths = Arc::new(reads.paths().map(|path| path.to_string()).collect());
    Some(Arc::new(Ok(Closure { root, partials, reads, paths })))
}

/// The name that a rule's template stands for: the variant's where there is one.
pub fn resolve(db: &dyn Db, workspace: Workspace, template: &str, variant: Option<&str>) -> Result<Arc<str>, Finding> {
    let name = crate::template::name_of(template);
    let sources = &layered(db, workspace).sources;
    let special = variant.map(|variant| format!("{name}@{variant}"));
    let found = special
        .and_then(|special| sources.get_key_value(special.as_str()))
        .or_else(|| sources.get_key_value(name))
        .map(|(name, _)| name.clone());
    found.ok_or_else(|| {
        let mut finding = Finding::error(NO_TEMPLATE, format!("there is no template `{template}`"));
        if let Some(help) = crate::finding::did_you_mean(name, sources.keys().map(|name| &**name)) {
            finding = finding.help(help);
        }
        finding
    })
}
