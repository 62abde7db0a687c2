//! `hfgen coverage`: what the graph wants tested, held against the results that were kept. Nothing is built and nothing is run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::args::SelectArgs;
use super::args::coverage::{CoverageArgs, CoverageFormat};
use super::engine::{options, selection};
use super::running::{self, Ground};
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::build::outcome::Action;
use crate::build::{self, Mode, Options};
use crate::coverage::applies::{Narrow, Wanted};
use crate::coverage::cells::map;
use crate::coverage::compare::{compare, planned};
use crate::coverage::findings::{only_skipped, too_little};
use crate::coverage::map::{Asked, Map};
use crate::coverage::results::{Index, Source};
use crate::coverage::tally::Tally;
use crate::coverage::then::{COMMITTED, Then, graph};
use crate::finding::Finding;
use crate::finding::codes::coverage::NO_RESULTS;
use crate::report::coverage::{badge, html, human, json, markdown};
use crate::report::news::Since;
use crate::report::{self, Look, Report};
use crate::run::changes::Change;
use crate::run::files::{Suite, TestFile};
use crate::run::kept::{Kept, Known};
use crate::run::session::{How, Session};
use crate::run::sources::Sources;
use crate::validate::FileKind;

pub fn run(context: &Context<'_>, args: &CoverageArgs) -> Ended {
    let options = options(context, &args.engine)?;
    let from = From { results: &args.results, python: args.python.as_deref() };
    let mut map = made(context, &options, &args.select, &args.check, &from)?;
    if map.models.is_empty() {
        return running::nothing(&args.select);
    }
    let all = Tally::of(&map.cells);
    let mut found = only_skipped(&map);
    found.extend(args.fail_under.and_then(|least| too_little(&all, least)));
    let exit = if found.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine };
    if args.missing {
        map.retain(|cell| cell.state.is_missing());
        map.asked.only = Some("missing".to_owned());
    }
    let since = args.diff.as_ref().map(|revision| since(context, &options, &map, revision)).transpose()?;
    let report = Report { exit: exit.code(), ..Report::of_findings(context.command, &found) };
    let render = |format: CoverageFormat, look: &Look| match (format, &since) {
        (CoverageFormat::Human, Some(since)) => {
            since.human(look) + &report::human::render(&report, look) + &human::summary(&all, look)
        }
        (CoverageFormat::Json, Some(since)) => since.json(&all),
        (CoverageFormat::Markdown, Some(since)) => since.markdown(),
        (CoverageFormat::Human, None) => {
            let tables = human::render(&map, &all, &args.by, args.missing, look);
            report::human::render(&report, look) + &tables
        }
        (CoverageFormat::Json, None) => json::render(&map, &all, &report),
        (CoverageFormat::Markdown, None) => markdown::render(&map, &all, &args.by, args.missing),
        (CoverageFormat::Badge, _) => badge::render(&all),
        (CoverageFormat::Html, _) => html::render(&map, &all, &found),
    };
    let out = &context.console.out;
    match &args.output {
        Some(file) => {
            let written = context.system.write_atomic(file, render(args.format, &Look::PLAIN).as_bytes());
            written.map_err(|error| Stop::cannot_write(file, &error))?;
            context.console.answer(&render(CoverageFormat::Human, out));
        }
        None => context.console.answer(&render(args.format, out)),
    }
    Ok(exit)
}

/// Where results come from, and which Python they must be of.
pub struct From<'a> {
    pub results: &'a [PathBuf],
    pub python: Option<&'a str>,
}

/// The map of a selection.
pub fn made(
    context: &Context<'_>,
    options: &Options,
    select: &SelectArgs,
    checks: &[String],
    from: &From<'_>,
) -> Result<Map, Stop> {
    let mut suite = running::suite(context, select, &select.hardware, options)?;
    let known: Vec<String> = suite.checks.keys().cloned().collect();
    let wrong = running::unknown("check", checks, &known);
    if !wrong.is_empty() {
        return Err(wrong.into());
    }
    suite.read(context.system, &options.root);
    // --hardware narrows the cells; a file is left out only where it is made for other hardware.
    let files = SelectArgs { hardware: Vec::new(), ..select.clone() };
    let chosen = Options { selection: selection(context, &files, &options.root)?, ..options.clone() };
    let narrow = Narrow { checks: checks.to_vec(), hardware: select.hardware.clone() };
    let wanted = Wanted::open(context.system, &chosen, &suite.files, &narrow)?;
    let pending = pending(context, options)?;
    let ground = ground(context, options, from.python);
    let sources = ground.as_ref().and_then(|ground| ground.transformers.as_ref());
    let sources = sources.map(|package| Sources::open(context.system, &options.root, package));
    let (how, progress) = (How::default(), context.progress());
    let versions = ground.as_ref().map(|ground| ground.versions.clone()).unwrap_or_default();
    // Where tests ran on the CPU alone, what else is here decided nothing.
    let mut on_cpu = versions.clone();
    on_cpu.retain(|name, _| !name.starts_with("device "));
    let session = |versions| Session {
        system: context.system,
        root: &options.root,
        suite: &suite,
        how: &how,
        versions,
        sources: sources.as_ref(),
        progress: &progress,
    };
    let (whole, bare) = (session(&versions), session(&on_cpu));
    let own = |file: &TestFile, known: &Known, cpu: bool| match pending.of(&file.path) {
        Some(why) => vec![why],
        None if ground.is_none() => contents(&suite, file, known),
        None => {
            let session = if cpu { &bare } else { &whole };
            session.changes(file, known).iter().map(Change::words).collect()
        }
    };
    let foreign = |file: &TestFile, known: &Known, _: bool| match pending.of(&file.path) {
        Some(why) => vec![why],
        None => contents(&suite, file, known),
    };
    let kept = running::results(context, options);
    let others = others(context, from.results)?;
    let mut places = vec![Source { kept: &kept, from: None, changed: &own }];
    places.extend(others.iter().map(|(name, kept)| Source { kept, from: Some(name.clone()), changed: &foreign }));
    let mut map = map(wanted, &Index::new(&places, &suite));
    map.asked = asked(select, checks);
    Ok(map)
}

/// What tests would run with. Without a Python, only the files decide what still counts.
fn ground(context: &Context<'_>, options: &Options, python: Option<&str>) -> Option<Ground> {
    let ground = running::ground(context, options, python, &[]);
    if ground.is_err() {
        let note = "note: no Python could be asked for its versions: results count whatever versions they are of\n";
        context.console.note(note);
    }
    ground.ok()
}

/// What changed of the contents alone: the versions of another machine are its own affair.
fn contents(suite: &Suite, file: &TestFile, known: &Known) -> Vec<String> {
    let parts = suite.parts(file, &BTreeMap::new());
    let other = parts.iter().filter(|(name, value)| known.parts.get(*name) != Some(value));
    other.map(|(name, _)| format!("{name} changed")).collect()
}

/// Outputs that are not what a build would make.
struct Pending {
    files: BTreeMap<String, String>,
    /// One that other files import.
    shared: Option<String>,
}

impl Pending {
    fn of(&self, path: &str) -> Option<String> {
        self.files.get(path).or(self.shared.as_ref()).cloned()
    }
}

fn pending(context: &Context<'_>, options: &Options) -> Result<Pending, Stop> {
    let dry = Options { mode: Mode::Dry, ..options.clone() };
    let outcome = build::build(context.system, &dry, &build::Silent)?;
    let mut pending = Pending { files: BTreeMap::new(), shared: None };
    for output in &outcome.outputs {
        let what = match output.action {
            Action::Created | Action::Updated | Action::Restored => "`hfgen build` would change",
            Action::Invalid => "the build refuses, as invalid,",
            _ => continue,
        };
        let why = output.why.first().map(|why| format!(" ({why})")).unwrap_or_default();
        let words = format!("{what} {}{why}", output.path);
        if output.model.is_none() && output.path.ends_with(".py") && !FileKind::is_test(&output.path) {
            pending.shared.get_or_insert(words);
        } else {
            pending.files.insert(output.path.clone(), words);
        }
    }
    Ok(pending)
}

/// The results of other machines, with the names of their files.
fn others(context: &Context<'_>, files: &[PathBuf]) -> Result<Vec<(String, Kept)>, Stop> {
    let mut others = Vec::new();
    for file in files {
        let kept = Kept::load(context.system, file);
        if kept.files().next().is_none() {
            let message = format!("`{}` holds no results", file.display());
            let help = "name a copy of another machine's .hfgen-cache/results.jsonl";
            return Err(Finding::error(NO_RESULTS, message).help(help).into());
        }
        others.push((file.display().to_string(), kept));
    }
    Ok(others)
}

fn asked(select: &SelectArgs, checks: &[String]) -> Asked {
    let changed = match (&select.since, select.changed, select.staged) {
        (Some(revision), ..) => Some(format!("since {revision}")),
        (None, true, _) => Some("changed".to_owned()),
        (None, false, true) => Some("staged".to_owned()),
        (None, false, false) => None,
    };
    Asked {
        models: select.model.clone(),
        families: select.family.clone(),
        tasks: select.task.clone(),
        hardware: select.hardware.clone(),
        checks: checks.to_vec(),
        rules: select.rule.clone(),
        paths: select.paths.clone(),
        changed,
        only: None,
    }
}

/// What is other than at a revision: the two graphs, and results where the revision holds a report.
fn since(context: &Context<'_>, options: &Options, map: &Map, revision: &str) -> Result<Since, Stop> {
    let narrow = Narrow { checks: map.asked.checks.clone(), hardware: map.asked.hardware.clone() };
    let mut then = Then::open(context.system, options, revision, &narrow)?;
    let mut now = graph(context.system, options, &narrow)?;
    // Models that the selection leaves out are no news; those that are gone can't be in it, unless all were asked for.
    let whole = Asked { checks: Vec::new(), hardware: Vec::new(), only: None, ..map.asked.clone() } == Asked::default();
    let selected: BTreeSet<&str> = map.models.iter().map(|model| &*model.key).collect();
    for map in [&mut then.wanted, &mut now] {
        map.retain(|cell| whole || selected.contains(&*cell.model));
    }
    let results = match &then.report {
        None => None,
        Some(bytes) => {
            let former = json::read(bytes).map_err(|why| super::news::unreadable(COMMITTED, &why))?;
            Some(compare(&former, map, &|cell| whole || selected.contains(&*cell.model)))
        }
    };
    Ok(Since { revision: revision.to_owned(), commit: then.commit, planned: planned(&then.wanted, &now), results })
}
