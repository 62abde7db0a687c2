//! `hfgen sync`: reads the facts of a transformers package into `registry.lock`, or says what differs (`--check`).

use super::answer::answer_with_findings;
use super::args::SyncArgs;
use super::stop::Ended;
use super::{Context, Exit};
use crate::discover::{self, Sync, Synced};
use crate::python::library;
use crate::report::{self, Report};

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
    let human = || {
        let told = if args.check { report::sync::changes(synced) } else { report::sync::summary(synced) };
        report::human::render(&report, &context.console.out) + &told
    };
    answer_with_findings(context, &args.report, &report, human, report::sync::value(synced), "types")?;
    Ok(exit)
}
