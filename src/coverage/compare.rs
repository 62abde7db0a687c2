//! What is new between two maps, cell by cell. A stale cell is what it was, as long as it is looked at as the former one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::map::{Cell, Map, State};

/// What happened to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    NewlyFailing,
    NewlyFlaky,
    NewlyMissing,
    /// There was a result, and the hardware is not here now.
    NotRunAnyMore,
    NewlySkipped,
    NewlyExpected,
    /// There was no such cell; of graphs, which know no results.
    New,
    NoLongerSkipped,
    /// There was a cell, and no test of it is made now.
    Gone,
    NewlyPassing,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::NewlyFailing,
        Kind::NewlyFlaky,
        Kind::NewlyMissing,
        Kind::NotRunAnyMore,
        Kind::NewlySkipped,
        Kind::NewlyExpected,
        Kind::New,
        Kind::NoLongerSkipped,
        Kind::Gone,
        Kind::NewlyPassing,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Kind::NewlyFailing => "newly failing",
            Kind::NewlyFlaky => "newly flaky",
            Kind::NewlyMissing => "newly missing",
            Kind::NotRunAnyMore => "not run any more",
            Kind::NewlySkipped => "newly skipped",
            Kind::NewlyExpected => "newly expected to fail",
            Kind::New => "new",
            Kind::NoLongerSkipped => "no longer skipped",
            Kind::Gone => "gone",
            Kind::NewlyPassing => "newly passing",
        }
    }
}

/// A cell that is not what it was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub kind: Kind,
    pub model: Arc<str>,
    pub check: Arc<str>,
    pub hardware: Arc<str>,
    /// None where there was no such cell.
    pub before: Option<State>,
    /// None where there is no such cell any more.
    pub now: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
}

/// The changes, by kind and then in the order of the maps. `within`: whether a cell that is gone was asked about.
pub fn compare(before: &Map, now: &Map, within: &dyn Fn(&Cell) -> bool) -> Vec<Change> {
    let known: BTreeMap<_, &Cell> = before.cells.iter().map(|cell| (cell.key(), cell)).collect();
    let mut changes = Vec::new();
    for cell in &now.cells {
        let former = known.get(&cell.key()).map(|former| state_of(former));
        changes.extend(kind(former, cell.state).map(|kind| Change {
            kind,
            model: Arc::clone(&cell.model),
            check: Arc::clone(&cell.check),
            hardware: Arc::clone(&cell.hardware),
            before: former,
            now: Some(cell.state),
            reason: cell.reason.clone(),
        }));
    }
    let there: std::collections::BTreeSet<_> = now.cells.iter().map(Cell::key).collect();
    let gone = before.cells.iter().filter(|cell| cell.state != State::NotGenerated && !there.contains(&cell.key()));
    changes.extend(gone.filter(|cell| within(cell)).map(|cell| Change {
        kind: Kind::Gone,
        model: Arc::clone(&cell.model),
        check: Arc::clone(&cell.check),
        hardware: Arc::clone(&cell.hardware),
        before: Some(state_of(cell)),
        now: None,
        reason: None,
    }));
    changes.sort_by_key(|change| change.kind);
    changes
}

/// The same between two graphs, which know of no results: what is tested, skipped, and not tested any more.
pub fn planned(before: &Map, now: &Map) -> Vec<Change> {
    let made = |map: &Map| {
        let mut map = map.clone();
        map.cells.retain(|cell| cell.state != State::NotGenerated);
        map
    };
    let mut changes = compare(&made(before), &made(now), &|_| true);
    for change in &mut changes {
        if change.kind == Kind::NewlyMissing {
            change.kind = if change.before.is_none() { Kind::New } else { Kind::NoLongerSkipped };
            change.reason = None;
        }
    }
    changes.sort_by_key(|change| change.kind);
    changes
}

/// What was known of a cell when its map was made.
fn state_of(cell: &Cell) -> State {
    cell.was.unwrap_or(cell.state)
}

fn kind(before: Option<State>, now: State) -> Option<Kind> {
    if before == Some(now) {
        return None;
    }
    match now {
        State::Failed => Some(Kind::NewlyFailing),
        State::Flaky => Some(Kind::NewlyFlaky),
        State::Passed => Some(Kind::NewlyPassing),
        State::Skipped => Some(Kind::NewlySkipped),
        State::Xfailed => Some(Kind::NewlyExpected),
        State::Missing | State::Stale if before.is_none_or(State::has_result) => Some(Kind::NewlyMissing),
        State::NotRun if before.is_some_and(State::has_result) => Some(Kind::NotRunAnyMore),
        State::NotGenerated if before.is_some() => Some(Kind::Gone),
        State::Missing | State::Stale | State::NotRun | State::NotGenerated => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(states: &[(&str, State)]) -> Map {
        let cell = |(model, state): &(&str, State)| Cell {
            model: Arc::from(*model),
            check: Arc::from("c"),
            hardware: Arc::from("cpu"),
            state: *state,
            reason: None,
            was: None,
            at: None,
            machine: None,
            tests: Vec::new(),
        };
        Map { cells: states.iter().map(cell).collect(), ..Map::default() }
    }

    fn check(before: &[(&str, State)], now: &[(&str, State)], expected: &[(Kind, &str)]) {
        let changes = compare(&map(before), &map(now), &|_| true);
        let told: Vec<(Kind, &str)> = changes.iter().map(|change| (change.kind, &*change.model)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn each_change_has_its_word() {
        use State::{Failed, Missing, NotGenerated, NotRun, Passed, Skipped, Stale, Xfailed};
        check(&[("a", Passed)], &[("a", Passed)], &[]);
        check(&[("a", Passed)], &[("a", Failed)], &[(Kind::NewlyFailing, "a")]);
        check(&[], &[("a", Failed)], &[(Kind::NewlyFailing, "a")]);
        check(&[("a", Failed)], &[("a", Passed)], &[(Kind::NewlyPassing, "a")]);
        check(&[("a", Passed)], &[("a", Skipped)], &[(Kind::NewlySkipped, "a")]);
        check(&[("a", Failed)], &[("a", Xfailed)], &[(Kind::NewlyExpected, "a")]);
        check(&[("a", Passed)], &[("a", Stale)], &[(Kind::NewlyMissing, "a")]);
        check(&[], &[("a", Missing)], &[(Kind::NewlyMissing, "a")]);
        check(&[("a", Stale)], &[("a", Missing)], &[]);
        check(&[("a", Passed)], &[("a", NotRun)], &[(Kind::NotRunAnyMore, "a")]);
        check(&[("a", Passed)], &[("a", NotGenerated)], &[(Kind::Gone, "a")]);
        check(&[("a", Passed)], &[], &[(Kind::Gone, "a")]);
        check(&[("a", NotGenerated)], &[], &[]);
        check(&[], &[("b", Passed), ("a", Failed)], &[(Kind::NewlyFailing, "a"), (Kind::NewlyPassing, "b")]);
    }

    #[test]
    fn a_former_cell_that_was_stale_is_what_it_was() {
        let mut before = map(&[("a", State::Stale)]);
        before.cells[0].was = Some(State::Passed);
        assert_eq!(compare(&before, &map(&[("a", State::Passed)]), &|_| true), []);
        assert_eq!(compare(&map(&[("a", State::Passed)]), &map(&[]), &|_| false), []);
    }
}
