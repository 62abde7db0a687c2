//! The ranking of devices by speed: kept in the cache for as long as devices, drivers and libraries stay what they are, and
//! the choice that `--hardware auto` stands for.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::bench::Timing;
use super::libraries::{self, Libraries};
use super::machine::Machine;
use super::probe::look;
use super::standing::{Standing, State, standings};
use crate::digest::Digest;
use crate::registry::config::Hardware;
use crate::store::FOLDER;
use crate::sys::System;

/// Below the cache's folder.
const FILE: &str = "hardware.json";
/// The version of that file. A reader of another version takes it for not there, and times again.
const FORMAT: u32 = 1;

/// What was timed, and on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// Hash of devices, drivers and versions of the libraries.
    key: String,
    timings: Vec<Timing>,
}

/// Keeps what was timed.
pub fn keep(
    system: &dyn System,
    root: &Path,
    machine: &Machine,
    libraries: &Libraries,
    timings: &[Timing],
) -> io::Result<()> {
    let kept = Kept { version: FORMAT, key: key(machine, libraries), timings: timings.to_vec() };
    let text = serde_json::to_string_pretty(&kept).map_err(io::Error::other)? + "\n";
    system.write_atomic(&file(root), text.as_bytes()).map(|_| ())
}

/// What was timed on this very machine with these libraries, fastest first; `None` where `hfgen hardware bench` did not run
/// since one of them changed.
pub fn ranking(system: &dyn System, root: &Path, machine: &Machine, libraries: &Libraries) -> Option<Vec<Timing>> {
    let text = system.read_text(&file(root)).ok()?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    (kept.version == FORMAT && kept.key == key(machine, libraries)).then(|| sorted(kept.timings))
}

/// Fastest first; what could not be timed stands last, in the order in which it was tried.
pub fn sorted(mut timings: Vec<Timing>) -> Vec<Timing> {
    let time = |timing: &Timing| timing.round().unwrap_or(f64::INFINITY);
    timings.sort_by(|a, b| time(a).total_cmp(&time(b)));
    timings
}

/// The profiles that are ready here, fastest first: what `--hardware auto` stands for. Those that were never timed come
/// before the CPU and after all that are faster than it; without any ranking the CPU is last, but for emulators.
pub fn auto(standings: &[Standing], ranking: Option<&[Timing]>) -> Vec<String> {
    let best = |profile: &str| {
        let timings = ranking.unwrap_or_default().iter().filter(|timing| timing.target.profile == profile);
        timings.filter_map(Timing::round).min_by(f64::total_cmp)
    };
    let cpu = best("cpu").unwrap_or(f64::MAX);
    let place = |standing: &Standing| {
        let time = if standing.emulated { f64::INFINITY } else { best(&standing.profile).unwrap_or(cpu) };
        (time, standing.profile == "cpu")
    };
    let mut ready: Vec<&Standing> = standings.iter().filter(|standing| standing.state == State::Ready).collect();
    ready.sort_by(|a, b| {
        let (a, b) = (place(a), place(b));
        a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
    });
    ready.into_iter().map(|standing| standing.profile.clone()).collect()
}

/// `auto` from nothing: asks the system and the Python `program`, and takes the ranking that is kept, if it still holds.
pub fn find(
    system: &dyn System,
    root: &Path,
    program: &str,
    profiles: &IndexMap<String, Hardware>,
    limit: Duration,
) -> Vec<String> {
    let machine = look(system);
    let libraries = libraries::ask(system, program, root, limit);
    let (standings, _) = standings(profiles, &machine, &libraries);
    auto(&standings, ranking(system, root, &machine, &libraries).as_deref())
}

fn file(root: &Path) -> PathBuf {
    root.join(FOLDER).join(FILE)
}

/// Notes are left out: a tool that is missing today changes no device.
fn key(machine: &Machine, libraries: &Libraries) -> String {
    Digest::of_value(&(&machine.cpu, &machine.devices, libraries)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::bench::Target;
    use crate::hardware::libraries::Found;
    use crate::sys::MemorySystem;

    fn timing(profile: &str, time: Option<f64>) -> Timing {
        Timing {
            target: Target {
                profile: profile.to_owned(),
                runtime: "torch".to_owned(),
                device: profile.to_owned(),
                name: profile.to_owned(),
            },
            medians: time.map(|time| ("matmul".to_owned(), time)).into_iter().collect(),
            repeats: 1,
            error: time.is_none().then(|| "no".to_owned()),
        }
    }

    fn ready(profile: &str, state: State) -> Standing {
        Standing {
            profile: profile.to_owned(),
            title: String::new(),
            state,
            device: None,
            missing: None,
            help: None,
            emulated: profile == "qualcomm",
            notes: Vec::new(),
        }
    }

    fn libraries() -> Libraries {
        Libraries {
            program: "python3".to_owned(),
            python: None,
            torch: Found::Missing,
            openvino: Found::Missing,
            onnxruntime: Found::Missing,
        }
    }

    #[test]
    fn the_fastest_that_is_ready_comes_first() {
        let standings = [
            ready("cpu", State::Ready),
            ready("cuda", State::Ready),
            ready("qualcomm", State::Ready),
            ready("openvino", State::Ready),
            ready("apple", State::Absent),
        ];
        assert_eq!(auto(&standings, None), ["cuda", "openvino", "cpu", "qualcomm"]);
        let timings = [timing("cuda", Some(1.0)), timing("cpu", Some(5.0)), timing("openvino", Some(7.0))];
        assert_eq!(auto(&standings, Some(&timings)), ["cuda", "cpu", "openvino", "qualcomm"]);
        let timings = [timing("cpu", Some(5.0)), timing("cuda", None), timing("openvino", Some(1.0))];
        assert_eq!(auto(&standings, Some(&timings)), ["openvino", "cuda", "cpu", "qualcomm"]);
    }

    #[test]
    fn a_ranking_holds_until_something_changes() {
        let system = MemorySystem::default();
        let (root, machine) = (Path::new("/p"), Machine::default());
        assert_eq!(ranking(&system, root, &machine, &libraries()), None);
        keep(&system, root, &machine, &libraries(), &[timing("cpu", Some(5.0)), timing("cuda", Some(1.0))]).unwrap();
        let kept = ranking(&system, root, &machine, &libraries()).unwrap();
        assert_eq!(kept[0].target.profile, "cuda");
        let noted = Machine { notes: vec!["x".to_owned()], ..machine.clone() };
        assert!(ranking(&system, root, &noted, &libraries()).is_some());
        let other = Libraries { python: Some("3.13.1".to_owned()), ..libraries() };
        assert_eq!(ranking(&system, root, &machine, &other), None);
        system.put("/p/.hfgen-cache/hardware.json", "{\"version\": 2}");
        assert_eq!(ranking(&system, root, &machine, &libraries()), None);
    }
}
