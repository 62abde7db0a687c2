//! `hfgen prove`: builds what is selected, runs it without and with faults, and says which checks can't fail.

use std::time::{Duration, Instant};

use super::answer::answer_with_findings;
use super::args::{ProveArgs, WhyArg};
use super::engine::options;
use super::running::{self, Ground, unknown};
use super::stop::{Ended, Stop};
use super::{Context, Exit, interrupt};
use crate::finding::Finding;
use crate::finding::codes::output::NOTHING_SELECTED;
use crate::report::{self, Report};
use crate::run::files::Suite;
use crate::run::findings::findings;
use crate::run::pool::Pool;
use crate::run::prove::{Proven, Request, prove};
use crate::run::session::Session;
use crate::run::sources::Sources;

pub fn run(context: &Context<'_>, args: &ProveArgs) -> Ended {
    let started = Instant::now();
    let options = options(context, &args.engine)?;
    let hardware = running::hardware(context, &args.select, &options, &args.run)?;
    let mut suite = running::suite(context, &args.select, &hardware, &options)?;
    let request = request(args, &suite)?;
    if let Some(count) = args.sample {
        suite.sample(count.get());
    }
    if suite.files.is_empty() {
        return running::nothing(&args.select);
    }
    if !args.run.no_cache {
        interrupt::told(context, "hfgen prove");
    }
    let progress = context.progress();
    if let Some(exit) = running::built(context, &options, &args.report, &progress)? {
        return Ok(exit);
    }
    suite.read(context.system, &options.root);
    let Ground { program, versions, transformers } =
        running::ground(context, &options, args.run.python.as_deref(), &hardware)?;
    let sources = transformers.map(|package| Sources::open(context.system, &options.root, &package));
    let mut pool = Pool::new(context.system, &options, &program, args.engine.jobs, &progress);
    let how = running::how(&hardware, &args.run);
    let (mut kept, _held) = running::kept(context, &options, &how);
    let session = Session {
        system: context.system,
        root: &options.root,
        suite: &suite,
        how: &how,
        versions: &versions,
        sources: sources.as_ref(),
        progress: &progress,
    };
    let proven = prove(&session, &request, &mut kept, &mut pool)?;
    let found = findings(&suite, &proven, &request, &versions);
    if found.is_empty() && proven.proofs.is_empty() {
        let finding = Finding::error(NOTHING_SELECTED, "no test of the selected files has one of the faults")
            .help("rules/checks.toml says which check has which faults");
        return Err(Stop::new(Exit::NothingSelected, finding));
    }
    let exit = if found.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine };
    tell(context, args, &proven, &found, started.elapsed(), exit)?;
    Ok(exit)
}

/// What is asked for; names must mean something.
fn request(args: &ProveArgs, suite: &Suite) -> Result<Request, Stop> {
    let checks: Vec<String> = suite.checks.keys().cloned().collect();
    let mut faults: Vec<String> = suite.checks.values().flat_map(|check| check.faults.clone()).collect();
    faults.sort_unstable();
    faults.dedup();
    let mut wrong = unknown("check", &args.check, &checks);
    wrong.extend(unknown("fault of any check", &args.fault, &faults));
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    Ok(Request {
        checks: args.check.clone(),
        faults: args.fault.clone(),
        whole: args.select.is_everything() && args.check.is_empty() && args.fault.is_empty() && args.sample.is_none(),
    })
}

fn tell(
    context: &Context<'_>,
    args: &ProveArgs,
    proven: &Proven,
    found: &[Finding],
    elapsed: Duration,
    exit: Exit,
) -> Result<(), Stop> {
    let report = Report { exit: exit.code(), ..Report::of_findings(context.command, found) };
    let look = &context.console.out;
    let human = || {
        let why = args
            .run
            .why
            .map_or_else(String::new, |why| report::running::why(&proven.gathered, why == WhyArg::Full, look));
        why + &report::human::render(&report, look) + &report::prove::human(proven, elapsed, look)
    };
    answer_with_findings(context, &args.report, &report, human, report::prove::value(proven), "proofs")
}
