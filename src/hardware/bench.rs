//! Times a small fixed load on each device that a ready profile can run on. What is made of the times is not known here.

use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::libraries::Libraries;
use super::standing::{Standing, State};
use crate::registry::config::Hardware;
use crate::sys::System;
use crate::sys::bounded::{Call, run_within};

const SCRIPT: &str = include_str!("bench.py");

/// The loads and how much each of them moves or computes, so that a time can be judged.
pub const LOADS: [(&str, &str); 3] = [
    ("matmul", "512 x 512 by 512 x 512: 268 million operations"),
    ("conv", "32 to 64 channels, 64 x 64, 3 x 3: 151 million operations"),
    ("transfer", "16 MiB to the device and back"),
];

/// A device to time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub profile: String,
    /// `torch`, `openvino`, `onnxruntime`.
    pub runtime: String,
    /// As the runtime calls it.
    pub device: String,
    pub name: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    #[serde(flatten)]
    pub target: Target,
    /// Median milliseconds by load; empty where it could not be timed.
    pub medians: IndexMap<String, f64>,
    /// Single runs that each median is of.
    pub repeats: usize,
    /// Why it could not be timed.
    pub error: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    times: IndexMap<String, Vec<f64>>,
    error: Option<String>,
}

/// The devices of all profiles that are ready, in the order of the profiles; an emulator's speed says nothing.
pub fn targets(
    profiles: &IndexMap<String, Hardware>,
    standings: &[Standing],
    libraries: &Libraries,
    cpu: &str,
) -> Vec<Target> {
    let mut targets = Vec::new();
    for standing in standings.iter().filter(|standing| standing.state == State::Ready && !standing.emulated) {
        let Some(profile) = profiles.get(&standing.profile) else { continue };
        let mut add = |runtime: &str, device: &str, name: &str| {
            targets.push(Target {
                profile: standing.profile.clone(),
                runtime: runtime.to_owned(),
                device: device.to_owned(),
                name: name.to_owned(),
            });
        };
        let name = standing.device.as_deref().unwrap_or(&standing.title);
        match (profile.runtime.as_str(), profile.device.as_str()) {
            ("torch", "cpu") => add("torch", "cpu", cpu),
            ("torch", "cuda") => {
                let devices = libraries.torch.here().map(|torch| &torch.devices);
                devices.into_iter().flatten().for_each(|(device, name)| add("torch", device, name));
            }
            ("torch", device) => add("torch", device, name),
            ("openvino", _) => {
                let devices = libraries.openvino.here().map(|openvino| &openvino.devices);
                devices.into_iter().flatten().for_each(|(device, name)| add("openvino", device, name));
            }
            ("qnn", device) => add("onnxruntime", device, name),
            _ => {}
        }
    }
    targets
}

/// Times one device, in a process of its own.
pub fn time(
    system: &dyn System,
    program: &str,
    folder: &Path,
    target: &Target,
    repeats: usize,
    limit: Duration,
) -> Timing {
    let count = repeats.to_string();
    let args = ["-c", SCRIPT, &target.runtime, &target.device, &count];
    let call = Call { program, args: &args, folder, env: &[("PYTHONSAFEPATH", "1")], input: b"" };
    let said = match run_within(system, &call, limit) {
        Ok(ran) => serde_json::from_slice::<Said>(&ran.stdout).unwrap_or_else(|_| {
            let complaint = String::from_utf8_lossy(&ran.stderr);
            let last =
                complaint.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing");
            Said { times: IndexMap::new(), error: Some(format!("it ended with status {}: {last}", ran.status)) }
        }),
        Err(error) => Said { times: IndexMap::new(), error: Some(error.to_string()) },
    };
    let medians: IndexMap<String, f64> =
        said.times.into_iter().filter_map(|(load, times)| Some((load, median(times)?))).collect();
    let whole = LOADS.iter().all(|(load, _)| medians.contains_key(*load));
    let error = said.error.or_else(|| (!whole).then(|| "not every load was timed".to_owned()));
    Timing { target: target.clone(), medians, repeats, error }
}

impl Timing {
    /// Milliseconds of one round of all loads; `None` where it could not be timed.
    pub fn round(&self) -> Option<f64> {
        self.error.is_none().then(|| self.medians.values().sum())
    }
}

/// The middle one; of an even number the mean of the middle two.
fn median(mut times: Vec<f64>) -> Option<f64> {
    times.retain(|time| time.is_finite());
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    let high = *times.get(middle)?;
    Some(if times.len() % 2 == 1 { high } else { f64::midpoint(high, times[middle - 1]) })
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 100.0]), Some(3.0));
        assert_eq!(median(vec![f64::NAN]), None);
    }
}
