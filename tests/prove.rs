//! `hfgen prove` with the real binary and a real Python: what is caught, missed and blind, what is kept, how it ends.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Project, Ran, skipped};

const RULES: &str = r#"
[target.own]
for_each = "model"
select = { model = ["bert"] }
template = "own.py.hbs"
output = "test_own_{ident}.py"

[check.sees]
title = "it sees the fault"
fault = "another number"
faults = ["another-number", "dies", "nothing-there"]

[check.blind]
title = "it looks away"
fault = "another number"
faults = ["another-number"]
"#;

const TESTS: &str = r#"
"""Tests of {{model.type}}."""

import hfgen_runtime as hf


def test_sees():
    """Sees the fault."""
    assert hf.faults.at("result", 1) == 1


def test_blind():
    """Looks away."""
    assert hf.faults.at("result", 1)
"#;

const FAULTS: &str = r#"
"""Faults of a project's own."""

import os

from .faults import fault, not_applicable


@fault("result")
def another_number(value):
    """Another number."""
    return value + 1


@fault("result")
def dies(value):
    """The process dies."""
    os._exit(3)


@fault("result")
def nothing_there(value):
    """There is nothing to break."""
    not_applicable("it has no such part")
"#;

const FAULTS_TARGET: &str = r#"
[target.runtime-own-faults]
for_each = "once"
template = "runtime/faults_own.py.hbs"
output = "hfgen_runtime/faults_own.py"
"#;

/// hfgen's own project, and beside its tests one file that needs no torch.
fn project() -> Project {
    let project = Project::empty();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for file in ["registry.toml", "registry.lock"] {
        project.put(file, fs::read(root.join(file)).unwrap());
    }
    for entry in fs::read_dir(root.join("rules")).unwrap().flatten() {
        project.put(&format!("rules/{}", entry.file_name().to_string_lossy()), fs::read(entry.path()).unwrap());
    }
    project.put("rules/90-own.toml", format!("{RULES}{FAULTS_TARGET}"));
    project.put("templates/own.py.hbs", TESTS.trim_start());
    project.put("templates/runtime/faults_own.py.hbs", FAULTS.trim_start());
    project
}

/// A Python of the tests' environments that has pytest, and torch or not.
fn python(name: &str) -> Option<String> {
    let python = Path::new(&std::env::var_os("HOME")?).join(".cache/hfgen").join(name).join("bin/python");
    if python.exists() {
        return Some(python.display().to_string());
    }
    skipped(&format!("no {name} in ~/.cache/hfgen; tests/run makes it"));
    None
}

fn prove(project: &Project, python: &str, more: &[&str]) -> Ran {
    let all = if more.contains(&"--check") { &[][..] } else { &["--check", "sees,blind"] };
    project.hfgen(&[&["prove", "--rule", "own", "--python", python], all, more].concat())
}

fn verdicts(ran: &Ran) -> BTreeMap<String, String> {
    let value = ran.json();
    let proofs = value["proofs"].as_array().unwrap().iter();
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    proofs
        .map(|proof| (format!("{} {}", word(&proof["check"]), word(&proof["fault"])), word(&proof["verdict"])))
        .collect()
}

#[test]
fn what_stays_green_is_found_and_what_is_known_does_not_run_again() {
    let Some(python) = python("venv-torch") else { return };
    let project = project();
    let ran = prove(&project, &python, &["--format", "json"]).expect(1);
    let expected = [
        ("blind -", "green"),
        ("blind another-number", "missed"),
        ("sees -", "green"),
        ("sees another-number", "caught"),
        ("sees dies", "caught"),
        ("sees nothing-there", "not-applicable"),
    ];
    assert_eq!(verdicts(&ran), expected.map(|(key, verdict)| (key.to_owned(), verdict.to_owned())).into());
    let value = ran.json();
    assert_eq!((&value["findings"][0]["code"], &value["exit"]), (&"HF700".into(), &1.into()));
    assert_eq!(value["dead"], serde_json::json!([]));

    // What crashed is not kept; the rest is. A blind spot is judged anew without running anything.
    let spot = "\n[[model.bert.blind]]\ncheck = \"blind\"\nfault = \"another-number\"\nreason = \"it looks away\"\n";
    project.append("registry.toml", spot);
    let ran = prove(&project, &python, &["--why", "-v"]).expect(0).has("1 because sees under dies is not known");
    let ran = ran.has("caught 2 of 3 faults (66.6 %), 1 blind, 1 not applicable; without a fault 2 green; 1 file run");
    ran.has("blind          generated/test_own_bert.py::test_blind under another-number  it looks away");
    let kept = prove(&project, &python, &["--check", "blind"]).expect(0).has("0 files run, 1 kept");
    kept.has("1 blind");

    // A blind spot that is none any more.
    project.edit(
        "templates/own.py.hbs",
        "assert hf.faults.at(\"result\", 1)\n",
        "assert hf.faults.at(\"result\", 1) < 2\n",
    );
    prove(&project, &python, &["--why"]).expect(0).has("1 because file changed").has("HF704");

    // Without a fault it is red: nothing can be proved by it.
    project.edit(
        "templates/own.py.hbs",
        "assert hf.faults.at(\"result\", 1) < 2",
        "assert hf.faults.at(\"result\", 1) > 2",
    );
    prove(&project, &python, &[]).expect(1).has("HF701").has("`blind` is red without a fault in 1 test");
}

#[test]
fn without_torch_the_structure_is_proved_and_the_exit_says_so() {
    let Some(python) = python("venv-tools") else { return };
    let project = project();
    let ran = prove(&project, &python, &["--format", "json"]).expect(1);
    assert_eq!(verdicts(&ran)["sees another-number"], "caught");
    let codes: Vec<_> = ran.json()["findings"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
    assert!(codes.contains(&"HF707".into()), "{codes:?}");

    // Where nothing can be forked each fault gets a process of its own, and the verdicts are the same.
    let mut batched = common::command(project.root(), common::HFGEN, &["prove", "--rule", "own", "--python", &python]);
    batched.args(["--check", "sees,blind", "--format", "json", "--rerun"]).env("HFGEN_FORK", "0");
    assert_eq!(verdicts(&common::finished(batched).expect(1)), verdicts(&ran));
}

#[test]
fn a_file_that_cannot_be_collected_is_told_and_the_others_go_on() {
    let Some(python) = python("venv-tools") else { return };
    let project = project();
    project.edit(
        "templates/own.py.hbs",
        "import hfgen_runtime as hf",
        "import hfgen_runtime as hf\nimport nowhere_at_all",
    );
    let ran = project.hfgen(&["prove", "--rule", "own,config-only", "--check", "sees,skillset", "--python", &python]);
    ran.expect(1).has("HF703").has("nowhere_at_all").has("green");
}

#[test]
fn tests_run_once_and_what_is_new_is_told() {
    let Some(python) = python("venv-torch") else { return };
    let project = project();
    let test = |more: &[&str]| project.hfgen(&[&["test", "--rule", "own", "--python", &python], more].concat());
    test(&[]).expect(0).has("tests: 2 passed, 0 failed; 1 file run, 0 kept");
    test(&[]).expect(0).has("0 files run, 1 kept");
    // Proving takes the runs without faults from there, and the other way round.
    prove(&project, &python, &["--check", "sees", "--why"])
        .expect(0)
        .has("1 because sees under another-number and 2 more");
    test(&["--failed"]).expect(0).has("no test failed the last time");
    // Another hardware has results of its own; the fastest device that is here is one by name.
    test(&["--hardware", "auto", "--why"]).expect(0).has("hardware: cpu\n").has("1 because it never ran");
    test(&["--hardware", "cpu"]).expect(0).has("0 files run, 1 kept");

    project.edit(
        "templates/own.py.hbs",
        "assert hf.faults.at(\"result\", 1) == 1",
        "assert hf.faults.at(\"result\", 1) == 2",
    );
    let ran = test(&["--why"]).expect(1).has("1 because file changed").has("tests: 1 passed, 1 failed; 1 file run");
    ran.has("newly failing  generated/test_own_bert.py::test_sees").has("HF710").has("E   AssertionError");
    test(&["--format", "junit"]).expect(1).has("<testsuites").has("test_sees");
    test(&["--failed", "--format", "json"]).expect(1).has("\"files_run\": 1");
    project.edit("templates/own.py.hbs", "== 2", "== 1");
    test(&[]).expect(0).has("newly passing  generated/test_own_bert.py::test_sees");

    // A test that dies is its own outcome, and runs again.
    project.edit("templates/own.py.hbs", "== 1", "== __import__(\"os\")._exit(0)");
    for _ in 0..2 {
        test(&[]).expect(1).has("tests: 1 passed, 0 failed, 1 crashed; 1 file run").has("exit status 0");
    }
}

#[test]
fn what_means_nothing_is_refused_before_anything_runs() {
    let project = project();
    let refused = |args: &[&str], code: i32, words: &str| {
        project.hfgen(&[&["prove"], args].concat()).expect(code).has(words);
        assert!(!project.has("generated/test_own_bert.py"), "{args:?} built something");
    };
    refused(&["--check", "seas"], 2, "there is no check `seas`");
    refused(&["--fault", "another-numbr"], 2, "did you mean `another-number`?");
    refused(&["--model", "berrt"], 2, "there is no model type `berrt`");
    refused(&["--hardware", "abacus"], 2, "there is no hardware profile `abacus`");
    refused(&["--rule", "own", "--model", "gpt2"], 4, "no test file is selected");
    refused(&["--timeout", "0"], 2, "not a number of seconds above zero");
    project.hfgen(&["prove", "--rule", "own", "--python", "/nowhere/python"]).expect(2).has("can't be started");
}

#[test]
fn a_fault_that_is_not_there_is_found_by_every_build() {
    let project = project();
    project.edit("rules/90-own.toml", "faults = [\"another-number\"]", "faults = [\"another-numbr\"]");
    let spot = "\n[[model.bert.blind]]\ncheck = \"seas\"\nfault = \"dyes\"\nreason = \" \"\n";
    project.append("registry.toml", spot);
    let ran = project.hfgen(&["build"]).expect(2).has("unknown fault `another-numbr`").has("rules/90-own.toml:16:");
    ran.has("unknown fault `dyes`").has("unknown check `seas`").has("has no reason").has("did you mean `dies`?");
    project.edit(
        "registry.toml",
        "\"seas\"\nfault = \"dyes\"\nreason = \" \"",
        "\"blind\"\nfault = \"dies\"\nreason = \"r\"",
    );
    project.edit("rules/90-own.toml", "another-numbr", "another-number");
    project.hfgen(&["build"]).expect(0).has("check `blind` is not tried with fault `dies`").has_not("twice");
    let same = spot.replace("seas", "blind").replace("dyes", "dies").replace("\" \"", "\"another\"");
    let skip = "\n[[model.bert.skip]]\ncheck = \"blind\"\nreason = \"r\"\n";
    project.append("registry.toml", &format!("{same}{skip}{skip}"));
    let ran = project.hfgen(&["build"]).expect(0).has("a blind spot of `blind` for `bert` stands twice");
    ran.has("a skip of `blind` for `bert` stands twice").has("the first one");
}

#[test]
fn every_check_of_the_project_names_a_fault_and_every_fault_has_its_place() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut named = Vec::new();
    for entry in fs::read_dir(root.join("rules")).unwrap().flatten() {
        let rules: toml::Table = toml::from_str(&fs::read_to_string(entry.path()).unwrap()).unwrap();
        for (name, check) in rules.get("check").and_then(toml::Value::as_table).into_iter().flatten() {
            let faults = check.get("faults").and_then(toml::Value::as_array).cloned().unwrap_or_default();
            assert!(!faults.is_empty(), "check {name} names no fault");
            named.extend(faults.iter().filter_map(toml::Value::as_str).map(str::to_owned));
        }
    }
    let package = fs::read_dir(root.join("templates/runtime")).unwrap().flatten();
    let texts: Vec<String> = package.map(|entry| fs::read_to_string(entry.path()).unwrap()).collect();
    let mut declared = 0;
    for part in texts.iter().flat_map(|text| text.split("\n@fault(\"").skip(1)) {
        let (point, rest) = part.split_once('"').unwrap();
        let name = rest.split_once("\ndef ").unwrap().1.split('(').next().unwrap().replace('_', "-");
        // Where nobody asks at a point, its faults never act.
        let asked =
            |text: &String| text.contains(&format!("at(\"{point}\"")) || text.contains(&format!("== \"{point}\""));
        assert!(texts.iter().any(asked), "fault {name}: nobody asks at its point {point}");
        assert!(named.contains(&name), "fault {name} is tried on no check");
        declared += 1;
    }
    assert!(declared > 20, "{declared}");
}
