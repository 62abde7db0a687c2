//! Parses the head and the sections of a lock. What is wrong is a finding with its place in the whole file.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;

use super::{FORMAT, Lock, LockHead, LockText, ModelFacts, Section, split};
use crate::finding::codes::sync::{LOCK_CONFLICT, LOCK_DAMAGED, LOCK_FORMAT, LOCK_ORDER};
use crate::finding::{Finding, Place};
use crate::registry::parse::conflict;

/// Parses all of a lock: what can be read, and a finding for each part that can't.
pub fn parse(path: &str, text: &str) -> (Lock, Vec<Finding>) {
    let cut = split(text);
    let mut findings = Vec::new();
    let head = parse_head(path, &cut).unwrap_or_else(|finding| {
        findings.push(finding);
        LockHead::default()
    });
    let mut models = BTreeMap::new();
    for section in &cut.sections {
        match parse_section(path, section) {
            Ok(facts) => drop(models.insert(section.key.clone().into_owned(), facts)),
            Err(finding) => findings.push(finding),
        }
    }
    (Lock { head, models }, findings)
}

/// Parses the head, and sees to it that the sections are sorted, each there once.
pub fn parse_head(path: &str, cut: &LockText<'_>) -> Result<LockHead, Finding> {
    let whole = Section { key: "".into(), text: cut.head, above: "" };
    let head: LockHead = match toml::from_str(cut.head) {
        Ok(head) => head,
        Err(error) => {
            // A newer format may well hold fields that this one doesn't know: that is the better thing to say.
            let version = toml::from_str::<VersionOnly>(cut.head).ok().map(|v| v.version).filter(|v| *v != FORMAT);
            return Err(match version {
                Some(version) => wrong_format(path, &whole, version),
                None => damaged(path, &whole, &error),
            });
        }
    };
    if head.version != FORMAT {
        return Err(wrong_format(path, &whole, head.version));
    }
    if let Some(pair) = cut.sections.windows(2).find(|pair| pair[0].key >= pair[1].key) {
        let message = if pair[0].key == pair[1].key {
            format!("model type `{}` stands twice in {path}", pair[1].key)
        } else {
            format!("`{}` stands behind `{}` in {path}, whose sections are sorted", pair[1].key, pair[0].key)
        };
        return Err(Finding::error(LOCK_ORDER, message)
            .at(header(path, &pair[1]))
            .related("the section before", header(path, &pair[0]))
            .help("run `hfgen sync`, which writes the file anew"));
    }
    Ok(head)
}

/// Parses one section.
pub fn parse_section(path: &str, section: &Section<'_>) -> Result<ModelFacts, Finding> {
    let file: OneModel = toml::from_str(section.text).map_err(|error| damaged(path, section, &error))?;
    let mut models = file.model.into_iter();
    match (models.next(), models.next()) {
        (Some((key, facts)), None) if key == section.key => Ok(facts),
        (_, Some((key, _))) | (Some((key, _)), None) => {
            let message = format!("the section of `{}` holds a table of `{key}`", section.key);
            let header_start = format!("[model.{key}");
            let at = section.text.find(&header_start).unwrap_or(0);
            Err(Finding::error(LOCK_DAMAGED, message)
                .at(place(path, section, at, at + header_start.len()))
                .help("run `hfgen sync`, which writes the file anew"))
        }
        (None, None) => Err(Finding::error(LOCK_DAMAGED, format!("the section of `{}` is empty", section.key))
            .at(header(path, section))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneModel {
    model: IndexMap<String, ModelFacts>,
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

fn wrong_format(path: &str, head: &Section<'_>, version: u32) -> Finding {
    let at = head.text.find("version").unwrap_or(0);
    let help = if version > FORMAT {
        "use a newer hfgen, or run `hfgen sync` with this one to write the file anew"
    } else {
        "run `hfgen sync`, which writes the file anew"
    };
    Finding::error(LOCK_FORMAT, format!("{path} is of format {version}; this hfgen reads format {FORMAT}"))
        .at(place(path, head, at, at + "version".len()))
        .help(help)
}

fn damaged(path: &str, section: &Section<'_>, error: &toml::de::Error) -> Finding {
    if let Some(at) = conflict(section.text) {
        return Finding::error(LOCK_CONFLICT, format!("{path} holds the marks of a merge that was not finished"))
            .at(place(path, section, at, at + 7))
            .help("take either side, then run `hfgen sync`");
    }
    let span = error.span().unwrap_or(0..0);
    let what = error.message().lines().next().unwrap_or("not valid TOML").to_owned();
    let of = if section.key.is_empty() { "the head".to_owned() } else { format!("the section of `{}`", section.key) };
    Finding::error(LOCK_DAMAGED, format!("{of} can't be read: {what}"))
        .at(place(path, section, span.start, span.end))
        .help("run `hfgen sync`, which writes the file anew, or take the file from version control")
}

fn header(path: &str, section: &Section<'_>) -> Place {
    place(path, section, 0, section.text.find('\n').unwrap_or(section.text.len()))
}

/// The place of a byte range of a section, in the whole file.
fn place(path: &str, section: &Section<'_>, start: usize, end: usize) -> Place {
    let mut place = Place::in_text(path, section.text, start, end);
    place.line = place.line.saturating_add(section.line() - 1);
    place
}
