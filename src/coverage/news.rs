//! Changes sorted for people: those of one kind, hardware and reason together, failures also by check.

use std::collections::BTreeMap;

use super::compare::{Change, Kind};

/// Changes that are told in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<'a> {
    pub kind: Kind,
    pub hardware: &'a str,
    pub reason: Option<&'a str>,
    /// How many cells.
    pub cells: usize,
    /// In order of first appearance, once each.
    pub checks: Vec<&'a str>,
    pub models: Vec<&'a str>,
}

/// By kind, the largest first.
pub fn groups(changes: &[Change]) -> Vec<Group<'_>> {
    let mut places: BTreeMap<_, usize> = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for change in changes {
        let check = (change.kind == Kind::NewlyFailing).then_some(&*change.check);
        // What passes needs no reason.
        let reason = change.reason.as_deref().filter(|_| change.kind != Kind::NewlyPassing);
        let at = *places.entry((change.kind, &change.hardware, reason, check)).or_insert_with(|| {
            groups.push(Group {
                kind: change.kind,
                hardware: &change.hardware,
                reason,
                cells: 0,
                checks: Vec::new(),
                models: Vec::new(),
            });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.cells += 1;
        if !group.checks.contains(&&*change.check) {
            group.checks.push(&change.check);
        }
        if !group.models.contains(&&*change.model) {
            group.models.push(&change.model);
        }
    }
    groups.sort_by(|a, b| a.kind.cmp(&b.kind).then(b.cells.cmp(&a.cells)));
    groups
}

/// How many cells of each kind, of the kinds that there are.
pub fn counts(changes: &[Change]) -> Vec<(Kind, usize)> {
    let count = |kind: &Kind| changes.iter().filter(|change| change.kind == *kind).count();
    Kind::ALL.iter().map(|kind| (*kind, count(kind))).filter(|(_, count)| *count > 0).collect()
}
