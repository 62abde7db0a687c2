//! What git knows: changes, staged contents, older versions, the hooks folder. Asked with as few processes as will do,
//! since each costs some milliseconds; nothing here ever changes a repository.
//!
//! Names of paths go through `-z` and literal pathspecs, revisions are resolved behind `--end-of-options`, the index is
//! the one of `GIT_INDEX_FILE` where a hook set it, and no lock is taken.
//!
//! Map of the room: `answer` takes apart what git prints.

mod answer;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::System;

/// Why git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("`git` is not installed or not in the PATH")]
    Missing,
    #[error("`{}` is not in a git repository{}", .folder.display(), said_after(.said))]
    NoRepository { folder: PathBuf, said: String },
    #[error("git knows no revision `{revision}`{}", said_after(.said))]
    UnknownRevision { revision: String, said: String },
    #[error("`git {command}` failed with exit code {status}{}", said_after(.said))]
    Failed { command: String, status: i32, said: String },
    #[error("`git {command}` answered what hfgen cannot read: {what}")]
    Odd { command: String, what: String },
    #[error("cannot run git: {0}")]
    Io(#[from] io::Error),
}

fn said_after(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// The hash of a blob, as git writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(String);

/// A commit that is known to exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit(String);

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The repository around a folder. Paths that go in and come out are relative to that folder, with forward slashes.
pub struct Repository<'a> {
    system: &'a dyn System,
    folder: PathBuf,
    /// The top of the working tree, where git runs: elsewhere it would take that folder for the top when `GIT_DIR` is set.
    top: PathBuf,
    /// From the top to the folder: empty, or ending in a slash.
    prefix: String,
}

/// A path whose contents are not the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub path: String,
    /// What the last commit has.
    pub committed: Option<BlobId>,
    /// What the index has: what the next commit will have.
    pub staged: Option<BlobId>,
    /// The commit and the index differ.
    pub is_staged: bool,
    /// The index and the working tree differ.
    pub is_unstaged: bool,
    /// A merge stopped here.
    pub is_conflict: bool,
}

/// Where commit, index and working tree differ. A rename is a path that is gone and a path that is new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Sorted by path.
    pub entries: Vec<Entry>,
    /// Files that the index does not have. Folders that are repositories of their own are left out.
    pub untracked: Vec<String>,
    /// Ignored files, and folders (ending in a slash) that are ignored as a whole.
    pub ignored: Vec<String>,
}

impl Status {
    /// What differs from the last commit, untracked files included.
    pub fn changed(&self) -> BTreeSet<String> {
        self.entries.iter().map(|entry| &entry.path).chain(&self.untracked).cloned().collect()
    }
}

/// Where git looks for hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hooks {
    pub folder: PathBuf,
    /// Outside the working tree and outside the repository's own folder, so that other repositories may use it.
    pub is_shared: bool,
}

impl<'a> Repository<'a> {
    /// The repository that `folder` lies in. No process is run.
    pub fn around(system: &'a dyn System, folder: &Path) -> Result<Self, GitError> {
        let missing = || GitError::NoRepository { folder: folder.to_owned(), said: String::new() };
        let real = system.canonical(folder)?;
        let top = real.ancestors().find(|at| system.exists(&at.join(".git"))).ok_or_else(missing)?.to_owned();
        let inner = real.strip_prefix(&top).map_err(|_| missing())?;
        let mut prefix = String::new();
        for part in inner.components() {
            if let Component::Normal(name) = part {
                prefix.push_str(&name.to_string_lossy());
                prefix.push('/');
            }
        }
        Ok(Self { system, folder: folder.to_owned(), top, prefix })
    }

    /// The top of the working tree.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// From the top to the folder: empty, or ending in a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where commit, index and working tree differ, below the folder; or below some paths of it. One process.
    pub fn status(&self, below: &[&str]) -> Result<Status, GitError> {
        let mut args = vec![
            "status",
            "--porcelain=v2",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            "--ignored=matching",
            "--ignore-submodules=all",
            "--",
        ];
        let below = self.below(below);
        args.extend(below.iter().map(String::as_str));
        let answer = self.git(&args, &[])?;
        let mut status = Status::default();
        for record in answer.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let record = String::from_utf8_lossy(record);
            answer::read_record(&record, &self.prefix, &mut status)
                .ok_or_else(|| GitError::Odd { command: "status".to_owned(), what: record.clone().into_owned() })?;
        }
        status.entries.sort_by(|a, b| a.path.cmp(&b.path));
        status.untracked.sort();
        status.ignored.sort();
        Ok(status)
    }

    /// The commit that "since `revision`" means: where the current branch left it. One process.
    pub fn base(&self, revision: &str) -> Result<Commit, GitError> {
        let unknown = |said: &str| GitError::UnknownRevision { revision: revision.to_owned(), said: said.to_owned() };
        if revision.is_empty() || revision.contains(['\0', '\n']) {
            return Err(unknown(""));
        }
        // `main...` says what is meant anyway: since the branch was left.
        let name = revision.strip_suffix("...").unwrap_or(revision);
        if name.is_empty() || name.contains("..") || name.starts_with('^') {
            return Err(unknown("a range is no revision"));
        }
        let first_line = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        let asked = self.try_git(&["merge-base", "--end-of-options", name, "HEAD"], &[])?;
        match asked.status {
            0 => Ok(Commit(first_line(&asked.stdout))),
            // No common ancestor: everything differs, and the revision itself is what to compare with.
            1 => {
                let commit = format!("{name}^{{commit}}");
                let asked = self.try_git(&["rev-parse", "--verify", "--end-of-options", &commit], &[])?;
                if asked.ok() { Ok(Commit(first_line(&asked.stdout))) } else { Err(unknown(&said(&asked.stderr))) }
            }
            _ => Err(unknown(&said(&asked.stderr))),
        }
    }

    /// What differs between the working tree and a commit, untracked files included. Two processes, side by side.
    pub fn changed_since(&self, base: &Commit, below: &[&str]) -> Result<BTreeSet<String>, GitError> {
        let below = self.below(below);
        let with = |args: &[&'static str], commit: Option<&str>| -> Result<Vec<u8>, GitError> {
            let mut args: Vec<&str> = args.to_vec();
            args.extend(commit);
            args.push("--");
            args.extend(below.iter().map(String::as_str));
            self.git(&args, &[])
        };
        let (tracked, untracked) = std::thread::scope(|scope| {
            let untracked = scope.spawn(|| with(&["ls-files", "-z", "--others", "--exclude-standard"], None));
            let diff = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--ignore-submodules=all"];
            let tracked = with(&diff, Some(&base.0));
            (tracked, untracked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let mut changed = BTreeSet::new();
        for answer in [tracked?, untracked?] {
            changed.extend(self.paths(&answer, "").filter(|path| !path.ends_with('/')));
        }
        Ok(changed)
    }

    /// The contents of blobs, in their order. One process; none for no blobs.
    pub fn blobs(&self, ids: &[BlobId]) -> Result<Vec<Vec<u8>>, GitError> {
        let names: Vec<String> = ids.iter().map(|id| id.0.clone()).collect();
        let contents = self.contents(&names)?;
        let lost = |id: &BlobId| GitError::Odd { command: "cat-file".to_owned(), what: format!("no blob {}", id.0) };
        contents.into_iter().zip(ids).map(|(content, id)| content.ok_or_else(|| lost(id))).collect()
    }

    /// The contents that files had in a commit; None where it had no such file. One process.
    pub fn at(&self, commit: &Commit, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        let name = |path: &&str| format!("{}:{}{path}", commit.0, self.prefix);
        self.contents(&paths.iter().map(name).collect::<Vec<_>>())
    }

    /// Those of `paths` that git ignores. One process; none for no paths.
    pub fn ignored(&self, paths: &[&str]) -> Result<BTreeSet<String>, GitError> {
        if paths.is_empty() {
            return Ok(BTreeSet::new());
        }
        // This command knows no literal pathspecs; a path that starts with a dot has no magic in it.
        let input: String = paths.iter().map(|path| format!("./{}{path}\0", self.prefix)).collect();
        let args = ["check-ignore", "-z", "--stdin"];
        let ran = self.run(&args, input.as_bytes())?;
        match ran.status {
            0 | 1 => Ok(self.paths(&ran.stdout, "./").collect()),
            status => Err(failed(&args, status, &ran.stderr)),
        }
    }

    /// Where git looks for hooks: `core.hooksPath` and linked working trees are heard. One process.
    pub fn hooks(&self) -> Result<Hooks, GitError> {
        let args = ["rev-parse", "--git-path", "hooks", "--git-common-dir"];
        let answer = String::from_utf8_lossy(&self.git(&args, &[])?).into_owned();
        let [hooks, common] = answer.lines().collect::<Vec<_>>()[..] else {
            return Err(GitError::Odd { command: args.join(" "), what: answer });
        };
        let folder = self.top.join(hooks);
        let real = |path: PathBuf| self.system.canonical(&path).unwrap_or(path);
        let (at, common) = (real(folder.clone()), real(self.top.join(common)));
        Ok(Hooks { is_shared: !at.starts_with(&self.top) && !at.starts_with(common), folder })
    }

    /// Pathspecs from the top; none means everything, which is said only where the folder is not the top.
    fn below(&self, paths: &[&str]) -> Vec<String> {
        match (paths, self.prefix.as_str()) {
            ([], "") => Vec::new(),
            ([], prefix) => vec![prefix.to_owned()],
            (paths, prefix) => paths.iter().map(|path| format!("{prefix}{path}")).collect(),
        }
    }

    /// The paths of a `-z` answer that lie below the folder; each begins with `lead`.
    fn paths(&self, answer: &[u8], lead: &str) -> impl Iterator<Item = String> {
        let lead = format!("{lead}{}", self.prefix);
        answer.split(|byte| *byte == 0).filter_map(move |path| {
            String::from_utf8_lossy(path).strip_prefix(&lead).filter(|path| !path.is_empty()).map(str::to_owned)
        })
    }

    /// What `cat-file --batch` says of each name.
    fn contents(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, GitError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        // Only newer versions of git take names apart at NUL, and only a newline in a name makes it needful.
        let (end, args): (char, &[&str]) = if names.iter().any(|name| name.contains('\n')) {
            ('\0', &["cat-file", "--batch", "-z"])
        } else {
            ('\n', &["cat-file", "--batch"])
        };
        let input: String = names.iter().map(|name| format!("{name}{end}")).collect();
        let answer = self.git(args, input.as_bytes())?;
        let mut rest = answer.as_slice();
        names.iter().map(|name| answer::content(&mut rest, name)).collect()
    }

    fn git(&self, args: &[&str], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let ran = self.try_git(args, input)?;
        if ran.ok() { Ok(ran.stdout) } else { Err(failed(args, ran.status, &ran.stderr)) }
    }

    fn try_git(&self, args: &[&str], input: &[u8]) -> Result<super::Ran, GitError> {
        let mut all = vec!["--literal-pathspecs"];
        all.extend(args);
        self.run(&all, input)
    }

    fn run(&self, args: &[&str], input: &[u8]) -> Result<super::Ran, GitError> {
        let mut all = vec!["--no-optional-locks"];
        all.extend(args);
        let ran = self.system.run("git", &all, &self.top, input).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if self.system.exists(&self.top) => GitError::Missing,
            _ => GitError::Io(error),
        })?;
        // git names this setting in every language, when it does not trust a repository of another user.
        if ran.status == 128 && String::from_utf8_lossy(&ran.stderr).contains("safe.directory") {
            return Err(GitError::NoRepository { folder: self.folder.clone(), said: said(&ran.stderr) });
        }
        Ok(ran)
    }
}

fn failed(args: &[&str], status: i32, stderr: &[u8]) -> GitError {
    GitError::Failed { command: args.first().copied().unwrap_or_default().to_owned(), status, said: said(stderr) }
}

/// The first line that git said, without its prefix.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.trim().trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned()
}
