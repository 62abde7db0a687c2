//! The map as Markdown: for comments and job summaries.

use super::lists::{groups, names};
use crate::coverage::map::{Cell, Map, State};
use crate::coverage::tally::{By, Tally, grouped};
use crate::report::markdown::{cell, table};
use crate::report::text::number;

/// The share, a table for each of `by`, and what somebody should look at.
pub fn render(map: &Map, all: &Tally, by: &[By], missing: bool) -> String {
    let mut page = format!(
        "### Coverage: {}\n\n{} of {} cells passed, with transformers {}.\n",
        all.percent(),
        number(all.count(State::Passed)),
        number(all.wanted()),
        map.transformers
    );
    if !missing {
        for by in by {
            counted(&mut page, map, *by);
        }
    }
    let red = |one: &Cell| matches!(one.state, State::Failed | State::Flaky);
    let shown = groups(map, |one| if missing { one.state.is_missing() } else { red(one) });
    let rows = shown.iter().map(|group| {
        let checks = cell(&names(&group.checks));
        let models = cell(&names(&group.models));
        let (state, cells) = (group.state.words(), number(group.cells));
        format!("| {state} | {cells} | {} | {checks} | {models} | {} |", group.hardware, cell(group.reason))
    });
    table(&mut page, "| state | cells | hardware | checks | models | because |\n|---|---|---|---|---|---|", rows);
    page
}

fn counted(page: &mut String, map: &Map, by: By) {
    let groups = grouped(map, by);
    let there: Vec<State> =
        State::ALL.into_iter().filter(|state| groups.values().any(|tally| tally.count(*state) > 0)).collect();
    let head: String = there.iter().map(|state| format!(" {} |", state.words())).collect();
    let rule: String = there.iter().map(|_| "--:|").collect();
    let rows = groups.iter().map(|(name, tally)| {
        let counts: String = there.iter().map(|state| format!(" {} |", number(tally.count(*state)))).collect();
        format!("| {} | {} |{counts}", cell(name), tally.percent())
    });
    table(page, &format!("| {} | covered |{head}\n|---|--:|{rule}", by.word()), rows);
}
