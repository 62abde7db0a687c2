//! `hfgen build`: makes what is out of date, or says what it would make.

use std::time::Instant;

use super::args::{BuildArgs, WhyArg};
use super::engine::{options, selection};
use super::exit::WouldChange;
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::build::outcome::Outcome;
use crate::build::{self, Mode, Options};
use crate::finding::Finding;
use crate::finding::codes::output::NOTHING_SELECTED;
use crate::report::Report;

pub fn run(context: &Context<'_>, args: &BuildArgs) -> Ended {
    let started = Instant::now();
    let options = options(context, &args.engine)?;
    let dry = args.check || args.diff || args.dry_run;
    let options = Options {
        selection: selection(context, &args.select, &options.root)?,
        mode: if dry { Mode::Dry } else { Mode::Build },
        diff: args.diff,
        force: args.force,
        ..options
    };
    let outcome = build::build(context.system, &options, &context.progress())?;
    let fails = args.check || args.exit_non_zero_on_write && !dry;
    let would_change = if fails { WouldChange::Fails } else { WouldChange::IsFine };
    let exit = exit(&outcome, &options, would_change)?;
    let mut report = Report::of_outcome(context.command, &outcome);
    report.check = args.check;
    report.why = WhyArg::asked(args.why.or(args.dry_run.then_some(WhyArg::Grouped)));
    report.elapsed = Some(started.elapsed());
    report.exit = exit.code();
    context.report(&report, &args.report)?;
    Ok(exit)
}

/// The exit code that an outcome stands for; a selection that holds nothing is said as such.
pub fn exit(outcome: &Outcome, options: &Options, would_change: WouldChange) -> Ended {
    let exit = Exit::of(outcome, would_change);
    if exit != Exit::NothingSelected {
        return Ok(exit);
    }
    // "What changed" may well be nothing.
    if options.selection.changed.is_some() {
        return Ok(Exit::Fine);
    }
    let finding = Finding::error(NOTHING_SELECTED, "no output is selected")
        .help("all that was asked for must hold together: leave something out");
    Err(Stop::new(exit, finding))
}
