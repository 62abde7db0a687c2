//! What torch, OpenVINO and ONNX Runtime of a Python can use here. Each is asked in a process of its own, with a limit of
//! time, and none of them has to be there.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::sys::System;
use crate::sys::bounded::{Call, run_within};

const SCRIPT: &str = include_str!("ask.py");

/// What a Python has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Libraries {
    /// The program that was asked.
    pub program: String,
    /// Version of Python; `None` where it could not be started.
    pub python: Option<String>,
    pub torch: Found<Torch>,
    pub openvino: Found<OpenVino>,
    pub onnxruntime: Found<OnnxRuntime>,
}

/// What became of asking one library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Found<T> {
    Missing,
    /// It is installed and can't be used, or the Python could not be asked.
    Broken {
        error: String,
    },
    Here(T),
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Torch {
    pub version: String,
    /// The CUDA that it is built for.
    pub cuda: Option<String>,
    /// The ROCm that it is built for.
    pub hip: Option<String>,
    /// Devices that it can use beside the CPU, as `cuda:0`, with their names. ROCm's are called so too.
    pub devices: BTreeMap<String, String>,
    pub mps_built: bool,
    pub mps: bool,
    /// What it said when it found no device.
    pub complaint: Option<String>,
    /// The version of transformers beside it.
    pub transformers: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OpenVino {
    pub version: String,
    /// `CPU`, `GPU`, `NPU` with their names.
    pub devices: BTreeMap<String, String>,
    /// Whether transformers brings the exporter that the tests need.
    pub exporter: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OnnxRuntime {
    pub version: String,
    pub providers: Vec<String>,
    /// The version of onnxruntime-qnn beside it.
    pub qnn: Option<String>,
    pub exporter: bool,
}

#[derive(Deserialize)]
struct Said<T> {
    python: String,
    answer: Found<T>,
}

/// Asks all three at the same time.
pub fn ask(system: &dyn System, program: &str, folder: &Path, limit: Duration) -> Libraries {
    let (torch, openvino, onnxruntime) = std::thread::scope(|scope| {
        let openvino = scope.spawn(|| one::<OpenVino>(system, program, folder, limit, "openvino"));
        let onnxruntime = scope.spawn(|| one::<OnnxRuntime>(system, program, folder, limit, "onnxruntime"));
        let torch = one::<Torch>(system, program, folder, limit, "torch");
        (torch, joined(openvino.join()), joined(onnxruntime.join()))
    });
    let python = torch.0.or(openvino.0).or(onnxruntime.0);
    Libraries { program: program.to_owned(), python, torch: torch.1, openvino: openvino.1, onnxruntime: onnxruntime.1 }
}

type Answer<T> = (Option<String>, Found<T>);

fn joined<T>(answer: std::thread::Result<Answer<T>>) -> Answer<T> {
    answer.unwrap_or_else(|_| (None, Found::Broken { error: "asking it failed".to_owned() }))
}

fn one<T: DeserializeOwned>(
    system: &dyn System,
    program: &str,
    folder: &Path,
    limit: Duration,
    library: &str,
) -> Answer<T> {
    // Modules of the folder it is started in must not stand for libraries.
    let call = Call { program, args: &["-c", SCRIPT, library], folder, env: &[("PYTHONSAFEPATH", "1")], input: b"" };
    let broken = |error: String| (None, Found::Broken { error });
    match run_within(system, &call, limit) {
        Ok(ran) => match serde_json::from_slice::<Said<T>>(&ran.stdout) {
            Ok(said) => (Some(said.python), said.answer),
            Err(_) => broken(ended(program, ran.status, &ran.stderr)),
        },
        Err(error) if error.kind() == io::ErrorKind::TimedOut => broken(error.to_string()),
        Err(error) => broken(format!("`{program}` can't be started: {error}")),
    }
}

fn ended(program: &str, status: i32, said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    last.map_or_else(
        || format!("`{program}` ended with status {status} and said nothing"),
        |last| format!("`{program}` ended with status {status}: {last}"),
    )
}

impl<T> Found<T> {
    pub fn here(&self) -> Option<&T> {
        match self {
            Self::Here(found) => Some(found),
            Self::Missing | Self::Broken { .. } => None,
        }
    }

    /// Why `name` can't be used, in words; `None` where it can.
    pub fn lack(&self, name: &str, program: &str) -> Option<String> {
        match self {
            Self::Here(_) => None,
            Self::Missing => Some(format!("{program} has no {name}")),
            Self::Broken { error } if error.starts_with('`') => Some(error.clone()),
            Self::Broken { error } => Some(format!("{program} can't use its {name}: {error}")),
        }
    }
}
