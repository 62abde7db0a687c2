//! Counting cells: in all, by family, by task, by hardware, by check. One number for all: the share that passed.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::map::{Cell, Map, State};

/// How many cells are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [usize; State::ALL.len()],
}

impl Tally {
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Self {
        let mut tally = Self::default();
        cells.into_iter().for_each(|cell| tally.add(cell.state));
        tally
    }

    pub fn add(&mut self, state: State) {
        if let Some(at) = State::ALL.iter().position(|one| *one == state) {
            self.counts[at] += 1;
        }
    }

    pub fn count(&self, state: State) -> usize {
        State::ALL.iter().position(|one| *one == state).map_or(0, |at| self.counts[at])
    }

    pub fn all(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Cells that could pass: all but those of which no test is made.
    pub fn wanted(&self) -> usize {
        self.all() - self.count(State::NotGenerated)
    }

    /// Tenths of a percent that passed, rounded down: 1000 is said only of everything. Nothing wanted: nothing lacks.
    pub fn permille(&self) -> usize {
        (self.count(State::Passed) * 1000).checked_div(self.wanted()).unwrap_or(1000)
    }

    /// `97.3 %`, `100 %`.
    pub fn percent(&self) -> String {
        match self.permille() {
            1000 => "100 %".to_owned(),
            some => format!("{}.{} %", some / 10, some % 10),
        }
    }

    /// As JSON: every state, and the share.
    pub fn value(&self) -> Value {
        let mut value = json!({"percent": self.tenths(), "wanted": self.wanted()});
        for state in State::ALL {
            value[state.word()] = self.count(state).into();
        }
        value
    }

    fn tenths(&self) -> Value {
        let permille = u32::try_from(self.permille()).unwrap_or(1000);
        json!(f64::from(permille) / 10.0)
    }
}

/// What cells can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Family,
    Task,
    Hardware,
    Check,
}

impl By {
    pub const ALL: [By; 4] = [By::Hardware, By::Check, By::Family, By::Task];

    pub fn word(self) -> &'static str {
        match self {
            By::Family => "family",
            By::Task => "task",
            By::Hardware => "hardware",
            By::Check => "check",
        }
    }
}

/// A tally for each family, task, hardware or check that has cells: in the map's order, families and tasks by name. A
/// model with several tasks counts for each.
pub fn grouped(map: &Map, by: By) -> IndexMap<String, Tally> {
    let mut groups: IndexMap<String, Tally> = IndexMap::new();
    match by {
        By::Hardware => groups.extend(map.hardware.iter().map(|one| (one.name.to_string(), Tally::default()))),
        By::Check => groups.extend(map.checks.iter().map(|one| (one.name.to_string(), Tally::default()))),
        By::Family | By::Task => {}
    }
    let models: BTreeMap<&str, _> = map.models.iter().map(|model| (&*model.key, model)).collect();
    for cell in &map.cells {
        let mut add = |name: &str| match groups.get_mut(name) {
            Some(tally) => tally.add(cell.state),
            None => groups.entry(name.to_owned()).or_default().add(cell.state),
        };
        let model = models.get(&*cell.model);
        match by {
            By::Hardware => add(&cell.hardware),
            By::Check => add(&cell.check),
            By::Family => add(model.map_or("", |model| &*model.family)),
            By::Task => model.into_iter().flat_map(|model| &model.tasks).for_each(|task| add(task)),
        }
    }
    groups.retain(|_, tally| tally.all() > 0);
    if matches!(by, By::Family | By::Task) {
        groups.sort_keys();
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(states: &[(State, usize)]) -> Tally {
        let mut tally = Tally::default();
        for (state, count) in states {
            (0..*count).for_each(|_| tally.add(*state));
        }
        tally
    }

    #[test]
    fn only_passed_is_passed_and_nothing_is_rounded_up() {
        let one = |state| tally(&[(State::Passed, 1), (state, 1)]).percent();
        for state in State::ALL {
            let expected = if matches!(state, State::Passed | State::NotGenerated) { "100 %" } else { "50.0 %" };
            assert_eq!(one(state), expected, "{state:?}");
        }
        assert_eq!(tally(&[(State::Passed, 9999), (State::Missing, 1)]).percent(), "99.9 %");
        assert_eq!(tally(&[(State::NotRun, 3)]).percent(), "0.0 %");
        assert_eq!(Tally::default().percent(), "100 %");
    }
}
