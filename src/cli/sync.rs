//! `hfgen sync`: reads the facts of a transformers package into `registry.lock`, or says what differs (`--check`).

use super::answer::answer;
use super::args::SyncArgs;
use super::stop::Ended;
use super::{Context, Exit};
use crate::discover::{self, Sync, Synced};
use crate::python::library;
use crate::report::{self, Format, Report};

pub fn run(context: &Context<'_>, args: &SyncArgs) -> Ended {
    let (system, here, root) = (context.system, context.folder()?, context.root()?);
    let package = match &args.package {
        Some(package) => here.join(package),
        None => discover::find(system, &library::environments(system, &root, args.python.as_deref()))?,
    };
    let worker = args.worker.as_ref().map(|path| here.join(path));
    let synced = discover::sync(system, &Sync { root, package, worker, check: args.check })?;
    tell(context, args, &synced)
}

fn tell(context: &Context<'_>, args: &SyncArgs, synced: &Synced) -> Ended {
    let exit = if args.check && synced.differs() { Exit::Findings } else { Exit::Fine };
    let report = Report { exit: exit.code(), ..Report::of_findings(context.command, &synced.findings) };
    if !matches!(args.report.format, Format::Human | Format::Json | Format::Jsonl) {
        context.report(&report, &args.report)?;
        return Ok(exit);
    }
    let human = || {
        let told = if args.check { report::sync::changes(synced) } else { report::sync::summary(synced) };
        report::human::render(&report, &context.console.out) + &told
    };
    let mut value = report::sync::value(synced);
    value["findings"] = report::json::findings(&report);
    value["exit"] = exit.code().into();
    answer(context, &args.report, human, value, "types")?;
    Ok(exit)
}
