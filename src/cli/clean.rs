//! `hfgen clean`: removes outputs that hfgen made, and its cache; never anything else.

use std::time::Instant;

use super::args::CleanArgs;
use super::args::build::EngineArgs;
use super::engine::options;
use super::exit::WouldChange;
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::clean::{What, clean};
use crate::report::Report;

pub fn run(context: &Context<'_>, args: &CleanArgs) -> Ended {
    let started = Instant::now();
    let mut options = options(context, &EngineArgs::default())?;
    options.force = args.force;
    let what = What { outputs: !args.cache, cache: !args.outputs, dry: args.dry_run };
    let outcome = clean(context.system, &options, what)?;
    let exit = match Exit::of(&outcome, WouldChange::IsFine) {
        Exit::NothingSelected => Exit::Fine,
        exit => exit,
    };
    let mut report = Report::of_outcome(context.command, &outcome);
    report.elapsed = Some(started.elapsed());
    report.exit = exit.code();
    context.report(&report, &args.report)?;
    Ok(exit)
}
