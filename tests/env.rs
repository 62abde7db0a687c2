//! `hfgen env` with the real binary, a real Python and a real pip; the wheels are made here, so nothing is downloaded.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::fs;
use std::path::PathBuf;

use common::Ran;
use hfgen::finding::codes::environment::STEP_FAILED;
use hfgen::python::environment::make::{Event, installer, make};
use hfgen::python::environment::plan::{Installer, steps};
use hfgen::python::environment::{Environment, Wanted};
use hfgen::sys::{self, MemorySystem};
use serde_json::Value;

const HFGEN: &str = env!("CARGO_BIN_EXE_hfgen");
const LOCK: &str = "version = 1\ntransformers = \"5.1.0\"\n\n[base_fields]\n";
const REGISTRY: &str = r#"
[project]
name = "x"
output = "generated"
python = "3.10"

[hardware.openvino]
title = "Intel OpenVINO"
backend = "openvino"
device = "cpu"
runtime = "openvino"
set = { detect = "openvino", packages = ["torch", "transformers", "openvino"] }
"#;

/// Makes a wheel of one module each, `name version` by `name version`.
const WHEELS: &str = r#"
import sys, zipfile
folder, *names = sys.argv[1:]
for name in names:
    name, version = name.split("==")
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"__version__ = '{version}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
"#;

const BESIDE: [&str; 11] = [
    "torch==2.15.0",
    "torchvision==0.30",
    "pytest==8.0",
    "sentencepiece==1",
    "pillow==1",
    "protobuf==1",
    "psutil==1",
    "timm==1",
    "scipy==1",
    "einops==1",
    "openvino==2026.4.1",
];

/// A project, a folder of wheels, and a home for environments.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (file, text) in [("project/registry.lock", LOCK), ("project/registry.toml", REGISTRY)] {
            fs::create_dir_all(place.path(file).parent().unwrap()).unwrap();
            fs::write(place.path(file), text).unwrap();
        }
        fs::create_dir_all(place.path("wheels")).unwrap();
        place.wheels(&BESIDE);
        place
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn wheels(&self, names: &[&str]) {
        let folder = self.path("wheels").display().to_string();
        let ran = common::run_in(self.0.path(), "python3", &[&["-c", WHEELS, &folder], names].concat());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }

    fn hfgen(&self, args: &[&str]) -> Ran {
        let mut command = common::command(&self.path("project"), HFGEN, args);
        for name in ["VIRTUAL_ENV", "HFGEN_PYTHON", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"] {
            command.env_remove(name);
        }
        for (name, value) in [("PIP_NO_INDEX", "1"), ("UV_NO_INDEX", "1"), ("PIP_CONFIG_FILE", "/dev/null")] {
            command.env(name, value);
        }
        let wheels = self.path("wheels");
        command.env("PIP_FIND_LINKS", &wheels).env("UV_FIND_LINKS", &wheels).env("HFGEN_HOME", self.path("home"));
        common::finished(command)
    }
}

#[test]
fn an_environment_is_made_finished_used_and_removed() {
    let place = Place::new();
    let folder = place.path("home/environments/transformers-5.1.0-torch-2.15.0");

    let ran = place.hfgen(&["env", "create"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("HF844") && ran.stderr.contains("to download") && ran.stderr.contains("--yes"),
        "{}",
        ran.stderr
    );
    assert!(!folder.exists(), "nothing is made before somebody said yes");

    // There is no transformers yet: the third step fails, what was done before stays.
    let ran = place.hfgen(&["env", "create", "--yes"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("HF843") && ran.stderr.contains("transformers==5.1.0"), "{}", ran.stderr);
    let ran = place.hfgen(&["env", "path"]);
    assert!(ran.code == 1 && ran.stderr.contains("HF840"), "{}", ran.stderr);
    assert!(place.hfgen(&["env"]).stdout.contains("half made"));

    place.wheels(&["transformers==5.1.0"]);
    let ran = place.hfgen(&["env", "create", "--yes"]);
    assert_eq!((ran.code, ran.stdout.trim()), (0, folder.to_str().unwrap()), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches(": done before").count(), 2, "{}", ran.stderr);
    assert!(folder.join("bin/python").exists());

    let ran = place.hfgen(&["env", "create"]);
    assert!(ran.code == 0 && ran.stderr.contains("nothing to do"), "{}", ran.stderr);
    assert_eq!(place.hfgen(&["env", "path"]).stdout.trim(), folder.to_str().unwrap());

    // It is what commands use now.
    let ran = place.hfgen(&["env", "--format", "json"]);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, value["source"].as_str()), (0, Some("own")), "{}", ran.stderr);
    assert_eq!(value["versions"]["transformers"], "5.1.0");
    assert_eq!(value["environments"][0]["whole"], true);

    // What a hardware profile needs is a step more.
    let ran = place.hfgen(&["env", "create", "--yes", "--hardware", "openvino"]);
    assert!(ran.code == 0 && ran.stderr.contains("[4/4] openvino"), "{}", ran.stderr);
    let ran = place.hfgen(&["env", "create", "--hardware", "openvno"]);
    assert!(ran.code == 2 && ran.stderr.contains("did you mean `openvino`?"), "{}", ran.stderr);

    // A facts file of another version is told.
    fs::write(place.path("project/registry.lock"), LOCK.replace("5.1.0", "5.2.0")).unwrap();
    let python = folder.join("bin/python").display().to_string();
    let ran = place.hfgen(&["env", "--python", &python]);
    assert!(ran.code == 0 && ran.stderr.contains("HF842"), "{}", ran.stderr);
    fs::write(place.path("project/registry.lock"), LOCK).unwrap();

    assert_eq!(place.hfgen(&["env", "remove"]).code, 0);
    assert!(!folder.exists());
    assert_eq!(place.hfgen(&["env", "remove"]).code, 1);
}

#[test]
fn a_python_that_lacks_everything_is_told() {
    let place = Place::new();
    let bare = place.path("bare").display().to_string();
    assert_eq!(common::run_in(place.0.path(), "python3", &["-m", "venv", "--without-pip", &bare]).code, 0);
    let ran = place.hfgen(&["env", "--python", &format!("{bare}/bin/python")]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let expected =
        "HF841]: `BARE` (named with --python or HFGEN_PYTHON) has no torch and no transformers and no pytest";
    assert!(ran.stderr.replace(&format!("{bare}/bin/python"), "BARE").contains(expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("hfgen env create"));
}

/// An environment of a machine in memory, with the words that its steps are done by.
fn in_memory(cpu: bool) -> (MemorySystem, Environment, Vec<Vec<String>>) {
    let system = MemorySystem::default();
    system.set_env("HFGEN_HOME", "/h");
    let environment = Environment::new(&system, Wanted::for_project(&system, None, cpu)).unwrap();
    let all = steps(&Installer::Pip, "python3", &environment.folder, &environment.wanted, &[]);
    let commands = all.iter().map(|step| step.command.clone()).collect();
    system.put(environment.python(), "");
    (system, environment, commands)
}

fn answers(system: &MemorySystem, command: &str, status: i32, said: &str) {
    system.set_program(command, sys::Ran { status, stdout: said.into(), stderr: Vec::new() });
}

fn events(system: &MemorySystem, environment: &Environment) -> (Vec<String>, bool) {
    let mut told = Vec::new();
    let mut on = |event: Event<'_>| match event {
        Event::Line(line) => told.push(format!("line {line}")),
        Event::Was(_) => told.push("was".to_owned()),
        Event::Otherwise(_) => told.push("otherwise".to_owned()),
        Event::Begins(..) => told.push("begins".to_owned()),
        Event::Waits => told.push("waits".to_owned()),
    };
    let made = make(system, environment, &Installer::Pip, "python3", &[], &mut on);
    if let Err(finding) = &made {
        assert_eq!(finding.code, STEP_FAILED, "{finding:?}");
    }
    (told, made.is_ok())
}

#[test]
fn where_the_index_of_the_cpu_is_out_of_reach_pypi_is_asked() {
    let (system, environment, commands) = in_memory(true);
    answers(&system, "python3 -m venv *", 0, "");
    answers(&system, &commands[1].join(" "), 1, "no route");
    let python = environment.python().display().to_string();
    answers(
        &system,
        &format!("{python} -m pip install --disable-pip-version-check --no-input torch==2.15.0 torchvision"),
        0,
        "from pypi",
    );
    answers(&system, &commands[2].join(" "), 0, "");
    answers(&system, &format!("{python} -c *"), 0, "2.15.0 5.23.0");
    let (told, made) = events(&system, &environment);
    assert!(made, "{told:?}");
    let expected =
        ["begins", "begins", "line no route", "otherwise", "line from pypi", "begins", "begins", "line 2.15.0 5.23.0"];
    assert_eq!(told, expected);
    assert!(environment.is_whole(&system));
}

#[test]
fn a_step_that_was_killed_is_laid_down_anew() {
    let (system, environment, commands) = in_memory(false);
    answers(&system, "python3 -m venv *", 0, "");
    answers(&system, &commands[1].join(" "), 1, "killed");
    let (told, made) = events(&system, &environment);
    assert!(!made && told.contains(&"line killed".to_owned()));
    assert_eq!(environment.record(&system).begun.as_deref(), Some("torch"));
    let anew = commands[1].join(" ").replace(" install ", " install --force-reinstall ");
    answers(&system, &anew, 0, "anew");
    answers(&system, &commands[2].join(" "), 0, "");
    let (told, made) = events(&system, &environment);
    // Only the last check fails, as there is no such Python.
    assert!(!made && told[..3] == ["was", "begins", "line anew"], "{told:?}");
    assert!(!environment.is_whole(&system));
}

#[test]
fn uv_installs_where_it_is_there() {
    let system = MemorySystem::default();
    assert_eq!(installer(&system), Installer::Pip);
    answers(&system, "uv --version", 0, "uv 0.9.1 (x 2026-01-01)\n");
    assert_eq!(installer(&system), Installer::Uv { version: "0.9.1".to_owned() });
}
