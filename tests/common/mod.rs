//! Small projects for tests: a handful of model types, templates and rules in a temporary folder, and what is asked of
//! them. Everything goes through the real binary or the library's engine; nothing of hfgen is imitated here.
//!
//! Map of the folder: `suite` holds the files of the standard project, `desk` edits them, `git` makes repositories.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

pub mod desk;
pub mod git;
pub mod suite;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hfgen::build::outcome::{Action, Outcome};
use hfgen::build::{Failure, Mode, Options, Selection, Silent, build};
use hfgen::finding::{CodeId, Finding};
use hfgen::sys::OsSystem;
use tempfile::TempDir;

pub const HFGEN: &str = env!("CARGO_BIN_EXE_hfgen");

/// What a run of the binary came to.
#[derive(Debug, Clone)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Both streams, for messages and searches.
    pub fn text(&self) -> String {
        format!("[exit {}]\n{}\n[stderr]\n{}", self.code, self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.text());
        self
    }

    #[track_caller]
    pub fn has(self, words: &str) -> Self {
        assert!(self.stdout.contains(words) || self.stderr.contains(words), "no {words:?} in {}", self.text());
        self
    }

    #[track_caller]
    pub fn has_not(self, words: &str) -> Self {
        assert!(!self.stdout.contains(words) && !self.stderr.contains(words), "{words:?} in {}", self.text());
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// A file as `lstat` sees it: what moves whenever somebody writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    pub inode: u64,
    pub mtime: (i64, i64),
    pub ctime: (i64, i64),
}

/// A project in a temporary folder.
pub struct Project {
    folder: TempDir,
    root: PathBuf,
}

impl Project {
    /// The standard project of `suite`.
    pub fn new() -> Self {
        let project = Self::empty();
        for (path, text) in suite::files() {
            project.put(path, text);
        }
        project
    }

    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir(&root).unwrap();
        Self { folder, root }
    }

    /// The standard project with `count` further model types of the text family.
    pub fn with_models(count: usize) -> Self {
        let project = Self::new();
        let mut lock = suite::lock();
        for number in 0..count {
            let (key, facts) = suite::text_model(&format!("many-{number:05}"), 64 + number as i64);
            lock.models.insert(key, facts);
        }
        project.put("registry.lock", hfgen::registry::lock::write(&lock));
        project
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder around the project, for what lies outside of it.
    pub fn outside(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
    }

    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.path(path)).ok()
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    pub fn has(&self, path: &str) -> bool {
        fs::symlink_metadata(self.path(path)).is_ok()
    }

    /// Replaces `from`, which must be there, by `to`.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        self.put(path, text.replacen(from, to, 1));
    }

    pub fn append(&self, path: &str, text: &str) {
        let before = self.read(path);
        self.put(path, before + text);
    }

    /// Moves the file's time without changing it.
    pub fn touch(&self, path: &str) {
        let file = fs::File::options().append(true).open(self.path(path)).unwrap();
        file.set_modified(std::time::SystemTime::now()).unwrap();
    }

    pub fn options(&self) -> Options {
        Options { root: self.root.clone(), ..Options::default() }
    }

    pub fn try_build(&self, options: &Options) -> Result<Outcome, Failure> {
        build(&OsSystem, options, &Silent)
    }

    /// Builds everything; the inputs must be good.
    #[track_caller]
    pub fn build(&self) -> Outcome {
        self.build_with(|_| {})
    }

    #[track_caller]
    pub fn build_with(&self, change: impl FnOnce(&mut Options)) -> Outcome {
        let mut options = self.options();
        change(&mut options);
        match self.try_build(&options) {
            Ok(outcome) => outcome,
            Err(failure) => panic!("{failure:#?}"),
        }
    }

    #[track_caller]
    pub fn build_selected(&self, selection: Selection) -> Outcome {
        self.build_with(|options| options.selection = selection)
    }

    #[track_caller]
    pub fn dry(&self) -> Outcome {
        self.build_with(|options| options.mode = Mode::Dry)
    }

    /// Runs the binary in the project's folder.
    pub fn hfgen(&self, args: &[&str]) -> Ran {
        run_in(&self.root, HFGEN, args)
    }

    /// Every output with its bytes, by path below `folder`.
    pub fn files_below(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path(folder);
        let mut found = BTreeMap::new();
        collect(&root, &root, &mut |relative, path| {
            found.insert(relative, fs::read(path).unwrap_or_default());
        });
        found
    }

    pub fn outputs(&self) -> BTreeMap<String, Vec<u8>> {
        self.files_below("generated")
    }

    /// Every file but those of git and the cache.
    pub fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tree = self.files_below("");
        tree.retain(|path, _| !path.starts_with(".hfgen-cache/") && !path.starts_with(".git/"));
        tree
    }

    pub fn stats(&self, folder: &str) -> BTreeMap<String, Stat> {
        let root = self.path(folder);
        let mut found = BTreeMap::new();
        collect(&root, &root, &mut |relative, path| {
            found.insert(relative, stat(path));
        });
        found
    }

    /// The same inputs in a fresh folder, without outputs and cache.
    pub fn fresh_copy(&self) -> Self {
        let copy = Self::empty();
        for (path, bytes) in self.tree() {
            if !path.starts_with("generated/") {
                copy.put(&path, bytes);
            }
        }
        copy
    }

    /// The outputs are those that a build from nothing makes.
    #[track_caller]
    pub fn assert_clean(&self) {
        let clean = self.fresh_copy();
        clean.build();
        same_files(&clean.outputs(), &self.outputs());
    }

    /// No temporary file of a killed build is left anywhere.
    #[track_caller]
    pub fn assert_swept(&self) {
        let left: Vec<String> = self.files_below("").into_keys().filter(|path| path.contains(".hfgen-tmp-")).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }

    /// Outputs as they are written down, each whole: with its mark, and with the bytes that the mark tells.
    #[track_caller]
    pub fn assert_whole(&self) {
        for (path, bytes) in self.outputs() {
            if path.contains(".hfgen-tmp-") {
                continue;
            }
            let mark = hfgen::graph::header::mark(&path, &bytes);
            assert_eq!(mark, hfgen::graph::header::Mark::Genuine, "{path}:\n{}", String::from_utf8_lossy(&bytes));
        }
    }
}

#[track_caller]
pub fn same_files(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(expected), names(found), "other files");
    for (path, bytes) in expected {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(bytes), text(&found[path]), "{path} differs");
    }
}

pub fn stat(path: &Path) -> Stat {
    let meta = fs::symlink_metadata(path).unwrap();
    Stat { inode: meta.ino(), mtime: (meta.mtime(), meta.mtime_nsec()), ctime: (meta.ctime(), meta.ctime_nsec()) }
}

/// Files and symlinks below `folder`, in no order; folders that are links are not entered.
fn collect(root: &Path, folder: &Path, found: &mut dyn FnMut(String, &Path)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(root, &path, found);
        } else {
            found(path.strip_prefix(root).unwrap().to_string_lossy().into_owned(), &path);
        }
    }
}

pub fn command(folder: &Path, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(folder).stdin(Stdio::null());
    // What the machine's owner set for colours, git and continuous integration is not part of a test.
    for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS", "GIT_DIR", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command
}

/// The same command where an interrupt ends it: whatever a script runs in the background inherits that none does.
pub fn heeding_interrupts(command: &Command) -> Command {
    const THEN: &str =
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])";
    let mut heeding = Command::new("python3");
    heeding.args(["-c", THEN]).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    if let Some(folder) = command.get_current_dir() {
        heeding.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => heeding.env(name, value),
            None => heeding.env_remove(name),
        };
    }
    heeding
}

/// Waits until none of these processes runs; one that only waits to be waited for does not.
#[track_caller]
pub fn gone(pids: &[u32], within: Duration) {
    let runs = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        status.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    };
    let start = Instant::now();
    while pids.iter().any(runs) {
        assert!(start.elapsed() < within, "{pids:?} still run");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn run_in(folder: &Path, program: &str, args: &[&str]) -> Ran {
    finished(command(folder, program, args))
}

pub fn finished(mut command: Command) -> Ran {
    use std::os::unix::process::ExitStatusExt as _;
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Ran {
        code: output.status.code().unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// What became of the outputs, by path below the output root.
pub fn actions(outcome: &Outcome) -> BTreeMap<String, Action> {
    let below = |path: &str| path.strip_prefix("generated/").unwrap_or(path).to_owned();
    outcome.outputs.iter().map(|output| (below(&output.path), output.action)).collect()
}

/// The paths that an outcome moved.
pub fn moved(outcome: &Outcome) -> Vec<String> {
    actions(outcome).into_keys().collect()
}

pub fn codes(findings: &[Finding]) -> Vec<CodeId> {
    findings.iter().map(|finding| finding.code).collect()
}

/// The findings of a build that could not be done.
#[track_caller]
pub fn refused(result: Result<Outcome, Failure>) -> Vec<Finding> {
    match result {
        Err(Failure::Inputs(findings) | Failure::Selection(findings)) => findings,
        other => panic!("no refusal: {other:#?}"),
    }
}

/// Whether tests run as a user that the file system refuses nothing.
pub fn is_root() -> bool {
    run_in(Path::new("/"), "id", &["-u"]).stdout.trim() == "0"
}

/// Tells why a test could not be done on this machine; the test passes.
pub fn skipped(why: &str) {
    note(&format!("skipped: {why}"));
}

/// Says something to whoever reads along.
pub fn note(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}
