//! `hfgen prove`: builds what is selected, runs it without and with faults, and says which checks can't fail.

use std::time::{Duration, Instant};

use super::answer::answer;
use super::args::{ProveArgs, SelectArgs, TierArg, WhyArg};
use super::engine::{options, selection};
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::build::outcome::Action;
use crate::build::{self, Options};
use crate::finding::codes::output::{NOTHING_SELECTED, UNKNOWN_SELECTION};
use crate::finding::{Finding, did_you_mean};
use crate::python::library;
use crate::report::{self, Format, Report};
use crate::run::files::Suite;
use crate::run::findings::findings;
use crate::run::kept::Kept;
use crate::run::pool::Pool;
use crate::run::prove::{Proven, Request, prove};
use crate::run::session::{How, Session};
use crate::store::FOLDER;

/// Below the cache's folder.
const RESULTS: &str = "results.jsonl";

pub fn run(context: &Context<'_>, args: &ProveArgs) -> Ended {
    let started = Instant::now();
    let options = options(context, &args.engine)?;
    let mut suite = suite(context, args, &options)?;
    let request = request(args, &suite)?;
    let progress = context.progress();
    // All of it: the tests import the support package, whatever is selected.
    let built = build::build(context.system, &options, &progress)?;
    if built.errors() > 0 || built.count(Action::Invalid) > 0 {
        let report = Report { exit: Exit::Findings.code(), ..Report::of_outcome(context.command, &built) };
        context.report(&report, &args.report)?;
        return Ok(Exit::Findings);
    }
    suite.read(context.system, &options.root);
    let program = library::find(context.system, &options.root, args.python.as_deref());
    let known = library::versions(context.system, &program, &options.root)?;
    library::demand(&known, &program, &["pytest"])?;
    let mut kept = Kept::load(context.system, &options.root.join(FOLDER).join(RESULTS));
    let mut pool = Pool::new(context.system, &options, &program, args.engine.jobs);
    let session = Session {
        system: context.system,
        root: &options.root,
        suite: &suite,
        how: &how(args),
        versions: &known,
        progress: &progress,
    };
    let proven = prove(&session, &request, &mut kept, &mut pool)?;
    let found = findings(&suite, &proven, &request, &known);
    let exit = if found.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine };
    tell(context, args, &proven, &found, started.elapsed(), exit)?;
    Ok(exit)
}

/// The files to run, before they are built.
fn suite(context: &Context<'_>, args: &ProveArgs, options: &Options) -> Result<Suite, Stop> {
    // --hardware is what the tests run on; a file is left out only where it is made for other hardware.
    let select = SelectArgs { hardware: Vec::new(), ..args.select.clone() };
    let options = Options { selection: selection(context, &select, &options.root)?, ..options.clone() };
    let mut suite = Suite::open(context.system, &options)?;
    let on = &args.select.hardware;
    suite.files.retain(|file| on.is_empty() || file.hardware.as_ref().is_none_or(|hardware| on.contains(hardware)));
    if let Some(count) = args.sample {
        suite.sample(count.get());
    }
    if suite.files.is_empty() {
        let finding = Finding::error(NOTHING_SELECTED, "no test file is selected")
            .help("all that was asked for must hold together: leave something out");
        return Err(Stop::new(Exit::NothingSelected, finding));
    }
    Ok(suite)
}

/// What is asked for; names must mean something.
fn request(args: &ProveArgs, suite: &Suite) -> Result<Request, Stop> {
    let mut wrong = Vec::new();
    let mut known = |what: &str, names: &[String], known: Vec<&str>| {
        for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
            let help = did_you_mean(name, known.iter().copied());
            let help = help.unwrap_or_else(|| format!("known: {}", known.join(", ")));
            wrong.push(Finding::error(UNKNOWN_SELECTION, format!("there is no {what} `{name}`")).help(help));
        }
    };
    known("check", &args.check, suite.checks.keys().map(String::as_str).collect());
    let mut faults: Vec<&str> = suite.checks.values().flat_map(|check| &check.faults).map(String::as_str).collect();
    faults.sort_unstable();
    faults.dedup();
    known("fault of any check", &args.fault, faults);
    known("hardware profile", &args.select.hardware, suite.hardware.iter().map(String::as_str).collect());
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    Ok(Request {
        checks: args.check.clone(),
        faults: args.fault.clone(),
        whole: args.select.is_everything() && args.check.is_empty() && args.fault.is_empty() && args.sample.is_none(),
    })
}

fn how(args: &ProveArgs) -> How {
    let hardware = args.select.hardware.join(",");
    How {
        tier: (args.tier == TierArg::Full).then(|| "full".to_owned()),
        hardware: (!hardware.is_empty()).then_some(hardware),
        timeout: args.timeout,
        anew: args.no_cache,
    }
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
    if !matches!(args.report.format, Format::Human | Format::Json | Format::Jsonl) {
        return context.report(&report, &args.report);
    }
    let look = &context.console.out;
    let human = || {
        let why = args.why.map_or_else(String::new, |why| report::prove::why(proven, why == WhyArg::Full, look));
        why + &report::human::render(&report, look) + &report::prove::human(proven, elapsed, look)
    };
    let mut value = report::prove::value(proven);
    value["findings"] = report::json::findings(&report);
    value["exit"] = exit.code().into();
    answer(context, &args.report, human, value, "proofs")
}
