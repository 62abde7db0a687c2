//! The map as a few tables for the terminal.

use super::lists::{groups, names};
use crate::coverage::map::{Map, State};
use crate::coverage::tally::{By, Tally, grouped};
use crate::report::look::Look;
use crate::report::text::{number, one_line, plural};

/// Rows of a table, and of a list, unless `-v` asks for all.
const ROWS: usize = 20;

/// The share, the tables that were asked for, and what has no result where that was asked for.
pub fn render(map: &Map, all: &Tally, by: &[By], missing: bool, look: &Look) -> String {
    let mut text = String::new();
    if look.verbosity >= 0 {
        if missing {
            text.push_str(&list(map, look));
        } else {
            text.extend(by.iter().map(|by| table(map, *by, look) + "\n"));
        }
    }
    if look.verbosity > -2 {
        text.push_str(&summary(all, look));
    }
    text
}

/// `coverage: 97.3 % (1,171 of 1,204 cells passed), 3 failed, 12 skipped`.
pub fn summary(all: &Tally, look: &Look) -> String {
    let mut line = format!(
        "{} {} ({} of {} passed)",
        look.strong("coverage:"),
        all.percent(),
        number(all.count(State::Passed)),
        plural(all.wanted(), "cell")
    );
    for state in State::ALL.into_iter().filter(|state| *state != State::Passed && all.count(*state) > 0) {
        line.push_str(&format!(", {} {}", paint(state, &number(all.count(state)), look), state.words()));
    }
    line + "\n"
}

fn table(map: &Map, by: By, look: &Look) -> String {
    let groups = grouped(map, by);
    let shown = if look.verbosity > 0 { usize::MAX } else { ROWS };
    let width = groups.keys().take(shown).map(|name| name.chars().count()).max().unwrap_or(0).max(by.word().len());
    let there: Vec<State> =
        State::ALL.into_iter().filter(|state| groups.values().any(|tally| tally.count(*state) > 0)).collect();
    let mut text = look.strong(&format!("{:width$}  {:>7}", by.word(), "covered"));
    for state in &there {
        text.push_str(&look.strong(&format!("  {:>1$}", state.words(), state.words().len().max(6))));
    }
    text.push('\n');
    for (name, tally) in groups.iter().take(shown) {
        text.push_str(&format!("{name:width$}  {:>7}", tally.percent()));
        for state in &there {
            let wide = state.words().len().max(6);
            let count = tally.count(*state);
            let cell = if count == 0 { format!("{:>wide$}", ".") } else { format!("{:>wide$}", number(count)) };
            text.push_str("  ");
            text.push_str(&if count == 0 { look.dim(&cell) } else { paint(*state, &cell, look) });
        }
        text.push('\n');
    }
    if groups.len() > shown {
        text.push_str(&look.dim(&format!("... and {} more (-v lists all)\n", number(groups.len() - shown))));
    }
    text
}

fn list(map: &Map, look: &Look) -> String {
    let groups = groups(map, |cell| cell.state.is_missing());
    let shown = if look.verbosity > 0 { usize::MAX } else { ROWS };
    let mut text = String::new();
    for group in groups.iter().take(shown) {
        text.push_str(&format!(
            "{} {} on {}: {}\n    {}\n    {}\n",
            paint(group.state, group.state.word(), look),
            plural(group.cells, "cell"),
            group.hardware,
            one_line(group.reason),
            look.dim(&format!("checks {}", names(&group.checks))),
            look.dim(&format!("models {}", names(&group.models))),
        ));
    }
    if groups.len() > shown {
        text.push_str(&look.dim(&format!("... and {} more reasons (-v lists all)\n", number(groups.len() - shown))));
    }
    if text.is_empty() { "nothing is missing\n".to_owned() } else { text + "\n" }
}

fn paint(state: State, text: &str, look: &Look) -> String {
    match state {
        State::Passed => look.good(text),
        State::Failed => look.bad(text),
        State::Flaky | State::Stale | State::Missing => look.soft(text),
        State::Xfailed => look.cool(text),
        State::Skipped | State::NotRun | State::NotGenerated => look.dim(text),
    }
}
