//! The only room that touches files, clock, environment, processes and git. `clippy.toml` forbids them elsewhere.
//!
//! Map of the room: `os` is the real thing, `memory` its twin for tests, `overlay` lays staged contents over another;
//! `git` asks git, `process` is a process that is talked to, `bounded` one that may take only so long; `threads` share the
//! work.

pub mod bounded;
pub mod git;
pub mod memory;
#[allow(clippy::disallowed_methods, reason = "the one file that may: everybody else goes through it")]
pub mod os;
pub mod overlay;
#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it starts processes")]
pub mod process;
pub mod threads;

use std::io;
use std::path::{Path, PathBuf};

pub use memory::MemorySystem;
pub use os::OsSystem;
pub use overlay::OverlaySystem;
pub use process::Process;
use serde::{Deserialize, Serialize};

/// What `lstat` says, as far as it can tell that a file was replaced or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Nanoseconds since the epoch.
    pub mtime: i64,
    pub ctime: i64,
    pub size: u64,
    pub inode: u64,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    File,
    Folder,
    Symlink,
    Other,
}

/// A process that has run.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The exit code; 128 + the signal's number where a signal ended it.
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Ran {
    pub fn ok(&self) -> bool {
        self.status == 0
    }
}

/// Held while a build writes; released when dropped.
pub trait Lock: Send {}

/// Everything that hfgen asks of the machine. Paths are absolute, or relative to the current folder.
pub trait System: Send + Sync {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Reads `len` bytes at `offset`.
    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Vec<u8>>;
    /// Does not follow a symlink at the end of the path.
    fn stat(&self, path: &Path) -> io::Result<Stamp>;
    /// The stamps of many files, in their order; `None` where there is none. Relative paths lie below `root`. Cheaper than
    /// to ask for each, where neighbours lie in one folder.
    fn stat_many(&self, root: &Path, paths: &[&str]) -> Vec<Option<Stamp>> {
        paths.iter().map(|path| self.stat(&root.join(path)).ok()).collect()
    }
    /// Follows symlinks.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// The names in a folder, sorted.
    fn list(&self, folder: &Path) -> io::Result<Vec<(String, Kind)>>;
    /// Every file below `folder`, as sorted paths relative to it; symlinks and hidden folders are not entered.
    /// A folder that is not there has no files.
    fn walk(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;
    /// Replaces `path` as a whole: a reader, or a kill at any moment, sees the old bytes or the new ones.
    /// Missing parent folders are made.
    fn write_atomic(&self, path: &Path, bytes: &[u8]) -> io::Result<Stamp>;
    /// Appends at `offset`, which is the length that the writer knows; what stands behind it is cut off first.
    fn append_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()>;
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder if it is empty.
    fn remove_empty_folder(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder with all that is in it; links are removed and not followed. One that is not there is no failure.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
    fn make_folders(&self, path: &Path) -> io::Result<()>;
    fn set_executable(&self, path: &Path) -> io::Result<()>;
    /// Takes the lock that `path` stands for; `waiting` is called once if somebody else holds it.
    fn lock(&self, path: &Path, waiting: &dyn Fn()) -> io::Result<Box<dyn Lock>>;
    /// Nanoseconds since the epoch, on the clock that stamps files.
    fn now(&self) -> i64;
    fn env(&self, name: &str) -> Option<String>;
    fn current_folder(&self) -> io::Result<PathBuf>;
    /// Runs a program to its end, with `input` on its standard input.
    fn run(&self, program: &str, args: &[&str], folder: &Path, input: &[u8]) -> io::Result<Ran>;
    /// Starts a program that is talked to while it runs; `env` is added to the environment.
    fn start(&self, program: &str, args: &[&str], folder: &Path, env: &[(&str, &str)]) -> io::Result<Box<dyn Process>>;

    /// Reads a file as UTF-8; other bytes are an `InvalidData` error that names the offset.
    fn read_text(&self, path: &Path) -> io::Result<String> {
        text_of(self.read(path)?, path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.stat(path).is_ok()
    }
}

/// The bytes of the file at `path` as UTF-8; others are an `InvalidData` error that names the offset.
pub fn text_of(bytes: Vec<u8>, path: &Path) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, format!("not UTF-8: byte {at} of {}", path.display()))
    })
}
