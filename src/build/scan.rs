//! The first look: have any of the files moved that the last build saw? If none has, nothing else is read, and no query
//! graph, template engine or thread pool comes to life.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::outcome::Counts;
use super::project::folder_stamp;
use crate::digest::Digest;
use crate::store::frame::{self, Unread};
use crate::store::stamps::Stamps;
use crate::store::{Layout, stamps::Watched};
use crate::sys::{Kind, Stamp, System};

/// A file as it is now: its stamp, and what its contents hash to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub stamp: Option<Stamp>,
    pub digest: Digest,
    /// A later write would have moved the stamp: as long as it stands, so do the contents.
    pub settled: bool,
}

/// An input with other contents than the last build's, as it was read.
#[derive(Debug)]
pub struct Fresh {
    /// Taken before it was read.
    pub stamp: Stamp,
    pub bytes: Vec<u8>,
    pub digest: Digest,
}

/// What the first look found.
#[derive(Debug, Default)]
pub struct Scan {
    /// When it began, in nanoseconds since the epoch; `None` where nothing was looked at.
    pub at: Option<i64>,
    /// Contents are those of the last build, which ended quietly.
    pub nothing_to_do: bool,
    /// Files whose contents are known without reading them again, by path.
    pub known: FxHashMap<String, Seen>,
    /// Inputs that were read already, by path.
    pub fresh: FxHashMap<String, Fresh>,
    pub planned: usize,
    pub counts: Counts,
    /// The cache was there but could not be used.
    pub unread: Option<Unread>,
}

/// Looks at everything that the last build looked at. `options`: digest of the options that decide what is built.
pub fn scan(system: &dyn System, root: &Path, layout: &Layout, options: Digest) -> Scan {
    let mut scan = Scan::default();
    let Ok(bytes) = system.read(&layout.stamps()) else {
        scan.unread = Some(Unread::Missing);
        return scan;
    };
    let mut stamps: Stamps<'_> = match frame::decode(&bytes) {
        Ok(stamps) => stamps,
        Err(unread) => {
            scan.unread = Some(unread);
            return scan;
        }
    };
    let now = system.now();
    scan.at = Some(now);
    scan.planned = stamps.planned as usize;
    let mut same = stamps.options == options && stamps.quiet && now < stamps.valid_until;
    // Without its trace a later round would not know what it made.
    same &= system.exists(&layout.trace());
    for (path, stamp) in &stamps.folders {
        same &= folder_stamp(system, &root.join(&**path)) == *stamp;
    }
    let paths: Vec<&str> = stamps.inputs.iter().chain(&stamps.outputs).map(|watched| &*watched.path).collect();
    let found = system.stat_many(root, &paths);
    scan.counts.stated += (stamps.folders.len() + found.len()) as u64;
    let moved = |(watched, stamp): (&Watched<'_>, &Option<Stamp>)| *stamp != watched.stamp || !watched.settled;
    let inputs = stamps.inputs.len();
    let watched = || stamps.inputs.iter().chain(&stamps.outputs);
    let moved: Vec<usize> =
        watched().zip(&found).enumerate().filter(|(_, pair)| moved(*pair)).map(|(at, _)| at).collect();
    // Of those, the files that differ only in their stamp.
    let mut touched = Vec::new();
    let mut changed = vec![false; found.len()];
    for at in moved {
        let (is_input, stamp) = (at < inputs, found[at]);
        let watched = if is_input { &stamps.inputs[at] } else { &stamps.outputs[at - inputs] };
        // Only inputs are read through links.
        let readable = |kind| kind == Kind::File || kind == Kind::Symlink && is_input;
        let file = stamp.filter(|stamp| readable(stamp.kind) && watched.stamp.is_some());
        let read = file.and_then(|stamp| Some((stamp, system.read(&root.join(&*watched.path)).ok()?)));
        let digest = read.as_ref().map(|(_, bytes)| Digest::of(bytes));
        scan.counts.hashed += u64::from(digest.is_some());
        if digest == Some(watched.digest) {
            touched.push(at);
            continue;
        }
        same = false;
        changed[at] = true;
        if let (true, Some((stamp, bytes)), Some(digest)) = (is_input, read, digest) {
            scan.fresh.insert(watched.path.to_string(), Fresh { stamp, bytes, digest });
        }
    }
    if !same {
        let known = watched().zip(&found).zip(&changed).filter(|(_, changed)| !**changed);
        let seen = |((watched, stamp), _): ((&Watched<'_>, &Option<Stamp>), _)| {
            let settled = watched.settled && *stamp == watched.stamp;
            (watched.path.to_string(), Seen { stamp: *stamp, digest: watched.digest, settled })
        };
        scan.known = known.map(seen).collect();
        return scan;
    }
    scan.nothing_to_do = true;
    // A link's own stamp says nothing of the file that it leads to.
    touched.retain(|at| found[*at].is_some_and(|stamp| stamp.kind != Kind::Symlink));
    if !touched.is_empty() {
        for at in touched {
            let watched = if at < inputs { &mut stamps.inputs[at] } else { &mut stamps.outputs[at - inputs] };
            *watched = Watched::new(watched.path.clone(), found[at], watched.digest, now);
        }
        // Losing this costs one hash a file the next time.
        let _ = system.write_atomic(&layout.stamps(), &frame::encode(&stamps, bytes.len()));
    }
    scan
}
