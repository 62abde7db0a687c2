//! What the files of the installed transformers mean, and whether what a run has loaded of them still means the same. Which
//! files a run loads is found out by running (`python/runner.py`): it is what Python itself imports.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::kept::Closure;
use crate::digest::Digest;
use crate::discover::{Catalogue, meaning_of};
use crate::store::FOLDER;
use crate::sys::System;

/// Below the cache's folder: what files mean, by their stamps, and the snapshots.
const HOME: &str = "sources";
const STAMPS: &str = "stamps.json";
/// A reader of another version takes that file for not there.
const VERSION: u32 = 1;
/// So many lists may lie there before those that nothing names are removed.
const MANY: usize = 64;
/// What is said of a closure that nobody has recorded.
pub const UNRECORDED: &str = "what it loads of it is not known";

/// The files of one transformers package.
pub struct Sources<'a> {
    system: &'a dyn System,
    package: PathBuf,
    snapshots: Snapshots<'a>,
    files: RefCell<Files>,
    /// Files that list all models.
    catalogues: RefCell<BTreeMap<String, Rc<Catalogue>>>,
    /// What of a snapshot has changed.
    cores: RefCell<BTreeMap<String, Rc<Vec<String>>>>,
}

#[derive(Default)]
struct Files {
    stamped: BTreeMap<String, (u64, i64, String)>,
    /// Those that were looked at by this process.
    now: BTreeMap<String, String>,
    is_new: bool,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    package: PathBuf,
    files: BTreeMap<String, (u64, i64, String)>,
}

impl<'a> Sources<'a> {
    /// Of the package in the folder `package`; `root`: the project's, whose cache remembers what files mean.
    pub fn open(system: &'a dyn System, root: &Path, package: &Path) -> Self {
        let snapshots = Snapshots::open(system, root);
        let stored = system.read(&snapshots.folder.join(STAMPS)).ok();
        let stored = stored.and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok());
        let stored = stored.filter(|stored| stored.version == VERSION && stored.package == package);
        let stamped = stored.map(|stored| stored.files).unwrap_or_default();
        Self {
            system,
            package: package.to_owned(),
            snapshots,
            files: RefCell::new(Files { stamped, ..Files::default() }),
            catalogues: RefCell::default(),
            cores: RefCell::default(),
        }
    }

    /// What a run has loaded, with what it means now: `core` by every process, `own` for this file alone.
    pub fn closure(&self, core: &[String], own: &[String], model: Option<&str>) -> Closure {
        let (lists, core): (Vec<&String>, Vec<&String>) = core.iter().partition(|path| Catalogue::is_one(path));
        let core = core.into_iter().map(|path| (path.clone(), self.meaning(path, None))).collect();
        let own = own.iter().chain(lists).map(|path| (path.clone(), self.meaning(path, model))).collect();
        // A snapshot that can't be kept is one that is not there: the results don't outlive this run.
        Closure { core: self.snapshots.keep(&core).unwrap_or_default(), loaded: own }
    }

    /// The files of a closure that mean something else now; sorted.
    pub fn changed(&self, closure: &Closure, model: Option<&str>) -> Vec<String> {
        if closure.core.is_empty() {
            return vec![UNRECORDED.to_owned()];
        }
        let own = closure.loaded.iter().filter(|(path, meaning)| self.meaning(path, model) != **meaning);
        let mut changed: Vec<String> = own.map(|(path, _)| path.clone()).collect();
        changed.extend(self.changed_core(&closure.core).iter().cloned());
        changed.sort();
        changed
    }

    fn changed_core(&self, id: &str) -> Rc<Vec<String>> {
        if let Some(known) = self.cores.borrow().get(id) {
            return Rc::clone(known);
        }
        let changed = match self.snapshots.get(id) {
            None => vec![UNRECORDED.to_owned()],
            Some(core) => {
                let other = core.into_iter().filter(|(path, meaning)| self.meaning(path, None) != *meaning);
                other.map(|(path, _)| path).collect()
            }
        };
        let changed = Rc::new(changed);
        self.cores.borrow_mut().insert(id.to_owned(), Rc::clone(&changed));
        changed
    }

    /// What a file means now, for a model type where it lists all; empty where it is not there.
    fn meaning(&self, path: &str, model: Option<&str>) -> String {
        if Catalogue::is_one(path) {
            let known = self.catalogues.borrow().get(path).cloned();
            let catalogue = known.unwrap_or_else(|| {
                let text = self.system.read_text(&self.package.join(path)).unwrap_or_default();
                let read = Rc::new(Catalogue::of(path, &text));
                self.catalogues.borrow_mut().insert(path.to_owned(), Rc::clone(&read));
                read
            });
            return short(catalogue.meaning(model));
        }
        if let Some(known) = self.files.borrow().now.get(path) {
            return known.clone();
        }
        let full = self.package.join(path);
        let stamp = self.system.stat(&full).ok();
        let mut files = self.files.borrow_mut();
        let stamped = files
            .stamped
            .get(path)
            .filter(|(size, mtime, _)| stamp.is_some_and(|stamp| (stamp.size, stamp.mtime) == (*size, *mtime)));
        let known = stamped.map(|(_, _, meaning)| meaning.clone());
        let meaning = known.unwrap_or_else(|| {
            let text = self.system.read_text(&full);
            let meaning = text.map_or_else(|_| String::new(), |text| short(meaning_of(&text)));
            if let Some(stamp) = stamp {
                files.stamped.insert(path.to_owned(), (stamp.size, stamp.mtime, meaning.clone()));
                files.is_new = true;
            }
            meaning
        });
        files.now.insert(path.to_owned(), meaning.clone());
        meaning
    }

    /// Remembers what files mean for the next process.
    pub fn save(&self) -> io::Result<()> {
        let mut files = self.files.borrow_mut();
        if !std::mem::take(&mut files.is_new) {
            return Ok(());
        }
        let stored = Stored { version: VERSION, package: self.package.clone(), files: files.stamped.clone() };
        let bytes = serde_json::to_vec(&stored).map_err(io::Error::other)?;
        self.system.write_atomic(&self.snapshots.folder.join(STAMPS), &bytes).map(|_| ())
    }
}

/// Half a digest: files of one path are told apart by it.
fn short(digest: Digest) -> String {
    digest.to_string()[..16].to_owned()
}

/// Lists of files with their hashes, kept by their own hash: a result names one instead of holding it.
pub struct Snapshots<'a> {
    system: &'a dyn System,
    folder: PathBuf,
}

impl<'a> Snapshots<'a> {
    pub fn open(system: &'a dyn System, root: &Path) -> Self {
        Self { system, folder: root.join(FOLDER).join(HOME) }
    }

    /// The name of a list.
    pub fn id(files: &BTreeMap<String, String>) -> String {
        Digest::of_value(files).to_string()
    }

    /// Keeps a list, and names it.
    pub fn keep(&self, files: &BTreeMap<String, String>) -> io::Result<String> {
        let id = Self::id(files);
        let path = self.folder.join(format!("{id}.json"));
        if self.system.stat(&path).is_err() {
            let bytes = serde_json::to_vec(files).map_err(io::Error::other)?;
            self.system.write_atomic(&path, &bytes)?;
        }
        Ok(id)
    }

    /// Removes lists that nothing names any more, once there are many.
    pub fn tidy<'k>(&self, named: impl Iterator<Item = &'k str>) {
        let lists = self.system.list(&self.folder).unwrap_or_default();
        if lists.len() < MANY {
            return;
        }
        let named: BTreeSet<String> = named.map(|id| format!("{id}.json")).collect();
        for (name, _) in lists.iter().filter(|(name, _)| name != STAMPS && !named.contains(name)) {
            // One that stays is no harm.
            let _ = self.system.remove_file(&self.folder.join(name));
        }
    }

    /// The list of a name.
    pub fn get(&self, id: &str) -> Option<BTreeMap<String, String>> {
        serde_json::from_slice(&self.system.read(&self.folder.join(format!("{id}.json"))).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MemorySystem;

    fn system() -> MemorySystem {
        MemorySystem::new([
            ("/t/core.py", "x = 1\n"),
            ("/t/models/a/modeling_a.py", "a = 1\n"),
            ("/t/models/auto/auto.py", "N = {\"a\": \"A\", \"b\": \"B\"}\n"),
        ])
    }

    fn changed(system: &MemorySystem, closure: &Closure) -> Vec<String> {
        Sources::open(system, Path::new("/p"), Path::new("/t")).changed(closure, Some("a"))
    }

    #[test]
    fn what_was_loaded_is_compared_by_what_it_means() {
        let system = system();
        let sources = Sources::open(&system, Path::new("/p"), Path::new("/t"));
        let core = ["core.py", "models/auto/auto.py"].map(str::to_owned);
        let closure = sources.closure(&core, &["models/a/modeling_a.py".to_owned()], Some("a"));
        sources.save().unwrap();
        assert_eq!(closure.loaded.keys().collect::<Vec<_>>(), ["models/a/modeling_a.py", "models/auto/auto.py"]);
        assert_eq!(changed(&system, &closure), [""; 0]);
        system.put("/t/models/a/modeling_a.py", "a = 1  # one\n");
        system.put("/t/models/auto/auto.py", "N = {\"a\": \"A\", \"b\": \"C\", \"c\": \"C\"}\n");
        system.put("/t/models/b/modeling_b.py", "b = 1\n");
        assert_eq!(changed(&system, &closure), [""; 0]);
        system.put("/t/core.py", "x = 2\n");
        system.put("/t/models/auto/auto.py", "N = {\"a\": \"B\"}\n");
        assert_eq!(changed(&system, &closure), ["core.py", "models/auto/auto.py"]);
        system.delete("/t/models/a/modeling_a.py");
        assert_eq!(changed(&system, &closure).len(), 3);
    }

    #[test]
    fn lists_that_nothing_names_go_once_there_are_many() {
        let system = system();
        let snapshots = Snapshots::open(&system, Path::new("/p"));
        let list = |number: usize| BTreeMap::from([("a".to_owned(), number.to_string())]);
        let ids: Vec<String> = (0..MANY).map(|number| snapshots.keep(&list(number)).unwrap()).collect();
        snapshots.tidy([ids[3].as_str()].into_iter());
        let left: Vec<&String> = ids.iter().filter(|id| snapshots.get(id).is_some()).collect();
        assert_eq!(left, [&ids[3]]);
        snapshots.tidy(std::iter::empty());
        assert!(snapshots.get(&ids[3]).is_some(), "few may stay");
    }

    #[test]
    fn what_was_never_recorded_has_changed() {
        assert_eq!(changed(&system(), &Closure::default()), [UNRECORDED]);
        let lost = Closure { core: "0".to_owned(), ..Closure::default() };
        assert_eq!(changed(&system(), &lost), [UNRECORDED]);
    }
}
