//! The twin of the machine in memory, for tests: the same trait, no disk, and faults on demand.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{Kind, Lock, Process, Ran, Stamp, System};

/// Files in memory. Writes can be made to fail after a number of them, as on a full disk.
#[derive(Default)]
pub struct MemorySystem {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, (Vec<u8>, Stamp)>,
    clock: i64,
    /// How many more writes succeed; `None`: all of them.
    writes_left: Option<u64>,
    env: BTreeMap<String, String>,
    /// What programs answer, by the command line; one that ends in ` *` stands for all that begin so.
    programs: BTreeMap<String, Ran>,
}

struct NoLock;
impl Lock for NoLock {}

impl MemorySystem {
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let system = Self::default();
        for (path, text) in files {
            system.put(path, text);
        }
        system
    }

    pub fn put(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        self.lock_state().write(path.as_ref(), text.as_ref());
    }

    pub fn delete(&self, path: impl AsRef<Path>) {
        self.lock_state().files.remove(path.as_ref());
    }

    pub fn set_env(&self, name: &str, value: &str) {
        self.lock_state().env.insert(name.to_owned(), value.to_owned());
    }

    /// `command` (program and arguments, a blank between them) answers so; ` *` at its end stands for any arguments.
    pub fn set_program(&self, command: &str, answer: Ran) {
        self.lock_state().programs.insert(command.to_owned(), answer);
    }

    /// From now on only `count` writes succeed; the next ones fail with `StorageFull`.
    pub fn fail_writes_after(&self, count: Option<u64>) {
        self.lock_state().writes_left = count;
    }

    /// Every file with its bytes.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.lock_state().files.iter().map(|(path, (bytes, _))| (path.clone(), bytes.clone())).collect()
    }

    fn lock_state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Stamp {
        self.clock += 1_000_000;
        let stamp = Stamp {
            mtime: self.clock,
            ctime: self.clock,
            size: bytes.len() as u64,
            inode: self.clock.unsigned_abs(),
            kind: Kind::File,
        };
        self.files.insert(path.to_owned(), (bytes.to_owned(), stamp));
        stamp
    }

    fn spend(&mut self) -> io::Result<()> {
        match &mut self.writes_left {
            Some(0) => Err(io::Error::from(io::ErrorKind::StorageFull)),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn answer(&self, program: &str, args: &[&str]) -> io::Result<Ran> {
        let line = [&[program], args].concat().join(" ");
        let begins = |known: &str| known.strip_suffix('*').is_some_and(|start| line.starts_with(start));
        let known = self.programs.iter().find(|(known, _)| **known == line || begins(known));
        known
            .map(|(_, ran)| ran.clone())
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no program {program} in memory")))
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files.keys().any(|file| file.starts_with(path) && file != path)
    }
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl System for MemorySystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.lock_state().files.get(path).map(|(bytes, _)| bytes.clone()).ok_or_else(missing)
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let bytes = self.read(path)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        bytes
            .get(start..start.saturating_add(len))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }

    fn stat(&self, path: &Path) -> io::Result<Stamp> {
        let state = self.lock_state();
        if let Some((_, stamp)) = state.files.get(path) {
            return Ok(*stamp);
        }
        if state.is_folder(path) {
            return Ok(Stamp { mtime: 0, ctime: 0, size: 0, inode: 0, kind: Kind::Folder });
        }
        Err(missing())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(String, Kind)>> {
        let state = self.lock_state();
        if !state.is_folder(folder) {
            return Err(missing());
        }
        let mut found = BTreeMap::new();
        for file in state.files.keys() {
            let Ok(relative) = file.strip_prefix(folder) else { continue };
            let mut parts = relative.components();
            let Some(first) = parts.next() else { continue };
            let kind = if parts.next().is_some() { Kind::Folder } else { Kind::File };
            found.insert(first.as_os_str().to_string_lossy().into_owned(), kind);
        }
        Ok(found.into_iter().collect())
    }

    fn walk(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.lock_state();
        Ok(state
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(folder).ok())
            .filter(|file| {
                !file.parent().is_some_and(|p| p.components().any(|c| c.as_os_str().to_string_lossy().starts_with('.')))
            })
            .map(Path::to_owned)
            .collect())
    }

    fn write_atomic(&self, path: &Path, bytes: &[u8]) -> io::Result<Stamp> {
        let mut state = self.lock_state();
        state.spend()?;
        Ok(state.write(path, bytes))
    }

    fn append_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock_state();
        state.spend()?;
        let mut old = state.files.get(path).map(|(bytes, _)| bytes.clone()).unwrap_or_default();
        old.truncate(usize::try_from(offset).unwrap_or(usize::MAX));
        old.extend_from_slice(bytes);
        state.write(path, &old);
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.lock_state().files.remove(path).map(|_| ()).ok_or_else(missing)
    }

    fn remove_empty_folder(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.lock_state().files.retain(|file, _| !file.starts_with(path));
        Ok(())
    }

    fn make_folders(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn set_executable(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _path: &Path, _waiting: &dyn Fn()) -> io::Result<Box<dyn Lock>> {
        Ok(Box::new(NoLock))
    }

    fn now(&self) -> i64 {
        self.lock_state().clock
    }

    fn env(&self, name: &str) -> Option<String> {
        self.lock_state().env.get(name).cloned()
    }

    fn current_folder(&self) -> io::Result<PathBuf> {
        Ok(PathBuf::from("/project"))
    }

    fn start(
        &self,
        program: &str,
        args: &[&str],
        _folder: &Path,
        _env: &[(&str, &str)],
    ) -> io::Result<Box<dyn Process>> {
        Ok(Box::new(Ended(self.lock_state().answer(program, args)?)))
    }

    fn run(&self, program: &str, args: &[&str], _folder: &Path, _input: &[u8]) -> io::Result<Ran> {
        self.lock_state().answer(program, args)
    }
}

/// A process in memory: it has said all that it will say.
struct Ended(Ran);

impl Process for Ended {
    fn input(&mut self) -> Option<Box<dyn io::Write + Send>> {
        Some(Box::new(io::sink()))
    }

    fn output(&mut self) -> Option<Box<dyn io::Read + Send>> {
        Some(Box::new(io::Cursor::new(std::mem::take(&mut self.0.stdout))))
    }

    fn complaints(&mut self) -> Option<Box<dyn io::Read + Send>> {
        Some(Box::new(io::Cursor::new(std::mem::take(&mut self.0.stderr))))
    }

    fn end(&mut self) {}

    fn wait(&mut self) -> io::Result<i32> {
        Ok(self.0.status)
    }
}
