//! `hfgen sync`: reads the facts of a transformers package into `registry.lock`, or says what differs (`--check`). How it
//! is wired to the command line stands elsewhere.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::SyncArgs;
use super::stop::Ended;
use super::{Context, Exit};
use crate::discover::{self, Changes, Workers};
use crate::finding::{Finding, Severity};
use crate::registry::lock::{self, Literal, Lock, ModelFacts};
use crate::sys::System;

/// The file, relative to the project's root.
pub const LOCK: &str = "registry.lock";

/// What to do.
#[derive(Debug, Clone)]
pub struct SyncOptions {
    /// The project's root.
    pub root: PathBuf,
    /// The transformers package; where none is named, it is looked for in `$VIRTUAL_ENV`, `.venv` and `venv`.
    pub package: Option<PathBuf>,
    /// The checkout of a worker project. Without it, what an earlier run read of one is kept.
    pub worker: Option<PathBuf>,
    /// Writes nothing, says what differs, and exits 1 where anything does.
    pub check: bool,
    pub format: SyncFormat,
}

/// How it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyncFormat {
    #[default]
    Human,
    Json,
}

const SAME: u8 = 0;
const DIFFERS: u8 = 1;
const BROKEN: u8 = 2;

/// `hfgen sync`, from the command line.
pub fn command(context: &Context<'_>, args: &SyncArgs) -> Ended {
    let here = context.folder()?;
    let options = SyncOptions {
        root: context.root()?,
        package: args.package.as_ref().map(|path| here.join(path)),
        worker: args.worker.as_ref().map(|path| here.join(path)),
        check: args.check,
        format: if args.json { SyncFormat::Json } else { SyncFormat::Human },
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(context.system, &options, &mut out, &mut err).unwrap_or(BROKEN);
    context.console.answer(&String::from_utf8_lossy(&out));
    context.console.complain(&String::from_utf8_lossy(&err));
    Ok(match code {
        SAME => Exit::Fine,
        DIFFERS => Exit::Findings,
        _ => Exit::Broken,
    })
}

/// Runs the command; the value is its exit code: 0, 1 where `--check` found differences, 2 on errors.
pub fn run(system: &dyn System, options: &SyncOptions, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let mut report = Report { out, err, format: options.format };
    match sync(system, options) {
        Ok(outcome) => report.outcome(options, &outcome),
        Err(findings) => report.broken(&findings),
    }
}

struct Outcome {
    lock: Lock,
    /// None where there was no lock.
    changes: Option<Changes>,
    written: bool,
    findings: Vec<Finding>,
}

fn sync(system: &dyn System, options: &SyncOptions) -> Result<Outcome, Vec<Finding>> {
    let path = options.root.join(LOCK);
    let before = match system.read_text(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(vec![unreadable(&path, &error)]),
    };
    let (old, damage) = before.as_deref().map_or_else(Default::default, |text| lock::parse(LOCK, text));
    if options.check && !damage.is_empty() {
        return Err(damage);
    }
    let (workers, mut findings) = match &options.worker {
        Some(worker) => discover::workers(system, worker).map_err(|finding| vec![finding])?,
        None => (Workers::new(), Vec::new()),
    };
    let package = match &options.package {
        Some(package) => package.clone(),
        None => discover::find(system, &options.root).map_err(|finding| vec![finding])?,
    };
    let read = discover::read(system, &package, &workers).map_err(|finding| vec![finding])?;
    let mut lock = read.lock;
    findings.extend(read.findings);
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    if options.worker.is_none() {
        for (key, facts) in &mut lock.models {
            facts.worker = old.models.get(key).and_then(|facts| facts.worker.clone());
        }
    }
    for (key, facts) in &mut lock.models {
        facts.proven = old.models.get(key).and_then(|facts| facts.proven.clone());
    }
    findings.extend(outdated(&old, &lock));
    let text = lock::write(&lock);
    let differs = before.as_deref() != Some(text.as_str());
    if differs && !options.check {
        system.write_atomic(&path, text.as_bytes()).map_err(|error| vec![unwritable(&path, &error)])?;
    }
    let changes = before.is_some().then(|| discover::compare(&old, &lock));
    Ok(Outcome { lock, changes, written: differs && !options.check, findings })
}

/// Proven facts that are of other sources than those that were read. They stay: a probe knows by their key what to do.
fn outdated(old: &Lock, new: &Lock) -> Option<Finding> {
    let is_outdated = |(key, facts): &(&String, &ModelFacts)| {
        facts.proven.as_ref().is_some_and(|proven| {
            let same = old.models.get(*key).is_some_and(|before| before.meaning == facts.meaning);
            !same || proven.transformers != new.head.transformers
        })
    };
    let models: Vec<&str> = new.models.iter().filter(is_outdated).map(|(key, _)| key.as_str()).collect();
    let finding = || Finding { severity: Severity::Warning, ..super::probe::out_of_date(&models) };
    (!models.is_empty()).then(finding)
}

fn unreadable(path: &Path, error: &io::Error) -> Finding {
    use crate::finding::codes::sync::LOCK_DAMAGED;
    Finding::error(LOCK_DAMAGED, format!("{} can't be read: {error}", path.display()))
        .help("take the file from version control, or remove it and run `hfgen sync`")
}

fn unwritable(path: &Path, error: &io::Error) -> Finding {
    use crate::finding::codes::sync::LOCK_UNWRITABLE;
    Finding::error(LOCK_UNWRITABLE, format!("{} can't be written: {error}", path.display()))
        .help("what stood there before is untouched")
}

struct Report<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    format: SyncFormat,
}

impl Report<'_> {
    fn broken(&mut self, findings: &[Finding]) -> io::Result<u8> {
        match self.format {
            SyncFormat::Human => self.findings(findings)?,
            SyncFormat::Json => self.json(&serde_json::json!({ "findings": findings }))?,
        }
        Ok(BROKEN)
    }

    fn outcome(&mut self, options: &SyncOptions, outcome: &Outcome) -> io::Result<u8> {
        let none = Changes::default();
        let changes = outcome.changes.as_ref().unwrap_or(&none);
        let differs = outcome.changes.is_none() || !changes.is_empty();
        let code = if options.check && differs { DIFFERS } else { SAME };
        if self.format == SyncFormat::Json {
            let counts = Counts::of(&outcome.lock);
            self.json(&serde_json::json!({
                "transformers": outcome.lock.head.transformers,
                "types": counts.types,
                "modules": counts.modules,
                "classes": counts.classes,
                "fields": counts.fields,
                "unread": counts.unread,
                "written": outcome.written,
                "locked": outcome.changes.is_some(),
                "changes": changes,
                "findings": outcome.findings,
            }))?;
            return Ok(code);
        }
        self.findings(&outcome.findings)?;
        if options.check {
            self.changes(outcome.changes.as_ref())?;
        } else {
            self.summary(outcome)?;
        }
        Ok(code)
    }

    fn summary(&mut self, outcome: &Outcome) -> io::Result<()> {
        let counts = Counts::of(&outcome.lock);
        writeln!(
            self.out,
            "transformers {}: {} model types in {} modules, {} model classes, {} configuration fields ({} unread)",
            outcome.lock.head.transformers, counts.types, counts.modules, counts.classes, counts.fields, counts.unread,
        )?;
        match (&outcome.changes, outcome.written) {
            (_, false) => writeln!(self.out, "{LOCK} is up to date"),
            (Some(changes), true) if !changes.is_empty() => {
                writeln!(self.out, "{LOCK} written: {}", totals(changes))
            }
            (_, true) => writeln!(self.out, "{LOCK} written"),
        }
    }

    fn changes(&mut self, changes: Option<&Changes>) -> io::Result<()> {
        let Some(changes) = changes else {
            return writeln!(self.out, "there is no {LOCK}; run `hfgen sync`");
        };
        if changes.is_empty() {
            return writeln!(self.out, "{LOCK} is up to date");
        }
        for line in &changes.head {
            writeln!(self.out, "head     {}", shortened(line))?;
        }
        for key in &changes.new {
            writeln!(self.out, "new      {key}")?;
        }
        for key in &changes.gone {
            writeln!(self.out, "gone     {key}")?;
        }
        for change in &changes.changed {
            writeln!(self.out, "changed  {}", change.model_type)?;
            for line in &change.what {
                writeln!(self.out, "           {}", shortened(line))?;
            }
        }
        writeln!(self.out, "{}; run `hfgen sync`", totals(changes))
    }

    fn findings(&mut self, findings: &[Finding]) -> io::Result<()> {
        for finding in findings {
            let word = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            };
            writeln!(self.err, "{word}[{}]: {}", finding.code, finding.message)?;
            if let Some(place) = &finding.place {
                writeln!(self.err, "  --> {}:{}:{}", place.path, place.line, place.column)?;
                if let Some(snippet) = &place.snippet {
                    writeln!(self.err, "   | {snippet}")?;
                    let indent: String = snippet
                        .chars()
                        .take(place.column as usize - 1)
                        .map(|c| if c == '\t' { c } else { ' ' })
                        .collect();
                    writeln!(self.err, "   | {indent}{}", "^".repeat(place.width.max(1) as usize))?;
                }
            }
            for (words, place) in &finding.related {
                writeln!(self.err, "   = {words}: {}:{}", place.path, place.line)?;
            }
            if let Some(help) = &finding.help {
                writeln!(self.err, "   = help: {help}")?;
            }
        }
        Ok(())
    }

    fn json(&mut self, value: &serde_json::Value) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self.out, value)?;
        writeln!(self.out)
    }
}

fn totals(changes: &Changes) -> String {
    let head = if changes.head.is_empty() { "" } else { ", head" };
    format!("{} new, {} gone, {} changed{head}", changes.new.len(), changes.gone.len(), changes.changed.len())
}

/// A line that fits a screen: a new version may bring hundreds of names.
fn shortened(line: &str) -> String {
    const WIDTH: usize = 300;
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}... ({} more characters)", &line[..at], line[at..].chars().count()),
        None => line.to_owned(),
    }
}

struct Counts {
    types: usize,
    modules: usize,
    classes: usize,
    fields: usize,
    unread: usize,
}

impl Counts {
    fn of(lock: &Lock) -> Self {
        let modules: BTreeSet<&str> = lock.models.values().map(|facts| facts.module.as_str()).collect();
        let fields = lock.models.values().filter_map(|facts| facts.config.as_ref()).flat_map(|c| c.fields.values());
        let unread = fields.clone().filter(|value| matches!(value, Literal::Unread { .. })).count();
        Self {
            types: lock.models.len(),
            modules: modules.len(),
            classes: lock.models.values().map(|facts| facts.classes.len()).sum(),
            fields: fields.count(),
            unread,
        }
    }
}
