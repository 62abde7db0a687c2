//! `hfgen why PATH`: why an output exists, what it is made from, and why it is due or not.

use std::fmt::Write as _;

use serde_json::json;

use super::answer::answer;
use super::args::WhyArgs;
use super::engine::{below_root, options};
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::inspect::{Known, View};
use crate::emit::ownership::Standing;
use crate::finding::codes::output::UNKNOWN_OUTPUT;
use crate::finding::{Finding, did_you_mean};
use crate::graph::models::{rule_book, rule_sources};
use crate::report::{self, Report};
use crate::rules::plan::Entry;

pub fn run(context: &Context<'_>, args: &WhyArgs) -> Ended {
    let options = options(context, &args.engine)?;
    let path = below_root(&context.folder()?, &args.path, &options.root);
    let view = View::open(context.system, &options)?;
    let Some(planned) = view.planned(&path) else { return Err(not_planned(&view, &path).into()) };
    let known = view.known(context.system, &options, planned)?;
    let (db, workspace) = (&view.session.db, view.session.workspace);
    let rule = rule_book(db, workspace).value.place(&rule_sources(db, workspace), "target", &known.entry.rule, &[]);
    let place = format!("{}:{}", rule.path, rule.line);
    let report = Report::of_findings(context.command, &known.findings);
    let value = json!({
        "path": path, "rule": known.entry.rule, "rule_at": place, "model": known.entry.model,
        "hardware": known.entry.hardware, "family": known.entry.family, "state": state(&known),
        "due": known.due.iter().map(ToString::to_string).collect::<Vec<_>>(), "last_written": known.last,
        "templates": known.templates, "reads": known.reads, "findings": report::json::findings(&report),
    });
    let human = || {
        let told = report::human::findings(&report.sorted(), &context.console.out);
        told + &human(&path, &known, &place)
    };
    answer(context, &args.report, human, value, "due")?;
    Ok(Exit::Fine)
}

fn state(known: &Known) -> &'static str {
    match &known.standing {
        Standing::Edited { .. } => "edited by hand",
        Standing::Foreign { .. } => "not made by hfgen",
        _ if known.findings.iter().any(Finding::is_error) => "not valid",
        _ if known.due.is_empty() => "up to date",
        Standing::Missing => "missing",
        Standing::Ours { .. } => "out of date",
    }
}

fn human(path: &str, known: &Known, place: &str) -> String {
    let entry = &known.entry;
    let mut text = format!("{path} is {}\n", state(known));
    let mut of = format!("rule {} ({place})", entry.rule);
    if let Some(model) = &entry.model {
        let _ = write!(of, ", model type {model}");
    }
    if let Some(family) = &entry.family {
        let _ = write!(of, " of family {family}");
    }
    if let Some(hardware) = &entry.hardware {
        let _ = write!(of, ", on {hardware}");
    }
    let _ = writeln!(text, "\nit exists because of\n  {of}");
    if known.findings.iter().any(Finding::is_error) {
        let _ = writeln!(text, "\n`hfgen build` does not make it before the errors above are mended");
    } else if known.due.is_empty() {
        let _ = writeln!(text, "\nnothing that it is made from has changed since it was written");
    } else {
        let _ = writeln!(text, "\n`hfgen build` would make it because");
        known.due.iter().for_each(|reason| {
            let _ = writeln!(text, "  {reason}");
        });
    }
    if !known.last.is_empty() {
        let _ = writeln!(text, "\nit was last made because");
        known.last.iter().for_each(|reason| {
            let _ = writeln!(text, "  {reason}");
        });
    }
    if !known.templates.is_empty() {
        let _ = writeln!(text, "\nit is made from\n  {}", known.templates.join("\n  "));
        let _ = writeln!(text, "\nwhich read\n  {}", known.reads.join("\n  "));
    }
    text
}

fn not_planned(view: &View, path: &str) -> Finding {
    let finding = if view.remembered(path).is_some() {
        Finding::error(UNKNOWN_OUTPUT, format!("`{path}` is no output any more"))
            .help("`hfgen build` removes it, unless it was edited by hand")
    } else {
        Finding::error(UNKNOWN_OUTPUT, format!("no rule makes `{path}`"))
    };
    let outputs = || view.plan.outputs.iter().map(|planned| &*planned.entry);
    let base = |entry: &&Entry| entry.path.rsplit('/').next() == Some(path);
    let meant = outputs().find(base).or_else(|| outputs().find(|entry| entry.model.as_deref() == Some(path)));
    let help = meant.map(|entry| format!("did you mean `{}`?", entry.path));
    match help.or_else(|| did_you_mean(path, outputs().map(|entry| entry.path.as_str()))) {
        Some(help) => finding.help(help),
        None => finding.help("name an output: `hfgen graph --format json` lists them"),
    }
}
