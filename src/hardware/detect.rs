//! How each kind of device is found: one function for each word that `set.detect` of a profile may be. The generated tests
//! decide the same in Python, from the libraries alone; here the machine is asked too, to say what is missing.

use indexmap::IndexMap;

use super::libraries::{Found, Libraries, Torch};
use super::machine::{Kind, Machine, Vendor};
use super::standing::State;

/// What stands for a device that is not here.
pub const EMULATOR: &str = "the emulator that onnxruntime-qnn brings";

/// State, what it would run on, what is missing.
pub type Answer = (State, Option<String>, Option<String>);
pub type Detector = fn(&Machine, &Libraries) -> Answer;

pub const DETECTORS: [(&str, Detector); 9] = [
    ("cpu", cpu),
    ("cuda", cuda),
    ("rocm", rocm),
    ("mps", mps),
    ("xpu", xpu),
    ("openvino", openvino),
    ("onnxruntime", onnxruntime),
    ("executorch", executorch),
    ("qnn", qnn),
];

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
    on_cpu(machine, torch(libraries).err())
}

fn cuda(machine: &Machine, libraries: &Libraries) -> Answer {
    let absent = "no NVIDIA GPU is to be seen";
    of_torch(machine, libraries, (Vendor::Nvidia, "cuda:"), absent, |torch| match (&torch.cuda, &torch.hip) {
        (_, Some(_)) => Err(format!("torch {} is built for ROCm, not for CUDA", torch.version)),
        (None, None) => Err(format!("torch {} is built without CUDA", torch.version)),
        (Some(cuda), None) => Ok(format!("torch {} is built for CUDA {cuda}", torch.version)),
    })
}

fn rocm(machine: &Machine, libraries: &Libraries) -> Answer {
    let absent = "no AMD GPU that ROCm knows is to be seen";
    of_torch(machine, libraries, (Vendor::Amd, "cuda:"), absent, |torch| match &torch.hip {
        None => Err(format!("torch {} is built without ROCm", torch.version)),
        Some(hip) => Ok(format!("torch {} is built for ROCm {hip}", torch.version)),
    })
}

fn xpu(machine: &Machine, libraries: &Libraries) -> Answer {
    let told = |torch: &Torch, how: &str| format!("torch {} is built {how} XPU", torch.version);
    of_torch(machine, libraries, (Vendor::Intel, "xpu:"), "no Intel GPU is to be seen", |torch| {
        if torch.xpu_built { Ok(told(torch, "with")) } else { Err(told(torch, "without")) }
    })
}

/// A GPU that torch names with a lead of its own: what torch sees counts first, since a container may hide the rest.
fn of_torch(
    machine: &Machine,
    libraries: &Libraries,
    (vendor, lead): (Vendor, &str),
    absent: &str,
    built: impl Fn(&Torch) -> Result<String, String>,
) -> Answer {
    let names = counted(machine.of(vendor, Kind::Gpu).map(|device| device.name.as_str()));
    let torch = torch(libraries);
    if let Ok(torch) = torch
        && built(torch).is_ok()
    {
        let devices = torch.devices.iter().filter(|(device, _)| device.starts_with(lead));
        if let Some(names) = counted(devices.map(|(_, name)| name.as_str())) {
            return (State::Ready, Some(names), None);
        }
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
    on_cpu(machine, Some(lack))
}

/// What running exported programs with ONNX Runtime lacks; `more` are packages beside those of the exporter.
fn onnx_lack(libraries: &Libraries, more: &[&str]) -> Option<String> {
    match (&libraries.onnxruntime, torch(libraries)) {
        (_, Err(lack)) => Some(lack),
        (Found::Here(found), Ok(torch)) => {
            let mut packages = more.iter().chain(&["onnx", "onnxscript"]);
            match packages.find(|name| !found.beside.contains_key(**name)) {
                Some(name) => Some(format!("{} has no {name}", libraries.program)),
                None => (!found.exporter).then(|| no_exporter(torch, "OnnxExporter")),
            }
        }
        (other, Ok(_)) => other.lack("onnxruntime", &libraries.program),
    }
}

fn onnxruntime(machine: &Machine, libraries: &Libraries) -> Answer {
    on_cpu(machine, onnx_lack(libraries, &[]))
}

fn executorch(machine: &Machine, libraries: &Libraries) -> Answer {
    let lack = match (&libraries.executorch, torch(libraries)) {
        (_, Err(lack)) => Some(lack),
        (Found::Here(found), Ok(torch)) => (!found.exporter).then(|| no_exporter(torch, "ExecutorchExporter")),
        (other, Ok(_)) => other.lack("executorch", &libraries.program),
    };
    on_cpu(machine, lack)
}

/// A runtime whose device is the CPU, which is always there.
fn on_cpu(machine: &Machine, lack: Option<String>) -> Answer {
    (if lack.is_some() { State::Blocked } else { State::Ready }, Some(machine.cpu.model.clone()), lack)
}

fn qnn(machine: &Machine, libraries: &Libraries) -> Answer {
    let npu = machine.of(Vendor::Qualcomm, Kind::Npu).next();
    match (npu, onnx_lack(libraries, &["onnxruntime-qnn"])) {
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
