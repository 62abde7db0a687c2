//! What `hfgen test` and `hfgen prove` do alike: which files, the build before them, the Python, where results are kept.

use std::collections::BTreeMap;

use super::args::{ReportArgs, RunArgs, SelectArgs, TierArg};
use super::engine::selection;
use super::stop::Stop;
use super::{Context, Exit};
use crate::build::outcome::Action;
use crate::build::{self, Options};
use crate::finding::codes::output::{NOTHING_SELECTED, UNKNOWN_SELECTION};
use crate::finding::{Finding, did_you_mean};
use crate::python::library;
use crate::report::Report;
use crate::report::progress::Teller;
use crate::run::files::Suite;
use crate::run::kept::Kept;
use crate::run::session::How;
use crate::store::FOLDER;

/// Below the cache's folder.
const RESULTS: &str = "results.jsonl";

/// The selected test files, before they are built.
pub fn suite(context: &Context<'_>, select: &SelectArgs, options: &Options) -> Result<Suite, Stop> {
    // --hardware is what the tests run on; a file is left out only where it is made for other hardware.
    let others = SelectArgs { hardware: Vec::new(), ..select.clone() };
    let options = Options { selection: selection(context, &others, &options.root)?, ..options.clone() };
    let mut suite = Suite::open(context.system, &options)?;
    let on = &select.hardware;
    let wrong = unknown("hardware profile", on, &suite.hardware);
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    suite.files.retain(|file| on.is_empty() || file.hardware.as_ref().is_none_or(|hardware| on.contains(hardware)));
    Ok(suite)
}

/// A selection that holds nothing ends the command, unless it asked for what changed: that may well be nothing.
pub fn nothing(select: &SelectArgs) -> Result<Exit, Stop> {
    if select.changed || select.staged || select.since.is_some() {
        return Ok(Exit::Fine);
    }
    let finding = Finding::error(NOTHING_SELECTED, "no test file is selected")
        .help("all that was asked for must hold together: leave something out");
    Err(Stop::new(Exit::NothingSelected, finding))
}

/// Findings for names that nothing has.
pub fn unknown(what: &str, names: &[String], known: &[String]) -> Vec<Finding> {
    let finding = |name: &String| {
        let help = did_you_mean(name, known.iter().map(String::as_str));
        let help = help.unwrap_or_else(|| format!("known: {}", known.join(", ")));
        Finding::error(UNKNOWN_SELECTION, format!("there is no {what} `{name}`")).help(help)
    };
    names.iter().filter(|name| !known.contains(name)).map(finding).collect()
}

/// Builds everything: the tests import the support package, whatever is selected. An exit where that has errors, which are
/// then told.
pub fn built(
    context: &Context<'_>,
    options: &Options,
    report: &ReportArgs,
    progress: &Teller,
) -> Result<Option<Exit>, Stop> {
    let built = build::build(context.system, options, progress)?;
    if built.errors() == 0 && built.count(Action::Invalid) == 0 {
        return Ok(None);
    }
    let told = Report { exit: Exit::Findings.code(), ..Report::of_outcome(context.command, &built) };
    context.report(&told, report)?;
    Ok(Some(Exit::Findings))
}

/// The Python that was named or found, and its versions.
pub fn python(
    context: &Context<'_>,
    options: &Options,
    run: &RunArgs,
) -> Result<(String, BTreeMap<String, String>), Stop> {
    let program = library::find(context.system, &options.root, run.python.as_deref());
    let versions = library::versions(context.system, &program, &options.root)?;
    library::demand(&versions, &program, &["pytest"])?;
    Ok((program, versions))
}

/// The results that were kept.
pub fn kept(context: &Context<'_>, options: &Options) -> Kept {
    Kept::load(context.system, &options.root.join(FOLDER).join(RESULTS))
}

/// How tests run, as it was typed.
pub fn how(select: &SelectArgs, run: &RunArgs) -> How {
    let hardware = select.hardware.join(",");
    How {
        tier: (run.tier == TierArg::Full).then(|| "full".to_owned()),
        hardware: (!hardware.is_empty()).then_some(hardware),
        timeout: run.timeout,
        anew: run.no_cache,
        fail_fast: false,
    }
}
