//! Whether a hardware profile can be used here, and in words what is missing where it can't. One function a detector of
//! registry.toml (`set.detect`); the generated tests decide the same in Python, from the libraries alone.

use indexmap::IndexMap;
use serde::Serialize;

use super::libraries::{Found, Libraries, Torch};
use super::machine::{Device, Kind, Machine, Vendor};
use crate::finding::codes::hardware::UNKNOWN_DETECTOR;
use crate::finding::{Finding, did_you_mean};
use crate::registry::config::Hardware;

/// A profile on this machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    pub profile: String,
    pub title: String,
    pub state: State,
    /// What tests of the profile would run on, or what is there and can't be used.
    pub device: Option<String>,
    /// What is missing, in words; always there unless the profile is ready.
    pub missing: Option<String>,
    /// What would help.
    pub help: Option<String>,
    /// Whether it is ready without its device: the tests are right there, and the speed says nothing.
    pub emulated: bool,
    /// What is worth knowing besides.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its tests run here.
    Ready,
    /// The device is here; something else is missing.
    Blocked,
    /// The device is not here.
    Absent,
}

/// What stands for a device that is not here.
const EMULATOR: &str = "the emulator that onnxruntime-qnn brings";

/// How a detector answers.
type Answer = (State, Option<String>, Option<String>);
type Detector = fn(&Machine, &Libraries) -> Answer;

const DETECTORS: [(&str, Detector); 6] =
    [("cpu", cpu), ("cuda", cuda), ("rocm", rocm), ("mps", mps), ("openvino", openvino), ("qnn", qnn)];

/// Every profile of a project, in the project's order.
pub fn standings(
    profiles: &IndexMap<String, Hardware>,
    machine: &Machine,
    libraries: &Libraries,
) -> (Vec<Standing>, Vec<Finding>) {
    let mut findings = Vec::new();
    let standings = profiles.iter().map(|(name, profile)| {
        let detect = detect(profile);
        let detector = DETECTORS.iter().find(|(known, _)| *known == detect);
        let (state, device, missing) = if let Some((_, detector)) = detector {
            detector(machine, libraries)
        } else {
            findings.push(unknown(name, detect));
            (State::Absent, None, Some(format!("no detector is called `{detect}`")))
        };
        let help = missing.as_ref().and_then(|missing| help(profile, missing, &libraries.program));
        let notes = if detect == "openvino" { unseen(machine, libraries) } else { Vec::new() };
        let emulated = device.as_deref() == Some(EMULATOR);
        Standing { profile: name.clone(), title: profile.title.clone(), state, device, missing, help, emulated, notes }
    });
    (standings.collect(), findings)
}

/// The word that `set.detect` says; without it what runtime and device stand for.
fn detect(profile: &Hardware) -> &str {
    match (profile.set.get("detect").and_then(|word| word.as_str()), profile.runtime.as_str()) {
        (Some(word), _) => word,
        (None, "torch") => &profile.device,
        (None, runtime) => runtime,
    }
}

fn unknown(profile: &str, detect: &str) -> Finding {
    let known = DETECTORS.map(|(name, _)| name);
    Finding::warning(
        UNKNOWN_DETECTOR,
        format!("hardware profile `{profile}` is detected by `{detect}`, which nothing is"),
    )
    .help(did_you_mean(detect, known).unwrap_or_else(|| format!("known: {}", known.join(", "))))
}

/// What would help against the want of a library; nothing is said where it is the device that is missing.
fn help(profile: &Hardware, missing: &str, program: &str) -> Option<String> {
    let lacks =
        |name: &&str| missing.contains(&format!(" has no {name}")) || missing.contains(&format!(" and no {name}"));
    if ["torch", "transformers"].iter().any(lacks) || missing.contains("can't be started") {
        return Some("hfgen env create makes an environment that has all that tests need".to_owned());
    }
    let packages = profile.set.get("packages").and_then(|list| list.as_array()).cloned().unwrap_or_default();
    let names: Vec<&str> = packages.iter().filter_map(|name| name.as_str()).collect();
    let first = names.iter().position(lacks)?;
    Some(format!("{program} -m pip install {}", names[first..].join(" ")))
}

/// What every profile needs: torch and transformers.
fn torch(libraries: &Libraries) -> Result<&Torch, String> {
    let program = &libraries.program;
    let Found::Here(torch) = &libraries.torch else {
        return Err(libraries.torch.lack("torch", program).unwrap_or_default());
    };
    if torch.transformers.is_none() {
        return Err(format!("{program} has no transformers"));
    }
    Ok(torch)
}

fn cpu(machine: &Machine, libraries: &Libraries) -> Answer {
    let model = Some(machine.cpu.model.clone());
    match torch(libraries) {
        Ok(_) => (State::Ready, model, None),
        Err(lack) => (State::Blocked, model, Some(lack)),
    }
}

fn cuda(machine: &Machine, libraries: &Libraries) -> Answer {
    let absent = "no NVIDIA GPU is to be seen";
    of_torch(machine, libraries, Vendor::Nvidia, absent, |torch| match (&torch.cuda, &torch.hip) {
        (_, Some(_)) => Err(format!("torch {} is built for ROCm, not for CUDA", torch.version)),
        (None, None) => Err(format!("torch {} is built without CUDA", torch.version)),
        (Some(cuda), None) => Ok(format!("torch {} is built for CUDA {cuda}", torch.version)),
    })
}

fn rocm(machine: &Machine, libraries: &Libraries) -> Answer {
    let absent = "no AMD GPU that ROCm knows is to be seen";
    of_torch(machine, libraries, Vendor::Amd, absent, |torch| match &torch.hip {
        None => Err(format!("torch {} is built without ROCm", torch.version)),
        Some(hip) => Ok(format!("torch {} is built for ROCm {hip}", torch.version)),
    })
}

/// A GPU that torch calls `cuda`: what torch sees counts first, since a container may hide the rest.
fn of_torch(
    machine: &Machine,
    libraries: &Libraries,
    vendor: Vendor,
    absent: &str,
    built: impl Fn(&Torch) -> Result<String, String>,
) -> Answer {
    let names = counted(machine.of(vendor, Kind::Gpu).map(|device| device.name.as_str()));
    let torch = torch(libraries);
    if let Ok(torch) = torch
        && built(torch).is_ok()
        && !torch.devices.is_empty()
    {
        return (State::Ready, counted(torch.devices.values().map(String::as_str)), None);
    }
    let Some(first) = machine.of(vendor, Kind::Gpu).next() else {
        return (State::Absent, None, Some(absent.to_owned()));
    };
    let missing = match (&first.problem, torch) {
        (Some(problem), _) => problem.clone(),
        (None, Err(lack)) => format!("the kernel driver is loaded, but {lack}"),
        (None, Ok(torch)) => match built(torch) {
            Err(why) => format!("the kernel driver is loaded, but {why}"),
            Ok(how) => {
                let complaint = torch.complaint.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
                format!("the kernel driver is loaded and {how}, but it finds no device{complaint}")
            }
        },
    };
    (State::Blocked, names, Some(missing))
}

fn mps(machine: &Machine, libraries: &Libraries) -> Answer {
    let Some(gpu) = machine.of(Vendor::Apple, Kind::Gpu).next() else {
        return (State::Absent, None, Some("this is no Apple silicon".to_owned()));
    };
    let missing = match torch(libraries) {
        Err(lack) => Some(lack),
        Ok(torch) if !torch.mps_built => Some(format!("torch {} is built without MPS", torch.version)),
        Ok(torch) if !torch.mps => Some(format!("torch {} has MPS, but this macOS is too old for it", torch.version)),
        Ok(_) => None,
    };
    (if missing.is_some() { State::Blocked } else { State::Ready }, Some(gpu.name.clone()), missing)
}

fn openvino(machine: &Machine, libraries: &Libraries) -> Answer {
    let lack = match (&libraries.openvino, torch(libraries)) {
        (_, Err(lack)) => lack,
        (Found::Here(found), Ok(_)) if found.exporter => {
            let devices: Vec<String> =
                found.devices.iter().map(|(device, name)| format!("{device} ({name})")).collect();
            return (State::Ready, Some(devices.join(", ")), None);
        }
        (Found::Here(_), Ok(torch)) => no_exporter(torch, "OpenVINOExporter"),
        (other, Ok(_)) => other.lack("openvino", &libraries.program).unwrap_or_default(),
    };
    // Any x86 or Arm CPU is a device of OpenVINO.
    (State::Blocked, Some(machine.cpu.model.clone()), Some(lack))
}

/// Intel's devices that are here and that OpenVINO does not list.
fn unseen(machine: &Machine, libraries: &Libraries) -> Vec<String> {
    let Some(found) = libraries.openvino.here() else { return Vec::new() };
    let lists = |kind: Kind| found.devices.keys().any(|name| name.starts_with(kind.title()));
    let devices = machine.devices.iter().filter(|device| device.vendor == Vendor::Intel && !lists(device.kind));
    let why = |device: &Device| device.problem.clone().unwrap_or_else(|| "its user-space driver may be missing".into());
    devices.map(|device| format!("OpenVINO does not see the {}: {}", device.name, why(device))).collect()
}

fn qnn(machine: &Machine, libraries: &Libraries) -> Answer {
    let npu = machine.of(Vendor::Qualcomm, Kind::Npu).next();
    let lack = match (&libraries.onnxruntime, torch(libraries)) {
        (_, Err(lack)) => Some(lack),
        (Found::Here(found), Ok(torch)) => match (&found.qnn, found.exporter) {
            (None, _) => Some(format!("{} has no onnxruntime-qnn", libraries.program)),
            (Some(_), false) => Some(no_exporter(torch, "OnnxExporter")),
            (Some(_), true) => None,
        },
        (other, Ok(_)) => other.lack("onnxruntime", &libraries.program),
    };
    match (npu, lack) {
        (Some(npu), None) if npu.problem.is_none() => (State::Ready, Some(npu.name.clone()), None),
        (_, None) => (State::Ready, Some(EMULATOR.to_owned()), None),
        (Some(npu), Some(lack)) => (State::Blocked, Some(npu.name.clone()), Some(npu.problem.clone().unwrap_or(lack))),
        (None, Some(lack)) => {
            let missing = format!("no Qualcomm processor is to be seen, and for the emulator {lack}");
            (State::Absent, None, Some(missing))
        }
    }
}

fn no_exporter(torch: &Torch, name: &str) -> String {
    let version = torch.transformers.as_deref().unwrap_or_default();
    format!("transformers {version} has no {name}")
}

/// `NVIDIA H100 (8)`; different ones side by side.
fn counted<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: IndexMap<&str, usize> = IndexMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let words =
        counts.iter().map(|(name, count)| if *count > 1 { format!("{name} ({count})") } else { (*name).to_owned() });
    let text = words.collect::<Vec<_>>().join(", ");
    (!text.is_empty()).then_some(text)
}
