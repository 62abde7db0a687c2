//! Cells with one state, hardware and reason in one line.

use std::collections::BTreeMap;

use crate::coverage::map::{Cell, Map, State};
use crate::report::text::number;

/// So many names stand in one line.
const NAMES: usize = 6;

/// Cells that are told together.
pub struct Group<'a> {
    pub state: State,
    pub hardware: &'a str,
    pub reason: &'a str,
    pub cells: usize,
    pub checks: Vec<&'a str>,
    pub models: Vec<&'a str>,
}

/// The cells for which `keep` holds, the most first.
pub fn groups<'a>(map: &'a Map, keep: impl Fn(&Cell) -> bool) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(State, &str, &str), Group<'a>> = BTreeMap::new();
    for cell in map.cells.iter().filter(|cell| keep(cell)) {
        let reason = cell.reason.as_deref().unwrap_or_default();
        let group = groups.entry((cell.state, &cell.hardware, reason)).or_insert_with(|| Group {
            state: cell.state,
            hardware: &cell.hardware,
            reason,
            cells: 0,
            checks: Vec::new(),
            models: Vec::new(),
        });
        group.cells += 1;
        if !group.checks.contains(&&*cell.check) {
            group.checks.push(&cell.check);
        }
        // Cells come model by model.
        if group.models.last() != Some(&&*cell.model) {
            group.models.push(&cell.model);
        }
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    groups.sort_by(|a, b| a.state.cmp(&b.state).then(b.cells.cmp(&a.cells)));
    groups
}

/// `bert, gpt2 and 12 more`.
pub fn names(names: &[&str]) -> String {
    match names.len().checked_sub(NAMES) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {} more", names[..NAMES].join(", "), number(more)),
    }
}
