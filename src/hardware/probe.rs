//! Asks the system what is there, each question in a file of its own. Nothing here may hang or fail: what can't be found
//! out is a note.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::machine::{Kind, Machine, Platform, Vendor};
use super::{amd, apple, bus, cpu, nvidia, qualcomm};
use crate::sys::System;
use crate::sys::bounded::{Call, run_within};

/// A tool that needs longer is broken: `nvidia-smi` wakes eight sleeping GPUs in ten seconds.
const LIMIT: Duration = Duration::from_secs(30);

/// Everything that the machine has, without starting any Python.
pub fn look(system: &dyn System) -> Machine {
    let asked = Asked { system };
    let platform = asked.platform();
    let mut machine = Machine { platform, cpu: cpu::cpu(&asked, platform), ..Machine::default() };
    nvidia::devices(&asked, &mut machine);
    match platform {
        Platform::Linux => {
            amd::devices(&asked, &mut machine);
            for device in bus::devices(&asked) {
                // Its own probe knows more of a GPU than the bus does.
                let own = matches!(device.vendor, Vendor::Nvidia | Vendor::Amd) && device.kind == Kind::Gpu;
                if !(own && machine.of(device.vendor, device.kind).next().is_some()) {
                    machine.devices.push(device);
                }
            }
        }
        Platform::Macos => apple::devices(&asked, &mut machine),
        Platform::Windows | Platform::Unknown => {}
    }
    qualcomm::devices(&asked, &mut machine);
    machine
}

/// The system, with the questions that all probes ask.
pub struct Asked<'a> {
    pub system: &'a dyn System,
}

impl Asked<'_> {
    fn platform(&self) -> Platform {
        if self.exists("/proc/cpuinfo") {
            Platform::Linux
        } else if self.exists("/usr/sbin/sysctl") {
            Platform::Macos
        } else if self.system.env("OS").is_some_and(|name| name == "Windows_NT") {
            Platform::Windows
        } else {
            Platform::Unknown
        }
    }

    pub fn exists(&self, path: &str) -> bool {
        self.system.exists(Path::new(path))
    }

    /// The text of a small file, without what surrounds it; the device tree ends its strings with a zero.
    pub fn text(&self, path: &str) -> Option<String> {
        let bytes = self.system.read(Path::new(path)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The names in a folder; none where it is not there.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let listed = self.system.list(Path::new(folder)).unwrap_or_default();
        listed.into_iter().map(|(name, _)| name).collect()
    }

    /// `name value` or `NAME=value` lines of a file.
    pub fn table(&self, path: &str) -> BTreeMap<String, String> {
        let text = self.text(path).unwrap_or_default();
        let split = |line: &str| {
            let (name, value) = line.split_once(['=', ' '])?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        };
        text.lines().filter_map(split).collect()
    }

    /// What a tool prints; `None` where there is no such tool, and its complaint where it fails.
    pub fn tool(&self, program: &str, args: &[&str]) -> Option<Result<String, String>> {
        let call = Call { program, args, folder: Path::new("/"), env: &[("LC_ALL", "C")], input: b"" };
        match run_within(self.system, &call, LIMIT) {
            Ok(ran) if ran.ok() => Some(Ok(String::from_utf8_lossy(&ran.stdout).into_owned())),
            Ok(ran) => {
                let said = [ran.stderr, ran.stdout].concat();
                let said = String::from_utf8_lossy(&said);
                let line = said.lines().map(str::trim).find(|line| !line.is_empty());
                Some(Err(line.map_or_else(|| format!("it ended with status {}", ran.status), str::to_owned)))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => Some(Err(error.to_string())),
        }
    }
}
