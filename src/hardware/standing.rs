//! Whether a hardware profile can be used here, in words what is missing where it can't, and what would help. How each kind
//! of device is found stands in `detect`.

use indexmap::IndexMap;
use serde::Serialize;

use super::detect::{DETECTORS, EMULATOR};
use super::libraries::Libraries;
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

/// Intel's devices that are here and that OpenVINO does not list.
fn unseen(machine: &Machine, libraries: &Libraries) -> Vec<String> {
    let Some(found) = libraries.openvino.here() else { return Vec::new() };
    let lists = |kind: Kind| found.devices.keys().any(|name| name.starts_with(kind.title()));
    let devices = machine.devices.iter().filter(|device| device.vendor == Vendor::Intel && !lists(device.kind));
    let why = |device: &Device| device.problem.clone().unwrap_or_else(|| "its user-space driver may be missing".into());
    devices.map(|device| format!("OpenVINO does not see the {}: {}", device.name, why(device))).collect()
}
