//! What a build leaves for the next one, and how it is taken up: lock, trace, stamps.

use std::cell::Cell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::options::Failure;
use super::plan::{self, Plan, Planned};
use super::progress::Progress;
use super::project::LOCK;
use super::record::Recorded;
use super::scan::Scan;
use super::session::Session;
use crate::digest::Digest;
use crate::finding::Finding;
use crate::graph::{lock, models};
use crate::rules::plan::Entry;
use crate::store::frame;
use crate::store::stamps::{Stamps, Watched};
use crate::store::trace::{OutputTrace, Trace};
use crate::store::{FOLDER, Layout};
use crate::sys::os::TEMPORARY;
use crate::sys::{Lock, Stamp, System};
use crate::validate::LaidOut;

/// The project's lock, held until this is dropped.
pub struct Taken {
    /// Somebody else held it before.
    pub waited: bool,
    _lock: Box<dyn Lock>,
}

/// Takes the project's lock, so that two builds don't write at once.
pub fn take(system: &dyn System, layout: &Layout, progress: &dyn Progress) -> Result<Taken, Failure> {
    let waited = Cell::new(false);
    let waiting = || {
        waited.set(true);
        progress.note("waiting for another build of this project");
    };
    let mut lock = locked(system, layout, &waiting)?;
    // Whom this waited for may have removed the cache, and with it the file that is locked now.
    while waited.get() && !system.exists(&layout.lock()) {
        lock = locked(system, layout, &waiting)?;
    }
    // Whoever was writing these was killed, or only loses a little speed.
    for (name, _) in system.list(&layout.folder).unwrap_or_default() {
        if name.starts_with(TEMPORARY) {
            let _ = system.remove_file(&layout.folder.join(name));
        }
    }
    Ok(Taken { waited: waited.get(), _lock: lock })
}

/// The cache folder with its marks, locked.
fn locked(system: &dyn System, layout: &Layout, waiting: &dyn Fn()) -> Result<Box<dyn Lock>, Failure> {
    let failed = |what: &str| Failure::io(format!("{what} {FOLDER}"));
    let markers = layout.markers();
    if markers.iter().any(|(path, _)| !system.exists(path)) {
        system.make_folders(&layout.folder).map_err(failed("making"))?;
        for (path, text) in markers {
            system.write_atomic(&path, text.as_bytes()).map_err(failed("writing to"))?;
        }
    }
    system.lock(&layout.lock(), waiting).map_err(failed("locking"))
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

/// The same for a plan, which other work may go on beside.
pub fn load_for_plan(system: &dyn System, layout: &Layout) -> Option<Trace> {
    load(system, layout).inspect(Trace::read_ahead)
}

/// What became of one job.
pub struct Written {
    pub entry: Arc<Entry>,
    /// Of the file as it stands; of nothing where it could not be made.
    pub body: Digest,
    pub len: u64,
    pub long: Vec<LaidOut>,
    pub stamp: Option<Stamp>,
    pub valid: bool,
    pub findings: Vec<Finding>,
    pub why: Vec<String>,
    /// Of all data, where rendering failed.
    pub beside: Option<Digest>,
}

/// Everything that is to be remembered.
pub struct Memory<'a> {
    pub system: &'a dyn System,
    pub layout: &'a Layout,
    pub options: Digest,
    pub root: &'a std::path::Path,
    pub session: &'a Session,
    pub plan: &'a Plan,
    pub scan: &'a Scan,
    /// Whether all files of hfgen's that may lie around are known.
    pub complete: bool,
    /// Whether the next build may end after a look at the stamps.
    pub quiet: bool,
}

/// Writes trace and stamps, and gives the trace back. The stamps come last: without them nothing is believed, and files that nobody remembers are
/// looked for.
pub fn save(memory: &Memory<'_>, recorded: Recorded) -> Result<Trace, Failure> {
    let failed = || Failure::io(format!("writing to {FOLDER}"));
    let (system, layout) = (memory.system, memory.layout);
    if !memory.complete {
        begin(system, layout);
    }
    let stamps_of = recorded.stamps.clone();
    let trace = trace(memory, recorded);
    let write = || {
        let room = system.stat(&layout.trace()).map_or(0, |stamp| usize::try_from(stamp.size).unwrap_or(0));
        system.write_atomic(&layout.trace(), &frame::encode(&trace, room + room / 16)).map(drop)
    };
    let stamp = || {
        let stamps = stamps(memory, &trace, &stamps_of);
        frame::encode(&stamps, 192 * (stamps.inputs.len() + stamps.outputs.len()))
    };
    if !memory.complete {
        write().map_err(failed())?;
        return Ok(trace);
    }
    let mut written = Ok(());
    let stamps = rayon::in_place_scope(|scope| {
        scope.spawn(|_| written = write());
        stamp()
    });
    written.map_err(failed())?;
    system.write_atomic(&layout.stamps(), &stamps).map_err(failed())?;
    Ok(trace)
}

fn trace(memory: &Memory<'_>, recorded: Recorded) -> Trace {
    let mut outputs = recorded.outputs;
    outputs.sort_by(|a, b| a.entry.path.cmp(&b.entry.path));
    // Invariant: a remembered model has exactly those outputs in the trace that it was planned with.
    let mut models = memory.plan.models.clone();
    if !memory.plan.is_of(outputs.iter().map(|output| &output.entry)) {
        let partly = partly(&memory.plan.outputs, &outputs);
        models.retain(|model| !partly.contains(model.key.as_str()));
    }
    Trace {
        inputs: memory.session.inputs().map(|(path, loaded)| (path.to_owned(), loaded.digest)).collect(),
        templates: recorded.templates,
        shared: memory.plan.shared.clone(),
        models,
        blocks: memory.plan.blocks.clone(),
        rules: models::rules_to_remember(&memory.session.db, memory.session.workspace),
        registry: models::registry_to_remember(&memory.session.db, memory.session.workspace),
        head: lock::to_remember(&memory.session.db, memory.session.workspace),
        reads: recorded.reads,
        outputs,
        findings: memory.plan.findings.clone(),
    }
}

/// The models of which an output is planned and not recorded, or recorded and not planned. Both are sorted by path.
fn partly<'a>(planned: &'a [Planned], outputs: &'a [Arc<OutputTrace>]) -> FxHashSet<&'a str> {
    let unplanned = outputs.iter().map(|output| &*output.entry).filter(|entry| {
        let found = planned.binary_search_by(|planned| planned.entry.path.cmp(&entry.path));
        !found.is_ok_and(|at| *planned[at].entry == **entry)
    });
    let unmade = planned.iter().map(|planned| &*planned.entry).filter(|entry| {
        let found = outputs.binary_search_by(|output| output.entry.path.cmp(&entry.path));
        !found.is_ok_and(|at| *outputs[at].entry == **entry)
    });
    unplanned.chain(unmade).filter_map(|entry| entry.model.as_deref()).collect()
}

fn stamps<'a>(memory: &Memory<'a>, trace: &'a Trace, stamps_of: &FxHashMap<Arc<Entry>, Option<Stamp>>) -> Stamps<'a> {
    let now = memory.system.now();
    let mut inputs: Vec<Watched<'a>> = memory
        .session
        .inputs()
        .map(|(path, loaded)| Watched::new(path.to_owned(), loaded.stamp, loaded.digest, memory.session.read_at))
        .collect();
    if !inputs.iter().any(|input| input.path == LOCK) {
        inputs.push(Watched::new(LOCK, None, Digest::default(), now));
    }
    let mut outputs = Vec::with_capacity(trace.outputs.len());
    outputs.extend(trace.outputs.iter().filter(|output| output.body != Digest::default()).map(|output| {
        let path = output.entry.path.as_str();
        let seen = memory.scan.known.get(path);
        match stamps_of.get(&output.entry) {
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
    }));
    Stamps {
        options: memory.options,
        quiet: memory.quiet,
        valid_until: plan::valid_until(memory.session, now),
        planned: u32::try_from(memory.plan.outputs.len()).unwrap_or(u32::MAX),
        outputs,
        inputs,
        folders: memory.session.set.folders.iter().map(|(path, stamp)| (path.clone().into(), *stamp)).collect(),
    }
}
