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
}

/// What the first look found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Contents are those of the last build, which ended quietly.
    pub nothing_to_do: bool,
    /// Files whose contents are known without reading them again, by path.
    pub known: FxHashMap<String, Seen>,
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
    let stamps: Stamps<'_> = match frame::decode(&bytes) {
        Ok(stamps) => stamps,
        Err(unread) => {
            scan.unread = Some(unread);
            return scan;
        }
    };
    scan.planned = stamps.planned as usize;
    let mut same = stamps.options == options && stamps.quiet && system.now() < stamps.valid_until;
    // Without its trace a later round would not know what it made.
    same &= system.exists(&layout.trace());
    for (path, stamp) in &stamps.folders {
        scan.counts.stated += 1;
        same &= folder_stamp(system, &root.join(&**path)) == *stamp;
    }
    // Files that differ only in their stamp, and all files whose contents are known: their place in the lists.
    let mut touched = Vec::new();
    let mut known: Vec<(&Watched<'_>, Option<Stamp>)> = Vec::with_capacity(stamps.inputs.len() + stamps.outputs.len());
    for (list, files) in [&stamps.inputs, &stamps.outputs].into_iter().enumerate() {
        for (index, watched) in files.iter().enumerate() {
            let path = root.join(&*watched.path);
            let stamp = system.stat(&path).ok();
            scan.counts.stated += 1;
            if stamp == watched.stamp && watched.settled {
                known.push((watched, stamp));
                continue;
            }
            // Only inputs are read through links.
            let readable = |kind| kind == Kind::File || kind == Kind::Symlink && list == 0;
            let file = stamp.filter(|stamp| readable(stamp.kind) && watched.stamp.is_some());
            let digest = file.and_then(|_| system.read(&path).ok()).map(|bytes| Digest::of(&bytes));
            scan.counts.hashed += u64::from(digest.is_some());
            if digest == Some(watched.digest) {
                if !stamp.is_some_and(|stamp| stamp.kind == Kind::Symlink) {
                    touched.push((list, index, stamp));
                }
                known.push((watched, stamp));
            } else {
                same = false;
            }
        }
    }
    if same {
        scan.nothing_to_do = true;
        if !touched.is_empty() {
            remember(system, layout, stamps, &touched);
        }
        return scan;
    }
    let seen = |(watched, stamp): (&Watched<'_>, _)| (watched.path.to_string(), Seen { stamp, digest: watched.digest });
    scan.known = known.into_iter().map(seen).collect();
    scan
}

/// Keeps the new stamps of files that were touched but not changed, so that they are not hashed again.
fn remember(system: &dyn System, layout: &Layout, mut stamps: Stamps<'_>, touched: &[(usize, usize, Option<Stamp>)]) {
    let now = system.now();
    for (list, index, stamp) in touched {
        let list = if *list == 0 { &mut stamps.inputs } else { &mut stamps.outputs };
        let watched = &mut list[*index];
        *watched = Watched::new(watched.path.clone(), *stamp, watched.digest, now);
    }
    // Losing this costs one hash a file the next time.
    let _ = system.write_atomic(&layout.stamps(), &frame::encode(&stamps));
}
