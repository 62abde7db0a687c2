//! `hfgen check`: registry, rules, templates and every output, without writing; `--deep` also asks Python and pytest.

use std::time::Instant;

use super::args::CheckArgs;
use super::build::exit;
use super::engine::{options, selection};
use super::exit::WouldChange;
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::deep::deep;
use crate::build::{self, Mode, Options};
use crate::python::library;
use crate::report::Report;
use crate::report::text::plural;

pub fn run(context: &Context<'_>, args: &CheckArgs) -> Ended {
    let started = Instant::now();
    let options = options(context, &args.engine)?;
    let options = Options {
        selection: selection(context, &args.select, &options.root)?,
        mode: Mode::Dry,
        diff: args.diff,
        ..options
    };
    let progress = context.progress();
    let mut outcome = build::build(context.system, &options, &progress)?;
    if args.deep {
        let python = library::find(context.system, &options.root, args.python.as_deref());
        let verdicts = deep(context.system, &options, &python, &progress)?;
        context.console.note(&format!(
            "{}: {} valid, {} invalid, {} tests collected ({} from the cache)\n",
            plural(verdicts.valid + verdicts.invalid, "Python file"),
            verdicts.valid,
            verdicts.invalid,
            verdicts.tests,
            verdicts.cached
        ));
        outcome.findings.extend(verdicts.findings);
    }
    let exit: Exit = exit(&outcome, &options, WouldChange::Fails)?;
    let mut report = Report::of_outcome(context.command, &outcome);
    report.check = true;
    report.elapsed = Some(started.elapsed());
    report.exit = exit.code();
    context.report(&report, &args.report)?;
    Ok(exit)
}
