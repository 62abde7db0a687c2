//! `hfgen` alone: where the project stands, as `git status` does, and the one next command.

use std::fmt::Write as _;

use serde_json::json;

use super::answer::answer;
use super::args::StatusArgs;
use super::engine::options;
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::outcome::{Action, Outcome};
use crate::build::project::LOCK;
use crate::build::{self, Mode, Options};
use crate::registry::lock::{self, Section};
use crate::report::summary::Tally;
use crate::report::text::{number, plural};
use crate::report::{self, Report};

pub fn run(context: &Context<'_>, args: &StatusArgs) -> Ended {
    let options = Options { mode: Mode::Dry, ..options(context, &args.engine)? };
    let outcome = build::build(context.system, &options, &context.progress())?;
    let next = next(&outcome, || never_probed(context, &options));
    let findings = report::json::findings(&Report::of_findings(context.command, &outcome.findings));
    let value = json!({
        "outputs": outcome.planned, "up_to_date": up_to_date(&outcome),
        "due": due(&outcome), "removed": outcome.count(Action::Removed), "kept": outcome.count(Action::Kept),
        "invalid": outcome.count(Action::Invalid), "findings": findings, "next": next,
        "paths": outcome.outputs,
    });
    answer(context, &args.report, || human(&outcome, &next), value, "paths")?;
    Ok(Exit::Fine)
}

fn due(outcome: &Outcome) -> usize {
    [Action::Created, Action::Updated, Action::Restored].into_iter().map(|action| outcome.count(action)).sum()
}

fn up_to_date(outcome: &Outcome) -> usize {
    let not = due(outcome) + outcome.count(Action::Kept) + outcome.count(Action::Invalid);
    outcome.planned.saturating_sub(not)
}

/// Model types with classes of which nothing was ever proven: their tests would have nothing to run.
fn never_probed(context: &Context<'_>, options: &Options) -> usize {
    let text = context.system.read_text(&options.root.join(LOCK)).unwrap_or_default();
    let has = |section: &Section<'_>, word: &str| section.text.contains(word);
    let open = |section: &&Section<'_>| has(section, ".classes.") && !has(section, ".proven]\n");
    lock::split(&text).sections.iter().filter(open).count()
}

fn next(outcome: &Outcome, never_probed: impl Fn() -> usize) -> String {
    let command = if outcome.count(Action::Kept) > 0 {
        "hfgen build --diff"
    } else if due(outcome) + outcome.count(Action::Removed) > 0 {
        "hfgen build"
    } else if outcome.errors() + outcome.count(Action::Invalid) > 0 {
        "hfgen check"
    } else {
        let types = never_probed();
        if types > 0 {
            let types = plural(types, "model type");
            return format!("hfgen probe ({types} never ran, so that their tests have nothing to run)");
        }
        "edit registry.toml, rules/ or templates/, then hfgen build"
    };
    command.to_owned()
}

fn human(outcome: &Outcome, next: &str) -> String {
    let mut text = plural(outcome.planned, "output");
    let parts = [
        (due(outcome), "out of date"),
        (outcome.count(Action::Removed), "to remove"),
        (outcome.count(Action::Kept), "edited by hand"),
        (outcome.count(Action::Invalid), "with errors"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", number(*count)))
        .collect();
    let _ = writeln!(text, ", {}", if parts.is_empty() { "all up to date".to_owned() } else { parts.join(", ") });
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
