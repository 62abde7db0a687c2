//! `hfgen` alone: where the project stands, as `git status` does, and the one next command.

use std::fmt::Write as _;

use serde_json::json;

use super::answer::answer;
use super::args::StatusArgs;
use super::engine::options;
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::outcome::{Action, Outcome};
use crate::build::{self, Mode, Options};
use crate::report::summary::Tally;
use crate::report::text::plural;

pub fn run(context: &Context<'_>, args: &StatusArgs) -> Ended {
    let options = Options { mode: Mode::Dry, ..options(context, &args.engine)? };
    let outcome = build::build(context.system, &options, &context.progress())?;
    let next = next(&outcome);
    let value = json!({
        "outputs": outcome.planned, "up_to_date": outcome.planned - due(&outcome).min(outcome.planned),
        "due": due(&outcome), "removed": outcome.count(Action::Removed), "kept": outcome.count(Action::Kept),
        "invalid": outcome.count(Action::Invalid), "findings": outcome.findings, "next": next,
        "paths": outcome.outputs,
    });
    answer(context, &args.report, || human(&outcome, next), value, "paths")?;
    Ok(Exit::Fine)
}

fn due(outcome: &Outcome) -> usize {
    [Action::Created, Action::Updated, Action::Restored].into_iter().map(|action| outcome.count(action)).sum()
}

fn next(outcome: &Outcome) -> &'static str {
    if outcome.count(Action::Kept) > 0 {
        "hfgen build --diff"
    } else if due(outcome) + outcome.count(Action::Removed) > 0 {
        "hfgen build"
    } else if outcome.errors() + outcome.count(Action::Invalid) > 0 {
        "hfgen check"
    } else {
        "edit registry.toml, rules/ or templates/, then hfgen build"
    }
}

fn human(outcome: &Outcome, next: &str) -> String {
    let mut text = plural(outcome.planned, "output");
    let due = due(outcome);
    if due + outcome.count(Action::Removed) == 0 {
        text.push_str(", all up to date\n");
    } else {
        let _ = writeln!(text, ", {due} out of date");
    }
    let mut list = |title: &str, actions: &[Action]| {
        let paths: Vec<_> = outcome.outputs.iter().filter(|output| actions.contains(&output.action)).collect();
        if paths.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{title}");
        for output in paths.iter().take(10) {
            let why = output.why.first().map(|why| format!("  ({why})")).unwrap_or_default();
            let _ = writeln!(text, "  {}{why}", output.path);
        }
        if paths.len() > 10 {
            let _ = writeln!(text, "  ... and {} more", paths.len() - 10);
        }
    };
    list("to be made:", &[Action::Created, Action::Updated, Action::Restored]);
    list("to be removed:", &[Action::Removed]);
    list("edited by hand, left as they are:", &[Action::Kept]);
    list("with errors, not written:", &[Action::Invalid]);
    if !outcome.findings.is_empty() {
        let _ = writeln!(text, "\n{}: `hfgen check` shows them", Tally::of(&outcome.findings).words());
    }
    let _ = writeln!(text, "\nnext: {next}");
    text
}
