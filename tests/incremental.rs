//! What an edit reaches and what it leaves alone: granularity, stale outputs, the cache, hand edits, and flags that write
//! nothing. `selection.rs` has the parts that can be asked for, `watch.rs` the rounds of a watch.
#![allow(clippy::disallowed_methods, reason = "tests make real files")]

mod common;

use std::fs;

use common::{Project, actions, codes, moved, run_in, same_files};
use hfgen::build::Selection;
use hfgen::build::outcome::Action;
use hfgen::finding::codes::output::{EDITED_BY_HAND, FOREIGN_FILE, STALE_KEPT};

const ALL: usize = 14;

#[test]
fn a_first_build_makes_everything_and_a_second_nothing() {
    let project = Project::new();
    let first = project.build();
    assert_eq!(first.findings, []);
    assert_eq!((first.planned, first.selected, first.count(Action::Created)), (ALL, ALL, ALL));
    assert_eq!((first.counts.rendered, first.counts.validated, first.counts.written), (14, 14, 14));
    assert_eq!(project.outputs().len(), ALL);
    project.assert_whole();
    let before = project.stats("");
    let second = project.build();
    assert_eq!(second.outputs, []);
    assert_eq!((second.counts.parsed, second.counts.rendered, second.counts.written), (0, 0, 0));
    assert_eq!(second.planned, ALL);
    same_outputs(&before, &project);
    // Now that every stamp is old enough to be believed, not even the cache moves.
    std::thread::sleep(std::time::Duration::from_millis(50));
    project.build();
    let before = project.stats("");
    let last = project.build();
    assert_eq!((last.counts.hashed, last.counts.written), (0, 0));
    assert_eq!(before, project.stats(""));
}

fn same_outputs(before: &std::collections::BTreeMap<String, common::Stat>, project: &Project) {
    let outputs = |stats: &std::collections::BTreeMap<String, common::Stat>| {
        let below = |path: &&String| path.starts_with("generated/");
        stats.iter().filter(|(path, _)| below(path)).map(|(path, stat)| (path.clone(), *stat)).collect::<Vec<_>>()
    };
    assert_eq!(outputs(before), outputs(&project.stats("")));
}

/// An edit, and the outputs that it makes anew: all others keep their files as they are.
#[track_caller]
fn reaches(edit: impl FnOnce(&Project), expected: &[&str]) {
    let project = Project::new();
    project.build();
    let before = project.stats("generated");
    edit(&project);
    let outcome = project.build();
    let mut expected: Vec<String> = expected.iter().map(|path| (*path).to_owned()).collect();
    expected.sort();
    assert_eq!(outcome.findings, []);
    assert_eq!(moved(&outcome), expected);
    assert_eq!(outcome.counts.rendered, expected.len() as u64, "rendered {:?}", outcome.counts);
    let after = project.stats("generated");
    for (path, stat) in &before {
        assert_eq!(after.get(path) == Some(stat), !expected.contains(path), "{path}");
    }
    project.assert_clean();
}

const TEXT: [&str; 4] = ["test_hf_alpha.py", "test_hf_beta_2.py", "test_hf_gamma.py", "test_hf_delta_5.py"];
const PICTURES: [&str; 2] = ["vision/test_hf_iris.py", "vision/test_hf_echo.py"];

fn tests() -> Vec<&'static str> {
    TEXT.into_iter().chain(PICTURES).collect()
}

#[test]
fn a_field_reaches_those_who_read_it() {
    reaches(|p| p.edit("registry.lock", "hidden_size = 768", "hidden_size = 769"), &["test_hf_alpha.py"]);
    reaches(|p| p.edit("registry.toml", "hidden_size = 48", "hidden_size = 49"), &["test_hf_alpha.py"]);
    reaches(|p| p.edit("registry.toml", "[\"one\", \"two\"]", "[\"one\"]"), &["test_hf_alpha.py"]);
    reaches(|p| p.edit("registry.toml", "tags = [\"slow\"]", "tags = []"), &["test_hf_alpha.py"]);
    reaches(
        |p| p.edit("registry.toml", "float32 = 1e-4", "float32 = 2e-4"),
        &["hardware/cuda/test_gamma.py", "hardware/cuda/test_delta_5.py"],
    );
    reaches(|p| p.edit("rules/10-families.toml", "word = \"tokens\"", "word = \"pixels\""), &TEXT);
    reaches(|p| p.edit("registry.lock", "5.23.0", "5.24.0"), &["index.py"]);
    reaches(|p| p.edit("rules/10-families.toml", "value = 16", "value = 17"), &PICTURES[..1]);
}

#[test]
fn what_nobody_reads_reaches_nothing() {
    reaches(|p| p.edit("registry.lock", "vocab_size = 1000", "vocab_size = 1001"), &[]);
    reaches(|p| p.edit("registry.lock", "meaning = \"0123456789abcdef\"", "meaning = \"fedcba9876543210\""), &[]);
    reaches(|p| p.edit("registry.toml", "unread = true", "unread = false"), &[]);
    reaches(|p| p.edit("registry.toml", "unread = 1 }", "unread = 9 }"), &[]);
    reaches(|p| p.edit("rules/10-families.toml", "unread = 2", "unread = 9"), &[]);
    reaches(|p| p.append("templates/spare.py.hbs", "# more\n"), &[]);
}

#[test]
fn comments_and_times_reach_nothing() {
    reaches(|p| p.edit("registry.toml", "[project]", "# What it is.\n\n[project]"), &[]);
    reaches(|p| p.edit("rules/20-targets.toml", "[target.text]", "# Texts.\n[target.text]"), &[]);
    reaches(|p| p.edit("registry.lock", "\n[model.alpha]", "\n# A.\n[model.alpha]"), &[]);
    for path in
        ["registry.toml", "registry.lock", "rules/20-targets.toml", "templates/base.py.hbs", "generated/index.py"]
    {
        let project = Project::new();
        project.build();
        project.touch(path);
        let outcome = project.build();
        assert_eq!((outcome.counts.written, outcome.counts.parsed, outcome.counts.rendered), (0, 0, 0), "{path}");
    }
}

#[test]
fn a_template_reaches_those_who_include_it() {
    reaches(|p| p.append("templates/check/shape.py.hbs", "    assert len(word) > 2\n"), &tests());
    reaches(|p| p.edit("templates/family/vision.py.hbs", "CLASSES", "NAMES"), &PICTURES);
    reaches(|p| p.edit("templates/base.py.hbs", "TINY", "SMALL"), &tests());
    reaches(|p| p.edit("templates/index.py.hbs", "TRANSFORMERS", "VERSION"), &["index.py"]);
    reaches(
        |p| p.edit("templates/family/summary.py.hbs", "FAMILY", "NAME"),
        &["summary_text.py", "summary_vision.py", "summary_speech.py"],
    );
}

#[test]
fn rendering_again_to_the_same_bytes_writes_nothing() {
    let project = Project::new();
    project.build();
    let before = project.stats("generated");
    project.edit("templates/base.py.hbs", "{{! comment }}", "{{! another comment }}");
    let outcome = project.build();
    assert_eq!((outcome.counts.rendered, outcome.counts.written), (6, 0));
    assert_eq!(outcome.outputs, []);
    assert_eq!(before, project.stats("generated"));
}

#[test]
fn a_new_model_is_made_and_one_that_is_gone_is_removed() {
    let project = Project::new();
    project.build();
    let text = project.read("registry.lock");
    let start = text.find("\n[model.iris]").unwrap();
    project.put("registry.lock", &text[..start]);
    let outcome = project.build();
    let expected = [
        ("index.py", Action::Updated),
        ("summary_vision.py", Action::Updated),
        ("vision/test_hf_iris.py", Action::Removed),
    ];
    assert_eq!(
        actions(&outcome).into_iter().collect::<Vec<_>>(),
        expected.map(|(path, action)| (path.to_owned(), action))
    );
    assert_eq!(outcome.counts.removed, 1);
    assert!(project.has("generated/vision/test_hf_echo.py"));
    project.put("registry.lock", &text);
    let outcome = project.build();
    assert_eq!((outcome.counts.restored, outcome.counts.rendered, outcome.counts.written), (3, 0, 3));
    project.assert_clean();
}

#[test]
fn a_rule_that_is_gone_takes_its_outputs_and_their_folders() {
    let project = Project::new();
    project.build();
    let rules = project.read("rules/20-targets.toml");
    let (start, end) = (rules.find("[target.device]").unwrap(), rules.find("[target.summary]").unwrap());
    project.put("rules/20-targets.toml", rules[..start].to_owned() + &rules[end..]);
    let outcome = project.build();
    assert_eq!((outcome.counts.removed, outcome.counts.rendered, outcome.counts.written), (4, 0, 0));
    assert!(!project.has("generated/hardware"));
    project.assert_clean();
}

#[test]
fn a_stale_output_that_was_edited_is_kept() {
    let project = Project::new();
    project.build();
    project.append("generated/hardware/cpu/test_gamma.py", "# mine\n");
    let rules = project.read("rules/20-targets.toml");
    let (start, end) = (rules.find("[target.device]").unwrap(), rules.find("[target.summary]").unwrap());
    project.put("rules/20-targets.toml", rules[..start].to_owned() + &rules[end..]);
    for _ in 0..2 {
        let outcome = project.build();
        assert_eq!(codes(&outcome.findings), [STALE_KEPT]);
        assert!(project.read("generated/hardware/cpu/test_gamma.py").ends_with("# mine\n"));
        assert!(!project.has("generated/hardware/cuda"));
    }
    project.hfgen(&["build"]).expect(3);
    project.hfgen(&["build", "--force"]).expect(0);
    assert!(!project.has("generated/hardware"));
    let patch = only_patch(&project);
    assert!(project.read(&patch).contains("+# mine"));
    let ran = run_in(project.root(), "git", &["apply", &patch]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(project.read("generated/hardware/cpu/test_gamma.py").ends_with("# mine\n"));
}

fn only_patch(project: &Project) -> String {
    let patches: Vec<String> = project.files_below(".hfgen-cache/edits").into_keys().collect();
    assert_eq!(patches.len(), 1, "{patches:?}");
    format!(".hfgen-cache/edits/{}", patches[0])
}

#[test]
fn a_hand_edit_is_shown_and_kept_until_it_is_forced() {
    let project = Project::new();
    project.build();
    let path = "generated/test_hf_alpha.py";
    let written = project.read(path);
    let mine = written.replace("HIDDEN = 768", "HIDDEN = 1");
    project.put(path, &mine);
    for args in [&["build"][..], &["build", "--check"], &["build", "--diff"], &["check"], &["build", "--dry-run"]] {
        let ran = project.hfgen(args).expect(3).has("HF400").has("-HIDDEN = 768").has("+HIDDEN = 1").has("--force");
        assert!(ran.stdout.contains(path), "{}", ran.text());
        assert_eq!(project.read(path), mine);
    }
    // Its template changes too: still theirs.
    project.edit("templates/base.py.hbs", "TAGS", "LABELS");
    let outcome = project.build();
    assert_eq!(actions(&outcome)["test_hf_alpha.py"], Action::Kept);
    assert_eq!(outcome.count(Action::Updated), 5);
    assert_eq!(project.read(path), mine);
    assert_eq!(codes(&outcome.findings), [EDITED_BY_HAND]);

    project.hfgen(&["build", "--force"]).expect(0).has("kept the hand edit");
    project.assert_clean();
    let patch = only_patch(&project);
    let ran = run_in(project.root(), "git", &["apply", &patch]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.text(), project.read(&patch));
    assert!(project.read(path).contains("HIDDEN = 1\n"));
    let ran = run_in(project.root(), "patch", &["-R", "-p1", "-i", &patch]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    project.assert_clean();
}

/// As git checks out with `core.autocrlf`.
#[test]
fn other_line_ends_are_no_hand_edit() {
    let project = Project::new();
    let path = "generated/test_hf_alpha.py";
    project.build();
    let text = project.read(path);
    for without_cache in [false, true] {
        project.put(path, text.replace('\n', "\r\n"));
        if without_cache {
            fs::remove_dir_all(project.path(".hfgen-cache")).unwrap();
        }
        project.hfgen(&["build"]).expect(0);
        assert_eq!(project.read(path), text);
    }
}

#[test]
fn every_kind_of_hand_edit_is_noticed_without_any_cache() {
    let path = "generated/test_hf_gamma.py";
    let edits: [(&str, fn(&str) -> Vec<u8>); 8] = [
        ("a line behind", |text| (text.to_owned() + "x = 1\n").into()),
        ("a changed line", |text| text.replace("HIDDEN", "HIDDEM").into()),
        ("a line above the mark", |text| ("#!/usr/bin/env python\n".to_owned() + text).into()),
        ("the first line", |text| text.replacen("Do not edit", "Do edit", 1).into()),
        ("no last newline", |text| text.trim_end().into()),
        ("a byte order mark", |text| ("\u{feff}".to_owned() + text).into()),
        ("cut short", |text| text[..text.len() / 2].into()),
        ("bytes that are no text", |text| [text.as_bytes(), &[0xff, 0xfe, 0x00]].concat()),
    ];
    for (what, edit) in edits {
        for without_cache in [false, true] {
            let project = Project::new();
            project.build();
            let mine = edit(&project.read(path));
            project.put(path, &mine);
            if without_cache {
                fs::remove_dir_all(project.path(".hfgen-cache")).unwrap();
            }
            project.hfgen(&["build"]).expect(3);
            assert_eq!(project.bytes(path).unwrap(), mine, "{what}");
            // Bytes that are no text lose the mark; without any memory they are somebody else's.
            if without_cache && what == "bytes that are no text" {
                continue;
            }
            project.hfgen(&["build", "--force"]).expect(0);
            project.assert_clean();
            let kept = project.files_below(".hfgen-cache/edits");
            assert_eq!(kept.len(), 1, "{what}");
            let patch = only_patch(&project);
            if what == "bytes that are no text" {
                assert_eq!(project.bytes(&patch).unwrap(), mine, "bytes are kept as they are");
                continue;
            }
            let ran = run_in(project.root(), "git", &["apply", &patch]);
            assert_eq!(ran.code, 0, "{what}: {}", ran.text());
            assert_eq!(project.bytes(path).unwrap(), mine, "{what}: the patch gives the edit back");
        }
    }
}

#[test]
fn a_copy_of_an_output_is_no_output() {
    let project = Project::new();
    project.build();
    fs::copy(project.path("generated/test_hf_alpha.py"), project.path("generated/my_own.py")).unwrap();
    fs::remove_dir_all(project.path(".hfgen-cache")).unwrap();
    let outcome = project.build();
    assert_eq!((outcome.counts.removed, outcome.counts.written), (0, 0));
    assert!(project.has("generated/my_own.py"));
}

#[test]
fn only_what_hfgen_made_is_touched() {
    let project = Project::new();
    project.put("generated/test_hf_alpha.py", "mine = True\n");
    project.put("generated/notes.txt", "mine\n");
    project.put("generated/vision/test_hf_iris.py", "");
    let outcome = project.build();
    assert_eq!(codes(&outcome.findings), [FOREIGN_FILE, FOREIGN_FILE]);
    project.hfgen(&["build"]).expect(3).has("HF401");
    project.hfgen(&["build", "--force"]).expect(3);
    project.hfgen(&["clean", "--force"]);
    assert_eq!(
        project.outputs().into_keys().collect::<Vec<_>>(),
        ["notes.txt", "test_hf_alpha.py", "vision/test_hf_iris.py"]
    );
    assert_eq!(project.read("generated/test_hf_alpha.py"), "mine = True\n");
    assert_eq!(project.read("generated/vision/test_hf_iris.py"), "");
    project.remove("generated/test_hf_alpha.py");
    project.remove("generated/vision/test_hf_iris.py");
    project.remove("generated/notes.txt");
    project.hfgen(&["build"]).expect(0);
    project.assert_clean();
}

#[test]
fn a_deleted_output_comes_back_from_the_cache() {
    let project = Project::new();
    project.build();
    project.remove("generated/test_hf_alpha.py");
    let outcome = project.build();
    assert_eq!(actions(&outcome)["test_hf_alpha.py"], Action::Restored);
    assert_eq!((outcome.counts.rendered, outcome.counts.written), (0, 1));
    project.assert_clean();
}

#[test]
fn branches_back_and_forth_come_from_the_cache() {
    for committed in [true, false] {
        let project = Project::new();
        project.repository();
        if !committed {
            project.append(".gitignore", "generated/\n");
        }
        project.build();
        project.commit_all("first").expect(0);
        project.git(&["switch", "-q", "-c", "work"]).expect(0);
        project.edit("templates/base.py.hbs", "TAGS", "LABELS");
        project.edit("registry.lock", "hidden_size = 768", "hidden_size = 1");
        assert_eq!(project.build().counts.rendered, 6);
        project.commit_all("second").expect(0);
        for _ in 0..2 {
            for branch in ["main", "work"] {
                project.git(&["switch", "-q", branch]).expect(0);
                let outcome = project.build();
                let written = if committed { 0 } else { 6 };
                assert_eq!((outcome.counts.rendered, outcome.counts.written), (0, written), "{branch} {committed}");
                project.assert_clean();
                assert_eq!(project.build().counts.written, 0);
            }
        }
    }
}

#[test]
fn an_invalid_output_is_never_written_over_a_valid_one() {
    let project = Project::new();
    project.build();
    let before = project.stats("generated");
    project.append("templates/check/shape.py.hbs", "    assert (\n");
    let ran = project.hfgen(&["build"]).expect(1).has("templates/check/shape.py.hbs:4");
    assert!(ran.stdout.contains("HF300"), "{}", ran.text());
    assert_eq!(before, project.stats("generated"));
    // It is told again, without rendering again.
    let again = project.build();
    assert_eq!((again.counts.rendered, again.errors()), (0, 6));
    project.hfgen(&["build"]).expect(1).has("HF300");
    project.edit("templates/check/shape.py.hbs", "    assert (\n", "");
    assert_eq!(project.build().counts.written, 0);
    assert_eq!(before, project.stats("generated"));
    project.assert_clean();
}

#[test]
fn one_invalid_output_keeps_no_other_back() {
    let project = Project::new();
    project.append("templates/check/shape.py.hbs", "{{#if (eq @root.model.type \"gamma\")}}\nreturn (\n{{/if}}\n");
    let outcome = project.build();
    assert_eq!((outcome.count(Action::Invalid), outcome.count(Action::Created)), (1, 13));
    assert!(!project.has("generated/test_hf_gamma.py"));
    project.assert_whole();
}

#[test]
fn flags_that_promise_to_write_nothing_write_nothing() {
    let project = Project::new();
    project.build();
    project.edit("templates/base.py.hbs", "TAGS", "LABELS");
    let rules = project.read("rules/20-targets.toml");
    let (start, end) = (rules.find("[target.device]").unwrap(), rules.find("[target.summary]").unwrap());
    project.put("rules/20-targets.toml", rules[..start].to_owned() + &rules[end..]);
    let before = project.stats("");
    for (args, exit) in [
        (&["build", "--check"][..], 1),
        (&["build", "--diff"], 0),
        (&["build", "--check", "--diff"], 1),
        (&["build", "--dry-run"], 0),
        (&["build", "--dry-run", "--why=full"], 0),
        (&["check"], 1),
        (&["status"], 0),
        (&[], 0),
        (&["why", "generated/test_hf_alpha.py"], 0),
        (&["affected", "templates/base.py.hbs"], 0),
        (&["graph"], 0),
        (&["template", "list"], 0),
        (&["template", "show", "base"], 0),
        (&["clean", "--dry-run"], 0),
    ] {
        project.hfgen(args).expect(exit);
        assert_eq!(before, project.stats(""), "{args:?} wrote");
    }
    project.hfgen(&["build", "--diff"]).has("-TAGS").has("+LABELS");
    project.hfgen(&["build", "--check", "--force"]).expect(2);
    project.hfgen(&["build", "--exit-non-zero-on-write"]).expect(1);
    project.hfgen(&["build", "--exit-non-zero-on-write"]).expect(0);
    project.hfgen(&["build", "--check"]).expect(0);
    project.assert_clean();
    // Without any cache, too.
    let fresh = project.fresh_copy();
    fresh.hfgen(&["build", "--check"]).expect(1);
    assert!(!fresh.has(".hfgen-cache") && !fresh.has("generated"));
}

#[test]
fn force_makes_everything_anew_and_changes_nothing() {
    let project = Project::new();
    project.build();
    let before = project.stats("generated");
    let outcome = project.build_with(|options| options.force = true);
    assert_eq!((outcome.counts.rendered, outcome.counts.written), (14, 0));
    assert_eq!(before, project.stats("generated"));
}

#[test]
fn clean_removes_outputs_and_cache_and_nothing_else() {
    let project = Project::new();
    project.build();
    project.put("generated/notes.txt", "mine\n");
    project.append("generated/index.py", "# mine\n");
    project.hfgen(&["clean"]).expect(3).has("index.py");
    assert_eq!(project.outputs().into_keys().collect::<Vec<_>>(), ["index.py", "notes.txt"]);
    assert!(!project.has(".hfgen-cache"));
    project.hfgen(&["build"]).expect(3);
    // What was kept of hand edits stays, and git is still told that the folder is a cache.
    project.hfgen(&["clean", "--cache", "--dry-run"]).expect(0).has("would remove 0 outputs and");
    project.hfgen(&["clean", "--cache"]).expect(0).has("removed 0 outputs and");
    assert!(!project.has(".hfgen-cache"));
    project.put(".hfgen-cache/edits/mine.patch", "mine");
    project.hfgen(&["build"]).expect(3);
    project.hfgen(&["clean", "--cache"]).expect(0);
    assert!(!project.has(".hfgen-cache/trace.bin") && project.has(".hfgen-cache/edits/mine.patch"));
    assert!(project.has(".hfgen-cache/.gitignore") && project.has(".hfgen-cache/CACHEDIR.TAG"));
    project.remove(".hfgen-cache/edits/mine.patch");
    assert_eq!(project.outputs().len(), ALL + 1);
    project.hfgen(&["clean", "--outputs", "--force"]).expect(0);
    assert_eq!(project.outputs().into_keys().collect::<Vec<_>>(), ["notes.txt"]);
    project.hfgen(&["build"]).expect(0);
    project.remove("generated/notes.txt");
    project.assert_clean();
}

#[test]
fn another_output_root_and_other_layers_stand_beside() {
    let project = Project::new();
    project.build();
    let own = project.outputs();
    let elsewhere = project.outside().join("elsewhere");
    let other = elsewhere.display().to_string();
    let stats = project.stats("generated");
    for _ in 0..2 {
        project.hfgen(&["build", "--output-dir", &other]).expect(0);
    }
    same_files(&own, &project.files_below("../elsewhere"));
    project.put(
        "over/check/shape.py.hbs",
        "def test_over():\n    word = {{py @root.model.module}}\n    assert word != \"\"\n",
    );
    project.hfgen(&["build", "--output-dir", &other, "--templates", "over"]).expect(0);
    let over = project.files_below("../elsewhere");
    assert!(String::from_utf8_lossy(&over["test_hf_alpha.py"]).contains("test_over"));
    assert_eq!(stats, project.stats("generated"), "the project's own outputs are left alone");
    project.hfgen(&["build", "--check"]).expect(0);
    project.hfgen(&["build", "--templates", "over"]).expect(0);
    same_files(&over, &project.outputs());
    project.hfgen(&["build"]).expect(0);
    same_files(&own, &project.outputs());
}

#[test]
fn a_variant_is_taken_where_there_is_one() {
    let project = Project::new();
    project.append(
        "rules/20-targets.toml",
        "\n[target.small]\nfor_each = \"model\"\nselect = { family = [\"text\"] }\ntemplate = \"spare.py.hbs\"\n\
         variant = \"quantised\"\noutput = \"{variant}/{ident}.py\"\n",
    );
    project.build();
    assert!(project.read("generated/quantised/alpha.py").contains("SPARE"));
    project
        .put("templates/spare@quantised.py.hbs", "SMALL = {{py rule.variant}}\n\n\ndef test_it():\n    assert SMALL\n");
    let outcome = project.build();
    assert_eq!((outcome.counts.rendered, outcome.counts.written), (4, 4));
    assert!(project.read("generated/quantised/alpha.py").contains("SMALL = \"quantised\""));
    project.assert_clean();
    project.remove("templates/spare@quantised.py.hbs");
    let outcome = project.build();
    assert_eq!((outcome.counts.restored, outcome.counts.rendered), (4, 0));
    project.assert_clean();
}

/// A file that is reached through a link is read anew when what it leads to changes.
#[test]
fn inputs_may_be_links() {
    let project = Project::new();
    for path in ["registry.toml", "registry.lock", "rules/20-targets.toml", "templates/index.py.hbs"] {
        let target = project.outside().join(path.replace('/', "-"));
        fs::rename(project.path(path), &target).unwrap();
        std::os::unix::fs::symlink(&target, project.path(path)).unwrap();
    }
    let real = project.outside().join("checks");
    fs::rename(project.path("templates/check"), &real).unwrap();
    std::os::unix::fs::symlink(&real, project.path("templates/check")).unwrap();
    assert_eq!(project.build().planned, ALL);
    std::thread::sleep(std::time::Duration::from_millis(50));
    project.build();
    project.build();
    project.edit("registry.lock", "hidden_size = 768", "hidden_size = 1");
    assert_eq!(project.build().counts.written, 1);
    project.edit("registry.toml", "hidden_size = 48", "hidden_size = 1");
    assert_eq!(project.build().counts.written, 1);
    project.edit("templates/index.py.hbs", "TRANSFORMERS", "VERSION");
    assert_eq!(project.build().counts.written, 1);
    project.edit("templates/check/shape.py.hbs", "assert word in", "assert word, word\n    assert word in");
    assert_eq!(project.build().counts.written, 6);
    project.edit("rules/20-targets.toml", "summary_{family}", "sum_{family}");
    assert_eq!(project.build().counts.removed, 3);
    fs::write(real.join("more.py.hbs"), "x = 1\n").unwrap();
    project.edit("templates/family/vision.py.hbs", "{{> check/shape}}", "{{> check/shape}}\n{{> check/more}}");
    assert_eq!(project.build().counts.written, 2);
}

#[test]
fn a_selection_of_nothing_is_said() {
    let project = Project::new();
    project.build();
    let selection =
        Selection { models: vec!["iris".to_owned()], rules: vec!["text".to_owned()], ..Selection::default() };
    let outcome = project.build_selected(selection);
    assert_eq!((outcome.selected, outcome.counts.written), (0, 0));
    project.hfgen(&["build", "--model", "iris", "--rule", "text"]).expect(4);
}
