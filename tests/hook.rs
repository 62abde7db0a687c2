//! The commit hook, by real commits in temporary repositories: what it lets through, what it refuses and why, and that it
//! judges what is staged without touching a file.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run git")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::git::git_in;
use common::{Project, Ran, Stat};

/// A repository with hook and one commit; the outputs are built, and committed where the project says so.
fn repository(commit_outputs: bool) -> Project {
    let project = Project::new();
    project.repository();
    if commit_outputs {
        project.edit("registry.toml", "python = \"3.10\"", "python = \"3.10\"\ncommit-outputs = true");
    } else {
        project.append(".gitignore", "generated/\n");
    }
    project.hfgen(&["build"]).expect(0);
    project.hfgen(&["hook", "install"]).expect(0);
    project.commit_all("first").expect(0);
    project
}

/// Everything that a hook must leave alone: files, their stamps, the index, the cache.
fn state(project: &Project) -> (BTreeMap<String, Stat>, String) {
    let mut stats = project.stats("");
    stats.retain(|path, _| !path.starts_with(".git/"));
    let index = project.git(&["ls-files", "-s"]).stdout + &project.git(&["diff"]).stdout;
    (stats, index)
}

#[track_caller]
fn commits(project: &Project, message: &str) -> Ran {
    let before = state(project).0;
    let ran = project.git(&["commit", "-q", "-m", message]).expect(0);
    assert_eq!(before, state(project).0, "the hook touched files");
    assert_eq!(project.git(&["log", "-1", "--format=%s"]).stdout.trim(), message);
    ran
}

#[track_caller]
fn refuses(project: &Project) -> Ran {
    let before = state(project);
    let head = project.git(&["rev-parse", "HEAD"]).stdout;
    let ran = project.git(&["commit", "-q", "-m", "refused"]).expect(1);
    assert_eq!(before, state(project), "the hook touched files or the index");
    assert_eq!(head, project.git(&["rev-parse", "HEAD"]).stdout);
    ran
}

fn add(project: &Project, path: &str) {
    project.git(&["add", path]).expect(0);
}

const SHAPE: &str = "templates/check/shape.py.hbs";

#[test]
fn what_reaches_no_output_passes() {
    let project = repository(true);
    project.put("README.md", "more\n");
    add(&project, "README.md");
    commits(&project, "readme").has("nothing staged reaches an output");
    project.edit("registry.toml", "[project]", "# A comment.\n[project]");
    add(&project, "registry.toml");
    commits(&project, "comment").has("all in order");
    project.git(&["commit", "-q", "--allow-empty", "-m", "empty"]).expect(0);
}

#[test]
fn python_that_is_none_is_refused_at_its_template_line() {
    for committed in [false, true] {
        let project = repository(committed);
        project.append(SHAPE, "    assert (\n");
        add(&project, SHAPE);
        refuses(&project).has("HF300").has("templates/check/shape.py.hbs:4");
        project.git(&["commit", "-q", "--no-verify", "-m", "anyway"]).expect(0);
    }
    let project = repository(false);
    project.append("templates/base.py.hbs", "{{#if}}\n");
    add(&project, "templates/base.py.hbs");
    refuses(&project).has("templates/base.py.hbs");
    project.git(&["reset", "-q", "--hard"]).expect(0);
    project.append("rules/20-targets.toml", "[target.\n");
    add(&project, "rules/20-targets.toml");
    let ran = project.git(&["commit", "-q", "-m", "refused"]);
    assert!(ran.code != 0 && ran.stderr.contains("rules/20-targets.toml"), "{}", ran.text());
}

#[test]
fn outputs_that_are_out_of_date_are_refused_naming_what_to_run() {
    let project = repository(true);
    project.edit(SHAPE, "assert word in", "assert word, word\n    assert word in");
    add(&project, SHAPE);
    refuses(&project).has("would change").has("and 5 more").has("run `hfgen build`, then stage the outputs too");
    // Built, but not staged: still not what the commit would hold.
    project.hfgen(&["build"]).expect(0);
    refuses(&project).has("would change");
    add(&project, "generated/test_hf_alpha.py");
    refuses(&project).has("and 4 more");
    add(&project, "generated");
    commits(&project, "with outputs").has("all in order");
    // A model that is gone takes its output with it.
    let lock = project.read("registry.lock");
    project.put("registry.lock", &lock[..lock.find("\n[model.iris]").unwrap()]);
    add(&project, "registry.lock");
    refuses(&project).has("hfgen build");
    project.hfgen(&["build"]).expect(0);
    project.git(&["add", "-A"]).expect(0);
    commits(&project, "model gone");
    // An output that was deleted.
    project.git(&["rm", "-q", "generated/index.py"]).expect(0);
    refuses(&project).has("generated/index.py");
}

#[test]
fn outputs_that_are_not_committed_only_have_to_be_valid() {
    let project = repository(false);
    project.edit(SHAPE, "assert word in", "assert word, word\n    assert word in");
    add(&project, SHAPE);
    commits(&project, "template").has("all in order");
    project.append("generated/index.py", "# mine\n");
    project.edit(SHAPE, "assert word, word\n", "assert word, \"word\"\n");
    add(&project, SHAPE);
    commits(&project, "another");
}

#[test]
fn an_output_that_was_edited_by_hand_is_refused() {
    let project = repository(true);
    project.edit("generated/test_hf_alpha.py", "HIDDEN = 768", "HIDDEN = 1");
    add(&project, "generated/test_hf_alpha.py");
    let ran = project.git(&["commit", "-q", "-m", "refused"]);
    assert!(ran.code != 0, "{}", ran.text());
    ran.has("generated/test_hf_alpha.py").has("edited by hand").has("hfgen build --force");
    // An edit that is not staged is nobody's business.
    project.git(&["reset", "-q"]).expect(0);
    project.put("README.md", "more\n");
    project.edit("registry.toml", "[project]", "# A comment.\n[project]");
    project.git(&["add", "README.md", "registry.toml"]).expect(0);
    commits(&project, "other");
    assert!(project.read("generated/test_hf_alpha.py").contains("HIDDEN = 1"));
}

#[test]
fn only_what_is_staged_counts() {
    let project = repository(false);
    // Staged good, working tree bad.
    project.edit(SHAPE, "assert word in", "assert word, word\n    assert word in");
    add(&project, SHAPE);
    project.append(SHAPE, "    assert (\n");
    commits(&project, "good");
    assert!(project.read(SHAPE).ends_with("assert (\n"));
    // Staged bad, working tree good.
    add(&project, SHAPE);
    project.edit(SHAPE, "    assert (\n", "");
    refuses(&project).has("HF300");
    project.git(&["checkout", "-q", "HEAD", "--", SHAPE]).expect(0);
    // Other files' halves: a broken registry and rules that are not staged.
    for path in ["registry.toml", "registry.lock", "rules/20-targets.toml", "templates/base.py.hbs"] {
        let good = project.read(path);
        project.edit(SHAPE, "assert word in", "assert word\n    assert word in");
        add(&project, SHAPE);
        project.put(path, "[[[ {{#if");
        commits(&project, path);
        project.put(path, good);
        // And staged bad with a good working tree.
        project.append(path, "\n[[[ {{#if\n");
        add(&project, path);
        let text = project.read(path);
        project.put(path, text.replace("\n[[[ {{#if\n", ""));
        let ran = project.git(&["commit", "-q", "-m", "refused"]);
        assert!(ran.code != 0 && ran.text().contains(path), "{path}: {}", ran.text());
        project.git(&["reset", "-q", "--hard"]).expect(0);
    }
    // Whether outputs are committed is what the staged registry says.
    project.edit("registry.toml", "python = \"3.10\"", "python = \"3.10\"\ncommit-outputs = true");
    project.edit(SHAPE, "assert word in", "assert word, 1\n    assert word in");
    add(&project, SHAPE);
    commits(&project, "registry not staged");
    add(&project, "registry.toml");
    project.git(&["add", "-f", "generated"]).expect(0);
    refuses(&project).has("hfgen build");
}

#[test]
fn files_that_git_does_not_know_do_not_count() {
    let project = repository(true);
    project.put("templates/family/text@mine.py.hbs", "{{#if");
    project.put("rules/99-mine.toml", "[[[");
    project.put("templates/mine.py.hbs", "{{#if");
    project.edit("registry.toml", "[project]", "# A comment.\n[project]");
    add(&project, "registry.toml");
    commits(&project, "comment");
    // A template that is used by what is staged, but not staged itself.
    project.remove("rules/99-mine.toml");
    project.put("templates/mine.py.hbs", "MINE = 1\n");
    project.edit("templates/index.py.hbs", "MODELS =", "{{> mine}}\nMODELS =");
    add(&project, "templates/index.py.hbs");
    refuses(&project).has("mine");
    add(&project, "templates/mine.py.hbs");
    project.remove("templates/family/text@mine.py.hbs");
    project.hfgen(&["build"]).expect(0);
    add(&project, "generated");
    commits(&project, "with its partial");
}

#[test]
fn what_is_staged_and_no_longer_in_the_tree_counts() {
    for path in ["templates/no name.py.hbs", "templates/new/folder/no name.py.hbs"] {
        let project = repository(true);
        project.put(path, "x = 1\n");
        add(&project, path);
        fs::remove_file(project.root().join(path)).unwrap();
        let _ = fs::remove_dir_all(project.root().join("templates/new"));
        project.hfgen(&["build"]).expect(0);
        refuses(&project).has("HF223").has(path);
    }
}

#[test]
fn a_first_commit_is_judged_too() {
    for good in [true, false] {
        let project = Project::new();
        project.repository();
        project.append(".gitignore", "generated/\n");
        project.hfgen(&["hook", "install"]).expect(0);
        if !good {
            project.append(SHAPE, "    assert (\n");
        }
        project.git(&["add", "-A"]).expect(0);
        let ran = project.git(&["commit", "-q", "-m", "first"]);
        assert_eq!(ran.code, if good { 0 } else { 1 }, "{}", ran.text());
        assert_eq!(ran.text().contains("HF300"), !good, "{}", ran.text());
        assert!(!project.has("generated"));
    }
}

#[test]
fn every_way_to_commit_is_judged_by_its_own_index() {
    let project = repository(false);
    // `commit -a` and `commit PATH` work on an index of their own.
    project.append(SHAPE, "    assert (\n");
    let ran = project.git(&["commit", "-q", "-a", "-m", "refused"]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    project.put("README.md", "more\n");
    project.git(&["add", "README.md"]).expect(0);
    add(&project, SHAPE);
    project.git(&["commit", "-q", "-m", "only this", "README.md"]).expect(0);
    let ran = project.git(&["commit", "-q", "-m", "refused", SHAPE]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    project.edit(SHAPE, "    assert (\n", "");
    add(&project, SHAPE);
    project.edit(SHAPE, "assert word in", "assert word, 1\n    assert word in");
    project.git(&["commit", "-q", "-a", "-m", "all"]).expect(0);
    project.edit(SHAPE, "assert word, 1", "assert word, 2");
    add(&project, SHAPE);
    project.git(&["commit", "-q", "--amend", "-m", "amended"]).expect(0);
}

#[test]
fn worktrees_share_the_hook() {
    let project = repository(false);
    let tree = project.outside().join("tree");
    project.git(&["worktree", "add", "-q", "-b", "work", &tree.display().to_string()]).expect(0);
    let shape = tree.join(SHAPE);
    fs::write(&shape, fs::read_to_string(&shape).unwrap() + "    assert (\n").unwrap();
    git_in(&tree, &["add", "-A"]).expect(0);
    git_in(&tree, &["commit", "-q", "-m", "refused"]).expect(1).has("HF300").has("templates/check/shape.py.hbs:4");
    fs::write(&shape, fs::read_to_string(&shape).unwrap().replace("    assert (\n", "    assert word, 1\n")).unwrap();
    git_in(&tree, &["add", "-A"]).expect(0);
    git_in(&tree, &["commit", "-q", "-m", "work"]).expect(0);
    assert!(!tree.join("generated").exists() && !tree.join(".hfgen-cache").exists());
    git_in(&tree, &["hook", "status"]);
    common::run_in(&tree, common::HFGEN, &["hook", "status"]).expect(0);
}

#[test]
fn a_project_may_be_a_folder_of_the_repository() {
    let project = Project::new();
    let top = project.outside();
    git_in(&top, &["init", "-q", "-b", "main"]).expect(0);
    fs::write(top.join(".gitignore"), ".hfgen-cache/\n").unwrap();
    project.edit("registry.toml", "python = \"3.10\"", "python = \"3.10\"\ncommit-outputs = true");
    project.hfgen(&["build"]).expect(0);
    project.hfgen(&["hook", "install"]).expect(0);
    git_in(&top, &["add", "-A"]).expect(0);
    git_in(&top, &["commit", "-q", "-m", "first"]).expect(0);
    fs::write(top.join("other.txt"), "x\n").unwrap();
    git_in(&top, &["add", "-A"]).expect(0);
    git_in(&top, &["commit", "-q", "-m", "other"]).expect(0).has("nothing staged reaches an output");
    project.edit(SHAPE, "assert word in", "assert word, 1\n    assert word in");
    git_in(&top, &["add", "-A"]).expect(0);
    git_in(&top, &["commit", "-q", "-m", "refused"]).expect(1).has("would change");
    project.hfgen(&["build"]).expect(0);
    git_in(&top, &["add", "-A"]).expect(0);
    git_in(&top, &["commit", "-q", "-m", "with outputs"]).expect(0);
    project.append(SHAPE, "    assert (\n");
    git_in(&top, &["add", "-A"]).expect(0);
    git_in(&top, &["commit", "-q", "-m", "refused"]).expect(1).has("templates/check/shape.py.hbs:5");
}

#[test]
fn a_merge_and_a_conflict_are_judged() {
    let project = repository(false);
    project.git(&["switch", "-q", "-c", "work"]).expect(0);
    project.edit(SHAPE, "assert word in", "assert word, 1\n    assert word in");
    project.commit_all("work").expect(0);
    project.git(&["switch", "-q", "main"]).expect(0);
    project.edit(SHAPE, "assert word in", "assert word, 2\n    assert word in");
    project.commit_all("main").expect(0);
    let ran = project.git(&["merge", "-q", "work"]);
    assert_ne!(ran.code, 0);
    // Committed with its marks, it is refused.
    add(&project, SHAPE);
    let ran = project.git(&["commit", "-q", "-m", "merge"]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    project.git(&["checkout", "-q", "--ours", SHAPE]);
    let text = project.read(SHAPE);
    let clean: Vec<&str> = text.lines().filter(|line| !line.starts_with(['<', '=', '>'])).collect();
    project.put(SHAPE, clean.join("\n") + "\n");
    add(&project, SHAPE);
    project.git(&["commit", "-q", "-m", "merge"]).expect(0);
}

#[test]
fn uninstalled_it_is_silent() {
    let project = repository(false);
    project.hfgen(&["hook", "uninstall"]).expect(0);
    project.append(SHAPE, "    assert (\n");
    project.commit_all("anything").expect(0);
}
