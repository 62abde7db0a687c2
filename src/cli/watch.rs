//! `hfgen watch`: builds now, and again whenever an input changes; one line a round.

use super::args::{ReportArgs, WatchArgs, WhyArg};
use super::engine::{options, selection};
use super::exit::WouldChange;
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::build::watch::watch;
use crate::report::Report;

pub fn run(context: &Context<'_>, args: &WatchArgs) -> Ended {
    let mut options = options(context, &args.engine)?;
    options.selection = selection(context, &args.select, &options.root)?;
    let mut told = |outcome, elapsed| {
        match outcome {
            Ok(outcome) => {
                let mut report = Report::of_outcome(context.command, &outcome);
                report.why = WhyArg::asked(args.why);
                report.elapsed = Some(elapsed);
                report.exit = Exit::of(&outcome, WouldChange::IsFine).code();
                if let Err(stop) = context.report(&report, &ReportArgs::default()) {
                    stop.print(context, None);
                    return false;
                }
            }
            Err(failure) => {
                Stop::from(failure).print(context, None);
            }
        }
        context.console.note("watching; Ctrl-C ends\n");
        true
    };
    watch(context.system, &options, &context.progress(), &mut told)?;
    Ok(Exit::Fine)
}
