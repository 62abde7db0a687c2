//! `hfgen probe`: runs the model classes that changed, and writes what was found into `registry.lock`.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Instant;

use super::answer::answer_with_findings;
use super::args::{ProbeArgs, WhyArg};
use super::engine::{options, selection};
use super::stop::{Ended, Stop};
use super::{Context, Exit, interrupt};
use crate::build::inspect::View;
use crate::build::project::LOCK;
use crate::build::selection::Selected;
use crate::build::{Failure, Options};
use crate::discover::probe::{self, Kept, Limits, Probing, Request, Versions};
use crate::finding::Finding;
use crate::finding::codes::output::NOTHING_SELECTED;
use crate::finding::codes::sync::PROBE_LIBRARY;
use crate::python::library;
use crate::registry::lock::{self, Lock};
use crate::report::probe::Probed;
use crate::report::{self, Report};
use crate::sys::System;

/// So many classes without a cause are told to people; `-v` tells all.
const TOLD: usize = 20;

pub fn run(context: &Context<'_>, args: &ProbeArgs) -> Ended {
    let system = context.system;
    let options = options(context, &super::args::build::EngineArgs::default())?;
    let options = Options { selection: selection(context, &args.select, &options.root)?, ..options };
    let root = options.root.as_path();
    let view = View::open(system, &options)?;
    let (db, workspace) = (&view.session.db, view.session.workspace);
    let models = selected(system, &options, &view)?;
    let (mut lock, mut text) = read(system, root)?;
    let python = library::find(system, root, args.python.as_deref());
    let only_looks = args.check || args.dry_run;
    let versions = match library::versions(system, &python, root).and_then(|found| fit(found, &python, &lock)) {
        Ok(versions) => Some(versions),
        // What needs no running needs no Python.
        Err(_) if only_looks && args.python.is_none() => None,
        Err(finding) => return Err(finding.into()),
    };
    let all = probe::jobs(db, workspace, versions.as_ref().map_or(Versions::AsProven, Versions::Of));
    let wanted: Vec<&Probing> = all.iter().filter(|probing| models.contains(&probing.model)).collect();
    if wanted.is_empty() {
        return nothing(args);
    }
    let due: Vec<Probing> =
        wanted.iter().filter(|probing| args.force || !probing.proven).map(|probing| (*probing).clone()).collect();
    let reasons = reasons(&due, &lock, &Kept::open(system, root));
    let started = Instant::now();
    let mut found = Vec::new();
    if only_looks {
        found.extend(stale(&due).filter(|_| args.check));
    } else if let Some(versions) = &versions {
        let counts = |key: &str| {
            all.iter().any(|probing| probing.key == key)
                || lock.models.values().filter_map(|facts| facts.proven.as_ref()).any(|proven| proven.key == key)
        };
        let request =
            Request { root, python: &python, wanted: &due, limits: limits(args), force: args.force, counts: &counts };
        interrupt::told(context, "hfgen probe");
        let answers = probe::probe(system, &request, &context.progress())?;
        // It took minutes: somebody may have written the lock meanwhile.
        let (mut now, before) = read(system, root)?;
        found = probe::merge(&mut now, &due, &answers, versions);
        let after = lock::write(&now);
        if after != before {
            let path = root.join(LOCK);
            system.write_atomic(&path, after.as_bytes()).map_err(|error| Stop::cannot_write(&path, &error))?;
        }
        (lock, text) = (now, after);
    }
    found.extend(probe::findings(db, workspace, (&lock, &text), &|model| models.contains(model)));
    let tally = probe::tally(db, workspace, &lock);
    let elapsed = (!only_looks).then(|| started.elapsed());
    tell(context, args, &Probed { due: reasons, elapsed, lock: &lock, tally: &tally }, &found)
}

/// The model types of which an output is selected.
fn selected(system: &dyn System, options: &Options, view: &View) -> Result<BTreeSet<String>, Failure> {
    let selected = Selected::resolve(system, options, &view.session, &view.plan)?;
    let entries = view.plan.outputs.iter().map(|planned| &planned.entry).filter(|entry| selected.holds(entry));
    Ok(entries.filter_map(|entry| entry.model.as_deref().map(str::to_owned)).collect())
}

fn read(system: &dyn System, root: &Path) -> Result<(Lock, String), Stop> {
    let path = root.join(LOCK);
    let text = system.read_text(&path).map_err(|error| Stop::cannot_read(&path, &error))?;
    let (lock, damage) = lock::parse(LOCK, &text);
    if damage.is_empty() { Ok((lock, text)) } else { Err(damage.into()) }
}

/// Versions of a Python that can probe the facts of this lock.
fn fit(versions: BTreeMap<String, String>, python: &str, lock: &Lock) -> Result<BTreeMap<String, String>, Finding> {
    library::demand(&versions, python, &["torch", "transformers"])?;
    let (has, wants) = (&versions["transformers"], &lock.head.transformers);
    if has == wants {
        return Ok(versions);
    }
    let message = format!("`{python}` has transformers {has}, and registry.lock is of {wants}");
    let help = format!("run `hfgen sync` to read {has}, or name a Python that has {wants} with --python");
    Err(Finding::error(PROBE_LIBRARY, message).help(help))
}

/// A selection that holds nothing ends the command, unless it asked for what changed: that may well be nothing.
fn nothing(args: &ProbeArgs) -> Ended {
    if args.select.changed || args.select.staged || args.select.since.is_some() {
        return Ok(Exit::Fine);
    }
    let finding = Finding::error(NOTHING_SELECTED, "no model type that has a class is selected")
        .help("all that was asked for must hold together: leave something out");
    Err(Stop::new(Exit::NothingSelected, finding))
}

fn limits(args: &ProbeArgs) -> Limits {
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    Limits { jobs, seconds: args.timeout, megabytes: args.memory }
}

fn reasons(due: &[Probing], lock: &Lock, kept: &Kept<'_>) -> Vec<(String, String)> {
    let proven = |model: &str| lock.models.get(model).and_then(|facts| facts.proven.as_ref());
    due.iter().map(|probing| (probing.model.clone(), probe::why(probing, proven(&probing.model), kept))).collect()
}

fn stale(due: &[Probing]) -> Option<Finding> {
    let names: Vec<&str> = due.iter().map(|probing| probing.model.as_str()).collect();
    (!names.is_empty()).then(|| probe::out_of_date(&names))
}

fn tell(context: &Context<'_>, args: &ProbeArgs, probed: &Probed<'_>, found: &[Finding]) -> Ended {
    let exit = if found.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine };
    let of = |findings| Report { exit: exit.code(), ..Report::of_findings(context.command, findings) };
    let report = of(found);
    let look = &context.console.out;
    let human = || {
        let all = context.global.verbosity() > 0;
        let told = if all { found } else { &found[..found.len().min(TOLD)] };
        let mut text = match args.why {
            None if args.dry_run => report::running::reasons(&probed.due, true, look),
            None => String::new(),
            Some(how) => report::running::reasons(&probed.due, how == WhyArg::Full, look),
        };
        text.push_str(&report::human::render(&of(told), look));
        if told.len() < found.len() {
            text.push_str(&format!("... and {} more: -v tells all\n", found.len() - told.len()));
        }
        text + &report::probe::human(probed, look)
    };
    answer_with_findings(context, &args.report, &report, human, report::probe::value(probed), "types")?;
    Ok(exit)
}
