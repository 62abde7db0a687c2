//! The first look: have any of the files moved that the last build saw? If none has, nothing else is read, and no query
//! graph, template engine or thread pool comes to life. Inputs are looked at first: once one of them is seen to have
//! changed, other work can go on beside the look at the outputs.

use std::path::Path;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::outcome::Counts;
use super::project::{InputSet, folder_stamp};
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
    /// The inputs with their stamps, where none came or went.
    pub inputs: Option<(InputSet, Vec<Option<Stamp>>)>,
    /// Inputs that were read already, by path.
    pub fresh: FxHashMap<String, Fresh>,
    pub planned: usize,
    pub counts: Counts,
    /// The cache was there but could not be used.
    pub unread: Option<Unread>,
}

/// A look at the inputs, to be completed by one at the outputs.
pub struct Look<'a> {
    system: &'a dyn System,
    root: &'a Path,
    layout: &'a Layout,
    /// What the last build saw.
    stamps: Stamps<'a>,
    /// Whether everything that was looked at is the same.
    same: bool,
    /// Whether no input came or went.
    same_inputs: bool,
    /// The inputs, then the outputs, as far as they were looked at: how they stand now, and whether their contents are
    /// others.
    found: Vec<(Option<Stamp>, bool)>,
    /// Of those, the files that differ only in their stamp.
    touched: Vec<usize>,
    scan: Scan,
}

/// What the last build left for the next one's first look.
pub fn remembered(system: &dyn System, layout: &Layout) -> Option<Vec<u8>> {
    system.read(&layout.stamps()).ok()
}

impl<'a> Look<'a> {
    /// Looks at the inputs. `remembered`: what the last build left; `options`: digest of the options that decide what is
    /// built.
    pub fn at_inputs(
        system: &'a dyn System,
        root: &'a Path,
        layout: &'a Layout,
        options: Digest,
        remembered: Option<&'a [u8]>,
    ) -> Self {
        let stamps = remembered.map_or(Err(Unread::Missing), frame::decode::<Stamps<'a>>);
        let unread = stamps.as_ref().err().copied();
        let (stamps, touched, scan) = (stamps.unwrap_or_default(), Vec::new(), Scan { unread, ..Scan::default() });
        let (same, same_inputs, found) = (false, false, Vec::new());
        let mut look = Self { system, root, layout, stamps, same, same_inputs, found, touched, scan };
        if unread.is_some() {
            return look;
        }
        let now = system.now();
        look.scan.at = Some(now);
        look.scan.planned = look.stamps.planned as usize;
        look.same_inputs = look.stamps.options == options;
        for (path, stamp) in &look.stamps.folders {
            look.same_inputs &= folder_stamp(system, &root.join(&**path)) == *stamp;
        }
        look.same = look.same_inputs && look.stamps.quiet && now < look.stamps.valid_until;
        // Without its trace a later round would not know what it made.
        look.same &= system.exists(&layout.trace());
        look.scan.counts.stated += look.stamps.folders.len() as u64;
        look.at(true);
        look
    }

    /// Whether nothing has changed, other than stamps. Looks no further than it takes to know.
    pub fn nothing_to_do(&mut self) -> bool {
        self.same && {
            self.at_outputs();
            self.same
        }
    }

    /// Looks at what was not looked at yet, and says what was found.
    pub fn ended(mut self) -> Scan {
        self.at_outputs();
        if self.same {
            self.scan.nothing_to_do = true;
            self.remember_touched();
            return self.scan;
        }
        if self.same_inputs {
            let inputs = self.stamps.inputs.iter().zip(&self.found);
            let folders = self.stamps.folders.iter().map(|(path, stamp)| (path.to_string(), *stamp));
            let inputs = inputs.map(|(input, (stamp, _))| (&*input.path, *stamp));
            self.scan.inputs = InputSet::known(inputs, folders.collect());
        }
        let known = self.watched().zip(&self.found).filter(|(_, (_, changed))| !changed);
        let seen = |(watched, (stamp, _)): (&Watched<'_>, &(Option<Stamp>, bool))| {
            let settled = watched.settled && *stamp == watched.stamp;
            (watched.path.to_string(), Seen { stamp: *stamp, digest: watched.digest, settled })
        };
        let mut all = FxHashMap::with_capacity_and_hasher(self.found.len(), FxBuildHasher);
        all.extend(known.map(seen));
        self.scan.known = all;
        self.scan
    }

    /// The inputs, then the outputs.
    fn watched(&self) -> impl Iterator<Item = &Watched<'a>> {
        self.stamps.inputs.iter().chain(&self.stamps.outputs)
    }

    fn at_outputs(&mut self) {
        if self.found.len() == self.stamps.inputs.len() {
            self.at(false);
        }
    }

    /// Looks at the inputs, or at the outputs.
    fn at(&mut self, is_input: bool) {
        let first = self.found.len();
        let watched = if is_input { &self.stamps.inputs } else { &self.stamps.outputs };
        let paths: Vec<&str> = watched.iter().map(|watched| &*watched.path).collect();
        let found = self.system.stat_many(self.root, &paths);
        self.scan.counts.stated += found.len() as u64;
        for (at, (watched, stamp)) in watched.iter().zip(found).enumerate() {
            let moved = stamp != watched.stamp || !watched.settled;
            self.found.push((stamp, false));
            if !moved {
                continue;
            }
            // Only inputs are read through links.
            let readable = |kind| kind == Kind::File || kind == Kind::Symlink && is_input;
            let file = stamp.filter(|stamp| readable(stamp.kind) && watched.stamp.is_some());
            let read = file.and_then(|stamp| Some((stamp, self.system.read(&self.root.join(&*watched.path)).ok()?)));
            let digest = read.as_ref().map(|(_, bytes)| Digest::of(bytes));
            self.scan.counts.hashed += u64::from(digest.is_some());
            if digest == Some(watched.digest) {
                self.touched.push(first + at);
                continue;
            }
            self.same = false;
            self.found[first + at].1 = true;
            if let (true, Some((stamp, bytes)), Some(digest)) = (is_input, read, digest) {
                self.scan.fresh.insert(watched.path.to_string(), Fresh { stamp, bytes, digest });
            }
        }
    }

    /// Saves the next build hashing again what differs only in its stamp.
    fn remember_touched(&mut self) {
        // A link's own stamp says nothing of the file that it leads to.
        let found = &self.found;
        self.touched.retain(|at| found[*at].0.is_some_and(|stamp| stamp.kind != Kind::Symlink));
        if self.touched.is_empty() {
            return;
        }
        let (inputs, now) = (self.stamps.inputs.len(), self.scan.at.unwrap_or_default());
        for &at in &self.touched {
            let input = at < inputs;
            let watched = if input { &mut self.stamps.inputs[at] } else { &mut self.stamps.outputs[at - inputs] };
            *watched = Watched::new(watched.path.clone(), self.found[at].0, watched.digest, now);
        }
        let bytes = frame::encode(&self.stamps, 192 * self.found.len());
        // Losing this costs one hash a file the next time.
        let _ = self.system.write_atomic(&self.layout.stamps(), &bytes);
    }
}
