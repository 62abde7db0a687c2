//! `registry.lock` in the database: cut once a revision, since that reads every byte, and parsed only where it is asked.

use std::ops::Range;
use std::sync::Arc;

use salsa::Database as Db;

use super::inputs::Workspace;
use super::models::{Model, Parsed};
use super::remembered::KnownHead;
use crate::digest::{Digest, Pieces};
use crate::finding::codes::registry::MISSING_INPUT;
use crate::finding::{Finding, Place};
use crate::registry::lock::{self, HeadText, LockHead, LockText, ModelFacts, Section};
use crate::validate::ClassNames;

/// Path of the lock, relative to the project root.
const LOCK: &str = "registry.lock";

/// Where the sections of the lock lie in its text.
#[derive(Debug, Clone, Default, PartialEq)]
struct Cut {
    /// In the order of the file.
    sections: Vec<(Arc<str>, Range<usize>)>,
    /// Whether the sections are sorted, each there once, as `sync` writes them.
    sorted: bool,
}

impl Cut {
    fn find(&self, key: &str) -> Option<&(Arc<str>, Range<usize>)> {
        if self.sorted {
            self.sections.binary_search_by(|(known, _)| (**known).cmp(key)).ok().map(|at| &self.sections[at])
        } else {
            self.sections.iter().find(|(known, _)| **known == *key)
        }
    }
}

#[salsa::tracked]
fn cut(db: &dyn Db, workspace: Workspace) -> Cut {
    let Some(source) = workspace.lock(db) else { return Cut::default() };
    let place = |section: &Section<'_>| {
        (Arc::from(section.key.as_ref()), section.offset()..section.offset() + section.text.len())
    };
    let sections: Vec<_> = lock::split(source.text(db)).sections.iter().map(place).collect();
    let sorted = sections.windows(2).all(|pair| pair[0].0 < pair[1].0);
    Cut { sections, sorted }
}

/// `registry.lock`, cut; empty where there is none.
pub fn lock_text(db: &dyn Db, workspace: Workspace) -> LockText<'_> {
    let text = whole(db, workspace);
    let sections = cut(db, workspace).sections.iter().map(|found| section_of(text, found)).collect();
    LockText { head: head(db, workspace), sections }
}

/// What stands before the first model.
pub fn head(db: &dyn Db, workspace: Workspace) -> &str {
    let text = whole(db, workspace);
    cut(db, workspace).sections.first().map_or(text, |(_, range)| &text[..range.start])
}

/// The model types of the lock, in the order of the file.
pub fn keys(db: &dyn Db, workspace: Workspace) -> impl Iterator<Item = &Arc<str>> {
    cut(db, workspace).sections.iter().map(|(key, _)| key)
}

/// A model's section with its place, if the lock has one.
pub fn section<'db>(db: &'db dyn Db, workspace: Workspace, key: &str) -> Option<Section<'db>> {
    cut(db, workspace).find(key).map(|found| section_of(whole(db, workspace), found))
}

/// All of `registry.lock`; empty where there is none.
pub fn whole(db: &dyn Db, workspace: Workspace) -> &str {
    workspace.lock(db).map_or("", |source| source.text(db))
}

fn section_of<'a>(text: &'a str, (key, range): &'a (Arc<str>, Range<usize>)) -> Section<'a> {
    Section { key: (&**key).into(), text: &text[range.clone()], above: &text[..range.start] }
}

/// The head without its class names, which are thousands and wanted by few: [`class_names`] has them.
#[salsa::tracked]
pub fn lock_head(db: &dyn Db, workspace: Workspace) -> Arc<Parsed<LockHead>> {
    let Some(source) = workspace.lock(db) else {
        return Arc::new(Parsed { value: LockHead::default(), findings: vec![missing_lock()] });
    };
    let text = lock_text(db, workspace);
    let rest = parted(db, workspace).map_or(text.head, |parted| parted.rest);
    Arc::new(match lock::parse_head(source.path(db), &LockText { head: rest, ..text }) {
        Ok(head) => Parsed { value: LockHead { class_names: [].into(), ..head }, findings: Vec::new() },
        Err(finding) => Parsed { value: LockHead::default(), findings: vec![finding] },
    })
}

/// The class names of the lock, ready for look-ups.
#[salsa::tracked]
pub fn class_names(db: &dyn Db, workspace: Workspace) -> Arc<ClassNames> {
    Arc::new(match parted(db, workspace) {
        Some(parted) => ClassNames::new(parted.names()),
        None => ClassNames::new(parsed_names(db, workspace).names()),
    })
}

/// Of the class names, however they are written down.
#[salsa::tracked]
pub fn class_names_digest(db: &dyn Db, workspace: Workspace) -> Digest {
    if let Some(known) = known_head(db, workspace) {
        return known.names;
    }
    // In long pieces: thousands of short texts are a hasher's worst case.
    let mut hasher = Pieces::default();
    let mut put = |name: &str| {
        hasher.put(&(name.len() as u64).to_le_bytes());
        hasher.put(name.as_bytes());
    };
    match parted(db, workspace) {
        Some(parted) => parted.names().for_each(put),
        None => parsed_names(db, workspace).names().for_each(&mut put),
    }
    hasher.digest()
}

/// The head, parted at its class names; `None` where only the parser can read them.
fn parted(db: &dyn Db, workspace: Workspace) -> Option<HeadText<'_>> {
    let (rest, table) = head(db, workspace).split_at(*parting(db, workspace).as_ref()?);
    Some(HeadText { rest, table })
}

/// Where the head is parted.
#[salsa::tracked]
fn parting(db: &dyn Db, workspace: Workspace) -> Option<usize> {
    if let Some(known) = known_head(db, workspace) {
        return Some(known.table);
    }
    lock::part(head(db, workspace)).map(|parted| parted.rest.len())
}

/// Of the head's text.
#[salsa::tracked]
pub fn head_digest(db: &dyn Db, workspace: Workspace) -> Digest {
    Digest::of(head(db, workspace).as_bytes())
}

fn known_head(db: &dyn Db, workspace: Workspace) -> Option<KnownHead> {
    workspace.remembered(db).head.filter(|known| known.head == *head_digest(db, workspace))
}

/// What a later build need not find out again; `None` where only the parser can read the class names.
pub fn to_remember(db: &dyn Db, workspace: Workspace) -> Option<KnownHead> {
    let table = (*parting(db, workspace))?;
    Some(KnownHead { head: *head_digest(db, workspace), table, names: *class_names_digest(db, workspace) })
}

/// The head with its class names, by the parser.
fn parsed_names(db: &dyn Db, workspace: Workspace) -> LockHead {
    lock::parse_head(LOCK, &lock_text(db, workspace)).unwrap_or_default()
}

/// The text of a model's section; an equal one stops the wave.
#[salsa::tracked]
fn section_text<'db>(db: &'db dyn Db, workspace: Workspace, model: Model<'db>) -> Option<Arc<str>> {
    section(db, workspace, model.key(db)).map(|section| Arc::from(section.text))
}

/// Parses a model's section; `None` where the lock has none.
pub fn section_facts(db: &dyn Db, workspace: Workspace, model: Model<'_>) -> Option<Result<ModelFacts, Finding>> {
    let key = &**model.key(db);
    let text = section_text(db, workspace, model).as_ref()?;
    let parsed = lock::parse_section(LOCK, &Section { key: key.into(), text, above: "" });
    // Only a broken section needs its real line: asked for always, an edit above it would parse it again.
    let Err(finding) = parsed else { return Some(parsed) };
    let placed = section(db, workspace, key).map(|section| lock::parse_section(LOCK, &section));
    Some(placed.unwrap_or(Err(finding)))
}

/// Where a model type's section begins.
pub fn place_of_section(db: &dyn Db, workspace: Workspace, key: &str) -> Option<Place> {
    let source = (*workspace.lock(db))?;
    let section = section(db, workspace, key)?;
    Some(Place::line_of(&**source.path(db), source.text(db), section.line()))
}

fn missing_lock() -> Finding {
    Finding::error(MISSING_INPUT, "there is no registry.lock")
        .at(Place::file(LOCK))
        .help("make it from an installed transformers: `hfgen sync`")
}
