//! What hfgen asks of git, held against real repositories in temporary folders.
#![allow(clippy::disallowed_methods, reason = "tests make and read real files")]

use std::fs;
use std::path::Path;

use hfgen::sys::git::{GitError, Repository};
use hfgen::sys::{OsSystem, System};
use tempfile::TempDir;

struct Scratch(TempDir);

impl Scratch {
    /// A repository with one commit that holds `files`.
    fn new(files: &[(&str, &str)]) -> Self {
        let scratch = Self(tempfile::tempdir().unwrap());
        scratch.git(&["init", "-q", "-b", "main"]);
        scratch.put(files);
        scratch.git(&["add", "-A"]);
        scratch.git(&["commit", "-q", "--allow-empty", "-m", "first"]);
        scratch
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn git(&self, args: &[&str]) -> String {
        git_in(self.path(), args)
    }

    fn repository(&self) -> Repository<'_> {
        Repository::around(&OsSystem, self.path()).unwrap()
    }
}

fn git_in(folder: &Path, args: &[&str]) -> String {
    let mut all = vec!["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"];
    all.extend(args);
    let ran = OsSystem.run("git", &all, folder, &[]).unwrap();
    assert!(ran.ok(), "git {args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().trim().to_owned()
}

fn lines(entries: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    entries.into_iter().map(|entry| entry.as_ref().to_owned()).collect()
}

const ODD: &str = "odd/né w\nline \"q\" 'x' \\ -- é.hbs";

#[test]
fn status_tells_commit_index_and_working_tree_apart() {
    let scratch =
        Scratch::new(&[("a", "1"), ("b", "1"), ("c", "1"), ("same", "1"), (".gitignore", "*.ign\n"), (ODD, "1")]);
    scratch.put(&[("a", "2")]);
    scratch.git(&["add", "a"]);
    scratch.put(&[("a", "3"), ("new", "n"), ("later", "l"), ("x.ign", "i"), (ODD, "2")]);
    scratch.git(&["rm", "-q", "--cached", "b"]);
    scratch.git(&["mv", "c", "c moved"]);
    scratch.git(&["add", "-N", "later"]);
    let repository = scratch.repository();
    let status = repository.status(&[]).unwrap();
    let told: Vec<String> = status
        .entries
        .iter()
        .map(|entry| {
            let mark = |yes, mark| if yes { mark } else { "-" };
            format!(
                "{}{}{}{} {}",
                mark(entry.committed.is_some(), "c"),
                mark(entry.staged.is_some(), "i"),
                mark(entry.is_staged, "S"),
                mark(entry.is_unstaged, "U"),
                entry.path
            )
        })
        .collect();
    let odd = format!("ci-U {ODD}");
    assert_eq!(told, ["ciSU a", "c-S- b", "c-S- c", "-iS- c moved", "---U later", &odd]);
    assert_eq!(status.untracked, ["b", "new"]);
    assert_eq!(status.ignored, ["x.ign"]);
    assert_eq!(status.changed(), lines(["a", "b", "c", "c moved", "later", "new", ODD]).into_iter().collect());

    let blobs: Vec<_> = status.entries.iter().filter_map(|entry| entry.staged.clone()).collect();
    let contents = repository.blobs(&blobs).unwrap();
    assert_eq!(contents, [b"2".to_vec(), b"1".to_vec(), b"1".to_vec()]);
    assert_eq!(repository.blobs(&[]).unwrap(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_project_in_a_folder_sees_only_itself() {
    let scratch = Scratch::new(&[("outside", "1"), ("suite/rules/a.toml", "1"), ("suite/registry.toml", "1")]);
    scratch.put(&[("outside", "2"), ("suite/rules/a.toml", "2"), ("suite/new", "1"), ("suited", "1")]);
    let repository = Repository::around(&OsSystem, &scratch.path().join("suite")).unwrap();
    assert_eq!(repository.prefix(), "suite/");
    let status = repository.status(&[]).unwrap();
    assert_eq!(status.changed(), lines(["new", "rules/a.toml"]).into_iter().collect());
    assert_eq!(
        repository.status(&["rules", "templates"]).unwrap().changed(),
        lines(["rules/a.toml"]).into_iter().collect()
    );
    let base = repository.base("HEAD").unwrap();
    assert_eq!(repository.changed_since(&base, &[]).unwrap(), status.changed());
    assert_eq!(repository.at(&base, &["rules/a.toml", "new"]).unwrap(), [Some(b"1".to_vec()), None]);
}

#[test]
fn since_a_branch_means_since_it_was_left() {
    let scratch = Scratch::new(&[("kept", "1"), ("changed", "1"), ("gone", "1"), ("by main", "1"), (ODD, "old")]);
    scratch.git(&["switch", "-q", "-c", "work"]);
    scratch.put(&[("changed", "2"), (ODD, "new")]);
    scratch.git(&["rm", "-q", "gone"]);
    scratch.git(&["commit", "-qam", "work"]);
    scratch.git(&["switch", "-q", "main"]);
    scratch.put(&[("by main", "2")]);
    scratch.git(&["commit", "-qam", "main goes on"]);
    scratch.git(&["switch", "-q", "work"]);
    scratch.put(&[("untracked", "1")]);
    let repository = scratch.repository();
    let base = repository.base("main").unwrap();
    assert_eq!(repository.base("main...").unwrap(), base);
    let expected = ["changed", "gone", ODD, "untracked"];
    assert_eq!(repository.changed_since(&base, &[]).unwrap(), lines(expected).into_iter().collect());
    let old = repository.at(&base, &["gone", ODD, "untracked", "odd"]).unwrap();
    assert_eq!(old, [Some(b"1".to_vec()), Some(b"old".to_vec()), None, None]);
}

#[test]
fn unrelated_histories_are_compared_as_they_are() {
    let scratch = Scratch::new(&[("a", "1")]);
    scratch.git(&["switch", "-q", "--orphan", "other"]);
    scratch.put(&[("b", "1")]);
    scratch.git(&["add", "-A"]);
    scratch.git(&["commit", "-qm", "other"]);
    let repository = scratch.repository();
    let base = repository.base("main").unwrap();
    assert_eq!(repository.changed_since(&base, &[]).unwrap(), lines(["a", "b"]).into_iter().collect());
}

#[test]
fn unknown_and_odd_revisions_are_refused() {
    let scratch = Scratch::new(&[("a", "1")]);
    let repository = scratch.repository();
    for revision in [
        "mian",
        "--output=x",
        "-h",
        "",
        "a\nb",
        "main..main",
        "main...work",
        "...",
        "^main",
        "HEAD:a",
        "main@{99 days ago",
        "ä b",
    ] {
        match repository.base(revision) {
            Err(GitError::UnknownRevision { revision: named, .. }) => assert_eq!(named, revision),
            other => panic!("{revision:?}: {other:?}"),
        }
    }
    assert!(!scratch.path().join("x").exists());
    let told = repository.base("mian").unwrap_err().to_string();
    assert!(told.starts_with("git knows no revision `mian`: ") && told.len() > 31, "{told}");
}

#[test]
fn a_repository_without_a_commit_has_a_status() {
    let folder = tempfile::tempdir().unwrap();
    git_in(folder.path(), &["init", "-q"]);
    fs::write(folder.path().join("a"), "1").unwrap();
    git_in(folder.path(), &["add", "a"]);
    let repository = Repository::around(&OsSystem, folder.path()).unwrap();
    let status = repository.status(&[]).unwrap();
    assert_eq!(status.entries.len(), 1);
    assert!(status.entries[0].committed.is_none() && status.entries[0].is_staged);
    assert_eq!(repository.blobs(&[status.entries[0].staged.clone().unwrap()]).unwrap(), [b"1".to_vec()]);
    assert!(matches!(repository.base("HEAD"), Err(GitError::UnknownRevision { .. })));
}

#[test]
fn a_stopped_merge_shows_as_a_conflict() {
    let scratch = Scratch::new(&[("a", "1")]);
    scratch.git(&["switch", "-q", "-c", "work"]);
    scratch.put(&[("a", "2")]);
    scratch.git(&["commit", "-qam", "work"]);
    scratch.git(&["switch", "-q", "main"]);
    scratch.put(&[("a", "3")]);
    scratch.git(&["commit", "-qam", "main"]);
    let merged = OsSystem.run("git", &["merge", "work"], scratch.path(), &[]).unwrap();
    assert!(!merged.ok());
    let status = scratch.repository().status(&[]).unwrap();
    assert_eq!((status.entries[0].path.as_str(), status.entries[0].is_conflict), ("a", true));
}

#[test]
fn a_folder_outside_any_repository_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Repository::around(&OsSystem, folder.path()), Err(GitError::NoRepository { .. })));
}

#[test]
fn ignored_paths_are_told() {
    let scratch = Scratch::new(&[(".gitignore", "/generated\n*.tmp\n")]);
    let ignored = scratch.repository().ignored(&["generated/a.py", "a\nb.tmp", ":(x).tmp", "rules/a.toml"]).unwrap();
    assert_eq!(ignored, lines(["generated/a.py", "a\nb.tmp", ":(x).tmp"]).into_iter().collect());
    assert!(scratch.repository().ignored(&[]).unwrap().is_empty());
}

#[test]
fn the_hooks_folder_follows_configuration_and_linked_trees() {
    let scratch = Scratch::new(&[("suite/registry.toml", "")]);
    let top = fs::canonicalize(scratch.path()).unwrap();
    let hooks = |folder: &Path| Repository::around(&OsSystem, folder).unwrap().hooks().unwrap();
    let plain = hooks(&scratch.path().join("suite"));
    assert_eq!((plain.folder, plain.is_shared), (top.join(".git/hooks"), false));

    let linked = tempfile::tempdir().unwrap();
    let tree = linked.path().join("tree");
    scratch.git(&["worktree", "add", "-q", tree.to_str().unwrap()]);
    let of_linked = hooks(&tree);
    assert_eq!((of_linked.folder, of_linked.is_shared), (top.join(".git/hooks"), false));

    scratch.git(&["config", "core.hooksPath", ".githooks"]);
    let own = hooks(scratch.path());
    assert_eq!((own.folder, own.is_shared), (top.join(".githooks"), false));

    let shared = tempfile::tempdir().unwrap();
    scratch.git(&["config", "core.hooksPath", shared.path().to_str().unwrap()]);
    assert!(hooks(scratch.path()).is_shared);
}
