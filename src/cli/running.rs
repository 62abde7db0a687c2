//! What `hfgen test` and `hfgen prove` do alike: which files, the build before them, the Python, where results are kept.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{ReportArgs, RunArgs, SelectArgs, TierArg};
use super::engine::selection;
use super::stop::Stop;
use super::{Context, Exit};
use crate::build::outcome::Action;
use crate::build::{self, Options};
use crate::finding::codes::output::{NOTHING_SELECTED, UNKNOWN_SELECTION};
use crate::finding::{Finding, did_you_mean};
use crate::hardware::machine::Device;
use crate::hardware::{look, ranking};
use crate::python::library;
use crate::report::Report;
use crate::report::progress::Teller;
use crate::run::files::{Suite, TestFile};
use crate::run::kept::Kept;
use crate::run::session::How;
use crate::store::FOLDER;
use crate::sys::Lock;

/// Below the cache's folder.
const RESULTS: &str = "results.jsonl";
const LOCK: &str = "results.lock";
/// The word for the fastest device.
const AUTO: &str = "auto";
/// So long the runtimes may take to say what devices they see.
const ASKING: Duration = Duration::from_mins(2);

/// The selected test files, before they are built; `hardware` as `hardware` gives it.
pub fn suite(
    context: &Context<'_>,
    select: &SelectArgs,
    hardware: &[String],
    options: &Options,
) -> Result<Suite, Stop> {
    // --hardware is what the tests run on; a file is left out only where it is made for other hardware.
    let others = SelectArgs { hardware: Vec::new(), ..select.clone() };
    let options = Options { selection: selection(context, &others, &options.root)?, ..options.clone() };
    let mut suite = Suite::open(context.system, &options)?;
    let wrong = unknown("hardware profile", hardware, &suite.hardware);
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    let on = |file: &TestFile| file.hardware.as_ref().is_none_or(|own| hardware.contains(own));
    suite.files.retain(|file| hardware.is_empty() || on(file));
    Ok(suite)
}

/// The profiles that `--hardware` names; `auto` is the fastest device that is here, which is told.
pub fn hardware(
    context: &Context<'_>,
    select: &SelectArgs,
    options: &Options,
    run: &RunArgs,
) -> Result<Vec<String>, Stop> {
    if !select.hardware.iter().any(|name| name == AUTO) {
        return Ok(select.hardware.clone());
    }
    if select.hardware.len() > 1 {
        let finding = Finding::error(UNKNOWN_SELECTION, "`auto` stands for one hardware profile, and others are named");
        return Err(finding.help("leave out `auto`, or the others").into());
    }
    let program = library::find(context.system, &options.root, run.python.as_deref());
    let profiles = super::machine::profiles(context)?;
    let found = ranking::find(context.system, &options.root, &program, &profiles, ASKING);
    let Some(best) = found.into_iter().next() else {
        let finding = Finding::error(UNKNOWN_SELECTION, "no hardware profile is ready here");
        return Err(finding.help("`hfgen hardware` says what each lacks").into());
    };
    context.console.note(&format!("hardware: {best}\n"));
    Ok(vec![best])
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

/// What tests run with.
pub struct Ground {
    pub program: String,
    /// Versions by name, and what there is to compute on.
    pub versions: BTreeMap<String, String>,
    /// The transformers package that the Python would import.
    pub transformers: Option<PathBuf>,
}

/// The Python that was named or found, its versions, and the devices of the `hardware` that tests run on (all, where none is
/// named).
pub fn ground(
    context: &Context<'_>,
    options: &Options,
    python: Option<&str>,
    hardware: &[String],
) -> Result<Ground, Stop> {
    let system = context.system;
    let program = library::find(system, &options.root, python);
    let (machine, said) = std::thread::scope(|scope| {
        let machine = scope.spawn(|| look(system));
        let said = library::ask(system, &program, &options.root);
        (machine.join().unwrap_or_default(), said)
    });
    let said = said?;
    library::demand(&said.versions, &program, &["pytest"])?;
    let transformers = said.transformers().map(Path::to_owned);
    let mut versions = said.versions;
    versions.insert("cpu".to_owned(), machine.cpu.model.clone());
    // What is there beside the CPU decides nothing where tests run on the CPU alone.
    let own = |_: &&Device| hardware.is_empty() || hardware.iter().any(|name| name != "cpu");
    for (number, device) in machine.devices.iter().filter(own).enumerate() {
        let driver = device.driver.as_deref().map_or_else(String::new, |driver| format!(" with {driver}"));
        versions.insert(format!("device {number}"), format!("{}{driver}", device.name));
    }
    Ok(Ground { program, versions, transformers })
}

/// The results that were kept, and what keeps others from adding to them meanwhile. A run that keeps nothing waits for nobody.
pub fn kept(context: &Context<'_>, options: &Options, how: &How) -> (Kept, Option<Box<dyn Lock>>) {
    let folder = options.root.join(FOLDER);
    let waiting = || context.console.note("waiting for another hfgen that runs tests here\n");
    let take = || {
        context.system.make_folders(&folder)?;
        context.system.lock(&folder.join(LOCK), &waiting)
    };
    // Where there can be no lock, as on some file systems, two runs at a time may lose results and nothing else.
    let held = if how.forgets { None } else { take().ok() };
    (results(context, options), held)
}

/// The results that were kept, for who only looks at them.
pub fn results(context: &Context<'_>, options: &Options) -> Kept {
    Kept::load(context.system, &options.root.join(FOLDER).join(RESULTS))
}

/// How tests run, as it was typed; `hardware`: the profiles that they run on, where some are named.
pub fn how(hardware: &[String], run: &RunArgs) -> How {
    let hardware = hardware.join(",");
    let anew = [(run.no_cache, "--no-cache"), (run.rerun, "--rerun")];
    How {
        tier: (run.tier == TierArg::Full).then(|| "full".to_owned()),
        hardware: (!hardware.is_empty()).then_some(hardware),
        timeout: run.timeout.unwrap_or(if run.tier == TierArg::Full { 300.0 } else { 60.0 }),
        anew: anew.into_iter().find_map(|(given, words)| given.then_some(words)),
        forgets: run.no_cache,
        retries: 0,
        fail_fast: false,
    }
}
