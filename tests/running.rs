//! `hfgen test` with the real binary and a real Python: what runs again and why, what is flaky, what is new and since when,
//! how it ends, and that it ends well where nothing can be forked.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{HFGEN, Project, Ran, heeding_interrupts, skipped};
use serde_json::Value;

const RULES: &str = r#"
[target.own]
for_each = "model"
select = { model = ["bert", "gpt2"] }
template = "own.py.hbs"
output = "test_own_{ident}.py"

[check.one]
title = "one"
fault = "another number"
faults = ["noise"]
"#;

/// A transformers that has a file for each model type, and one that lists them.
const TRANSFORMERS: [(&str, &str); 6] = [
    ("__init__.py", "__version__ = \"5.23.0\"\n"),
    ("modeling_utils.py", "CORE = 1\n"),
    ("models/__init__.py", ""),
    ("models/auto/__init__.py", "NAMES = {\"bert\": \"Bert\", \"gpt2\": \"GPT2\"}\n"),
    ("models/bert.py", "VALUE = 1\n"),
    ("models/gpt2.py", "VALUE = 1\n"),
];

/// hfgen's own project, whose selected tests are `body` for bert and gpt2, and a Python that has pytest and that
/// transformers, and no torch.
struct Desk {
    project: Project,
    python: String,
}

impl Desk {
    fn new(body: &str) -> Option<Self> {
        let python = Path::new(&std::env::var_os("HOME")?).join(".cache/hfgen/venv-tools/bin/python");
        if !python.exists() {
            skipped("no venv-tools in ~/.cache/hfgen; tests/run makes it");
            return None;
        }
        let project = Project::empty();
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        for file in ["registry.toml", "registry.lock"] {
            project.put(file, fs::read(root.join(file)).unwrap());
        }
        for entry in fs::read_dir(root.join("rules")).unwrap().flatten() {
            project.put(&format!("rules/{}", entry.file_name().to_string_lossy()), fs::read(entry.path()).unwrap());
        }
        project.put("rules/90-own.toml", RULES);
        project.put("templates/own.py.hbs", format!("\"\"\"Tests of {{{{model.type}}}}.\"\"\"\n{body}"));
        let desk = Self { project, python: python.display().to_string() };
        for (path, text) in TRANSFORMERS {
            desk.library(path, text);
        }
        Some(desk)
    }

    /// A file of the transformers that tests import.
    fn library(&self, path: &str, text: &str) {
        self.project.put(&format!("library/transformers/{path}"), text);
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(HFGEN);
        command.args(["test", "--rule", "own", "--python", &self.python]).args(more).current_dir(self.project.root());
        command.env("PYTHONPATH", self.project.path("library")).env("NO_COLOR", "1").stdin(Stdio::null());
        command.env_remove("GITHUB_ACTIONS").env_remove("HFGEN_HARDWARE");
        command
    }

    fn run(&self, mut command: Command) -> Ran {
        let done = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: done.status.code().unwrap_or(-1), stdout: text(&done.stdout), stderr: text(&done.stderr) }
    }

    /// Without torch no run is fine: 1 is what is expected, and HF707 alone says why.
    fn test(&self, more: &[&str]) -> Ran {
        self.run(self.command(more)).expect(1).has("HF707")
    }

    fn forkless(&self, more: &[&str]) -> Ran {
        let mut command = self.command(more);
        command.env("HFGEN_FORK", "0");
        self.run(command).expect(1)
    }
}

const IMPORTING: &str = r"
def test_one():
    from transformers.models import {{model.ident}}, auto

    assert {{model.ident}}.VALUE < 3 and auto.NAMES
";

#[test]
fn only_what_the_changed_files_of_transformers_reach_runs_again() {
    let Some(desk) = Desk::new(IMPORTING) else { return };
    desk.test(&[]).has("tests: 2 passed, 0 failed; 2 files run, 0 kept");
    desk.test(&[]).has("0 files run, 2 kept");

    // A new version: comments, a model type of which nothing was loaded, another one in the list.
    desk.library("__init__.py", "__version__ = \"5.24.0\"\n");
    desk.library("models/bert.py", "# One.\nVALUE = 1\n");
    desk.library("models/t5.py", "VALUE = 1\n");
    desk.library("models/auto/__init__.py", "NAMES = {\"bert\": \"Bert\", \"gpt2\": \"GPT2\", \"t5\": \"T5\"}\n");
    desk.test(&["--why"]).has("0 files run, 2 kept");

    desk.library("models/gpt2.py", "VALUE = 2\n");
    desk.test(&["--why"]).has("1 because transformers: models/gpt2.py changed").has("1 file run, 1 kept");
    desk.library("models/auto/__init__.py", "NAMES = {\"bert\": \"BERT\", \"gpt2\": \"GPT2\", \"t5\": \"T5\"}\n");
    desk.test(&["--why=full"]).has("test_own_bert.py  transformers: models/auto/__init__.py changed").has("1 file run");
    // What every process loads reaches everything.
    desk.library("modeling_utils.py", "CORE = 2\n");
    desk.test(&["--why"]).has("2 because transformers: modeling_utils.py changed");

    // What is asked for runs, whatever is known; what --no-cache finds is not kept.
    desk.test(&["--rerun", "--why"]).has("2 because --rerun").has("2 files run");
    desk.library("models/gpt2.py", "VALUE = 1\n");
    desk.test(&["--no-cache", "--why"]).has("2 because --no-cache");
    desk.test(&["--why"]).has("1 because transformers: models/gpt2.py changed").has("1 file run, 1 kept");
}

#[test]
fn what_stands_behind_a_test_that_fails_since_is_named() {
    let body = "\nLIMIT = {{py model.set.limit}}\nOTHER = 1\n\n\ndef test_one():\n    from transformers.models import bert\n\n    \
                assert bert.VALUE == LIMIT == OTHER\n";
    let Some(desk) = Desk::new(body) else { return };
    for model in ["bert", "gpt2"] {
        desk.project.edit("registry.toml", "[project]", &format!("[model.{model}.set]\nlimit = 1\n\n[project]"));
    }
    desk.test(&[]).has("2 passed");
    desk.project.edit("templates/own.py.hbs", "OTHER = 1", "OTHER = 2");
    let ran = desk.test(&[]).has("newly failing  generated/test_own_bert.py::test_one");
    ran.has("    since templates/own.py.hbs:4\n");
    desk.test(&[]).has("0 files run, 2 kept").has_not("newly failing");
    desk.project.edit("templates/own.py.hbs", "OTHER = 2", "OTHER = 1");
    desk.test(&[]).has("newly passing  generated/test_own_gpt2.py::test_one");

    desk.project.edit("registry.toml", "[model.gpt2.set]\nlimit = 1", "[model.gpt2.set]\nlimit = 2");
    let ran = desk.test(&["--format", "json"]);
    let results = ran.json()["results"].clone();
    let own = |name: &str| results.as_array().unwrap().iter().find(|one| one["model"] == name).unwrap().clone();
    assert_eq!(own("gpt2")["causes"], serde_json::json!(["model.set.limit, which templates/own.py.hbs:3 prints"]));
    assert!(own("bert").get("causes").is_none());
    desk.project.edit("registry.toml", "[model.gpt2.set]\nlimit = 2", "[model.gpt2.set]\nlimit = 1");
    desk.test(&[]).has("2 passed");

    desk.library("models/bert.py", "VALUE = 2\n");
    desk.test(&[]).has("    since transformers: models/bert.py changed\n");
    desk.library("models/bert.py", "VALUE = 1\n");
    desk.test(&[]).has("2 passed");

    // A file of the support package, and the line of its template.
    desk.project.put("templates/runtime/limits.py.hbs", "\"\"\"Limits.\"\"\"\n\nMOST = 1\n");
    let target = "\n[target.runtime-limits]\nfor_each = \"once\"\ntemplate = \"runtime/limits.py.hbs\"\n\
                  output = \"hfgen_runtime/limits.py\"\n";
    desk.project.append("rules/90-own.toml", target);
    desk.project.edit(
        "templates/own.py.hbs",
        "== OTHER",
        "== OTHER == __import__(\"hfgen_runtime.limits\").limits.MOST",
    );
    desk.test(&[]).has("2 passed");
    desk.project.edit("templates/runtime/limits.py.hbs", "MOST = 1", "MOST = 2");
    desk.test(&[]).has("    since templates/runtime/limits.py.hbs:3\n");
}

const FLAKY: &str = r#"
from pathlib import Path


def test_one():
    tries = Path(__file__).with_name("tries-{{model.ident}}")
    count = len(tries.read_text()) if tries.exists() else 0
    tries.write_text("x" * (count + 1))
    assert count > 0, f"the try number {count}"


def test_two():
    assert Path(__file__).exists()
"#;

#[test]
fn a_test_that_fails_and_then_passes_is_flaky_and_no_failure() {
    let Some(desk) = Desk::new(FLAKY) else { return };
    let forget = || {
        for model in ["bert", "gpt2"] {
            fs::remove_file(desk.project.path(&format!("generated/tries-{model}"))).unwrap();
        }
    };
    let ran = desk.test(&["--retries", "2"]).has("tests: 2 passed, 0 failed, 2 flaky; 2 files run");
    ran.has("HF711").has("passed in try 2 and failed before: AssertionError: the try number 0").has_not("HF710");
    // It is never kept, and nothing else of its file runs again.
    desk.test(&["--why"]).has("2 because one was flaky the last time").has("tests: 4 passed, 0 failed; 2 files run");
    desk.test(&[]).has("0 files run, 2 kept");
    forget();
    desk.test(&["--rerun"]).has("HF710").has("tests: 2 passed, 2 failed");
    // A failure is a result: it is kept, until somebody asks for another try.
    desk.test(&[]).has("0 files run, 2 kept").has("2 failed");
    desk.test(&["--failed"]).has("4 passed").has("newly passing");
    let none = desk.run(desk.command(&["--failed"]));
    none.expect(0).has("no test failed the last time");
    forget();
    let ran = desk.forkless(&["--retries", "1", "--rerun", "--jobs", "1"]);
    ran.has("tests: 2 passed, 0 failed, 2 flaky; 2 files run");
}

const WILD: &str = r#"
import os
import time


def test_dies():
    assert os.getcwd()
    os._exit(7)


def test_hangs():
    assert os.getcwd()
    time.sleep(60)


def test_is_fine():
    assert os.getcwd()


def test_is_red():
    assert os.sep == "red"
"#;

#[test]
fn where_nothing_can_be_forked_each_outcome_is_that_of_its_test() {
    let Some(desk) = Desk::new(WILD) else { return };
    let outcomes = |ran: &Ran| {
        let results = ran.json()["results"].as_array().unwrap().clone();
        let one = |one: &serde_json::Value| format!("{} {} {}", one["file"], one["node"], one["reason"]);
        results.iter().map(one).collect::<Vec<_>>()
    };
    let args = ["--timeout", "2", "--format", "json", "--jobs", "1"];
    let forked = desk.test(&args);
    let batched = desk.forkless(&[&args[..], &["--rerun"]].concat());
    assert_eq!(outcomes(&batched), outcomes(&forked));
    let counts = &batched.json()["summary"]["tests"];
    assert_eq!((&counts["passed"], &counts["failed"], &counts["crashed"]), (&2.into(), &2.into(), &4.into()));
    batched.has("ended the process with exit status 7").has("timed out after 2 s");
}

/// The file of bert is the larger one, and runs first.
const SLOW: &str = r#"
import time
from pathlib import Path


def test_one():
    beat = Path(__file__).with_name("beat")
    for number in range({{#if (eq model.type "gpt2")}}600{{else}}len("b"){{/if}}):
        beat.write_text(str(number))
        time.sleep(0.05)
    assert beat.exists()
"#;

#[test]
fn what_was_done_before_an_interrupt_is_kept_and_the_next_run_goes_on_from_there() {
    let Some(desk) = Desk::new(SLOW) else { return };
    let mut command = heeding_interrupts(&desk.command(&["--jobs", "1"]));
    let running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let beat = desk.project.path("generated/beat");
    let number = || fs::read_to_string(&beat).ok().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let end = Instant::now() + Duration::from_secs(120);
    while number() < 3 {
        assert!(Instant::now() < end, "the slow test never ran");
        std::thread::sleep(Duration::from_millis(20));
    }
    Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    // Shells report the signal as exit code 130.
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.ends_with("interrupted: what was done is kept, `hfgen test` goes on from there\n"), "{said}");
    std::thread::sleep(Duration::from_millis(600));
    let before = number();
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(number(), before, "a test outlived hfgen");
    desk.project.edit("templates/own.py.hbs", "600", "2");
    desk.test(&["--why"]).has("1 because it never ran").has("1 file run, 1 kept");
}

#[test]
fn every_exit_code_is_what_the_manual_says() {
    let Some(desk) = Desk::new("\n\ndef test_one():\n    assert {{py model.set.limit}} == 1\n") else { return };
    for model in ["bert", "gpt2"] {
        desk.project.edit("registry.toml", "[project]", &format!("[model.{model}.set]\nlimit = 1\n\n[project]"));
    }
    let run = |more: &[&str]| desk.run(desk.command(more));
    run(&[]).expect(1).has("HF707");
    run(&["--changed"]).expect(2);
    run(&["--retries", "-1"]).expect(2);
    run(&["--hardware", "auto,cpu"]).expect(2).has("`auto` stands for one hardware profile");
    run(&["--hardware", "atuo"]).expect(2).has("there is no hardware profile `atuo`");
    run(&["--model", "t5"]).expect(4).has("no test file is selected");
    run(&["--hardware", "auto"]).expect(2).has("no hardware profile is ready here");
    // With torch an unchanged green suite ends with 0: tests/prove.rs has that.
    let page = run(&["--format", "html", "--output", "report.html"]).expect(1).has("tests: 2 passed");
    assert!(desk.project.read("report.html").contains("test_own_bert.py"), "{}", page.text());
    run(&["--format", "markdown"]).expect(1).has("### hfgen test");
    run(&["--format", "junit"]).expect(1).has("<testcase name=\"test_one\" classname=\"generated/test_own_bert.py\"");
    run(&["--format", "github"]).expect(1).has("::error title=HF707");
    let lines = run(&["--format", "jsonl"]).expect(1);
    let lines_of = |line: &str| serde_json::from_str::<Value>(line).unwrap()["type"].clone();
    let types: Vec<Value> = lines.stdout.lines().map(lines_of).collect();
    assert_eq!(types, ["finding", "test", "test", "summary"], "{}", lines.text());
}
