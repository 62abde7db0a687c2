//! `hfgen probe` with the real binary and a real Python, in which torch, transformers and the search are small stand-ins:
//! what is probed and when, what becomes of a crash, a hang and a kill, what is kept and how it is told.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::{HFGEN, Project, Ran, command, heeding_interrupts};
use hfgen::discover::probe::{SEARCH, SHARED};
use hfgen::registry::lock::{Lock, Proven, parse};
use serde_json::{Value, json};

/// The search: notes down what it was asked, and does with each class what the plan says.
const STAND_IN: &str = r#"
import ctypes, json, os, pathlib, subprocess, sys, time

HERE = pathlib.Path(__file__).parent

def run(job):
    plan = json.loads((HERE / "plan.json").read_text())
    names = [item["name"] for item in job["classes"]]
    with open(HERE / "calls", "a") as file:
        file.write(job["type"] + ":" + ",".join(names) + "\n")
    (HERE / ("job-" + job["type"])).write_text(json.dumps(job))
    return {
        "type": job["type"], "tiny": {"hidden_size": 8, **job["own"].get("tiny", {})}, "inputs": {"input_ids": "ids B S"},
        "classes": {name: one(plan.get(name, "run")) for name in names},
    }

def one(act):
    if act == "crash":
        os.write(2, b"terminate called\nwhat(): a bad thing\n")
        ctypes.string_at(0)
    if act == "hang":
        time.sleep(60)
    if act == "eat":
        kept = []
        while True:
            kept.append(b"x" * (1 << 22))
            time.sleep(0.005)
    if act == "leave":
        os._exit(7)
    if act == "end-server":
        os.kill(os.getppid(), 9)
        time.sleep(60)
    if act == "wait":
        started = subprocess.Popen(["sleep", "60"])
        (HERE / "waiting.new").write_text(f"{os.getpid()} {os.getppid()} {started.pid}")
        os.rename(HERE / "waiting.new", HERE / "waiting")
        time.sleep(60)
    if act == "nonsense":
        return {"colour": "red"}
    if act.startswith("error "):
        return {"error": act[6:]}
    print("noise " * 1000)
    return {"outputs": {"logits": "B S 32"}, "parameters": 1234, "seconds": 0.01, "megabytes": 20}
"#;

/// Lies before the search that hfgen brings along.
const CUSTOMISE: &str = r#"
import sys, types
import fake_search
package = types.ModuleType("hfgen_probe")
package.__path__ = []
sys.modules["hfgen_probe"] = package
sys.modules["hfgen_probe.search"] = fake_search
"#;

/// The standard project beside a Python of its own.
struct Bench {
    project: Project,
    folder: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let project = Project::new();
        let bench = Self { folder: project.outside().join("env"), project };
        fs::create_dir(&bench.folder).unwrap();
        for (name, version) in [("torch", "2.15.0"), ("transformers", "5.23.0")] {
            bench.library(name, version);
        }
        bench.put("fake_search.py", STAND_IN);
        bench.put("sitecustomize.py", CUSTOMISE);
        bench.put("python", &format!("#!/bin/sh\nPYTHONPATH='{}' exec python3 \"$@\"\n", bench.folder.display()));
        fs::set_permissions(bench.folder.join("python"), fs::Permissions::from_mode(0o755)).unwrap();
        bench.plan(json!({}));
        bench
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    fn library(&self, name: &str, version: &str) {
        let info = self.folder.join(format!("{name}-1.dist-info"));
        fs::create_dir_all(&info).unwrap();
        fs::write(info.join("METADATA"), format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")).unwrap();
        self.put(&format!("{name}.py"), &format!("__version__ = '{version}'\n"));
    }

    fn plan(&self, plan: Value) {
        self.put("plan.json", &plan.to_string());
    }

    fn arguments<'a>(&self, python: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let jobs: &[&str] = if more.contains(&"--jobs") { &[] } else { &["--jobs", "2"] };
        [&["probe", "--python", python], jobs, more].concat()
    }

    fn python(&self) -> String {
        self.folder.join("python").display().to_string()
    }

    fn probe(&self, more: &[&str]) -> Ran {
        self.project.hfgen(&self.arguments(&self.python(), more))
    }

    fn start(&self, more: &[&str]) -> Child {
        let python = self.python();
        let command = command(self.project.root(), HFGEN, &self.arguments(&python, more));
        heeding_interrupts(&command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What the search was asked since this was last called, sorted.
    fn calls(&self) -> Vec<String> {
        let path = self.folder.join("calls");
        let mut calls: Vec<String> = fs::read_to_string(&path).unwrap_or_default().lines().map(str::to_owned).collect();
        let _ = fs::remove_file(path);
        calls.sort();
        calls
    }

    /// The model types that the search was asked about.
    fn types(&self) -> Vec<String> {
        self.calls().iter().map(|call| call.split(':').next().unwrap().to_owned()).collect()
    }

    fn lock(&self) -> Lock {
        let (lock, findings) = parse("registry.lock", &self.project.read("registry.lock"));
        assert_eq!(findings, []);
        lock
    }

    fn proven(&self, model: &str) -> Proven {
        self.lock().models[model].proven.clone().unwrap_or_else(|| panic!("{model} is not proven"))
    }

    fn error(&self, model: &str, class: &str) -> Option<String> {
        self.proven(model).classes[class].error.clone()
    }
}

const ALL: [&str; 6] = ["alpha", "beta-2", "delta.5", "echo", "gamma", "iris"];

/// Waits for a file that a job writes, and gives the numbers in it.
fn waiting(bench: &Bench) -> Vec<u32> {
    let start = Instant::now();
    loop {
        if let Ok(text) = fs::read_to_string(bench.folder.join("waiting")) {
            fs::remove_file(bench.folder.join("waiting")).unwrap();
            return text.split(' ').map(|pid| pid.parse().unwrap()).collect();
        }
        assert!(start.elapsed() < Duration::from_secs(30), "no job came so far");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[track_caller]
fn gone(pids: &[u32]) {
    common::gone(pids, Duration::from_secs(10));
}

#[test]
fn every_type_is_probed_once() {
    let bench = Bench::new();
    bench.project.hfgen(&["build"]).expect(0);
    let ran = bench.probe(&["--check"]).expect(1).has("HF534").has("6 model types are out of date (alpha, beta-2,");
    ran.has("model types probed         0 of     6  0.0 %").has_not("that run");
    bench.probe(&["-n"]).expect(0).has("alpha  it was never probed").has("6 model types to probe");
    assert_eq!(bench.types(), [""; 0], "nothing was run so far");

    bench.probe(&[]).expect(0).has("probed 6 model types").has("model types that run       6 of     6  100.0 %");
    assert_eq!(bench.types(), ALL);
    let alpha = bench.proven("alpha");
    assert_eq!((alpha.torch.as_str(), alpha.transformers.as_str()), ("2.15.0", "5.23.0"));
    assert_eq!(alpha.classes.keys().collect::<Vec<_>>(), ["AlphaForCausalLM", "AlphaModel"]);
    assert_eq!(json!(alpha.tiny), json!({"hidden_size": 48}), "[model.alpha] says so");
    assert_eq!(json!(alpha.classes["AlphaModel"].outputs), json!({"logits": "B S 32"}));

    let text = bench.project.read("registry.lock");
    bench.probe(&[]).expect(0).has("nothing to probe");
    bench.probe(&["--check"]).expect(0);
    assert_eq!((bench.types().len(), bench.project.read("registry.lock")), (0, text));
    // The other commands take it as it is.
    for args in [
        &["status"][..],
        &["affected", "registry.lock"],
        &["build"],
        &["check"],
        &["why", "generated/test_hf_alpha.py"],
    ] {
        bench.project.hfgen(args).expect(0);
    }
}

#[test]
fn what_changed_is_probed_again_and_nothing_else() {
    let bench = Bench::new();
    bench.probe(&[]).expect(0);
    bench.calls();
    let due = |edit: &dyn Fn(&Project), types: &[&str], why: &str| {
        edit(&bench.project);
        let check = bench.probe(&["--check", "--why=full"]);
        check.expect(i32::from(!types.is_empty())).has(why);
        bench.probe(&[]).expect(0);
        assert_eq!(bench.types(), types, "{why}");
    };
    due(
        &|p| p.edit("registry.toml", "tiny = { hidden_size = 48 }", "tiny = { hidden_size = 56 }"),
        &["alpha"],
        "alpha  its part of registry.toml changed",
    );
    due(
        &|p| p.append("registry.toml", "\n[model.alpha.class.AlphaModel]\nreason = \"a\"\nhints = { mels = 4 }\n"),
        &["alpha"],
        "",
    );
    // Words for people, skips and data of templates are no facts of a model.
    due(&|p| p.edit("registry.toml", "reason = \"a\"", "reason = \"b\""), &[], "nothing to probe");
    due(&|p| p.append("registry.toml", "\n[[model.gamma.skip]]\ncheck = \"shape\"\nreason = \"r\"\n"), &[], "nothing");
    due(&|p| p.edit("registry.toml", "unread = true", "unread = false"), &[], "nothing to probe");
    due(
        &|p| p.append("rules/10-families.toml", "\n[[input]]\nname = [\"pixel_values\"]\nmake = \"noise B 3 8 8\"\n"),
        &["iris"],
        "iris  rules that reach it changed",
    );
    due(
        &|p| {
            let rule = "\n[[input]]\nname = [\"input_ids\"]\nmake = \"ids B S\"\nselect = { model = [\"delta.5\"] }\n";
            p.append("rules/10-families.toml", rule);
        },
        &["delta.5"],
        "delta.5  rules that reach it changed",
    );
    due(
        &|p| p.append("rules/10-families.toml", "\n[[input]]\nname = [\"nowhere\"]\nmake = \"ids B\"\n"),
        &[],
        "nothing",
    );
    let sources = |p: &Project| {
        let (mut lock, _) = parse("registry.lock", &p.read("registry.lock"));
        "feedfeedfeedfeed".clone_into(&mut lock.models.get_mut("gamma").unwrap().meaning);
        p.put("registry.lock", hfgen::registry::lock::write(&lock));
    };
    due(&sources, &["gamma"], "gamma  its sources changed");
    bench.library("torch", "2.16.0");
    due(&|_| {}, &ALL, "6 model types are out of date");
    // In a fresh clone nothing is kept, and nothing needs to be.
    fs::remove_dir_all(bench.project.path(".hfgen-cache")).unwrap();
    due(&|_| {}, &[], "nothing to probe");
    bench.library("torch", "2.17.0");
    bench.probe(&["-n", "--model", "echo"]).expect(0).has("echo  torch 2.16.0 is now 2.17.0");
    due(&|_| {}, &ALL, "");
    bench.probe(&["--force", "--model", "echo", "--why"]).expect(0).has("1 because --force  echo");
    assert_eq!(bench.types(), ["echo"]);
    // Back to what was known before: nothing is asked again.
    bench.library("torch", "2.16.0");
    bench.probe(&["--model", "alpha"]).expect(0);
    bench.library("torch", "2.17.0");
    bench.probe(&["--model", "alpha"]).expect(0).has("probed 1 model type");
    assert_eq!(bench.types(), ["alpha"], "2.17.0 is kept");
}

#[test]
fn what_one_class_does_is_its_own_finding() {
    let bench = Bench::new();
    bench.plan(json!({
        "AlphaForCausalLM": "crash", "Beta2Model": "hang", "Delta5Model": "eat", "GammaForCausalLM": "leave",
        "GammaModel": "error build: ValueError: <X at 0x7f00aa11bb22> is odd", "IrisModel": "hang",
    }));
    let start = Instant::now();
    let ran = bench.probe(&["--timeout", "4", "--memory", "200"]).expect(0);
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    let lock = bench.lock();
    let name = |model: &str, at: usize| lock.models[model].classes.keys().nth(at).unwrap().clone();
    assert_eq!(
        bench.error("alpha", "AlphaForCausalLM").as_deref(),
        Some("forward: the process crashed (SIGSEGV); it said: what(): a bad thing")
    );
    assert_eq!(bench.error("alpha", "AlphaModel"), None, "the other class of the type that crashed");
    assert_eq!(bench.error("beta-2", &name("beta-2", 1)).as_deref(), Some("forward: it took too long and was stopped"));
    assert_eq!(bench.error("beta-2", &name("beta-2", 0)), None);
    let gluttony = "forward: it took too much memory and was stopped";
    assert_eq!(bench.error("delta.5", &name("delta.5", 1)).as_deref(), Some(gluttony));
    assert_eq!(
        bench.error("gamma", "GammaForCausalLM").as_deref(),
        Some("forward: the process ended by itself with status 7")
    );
    assert_eq!(bench.error("gamma", "GammaModel").as_deref(), Some("build: ValueError: <X at 0x...> is odd"));
    assert_eq!(bench.error("iris", "IrisModel").as_deref(), Some("forward: it took too long and was stopped"));
    assert_eq!(bench.error("echo", "EchoModel"), None);
    let ran = ran.has("warning[HF532]").has("`AlphaForCausalLM` of `alpha` does not run").has("--> registry.lock:");
    let ran = ran.has("error = \"forward: the process crashed (SIGSEGV)").has("classes that build         9 of    10");
    ran.has("6 not running, and nothing says why").has("2  forward: it took too long and was stopped");
    bench.calls();

    // A cause in the registry is told instead, and nothing runs again for it.
    for check in ["builds", "forward"] {
        bench.project.append("rules/10-families.toml", &format!("\n[check.{check}]\ntitle = \"t\"\nfault = \"f\"\n"));
    }
    let registry = |text: &str| bench.project.append("registry.toml", text);
    registry(
        "\n[[model.alpha.skip]]\ncheck = \"forward\"\nclass = \"AlphaForCausalLM\"\nreason = \"needs a kernel\"\n",
    );
    registry("\n[[model.gamma.skip]]\ncheck = \"*\"\nreason = \"is broken\"\n");
    registry("\n[[model.echo.skip]]\ncheck = \"builds\"\nclass = \"EchoModel\"\nreason = \"once\"\n");
    registry("\n[[model.iris.skip]]\ncheck = \"forward\"\nhardware = \"cuda\"\nreason = \"elsewhere\"\n");
    let ran =
        bench.probe(&[]).expect(0).has("3 not running, with a cause").has("2  is broken").has("1  needs a kernel");
    let ran = ran.has_not("of `alpha` does not run").has_not("of `gamma`").has("`IrisModel` of `iris` does not run");
    ran.has("HF533").has("`EchoModel` of `echo` runs, and the registry says it can't").has("--> registry.toml:");
    assert_eq!(bench.calls(), [""; 0]);

    let told = bench.probe(&["--format", "json"]).expect(0).json();
    assert_eq!((&told["summary"]["classes_run"], &told["summary"]["types_run"]), (&json!(4), &json!(4)));
    assert_eq!(told["summary"]["explained"], json!({"is broken": 2, "needs a kernel": 1}));
    assert_eq!(told["findings"].as_array().unwrap().len(), 4);
    let lines = bench.probe(&["--force", "--model", "alpha,echo", "--format", "jsonl"]).expect(0).stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["type"], &lines[1]["type"]), (&json!("alpha"), &json!("echo")));
    assert_eq!(lines[0]["classes"]["AlphaForCausalLM"]["runs"], false);
    assert_eq!(lines[1]["classes"]["EchoModel"]["parameters"], 1234);
    let sarif = bench.probe(&["--format", "sarif"]).expect(0).json();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 4);
}

#[test]
fn a_probe_that_was_killed_goes_on_where_it_was_and_leaves_nothing() {
    let bench = Bench::new();
    bench.plan(json!({"GammaForCausalLM": "wait"}));
    let before = bench.project.read("registry.lock");
    let mut probe = bench.start(&["--jobs", "1"]);
    let pids = waiting(&bench);
    // Another one waits for it.
    let mut other = bench.start(&["--model", "iris"]);
    let mut said = BufReader::new(other.stderr.take().unwrap()).lines();
    let said = said.find(|line| line.as_ref().is_ok_and(|line| line.contains("another probe is running here")));
    assert!(said.is_some());
    probe.kill().unwrap();
    probe.wait().unwrap();
    gone(&pids);
    assert!(other.wait().unwrap().success());
    assert_eq!(bench.types(), ["alpha", "beta-2", "delta.5", "echo", "gamma", "iris"]);
    assert!(before != bench.project.read("registry.lock"), "iris was written");

    bench.plan(json!({}));
    bench.probe(&["--force", "--model", "iris"]).expect(0);
    bench.probe(&[]).expect(0).has("probed 5 model types");
    assert_eq!(bench.types(), ["gamma", "iris"], "what had come was kept");
    bench.probe(&["--check"]).expect(0);
}

#[test]
fn an_interrupt_ends_everything() {
    let bench = Bench::new();
    bench.plan(json!({"AlphaModel": "wait"}));
    let probe = bench.start(&["--model", "alpha"]);
    let pids = waiting(&bench);
    // To hfgen alone, as a supervisor does; a terminal sends it to Python too.
    std::process::Command::new("kill").args(["-INT", &probe.id().to_string()]).status().unwrap();
    let output = probe.wait_with_output().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    assert_eq!(signal, Some(2), "shells tell it as 130");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.ends_with("interrupted: what was done is kept, `hfgen probe` goes on from there\n"), "{said}");
    gone(&pids);
}

#[test]
fn a_python_that_dies_keeps_what_had_come() {
    let bench = Bench::new();
    bench.plan(json!({"IrisModel": "end-server"}));
    bench.probe(&["--jobs", "1"]).expect(2).has("HF530").has("ended with status 137").has("run `hfgen probe` again");
    assert_eq!(bench.types(), ALL);
    bench.plan(json!({}));
    bench.probe(&[]).expect(0);
    assert_eq!(bench.types(), ["iris"]);
}

#[test]
fn an_answer_that_is_none_changes_nothing() {
    let bench = Bench::new();
    bench.plan(json!({"EchoModel": "nonsense"}));
    bench.probe(&[]).expect(1).has("HF530").has("the answer about `echo` can't be read: ").has("colour");
    assert!(bench.lock().models["echo"].proven.is_none());
    assert!(bench.lock().models["iris"].proven.is_some());
    bench.plan(json!({}));
    bench.calls();
    bench.probe(&[]).expect(0);
    assert_eq!(bench.types(), ["echo"], "it is not kept");
}

/// A mistake in the rules or the registry is no fault of the model, and takes nothing of what was proven of it.
#[test]
fn what_is_asked_wrongly_changes_nothing() {
    let bench = Bench::new();
    bench.probe(&[]).expect(0);
    for error in
        ["forward: BadDescription: there is no kind idz", "build: PatternError: missing ), unterminated subpattern"]
    {
        bench.plan(json!({"EchoModel": format!("error {error}")}));
        bench.probe(&["--force", "--model", "echo"]).expect(1).has("a rule about `echo` can't be used").has(error);
        assert!(bench.lock().models["echo"].proven.as_ref().unwrap().classes["EchoModel"].error.is_none());
    }
}

#[test]
fn a_python_that_can_t_probe_is_refused_with_what_to_do() {
    let bench = Bench::new();
    let with = |python: &str| bench.project.hfgen(&["probe", "--python", python]).expect(2);
    with("/nowhere/python").has("`/nowhere/python` can't be started").has("--python");
    with("false").has("is no Python that can be asked");
    bench.library("transformers", "4.57.6");
    bench
        .probe(&[])
        .expect(2)
        .has("HF531")
        .has("has transformers 4.57.6, and registry.lock is of 5.23.0")
        .has("hfgen sync");
    bench.library("transformers", "5.23.0");
    bench.put("torch.py", "raise OSError('libcudart.so.13: cannot open shared object file')\n");
    bench.probe(&[]).expect(2).has("HF531").has("can't import torch: OSError: libcudart.so.13");
    fs::remove_dir_all(bench.folder.join("torch-1.dist-info")).unwrap();
    bench.probe(&[]).expect(2).has("has no torch").has("that has torch, transformers");
    bench.library("torch", "2.15.0");
    bench.probe(&[]).expect(0);

    // To look needs no Python with torch: the lock says what it was proven by.
    let mut look = command(bench.project.root(), HFGEN, &["probe", "--check"]);
    look.env("PATH", "/nowhere").env_remove("VIRTUAL_ENV");
    common::finished(look).expect(0).has("nothing to probe");
    bench.project.edit("registry.toml", "hidden_size = 48", "hidden_size = 40");
    let mut look = command(bench.project.root(), HFGEN, &["probe", "--check"]);
    look.env("PATH", "/nowhere").env_remove("VIRTUAL_ENV");
    common::finished(look).expect(1).has("1 model type are out of date (alpha)");
}

#[test]
fn selections_are_those_of_a_build() {
    let bench = Bench::new();
    bench.probe(&["--family", "vision"]).expect(0).has("model types probed         1 of     6");
    bench.probe(&["--task", "text-generation", "--model", "gamma"]).expect(0);
    assert_eq!(bench.types(), ["gamma", "iris"]);
    bench.probe(&["--model", "alhpa"]).expect(2).has("did you mean `alpha`?");
    bench
        .probe(&["--family", "vision", "--model", "gamma"])
        .expect(4)
        .has("no model type that has a class is selected");
    for wrong in [["--timeout", "0"], ["--memory", "0"], ["--jobs", "0"]] {
        bench.probe(&wrong).expect(2);
    }
    bench.project.append("registry.toml", "[broken\n");
    bench.probe(&[]).expect(2).has("registry.toml");
}

#[test]
fn the_lock_is_read_again_before_it_is_written() {
    let bench = Bench::new();
    bench.plan(json!({"IrisModel": "wait"}));
    let probe = bench.start(&["--model", "iris", "--timeout", "3"]);
    waiting(&bench);
    // Meanwhile a sync finds a new type.
    let (mut lock, _) = parse("registry.lock", &bench.project.read("registry.lock"));
    let (key, facts) = common::suite::text_model("zeta", 64);
    lock.models.insert(key, facts);
    bench.project.put("registry.lock", hfgen::registry::lock::write(&lock));
    assert!(probe.wait_with_output().unwrap().status.success());
    let lock = bench.lock();
    assert!(lock.models.contains_key("zeta") && lock.models["iris"].proven.is_some());
}

#[test]
fn the_search_has_all_that_it_imports() {
    let there: Vec<&str> = SEARCH.iter().chain(SHARED).map(|(name, _)| *name).collect();
    let mut seen = 0;
    for (file, text) in SEARCH.iter().chain(SHARED) {
        let folder = file.split('/').next().unwrap();
        for line in text.lines().map(str::trim_start) {
            let Some((from, names)) = line.strip_prefix("from ").and_then(|rest| rest.split_once(" import ")) else {
                continue;
            };
            let wanted: Vec<String> = match from.split_once("hfgen_runtime").map(|(_, rest)| rest) {
                Some("") => names.split(", ").map(|name| format!("hfgen_runtime/{}.py", first_word(name))).collect(),
                Some(module) => vec![format!("hfgen_runtime{}.py", module.replace('.', "/"))],
                None if from.starts_with('.') => vec![format!("{folder}/{}.py", &from[1..])],
                None => continue,
            };
            for wanted in wanted {
                seen += 1;
                assert!(there.contains(&wanted.as_str()), "{file} imports {wanted}, which hfgen does not carry");
            }
        }
    }
    assert!(seen > 20, "the test can see an import");
}

fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or(text)
}
