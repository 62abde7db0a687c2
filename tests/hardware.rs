//! `hfgen hardware`: each probe against a recorded machine that has the device, and the real binary with a real Python.
//!
//! A machine is `tests/fixtures/machines/NAME.toml`: files, environment, what programs and the libraries of a Python
//! answer; what hfgen says of it stands beside it as `NAME.txt`. `HFGEN_UPDATE_CASES=1` rewrites that.
#![allow(clippy::disallowed_methods, reason = "tests read the repository and run the real binary")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::skipped;
use hfgen::cli::init::HARDWARE;
use hfgen::hardware::libraries::{self, Found, Torch};
use hfgen::hardware::{State, look, standings};
use hfgen::registry::config::Hardware;
use hfgen::report::Look;
use hfgen::sys::{MemorySystem, OsSystem, Ran};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, json};

const HFGEN: &str = env!("CARGO_BIN_EXE_hfgen");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    programs: BTreeMap<String, Answer>,
    /// What `ask.py` says of each library; without it there is no Python.
    #[serde(default)]
    python: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    status: i32,
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

impl Recorded {
    fn open(name: &str) -> Self {
        toml::from_str(&fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap()).unwrap()
    }

    fn system(&self) -> MemorySystem {
        let system = MemorySystem::default();
        self.files.iter().for_each(|(path, text)| system.put(path, text));
        self.env.iter().for_each(|(name, value)| system.set_env(name, value));
        for (command, answer) in &self.programs {
            let bytes = |text: &str| text.as_bytes().to_vec();
            let ran = Ran { status: answer.status, stdout: bytes(&answer.stdout), stderr: bytes(&answer.stderr) };
            system.set_program(command, ran);
        }
        let script = fs::read_to_string(root().join("src/hardware/ask.py")).unwrap();
        for (library, answer) in &self.python {
            let said = json!({"python": "3.12.3", "answer": answer}).to_string().into_bytes();
            let ran = Ran { status: 0, stdout: said, stderr: Vec::new() };
            system.set_program(&format!("python3 -c {script} {library}"), ran);
        }
        system
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("tests/fixtures/machines")
}

fn profiles() -> IndexMap<String, Hardware> {
    #[derive(Deserialize)]
    struct Only {
        hardware: IndexMap<String, Hardware>,
    }
    toml::from_str::<Only>(HARDWARE).unwrap().hardware
}

fn told(name: &str) -> String {
    let system = Recorded::open(name).system();
    let machine = look(&system);
    let libraries = libraries::ask(&system, "python3", Path::new("/"), Duration::from_secs(60));
    let (standings, findings) = standings(&profiles(), &machine, &libraries);
    assert_eq!(findings, []);
    for standing in &standings {
        assert_eq!(standing.missing.is_none(), standing.state == State::Ready, "{name}: {standing:?}");
    }
    hfgen::report::hardware::human(&machine, &libraries, &standings, &Look::PLAIN)
}

#[test]
fn every_recorded_machine_is_seen_as_it_is() {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".toml").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() > 8);
    let update = std::env::var_os("HFGEN_UPDATE_CASES").is_some();
    for name in names {
        let (told, file) = (told(&name), folder().join(format!("{name}.txt")));
        if update {
            fs::write(&file, &told).unwrap();
        }
        assert_eq!(told, fs::read_to_string(&file).unwrap_or_default(), "{name}: HFGEN_UPDATE_CASES=1 rewrites it");
    }
}

#[test]
fn an_unknown_detector_is_a_finding() {
    let mut profiles = profiles();
    profiles["cuda"].set.insert("detect".to_owned(), json!("cudda"));
    let system = Recorded::open("h100").system();
    let libraries = libraries::ask(&system, "python3", Path::new("/"), Duration::from_secs(60));
    let (standings, findings) = standings(&profiles, &look(&system), &libraries);
    assert_eq!(standings[1].missing.as_deref(), Some("no detector is called `cudda`"));
    assert_eq!(findings[0].help.as_deref(), Some("did you mean `cuda`?"));
}

#[test]
fn auto_is_what_is_ready() {
    let auto = |name: &str| {
        let system = Recorded::open(name).system();
        hfgen::hardware::ranking::find(&system, Path::new("/p"), "python3", &profiles(), Duration::from_secs(60))
    };
    assert_eq!(auto("h100"), ["cuda", "cpu"]);
    assert_eq!(auto("mi300"), ["rocm", "cpu"]);
    assert_eq!(auto("core-ultra"), ["openvino", "cpu", "qualcomm"]);
    assert_eq!(auto("snapdragon-x"), ["qualcomm", "cpu"]);
    assert_eq!(auto("nvidia-broken"), Vec::<String>::new());
}

/// A project begins with the profiles of this one; the built-in templates read all of their fields.
#[test]
fn a_new_project_has_the_same_profiles() {
    let text = fs::read_to_string(root().join("registry.toml")).unwrap();
    let own: hfgen::registry::Registry = toml::from_str(&text).unwrap();
    assert_eq!(own.hardware, profiles());
}

/// Python programs as shell scripts: what hangs, crashes or is no Python at all.
#[cfg(unix)]
#[test]
fn a_python_that_misbehaves_is_told_and_never_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let lack = |script: &str, limit: Duration| {
        let program = place.path().join("python");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        hfgen::sys::System::set_executable(&OsSystem, &program).unwrap();
        let asked = libraries::ask(&OsSystem, program.to_str().unwrap(), place.path(), limit);
        let lack = asked.torch.lack("torch", "p").unwrap();
        lack.replace(program.to_str().unwrap(), "P")
    };
    let long = Duration::from_secs(60);
    assert_eq!(lack("exec sleep 60", Duration::from_millis(100)), "`P` gave no answer in 0 s and was stopped");
    assert_eq!(lack("echo no such option >&2; exit 2", long), "`P` ended with status 2: no such option");
    assert_eq!(lack("kill -SEGV $$", long), "`P` ended with status 139 and said nothing");
    assert_eq!(lack("echo '{}'", long), "`P` ended with status 0 and said nothing");
    let none = libraries::ask(&OsSystem, "/no/such/python", place.path(), long);
    assert!(none.torch.lack("torch", "p").unwrap().starts_with("`/no/such/python` can't be started: "));
}

/// The script itself, in a real Python, with a torch and an OpenVINO that only pretend.
#[test]
fn the_script_asks_what_it_should() {
    let place = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = place.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let torch = r#"
import sys, types, warnings
print("noise on standard output")
__version__ = "9.9"
version = types.SimpleNamespace(cuda="13.2", hip=None)
def is_available():
    warnings.warn("the driver is too old\nand more")
    return False
cuda = types.SimpleNamespace(is_available=is_available, device_count=lambda: 7)
backends = types.SimpleNamespace()
"#;
    put("torch/__init__.py", torch);
    put("openvino/__init__.py", "raise RuntimeError('no plugins\\nat all')");
    put("transformers/__init__.py", "raise SystemExit('never imported')");
    put("transformers/exporters/exporter_onnx.py", "");
    put("onnxruntime/__init__.py", "__version__ = '1.2'\nget_available_providers = lambda: ['X']");
    // The folder is named, as site-packages would be; the folder that hfgen stands in is not searched.
    let env = [("PYTHONPATH", place.path().to_str().unwrap())];
    let script = fs::read_to_string(root().join("src/hardware/ask.py")).unwrap();
    let ask = |library: &str| -> Value {
        let args = ["-c", script.as_str(), library];
        let call = hfgen::sys::bounded::Call {
            program: "python3",
            args: &args,
            folder: Path::new("/"),
            env: &env,
            input: b"",
        };
        let ran = hfgen::sys::bounded::run_within(&OsSystem, &call, Duration::from_secs(120)).unwrap();
        serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr)))
    };
    let found: Found<Torch> = serde_json::from_value(ask("torch")["answer"].clone()).unwrap();
    let torch = found.here().unwrap();
    assert_eq!((torch.version.as_str(), torch.cuda.as_deref(), torch.mps), ("9.9", Some("13.2"), false));
    assert_eq!(torch.complaint.as_deref(), Some("the driver is too old"));
    assert_eq!(ask("openvino")["answer"], json!({"state": "broken", "error": "RuntimeError: no plugins"}));
    let ort = json!({"state": "here", "version": "1.2", "providers": ["X"], "qnn": null, "exporter": true});
    assert_eq!(ask("onnxruntime")["answer"], ort);
}

fn hfgen(folder: &Path, args: &[&str]) -> common::Ran {
    let mut command = common::command(folder, HFGEN, args);
    for name in ["VIRTUAL_ENV", "HFGEN_PYTHON", "HFGEN_HARDWARE"] {
        command.env_remove(name);
    }
    command.env("HFGEN_HOME", folder.join("home"));
    common::finished(command)
}

#[test]
fn the_binary_tells_the_same_to_people_and_programs() {
    let place = tempfile::tempdir().unwrap();
    let ran = hfgen(place.path(), &["hardware", "--python", "/no/such/python"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("cpu"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\ncpu       blocked"), "{}", ran.stdout);
    let ran = hfgen(place.path(), &["hardware", "--python", "/no/such/python", "--format", "json"]);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (value["profiles"][0]["state"].as_str(), value["order"].as_array().map(Vec::len)),
        (Some("blocked"), Some(0))
    );
    assert!(value["machine"]["cpu"]["threads"].as_u64().unwrap() > 0);
    let ran = hfgen(place.path(), &["hardware", "--python", "/no/such/python", "--require", "cpu"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("HF821") && ran.stderr.contains("hfgen env create"), "{}", ran.stderr);
    let ran = hfgen(place.path(), &["hardware", "--require", "cdua"]);
    assert!(ran.code == 2 && ran.stderr.contains("did you mean `cuda`?"), "{}", ran.stderr);
    let ran = hfgen(place.path(), &["hardware", "bench", "--python", "/no/such/python"]);
    assert!(ran.code == 1 && ran.stderr.contains("HF823"), "{}", ran.stderr);
}

/// The loads for real, where a Python with torch is at hand.
#[test]
fn devices_are_timed_and_the_ranking_is_kept() {
    let Some(python) = ["venv-backends", "venv-torch"].iter().find_map(|name| common_python(name)) else { return };
    let place = tempfile::tempdir().unwrap();
    fs::write(
        place.path().join("registry.toml"),
        format!("[project]\nname = \"x\"\noutput = \"generated\"\npython = \"3.10\"\n\n{HARDWARE}"),
    )
    .unwrap();
    let ran = hfgen(place.path(), &["hardware", "bench", "--python", &python, "--repeats", "3", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    let cpu = value["ranking"].as_array().unwrap().iter().find(|timing| timing["profile"] == "cpu").unwrap();
    assert!(cpu["medians"].as_object().unwrap().values().all(|time| time.as_f64().unwrap() > 0.0), "{cpu}");
    assert_eq!((cpu["repeats"].as_u64(), value["kept"].as_bool()), (Some(3), Some(true)));
    assert!(place.path().join(".hfgen-cache/hardware.json").exists());
    let ran = hfgen(place.path(), &["hardware", "--python", &python, "--format", "json"]);
    let again: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(again["ranking"], value["ranking"]);
    let ran = hfgen(place.path(), &["hardware", "--python", &python, "--format", "names"]);
    let order: Vec<&str> = value["order"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(ran.stdout.trim(), order.join(","));
}

/// The Python of an environment for tests.
fn common_python(name: &str) -> Option<String> {
    let home = std::env::var_os("HOME")?;
    let python = Path::new(&home).join(".cache/hfgen").join(name).join("bin/python");
    if python.exists() {
        return Some(python.display().to_string());
    }
    skipped(&format!("there is no {}", python.display()));
    None
}
