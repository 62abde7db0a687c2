//! `hfgen probe`: runs the model classes that changed, and writes what was found into `registry.lock`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::num::NonZeroUsize;

use serde_json::json;

use super::args::ProbeArgs;
use super::args::probe::ProbeFormat;
use super::engine::{options, selection};
use super::stop::{Ended, Stop};
use super::sync::LOCK;
use super::{Context, Exit};
use crate::build::Options;
use crate::build::inspect::View;
use crate::build::selection::Selected;
use crate::discover::probe::{self, Limits, Probing, Tally};
use crate::finding::Finding;
use crate::python::library;
use crate::registry::lock;
use crate::report::text::plural;
use crate::report::{Report, human};

/// So many classes without a cause are named; `-v` names all.
const NAMED: usize = 20;

pub fn run(context: &Context<'_>, args: &ProbeArgs) -> Ended {
    let options = options(context, &super::args::build::EngineArgs::default())?;
    let options = Options { selection: selection(context, &args.select, &options.root)?, ..options };
    let system = context.system;
    let python = library::find(system, &options.root, args.python.as_deref());
    let versions = library::versions(system, &python, &options.root)?;
    if !(args.check || args.dry_run) {
        library::demand(&versions, &python, &["torch", "transformers"])?;
    }
    let view = View::open(system, &options)?;
    let (db, workspace) = (&view.session.db, view.session.workspace);
    let selected = Selected::resolve(system, &options, &view.session, &view.plan)?;
    let models: BTreeSet<&str> = view
        .plan
        .outputs
        .iter()
        .filter(|planned| selected.holds(&planned.entry))
        .filter_map(|planned| planned.entry.model.as_deref())
        .collect();
    let all = probe::jobs(db, workspace, &versions);
    let wanted: Vec<Probing> = all.into_iter().filter(|probing| models.contains(probing.model.as_str())).collect();
    if wanted.is_empty() {
        return Ok(Exit::NothingSelected);
    }
    let due: Vec<Probing> = wanted.iter().filter(|probing| args.force || !probing.proven).cloned().collect();
    let path = options.root.join(LOCK);
    let text = system.read_text(&path).map_err(|error| Stop::cannot_read(&path, &error))?;
    let (mut lock, damage) = lock::parse(LOCK, &text);
    if !damage.is_empty() {
        return Err(damage.into());
    }
    if args.why || args.dry_run {
        context.console.note(&reasons(&due, &lock));
    }
    if args.check || args.dry_run {
        return Ok(said(context, args, &Said { due: &due, tally: &probe::tally(db, workspace, &lock), findings: &[] }));
    }
    let limits = Limits {
        jobs: args.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get),
        seconds: f64::from(args.timeout),
        megabytes: args.memory,
    };
    let answers = probe::probe(system, &options.root, &python, &due, limits, args.force, &context.progress())?;
    let mut findings = probe::merge(&mut lock, &due, &answers, &versions);
    let after = lock::write(&lock);
    if after != text {
        system.write_atomic(&path, after.as_bytes()).map_err(|error| Stop::cannot_write(&path, &error))?;
    }
    findings.extend(probe::findings(db, workspace, &lock, &|model| models.contains(model)));
    Ok(said(context, args, &Said { due: &due, tally: &probe::tally(db, workspace, &lock), findings: &findings }))
}

/// What there is to say.
struct Said<'a> {
    due: &'a [Probing],
    tally: &'a Tally,
    findings: &'a [Finding],
}

fn said(context: &Context<'_>, args: &ProbeArgs, said: &Said<'_>) -> Exit {
    let stale = args.check && !said.due.is_empty();
    let exit = if stale || said.findings.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine };
    if args.format == ProbeFormat::Json {
        let value = json!({
            "due": said.due.iter().map(|probing| json!({"model": probing.model, "key": probing.key})).collect::<Vec<_>>(),
            "tally": said.tally,
            "findings": said.findings,
        });
        context.console.answer(&format!("{value:#}\n"));
        return exit;
    }
    let named = if context.global.verbosity() > 0 { said.findings.len() } else { said.findings.len().min(NAMED) };
    if named > 0 {
        let report = Report::of_findings(context.command, &said.findings[..named]).sorted();
        context.console.complain(&format!("{}\n", human::findings(&report, &context.console.err).trim_end()));
    }
    let mut text = String::new();
    if named < said.findings.len() {
        let _ = writeln!(text, "... and {} more (-v lists all)", said.findings.len() - named);
    }
    let done = match (args.check || args.dry_run, said.due.len()) {
        (_, 0) => "nothing to probe: the proven facts are up to date".to_owned(),
        (true, count) => format!("{} to probe: run `hfgen probe`", plural(count, "model type")),
        (false, count) => format!("{} probed", plural(count, "model type")),
    };
    let _ = writeln!(text, "{done}");
    text.push_str(&counts(said.tally));
    context.console.answer(&text);
    exit
}

fn counts(tally: &Tally) -> String {
    let share = |part: usize, whole: usize| {
        #[expect(clippy::cast_precision_loss, reason = "small numbers, for people")]
        let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
        format!("{part} of {whole} ({share:.1} %)")
    };
    let mut text = format!(
        "model types that run  {}\nclasses that build    {}\nclasses that run      {}\n",
        share(tally.types_run, tally.types),
        share(tally.classes_built, tally.classes),
        share(tally.classes_run, tally.classes),
    );
    let failing = tally.classes - tally.classes_run;
    if failing > 0 {
        let _ = writeln!(text, "{} do not run, {} of them with a cause in registry.toml:", failing, tally.explained);
        let mut causes: Vec<_> = tally.causes.iter().collect();
        causes.sort_by_key(|(cause, count)| (std::cmp::Reverse(**count), (*cause).clone()));
        for (cause, count) in causes {
            let _ = writeln!(text, "{count:>6}  {cause}");
        }
    }
    text
}

fn reasons(due: &[Probing], lock: &lock::Lock) -> String {
    let mut text = String::new();
    for probing in due {
        let known = lock.models.get(&probing.model).and_then(|facts| facts.proven.as_ref());
        let why = match known {
            None => "never probed",
            Some(proven) if proven.key == probing.key => "asked for by --force",
            Some(_) => "its sources, its rules, its part of registry.toml, a version or the search changed",
        };
        let _ = writeln!(text, "{}: {why}", probing.model);
    }
    text
}
