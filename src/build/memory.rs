//! What a build leaves for the next one, and how it is taken up: lock, trace, stamps.

use std::cell::Cell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::options::Failure;
use super::plan::{self, Plan};
use super::progress::Progress;
use super::project::{InputSet, LOCK};
use super::scan::Scan;
use super::session::Session;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::graph::outputs::Inputs;
use crate::rules::plan::Entry;
use crate::store::frame;
use crate::store::stamps::{Stamps, Watched};
use crate::store::trace::{OutputTrace, Trace};
use crate::store::{FOLDER, Layout};
use crate::sys::os::TEMPORARY;
use crate::sys::{Lock, Stamp, System};

/// The project's lock, held until this is dropped.
pub struct Taken {
    /// Somebody else held it before.
    pub waited: bool,
    _lock: Box<dyn Lock>,
}

/// Takes the project's lock, so that two builds don't write at once.
pub fn take(system: &dyn System, layout: &Layout, progress: &dyn Progress) -> Result<Taken, Failure> {
    let failed = |what: &str| Failure::io(format!("{what} {FOLDER}"));
    if !system.exists(&layout.folder) {
        system.make_folders(&layout.folder).map_err(failed("making"))?;
        for (path, text) in layout.markers() {
            system.write_atomic(&path, text.as_bytes()).map_err(failed("writing to"))?;
        }
    }
    let waited = Cell::new(false);
    let waiting = || {
        waited.set(true);
        progress.note("waiting for another build of this project");
    };
    let lock = system.lock(&layout.lock(), &waiting).map_err(failed("locking"))?;
    // Whoever was writing these was killed, or only loses a little speed.
    for (name, _) in system.list(&layout.folder).unwrap_or_default() {
        if name.starts_with(TEMPORARY) {
            let _ = system.remove_file(&layout.folder.join(name));
        }
    }
    Ok(Taken { waited: waited.get(), _lock: lock })
}

/// Called before anything is written: a build that doesn't come to its end leaves no stamps, and the next one looks for
/// what it left.
pub fn begin(system: &dyn System, layout: &Layout) {
    let _ = system.remove_file(&layout.stamps());
}

/// The last build's memory; none when it can't be read.
pub fn load(system: &dyn System, layout: &Layout) -> Option<Trace> {
    frame::decode(&system.read(&layout.trace()).ok()?).ok()
}

/// What became of one job.
pub struct Written {
    pub entry: Entry,
    /// Of the file as it stands; of nothing where it could not be made.
    pub body: Digest,
    pub len: u64,
    pub stamp: Option<Stamp>,
    pub valid: bool,
    pub findings: Vec<Finding>,
    pub why: Vec<String>,
    /// Of all data, where rendering failed.
    pub beside: Option<Digest>,
}

/// A job's inputs and result.
pub struct Record {
    pub prepared: Inputs,
    pub model: Digest,
    pub written: Written,
}

/// Everything that is to be remembered.
pub struct Memory<'a> {
    pub system: &'a dyn System,
    pub layout: &'a Layout,
    pub options: Digest,
    pub root: &'a std::path::Path,
    pub session: &'a Session,
    pub set: &'a InputSet,
    pub plan: &'a Plan,
    pub shared: Digest,
    pub old: &'a Trace,
    pub scan: &'a Scan,
    /// Outputs that were not touched, as `old` remembers them.
    pub kept: Vec<&'a OutputTrace>,
    pub records: Vec<Record>,
    /// Stale outputs that were not removed.
    pub gone: Vec<OutputTrace>,
    /// Whether all files of hfgen's that may lie around are known.
    pub complete: bool,
    /// Whether the next build may end after a look at the stamps.
    pub quiet: bool,
}

/// Writes trace and stamps. The stamps come last: without them nothing is believed, and files that nobody remembers are
/// looked for.
pub fn save(memory: &Memory<'_>) -> Result<(), Failure> {
    let failed = || Failure::io(format!("writing to {FOLDER}"));
    let (system, layout) = (memory.system, memory.layout);
    let mut stamps_of: FxHashMap<String, Option<Stamp>> = FxHashMap::default();
    if !memory.complete {
        begin(system, layout);
    }
    let trace = trace(memory, &mut stamps_of);
    system.write_atomic(&layout.trace(), &frame::encode(&trace)).map_err(failed())?;
    if !memory.complete {
        return Ok(());
    }
    let stamps = stamps(memory, &trace, &stamps_of);
    system.write_atomic(&layout.stamps(), &frame::encode(&stamps)).map_err(failed())?;
    Ok(())
}

fn trace(memory: &Memory<'_>, stamps_of: &mut FxHashMap<String, Option<Stamp>>) -> Trace {
    let mut tables = Tables::of(memory);
    let mut outputs: Vec<OutputTrace> = Vec::with_capacity(memory.kept.len() + memory.records.len());
    for old in memory.kept.iter().copied().chain(&memory.gone) {
        let mut output = old.clone();
        if !tables.holds_old {
            output.templates =
                memory.old.templates_of(old).map(|(path, digest)| tables.template(path, *digest)).collect();
            output.held = memory.old.reads_of(old).map(|(path, digest)| (tables.read(path), digest)).collect();
        }
        outputs.push(output);
    }
    for record in &memory.records {
        let written = &record.written;
        stamps_of.insert(written.entry.path.clone(), written.stamp);
        let mut output = OutputTrace {
            entry: written.entry.clone(),
            shared: memory.shared,
            model: record.model,
            of_all: false,
            templates: Vec::new(),
            held: Vec::new(),
            whole: Digest::default(),
            failed: false,
            demands: Digest::default(),
            body: written.body,
            len: written.len,
            valid: written.valid,
            findings: written.findings.clone(),
            why: written.why.clone(),
        };
        match &*record.prepared {
            Ok(prepared) => {
                output.templates = prepared.templates().map(|(path, digest)| tables.template(path, digest)).collect();
                output.held = prepared.held.iter().map(|(path, digest)| (tables.read(path), *digest)).collect();
                output.of_all = prepared.held.iter().any(|(path, _)| path == "models" || path.starts_with("models."));
                output.whole = written.beside.unwrap_or(prepared.whole);
                output.failed = written.beside.is_some();
                output.demands = prepared.demands;
            }
            // Its template could not be used: always looked at again.
            Err(_) => output.shared = Digest::default(),
        }
        outputs.push(output);
    }
    outputs.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    // Invariant: a remembered model has exactly those outputs in the trace that it was planned with.
    let planned = &memory.plan.outputs;
    let unplanned = outputs.iter().map(|output| &output.entry).filter(|entry| {
        let found = planned.binary_search_by(|planned| planned.entry.path.cmp(&entry.path));
        !found.is_ok_and(|at| planned[at].entry == **entry)
    });
    let unmade = planned.iter().map(|planned| &planned.entry).filter(|entry| {
        let found = outputs.binary_search_by(|output| output.entry.path.cmp(&entry.path));
        !found.is_ok_and(|at| outputs[at].entry == **entry)
    });
    let partly: FxHashSet<&str> = unplanned.chain(unmade).filter_map(|entry| entry.model.as_deref()).collect();
    let models = memory.plan.models.iter().filter(|model| !partly.contains(model.key.as_str())).cloned().collect();
    Trace {
        inputs: memory.session.inputs().map(|(path, loaded)| (path.to_owned(), loaded.digest)).collect(),
        templates: tables.templates,
        shared: memory.plan.shared.clone(),
        models,
        reads: tables.reads,
        outputs,
        findings: memory.plan.findings.clone(),
    }
}

fn stamps<'a>(memory: &Memory<'a>, trace: &'a Trace, stamps_of: &FxHashMap<String, Option<Stamp>>) -> Stamps<'a> {
    let now = memory.system.now();
    let mut inputs: Vec<Watched<'a>> = memory
        .session
        .inputs()
        .map(|(path, loaded)| Watched::new(path.to_owned(), loaded.stamp, loaded.digest, memory.session.read_at))
        .collect();
    if !inputs.iter().any(|input| input.path == LOCK) {
        inputs.push(Watched::new(LOCK, None, Digest::default(), now));
    }
    let outputs = trace.outputs.iter().filter(|output| output.body != Digest::default()).map(|output| {
        let path = output.entry.path.as_str();
        let seen = memory.scan.known.get(path);
        match stamps_of.get(path) {
            Some(stamp) => Watched::new(path, *stamp, output.body, now),
            None => match seen {
                Some(seen) if seen.digest == output.body => Watched::new(path, seen.stamp, output.body, now),
                // Looked at, but not by its stamp: hashed the next time.
                _ => Watched {
                    path: path.into(),
                    stamp: memory.system.stat(&memory.root.join(path)).ok(),
                    digest: output.body,
                    settled: false,
                },
            },
        }
    });
    Stamps {
        options: memory.options,
        quiet: memory.quiet,
        valid_until: plan::valid_until(memory.session, now),
        planned: u32::try_from(memory.plan.outputs.len()).unwrap_or(u32::MAX),
        outputs: outputs.collect(),
        inputs,
        folders: memory.set.folders.iter().map(|(path, stamp)| (path.clone().into(), *stamp)).collect(),
    }
}

/// Lists that many outputs share, written once.
#[derive(Default)]
struct Tables {
    templates: Vec<(String, Digest)>,
    by_template: FxHashMap<(String, Digest), u32>,
    reads: Vec<String>,
    by_read: FxHashMap<String, u32>,
    /// Indices of the last build's trace are valid here.
    holds_old: bool,
}

impl Tables {
    /// The last build's lists where most of them is still in use, so that its outputs keep their indices; else none.
    fn of(memory: &Memory<'_>) -> Self {
        let old = memory.old;
        let grown = old.templates.len() > 4096;
        if memory.kept.len() * 2 < old.outputs.len() || memory.kept.is_empty() || grown {
            return Self::default();
        }
        let numbered = |length: usize| 0..u32::try_from(length).unwrap_or(u32::MAX);
        Self {
            by_template: old.templates.iter().cloned().zip(numbered(old.templates.len())).collect(),
            by_read: old.reads.iter().cloned().zip(numbered(old.reads.len())).collect(),
            templates: old.templates.clone(),
            reads: old.reads.clone(),
            holds_old: true,
        }
    }

    fn template(&mut self, path: &str, digest: Digest) -> u32 {
        let next = u32::try_from(self.templates.len()).unwrap_or(u32::MAX);
        *self.by_template.entry((path.to_owned(), digest)).or_insert_with(|| {
            self.templates.push((path.to_owned(), digest));
            next
        })
    }

    fn read(&mut self, path: &str) -> u32 {
        if let Some(known) = self.by_read.get(path) {
            return *known;
        }
        let next = u32::try_from(self.reads.len()).unwrap_or(u32::MAX);
        self.reads.push(path.to_owned());
        self.by_read.insert(path.to_owned(), next);
        next
    }
}
