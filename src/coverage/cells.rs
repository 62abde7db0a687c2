//! Decides every cell: from what is wanted and what there is. Whoever wants to know why a cell is what it is reads `decide`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::applies::{Applied, Wanted, WantedModel};
use super::map::{Cell, Map, State, Test};
use super::results::{Index, Results, Seen, plain};
use crate::build::session::today;
use crate::run::protocol::Outcome;

/// What a torch runtime is called; a check that names no hardware is tested on such profiles.
const TORCH: &str = "torch";

/// The whole map.
pub fn map(wanted: Wanted, index: &Index<'_>) -> Map {
    let mut cells = Vec::new();
    let all: Vec<Results<'_>> = wanted.models.iter().map(|model| index.of(&model.files)).collect();
    // What one file did not find is not here for the others either.
    let mut absent: BTreeMap<&str, &str> = all.iter().flat_map(Results::absent).collect();
    absent.retain(|name, _| !all.iter().any(|results| results.present().any(|there| there == *name)));
    for (model, results) in wanted.models.iter().zip(&all) {
        let found = by_cell(&wanted, results);
        let absent: BTreeMap<&str, &str> = absent.iter().map(|(a, b)| (*a, *b)).chain(results.absent()).collect();
        for applied in &model.checks {
            for hardware in &applied.hardware {
                let absent = absent.get(hardware.as_str()).copied();
                let question = Question { wanted: &wanted, model, applied, hardware, results, absent };
                cells.push(question.cell(&found));
            }
        }
    }
    Map { cells, machines: index.machines.clone(), ..wanted.frame }
}

/// Results of today and of yesterday, by check and hardware.
#[derive(Default)]
struct Found<'a> {
    now: Vec<Seen<'a>>,
    old: Vec<Seen<'a>>,
}

type ByCell<'a> = BTreeMap<(&'a str, &'a str), Found<'a>>;

fn by_cell<'a>(wanted: &'a Wanted, results: &Results<'a>) -> ByCell<'a> {
    let mut found = ByCell::new();
    let mut place = |seen: Seen<'a>, is_old: bool| {
        let Some(check) = wanted.checks.get(&seen.record.check) else { return };
        // A test that names no device runs where Python runs.
        let hardware = match seen.record.hardware.as_str() {
            "" => check.hardware.first().map_or_else(|| home(wanted), String::as_str),
            named => named,
        };
        let cell = found.entry((seen.record.check.as_str(), hardware)).or_default();
        if is_old { cell.old.push(seen) } else { cell.now.push(seen) }
    };
    results.tests().for_each(|seen| place(seen, false));
    results.old().for_each(|seen| place(seen, true));
    found
}

/// The profile of the processor that Python runs on.
fn home(wanted: &Wanted) -> &str {
    let is_cpu = wanted.hardware.iter().find(|(_, profile)| profile.device == "cpu" && profile.runtime == TORCH);
    is_cpu.or_else(|| wanted.hardware.first()).map_or("", |(name, _)| name)
}

/// What is asked of one cell.
struct Question<'a> {
    wanted: &'a Wanted,
    model: &'a WantedModel,
    applied: &'a Applied,
    hardware: &'a str,
    results: &'a Results<'a>,
    /// What is missing of the hardware, where it is not here.
    absent: Option<&'a str>,
}

impl<'a> Question<'a> {
    fn cell(&self, found: &ByCell<'a>) -> Cell {
        let nothing = Found::default();
        let found = found.get(&(self.applied.check.as_str(), self.hardware)).unwrap_or(&nothing);
        let shown = if found.now.is_empty() { &found.old } else { &found.now };
        let latest = shown.iter().max_by_key(|seen| seen.at);
        let (state, reason) = self.decide(found);
        let was =
            (state == State::Stale).then(|| shown.iter().map(|seen| state_of(seen.record.outcome)).min()).flatten();
        let mut tests: Vec<Test> = shown.iter().map(|seen| test(*seen)).collect();
        tests.sort_by(|a, b| a.class.cmp(&b.class));
        Cell {
            model: Arc::clone(&self.model.key),
            check: Arc::from(self.applied.check.as_str()),
            hardware: Arc::from(self.hardware),
            state,
            reason,
            was,
            at: latest.and_then(|seen| time(seen.at)).map(Arc::from),
            machine: latest.map(|seen| seen.machine),
            tests,
        }
    }

    /// The state and why, the first that holds: what ran, what can't be, what is not here, what is out of date, what is
    /// owed.
    fn decide(&self, found: &Found<'_>) -> (State, Option<Arc<str>>) {
        let because = |state, reason: String| (state, Some(Arc::from(reason)));
        if !found.now.is_empty() {
            return self.of_results(&found.now);
        }
        if let Some(why) = self.impossible() {
            return because(State::NotGenerated, why);
        }
        if let Some(why) = self.skipped() {
            return because(State::Skipped, why);
        }
        if let Some(why) = self.absent {
            return because(State::NotRun, why.to_owned());
        }
        let check = self.applied.check.as_str();
        let slow = self.wanted.is_slow(check);
        if self.results.ran(check, slow, self.hardware) {
            return because(State::Missing, format!("its file ran, and has no test of `{check}`"));
        }
        if let Some(changes) = self.results.changes.as_ref().filter(|_| !found.old.is_empty()) {
            return because(State::Stale, format!("since it ran: {changes}"));
        }
        if slow && self.results.has_whole() {
            return because(State::NotRun, "a slow check: `--tier full` runs it".to_owned());
        }
        let expected = self.expected();
        because(
            State::Missing,
            match (&self.results.changes, self.results.is_empty(), expected) {
                (_, _, Some(why)) => format!("not run; the registry expects a failure: {why}"),
                (Some(changes), true, None) => format!("not run since: {changes}"),
                (None, true, None) => "its file never ran".to_owned(),
                (_, false, None) => "it never ran on this hardware".to_owned(),
            },
        )
    }

    fn of_results(&self, now: &[Seen<'_>]) -> (State, Option<Arc<str>>) {
        let is_absent = |seen: &Seen<'_>| {
            seen.record.outcome == Outcome::Skipped && self.absent.is_some_and(|why| seen.record.reason.contains(why))
        };
        if now.iter().all(is_absent) {
            return (State::NotRun, self.absent.map(Arc::from));
        }
        let state = now.iter().map(|seen| state_of(seen.record.outcome)).min().unwrap_or(State::Missing);
        if state == State::Passed {
            return (state, None);
        }
        let mut reasons: Vec<Arc<str>> = Vec::new();
        for seen in now.iter().filter(|seen| state_of(seen.record.outcome) == state) {
            reasons.extend(plain(seen.record).filter(|reason| !reasons.contains(reason)));
        }
        let more = reasons.len().saturating_sub(1);
        let first = reasons.into_iter().next();
        (state, if more == 0 { first } else { first.map(|first| Arc::from(format!("{first} (and {more} more)"))) })
    }

    /// Why no test of it can be made.
    fn impossible(&self) -> Option<String> {
        if let Some(obstacle) = &self.model.obstacle {
            return Some(obstacle.clone());
        }
        let check = self.wanted.checks.get(&self.applied.check)?;
        let runtime = &self.wanted.hardware.get(self.hardware)?.runtime;
        if check.hardware.is_empty() && runtime != TORCH {
            return Some(format!("a check that names no hardware runs where torch runs; this is {runtime}"));
        }
        let errors: Vec<&String> =
            self.applied.classes.iter().filter_map(|class| self.model.errors.get(class)).collect();
        let all = !errors.is_empty() && errors.len() == self.applied.classes.len();
        errors.first().filter(|_| all).map(|error| match errors.len() {
            1 => (*error).clone(),
            several => format!("{error} (and {} more)", several - 1),
        })
    }

    /// Why the registry skips all of it.
    fn skipped(&self) -> Option<String> {
        let about = |check: &str, class: Option<&String>, hardware: Option<&String>| {
            (check == "*" || check == self.applied.check)
                && hardware.is_none_or(|name| name == self.hardware)
                && class.is_none_or(|name| self.applied.classes.iter().all(|one| one == name))
        };
        let skip = self.model.skips.iter().find(|it| about(&it.check, it.class.as_ref(), it.hardware.as_ref()));
        skip.map(|skip| skip.reason.clone())
    }

    /// Why the registry expects a failure.
    fn expected(&self) -> Option<&'a str> {
        let xfail = self.model.xfails.iter().find(|xfail| {
            xfail.check == self.applied.check
                && xfail.hardware.as_ref().is_none_or(|name| name == self.hardware)
                && xfail.class.as_ref().is_none_or(|name| self.applied.classes.contains(name))
        });
        xfail.map(|xfail| xfail.reason.as_str())
    }
}

fn state_of(outcome: Outcome) -> State {
    match outcome {
        Outcome::Failed | Outcome::Error | Outcome::Crashed | Outcome::Unknown => State::Failed,
        Outcome::Flaky => State::Flaky,
        Outcome::Xfailed => State::Xfailed,
        Outcome::Passed => State::Passed,
        Outcome::Skipped => State::Skipped,
    }
}

fn test(seen: Seen<'_>) -> Test {
    Test {
        class: Arc::from(seen.record.class.as_str()),
        outcome: seen.record.outcome,
        reason: plain(seen.record),
        seconds: seen.record.seconds,
    }
}

/// `2026-11-21T10:31:08Z`; nothing for results that were kept without their time.
fn time(nanos: i64) -> Option<String> {
    let seconds = nanos.div_euclid(1_000_000_000).rem_euclid(86_400);
    let of_day = || format!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60);
    (nanos > 0).then(|| format!("{}T{}Z", today(nanos), of_day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_everywhere() {
        assert_eq!(time(1_795_219_199_000_000_000).as_deref(), Some("2026-11-20T23:59:59Z"));
        assert_eq!(time(0), None);
    }
}
