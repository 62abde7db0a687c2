//! Another system with some files' contents replaced, as git's index replaces those of the working tree.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{Kind, Lock, Process, Ran, Stamp, System};

/// Reads see `contents` first (`None`: the file is not there); writes go nowhere.
///
/// Invariant: nothing below is ever changed through an overlay.
pub struct OverlaySystem<'a> {
    pub below: &'a dyn System,
    pub contents: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a view of staged contents is never written")
}

/// Of a file or folder that is another than the one below, so that it is always looked into.
fn other(kind: Kind, size: u64) -> Stamp {
    Stamp { mtime: -1, ctime: -1, size, inode: 0, kind }
}

impl OverlaySystem<'_> {
    /// The files of `folder`, at any depth, that are there in only one of the two systems; with whether it is this one.
    fn moved<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a Path, bool)> {
        let moved = |(path, contents): &(&PathBuf, &Option<Vec<u8>>)| contents.is_some() != self.below.exists(path);
        let here = self.contents.iter().filter(move |(path, _)| path.starts_with(folder));
        here.filter(moved).map(|(path, contents)| (path.as_path(), contents.is_some()))
    }
}

impl System for OverlaySystem<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.contents.get(path) {
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(io::Error::from(io::ErrorKind::NotFound)),
            None => self.below.read(path),
        }
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.below.read_at(path, offset, len)
    }

    fn stat(&self, path: &Path) -> io::Result<Stamp> {
        match self.contents.get(path) {
            Some(Some(bytes)) => Ok(other(Kind::File, bytes.len() as u64)),
            Some(None) => Err(io::Error::from(io::ErrorKind::NotFound)),
            None => match self.below.stat(path) {
                Ok(stamp) if stamp.kind == Kind::Folder && self.moved(path).next().is_some() => {
                    Ok(other(Kind::Folder, stamp.size))
                }
                Err(_) if self.moved(path).any(|(_, comes)| comes) => Ok(other(Kind::Folder, 0)),
                found => found,
            },
        }
    }

    fn stat_many(&self, root: &Path, paths: &[&str]) -> Vec<Option<Stamp>> {
        let mut stamps = self.below.stat_many(root, paths);
        for (stamp, path) in stamps.iter_mut().zip(paths) {
            let path = root.join(path);
            if self.contents.contains_key(&path) {
                *stamp = self.stat(&path).ok();
            }
        }
        stamps
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.below.canonical(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(String, Kind)>> {
        let mut found: BTreeMap<String, Kind> = self.below.list(folder).unwrap_or_default().into_iter().collect();
        for (path, contents) in &self.contents {
            let mut below = path.strip_prefix(folder).into_iter().flat_map(Path::components);
            let Some(name) = below.next().map(|name| name.as_os_str().to_string_lossy().into_owned()) else { continue };
            match (contents, below.next()) {
                (Some(_), None) => drop(found.insert(name, Kind::File)),
                (Some(_), Some(_)) => drop(found.insert(name, Kind::Folder)),
                (None, None) => drop(found.remove(&name)),
                (None, Some(_)) => {}
            }
        }
        Ok(found.into_iter().collect())
    }

    fn walk(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = self.below.walk(folder)?;
        for (path, contents) in &self.contents {
            let Ok(relative) = path.strip_prefix(folder) else { continue };
            found.retain(|known| known != relative);
            if contents.is_some() {
                found.push(relative.to_owned());
            }
        }
        found.sort();
        Ok(found)
    }

    fn write_atomic(&self, _path: &Path, _bytes: &[u8]) -> io::Result<Stamp> {
        Err(read_only())
    }

    fn append_at(&self, _path: &Path, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Err(read_only())
    }

    fn remove_file(&self, _path: &Path) -> io::Result<()> {
        Err(read_only())
    }

    fn remove_empty_folder(&self, _path: &Path) -> io::Result<()> {
        Err(read_only())
    }

    fn remove_folder(&self, _path: &Path) -> io::Result<()> {
        Err(read_only())
    }

    fn make_folders(&self, _path: &Path) -> io::Result<()> {
        Err(read_only())
    }

    fn set_executable(&self, _path: &Path) -> io::Result<()> {
        Err(read_only())
    }

    fn lock(&self, path: &Path, waiting: &dyn Fn()) -> io::Result<Box<dyn Lock>> {
        self.below.lock(path, waiting)
    }

    fn now(&self) -> i64 {
        self.below.now()
    }

    fn env(&self, name: &str) -> Option<String> {
        self.below.env(name)
    }

    fn current_folder(&self) -> io::Result<PathBuf> {
        self.below.current_folder()
    }

    fn start(&self, program: &str, args: &[&str], folder: &Path, env: &[(&str, &str)]) -> io::Result<Box<dyn Process>> {
        self.below.start(program, args, folder, env)
    }

    fn run(&self, program: &str, args: &[&str], folder: &Path, input: &[u8]) -> io::Result<Ran> {
        self.below.run(program, args, folder, input)
    }
}
