//! The real machine. Effects only: no decisions are taken here.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Kind, Lock, Process, Ran, Stamp, System};

/// Temporary files start so; a build removes those that a killed one left.
pub const TEMPORARY: &str = ".hfgen-tmp-";

#[derive(Debug, Default, Clone, Copy)]
pub struct OsSystem;

struct FileLock(#[expect(dead_code, reason = "held for its drop")] File);
impl Lock for FileLock {}

impl System for OsSystem {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn read_at(&self, path: &Path, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        use std::io::{Read as _, Seek as _};
        let mut file = File::open(path)?;
        file.seek(io::SeekFrom::Start(offset))?;
        let mut bytes = vec![0; len];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn stat(&self, path: &Path) -> io::Result<Stamp> {
        fs::symlink_metadata(path).map(|meta| stamp(&meta))
    }

    #[cfg(target_os = "linux")]
    fn stat_many(&self, root: &Path, paths: &[&str]) -> Vec<Option<Stamp>> {
        stat_by_folder(root, paths)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<(String, Kind)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            found.push((entry.file_name().to_string_lossy().into_owned(), kind(entry.file_type()?)));
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    fn walk(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        let walk = ignore::WalkBuilder::new(folder).standard_filters(false).hidden(false).follow_links(false).build();
        for entry in walk {
            let entry = entry.map_err(io::Error::other)?;
            let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let hidden_folder = relative
                .parent()
                .is_some_and(|p| p.components().any(|c| c.as_os_str().to_string_lossy().starts_with('.')));
            if entry.file_type().is_some_and(|t| t.is_file()) && !hidden_folder {
                found.push(relative.to_owned());
            }
        }
        found.sort();
        Ok(found)
    }

    fn write_atomic(&self, path: &Path, bytes: &[u8]) -> io::Result<Stamp> {
        match write_beside(path, bytes) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                write_beside(path, bytes)
            }
            other => other,
        }
    }

    fn append_at(&self, path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
        use std::io::Seek as _;
        let mut file = File::options().create(true).truncate(false).write(true).open(path)?;
        file.set_len(offset)?;
        file.seek(io::SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_empty_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn make_folders(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn set_executable(&self, path: &Path) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        }
        #[cfg(not(unix))]
        let _ = path;
        Ok(())
    }

    fn lock(&self, path: &Path, waiting: &dyn Fn()) -> io::Result<Box<dyn Lock>> {
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                waiting();
                file.lock()?;
            }
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        Ok(Box::new(FileLock(file)))
    }

    fn now(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn current_folder(&self) -> io::Result<PathBuf> {
        std::env::current_dir()
    }

    fn start(&self, program: &str, args: &[&str], folder: &Path, env: &[(&str, &str)]) -> io::Result<Box<dyn Process>> {
        super::process::start(program, args, folder, env)
    }

    fn run(&self, program: &str, args: &[&str], folder: &Path, input: &[u8]) -> io::Result<Ran> {
        let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
        let mut child = Command::new(program)
            .args(args)
            .current_dir(folder)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            if let Some(mut stdin) = stdin {
                scope.spawn(move || stdin.write_all(input));
            }
            child.wait_with_output()
        })?;
        Ok(Ran { status: exit_code(output.status), stdout: output.stdout, stderr: output.stderr })
    }
}

/// Opens the folder of neighbours once, so that the kernel does not walk down to it for each of them.
#[cfg(target_os = "linux")]
fn stat_by_folder<'a>(root: &Path, paths: &[&'a str]) -> Vec<Option<Stamp>> {
    use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags, openat, statx};
    let open = |folder: &str| {
        openat(CWD, root.join(folder), OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()
    };
    let mut last: Option<(&str, _)> = None;
    let mut one = |path: &'a str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        if last.as_ref().is_none_or(|(known, _)| *known != folder) {
            last = Some((folder, open(folder)));
        }
        let found = match &last {
            Some((_, Some(descriptor))) if !folder.is_empty() && !name.is_empty() => {
                statx(descriptor, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS)
            }
            _ => Err(rustix::io::Errno::NOSYS),
        };
        match found {
            Ok(found) => Some(stamp_of(&found)),
            Err(rustix::io::Errno::NOENT) => None,
            // An old kernel, a folder that can't be opened, `/`: the common way says what is there.
            Err(_) => fs::symlink_metadata(root.join(path)).ok().map(|meta| stamp(&meta)),
        }
    };
    paths.iter().map(|path| one(path)).collect()
}

/// The same as [`stamp`] says.
#[cfg(target_os = "linux")]
fn stamp_of(found: &rustix::fs::Statx) -> Stamp {
    use rustix::fs::FileType;
    let nanos = |at: rustix::fs::StatxTimestamp| at.tv_sec * 1_000_000_000 + i64::from(at.tv_nsec);
    Stamp {
        mtime: nanos(found.stx_mtime),
        ctime: nanos(found.stx_ctime),
        size: found.stx_size,
        inode: found.stx_ino,
        kind: match FileType::from_raw_mode(found.stx_mode.into()) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Symlink,
            _ => Kind::Other,
        },
    }
}

#[cfg(unix)]
pub(super) fn exit_code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(not(unix))]
pub(super) fn exit_code(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap_or(1)
}

/// Writes a temporary file in the same folder and puts it in the place of `path` in one step.
///
/// On Linux an existing file is exchanged with the new one and then unlinked: renaming over a file makes ext4 start
/// write-out at once, which is three to twenty times as slow. A link stays, and what it leads to is replaced; a pipe or a
/// device is written to.
fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<Stamp> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let there = fs::symlink_metadata(path).ok().map(|meta| kind(meta.file_type()));
    match there {
        Some(Kind::Symlink) => {
            // `/dev/stdout` leads to what has no path.
            return fs::canonicalize(path).map_or_else(|_| write_to(path, bytes), |real| write_beside(&real, bytes));
        }
        Some(Kind::Other) => return write_to(path, bytes),
        Some(Kind::Folder) => return Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Some(Kind::File) | None => {}
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.join(format!("{TEMPORARY}{}-{number}", std::process::id()));
    let written: io::Result<fs::Metadata> = (|| {
        let mut file = create(&temporary)?;
        file.write_all(bytes)?;
        let meta = file.metadata()?;
        drop(file);
        replace(&temporary, path, there.is_some())?;
        Ok(meta)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    let meta = written?;
    // The rename moved the ctime, so it is asked for again.
    fs::symlink_metadata(path).map_or_else(|_| Ok(stamp(&meta)), |meta| Ok(stamp(&meta)))
}

/// Writes to what stands at `path`, in place.
fn write_to(path: &Path, bytes: &[u8]) -> io::Result<Stamp> {
    let mut file = File::options().create(true).write(true).truncate(true).open(path)?;
    file.write_all(bytes)?;
    file.metadata().map(|meta| stamp(&meta))
}

/// A new file. One that is there was left by a killed process of the same number, as in containers it often has.
fn create(path: &Path) -> io::Result<File> {
    let create = || File::options().create_new(true).write(true).open(path);
    match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            create()
        }
        other => other,
    }
}

#[cfg(target_os = "linux")]
fn replace(temporary: &Path, path: &Path, there: bool) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    if !there {
        return fs::rename(temporary, path);
    }
    match renameat_with(CWD, temporary, CWD, path, RenameFlags::EXCHANGE) {
        Ok(()) => fs::remove_file(temporary),
        Err(_) => fs::rename(temporary, path),
    }
}

#[cfg(not(target_os = "linux"))]
fn replace(temporary: &Path, path: &Path, _there: bool) -> io::Result<()> {
    fs::rename(temporary, path)
}

fn kind(kind: fs::FileType) -> Kind {
    match kind {
        k if k.is_file() => Kind::File,
        k if k.is_dir() => Kind::Folder,
        k if k.is_symlink() => Kind::Symlink,
        _ => Kind::Other,
    }
}

#[cfg(unix)]
fn stamp(meta: &fs::Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt as _;
    Stamp {
        mtime: meta.mtime() * 1_000_000_000 + meta.mtime_nsec(),
        ctime: meta.ctime() * 1_000_000_000 + meta.ctime_nsec(),
        size: meta.size(),
        inode: meta.ino(),
        kind: kind(meta.file_type()),
    }
}

#[cfg(not(unix))]
fn stamp(meta: &fs::Metadata) -> Stamp {
    let nanos = meta
        .modified()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
    Stamp { mtime: nanos, ctime: nanos, size: meta.len(), inode: 0, kind: kind(meta.file_type()) }
}
