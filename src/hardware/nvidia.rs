//! NVIDIA's GPUs: `nvidia-smi`, which asks NVML; where there is none, what the kernel's driver says in `/proc`.

use super::machine::{Device, Kind, Machine, Platform, Vendor};
use super::probe::Asked;

/// Where it stands besides the PATH: WSL does not put it there.
const TOOLS: [&str; 2] = ["nvidia-smi", "/usr/lib/wsl/lib/nvidia-smi"];
const QUERIES: [&str; 2] = ["name,memory.total,driver_version,compute_cap", "name,memory.total,driver_version"];
const DRIVER: &str = "/proc/driver/nvidia";

pub fn devices(asked: &Asked<'_>, machine: &mut Machine) {
    let mut complaint = None;
    if machine.platform != Platform::Macos {
        for tool in TOOLS {
            match with_tool(asked, tool) {
                Some(Ok(devices)) => {
                    machine.devices.extend(devices);
                    return;
                }
                Some(Err(said)) => {
                    complaint = Some(said);
                    break;
                }
                None => {}
            }
        }
    }
    let found = with_driver(asked);
    if let Some(said) = complaint {
        machine.notes.push(format!("nvidia-smi: {said}"));
    } else if !found.is_empty() {
        machine.notes.push("the NVIDIA driver is loaded, but nvidia-smi is not in the PATH".to_owned());
    }
    machine.devices.extend(found);
}

/// `None`: there is no such tool.
fn with_tool(asked: &Asked<'_>, tool: &str) -> Option<Result<Vec<Device>, String>> {
    let mut said = String::new();
    for query in QUERIES {
        match asked.tool(tool, &[&format!("--query-gpu={query}"), "--format=csv,noheader,nounits"])? {
            Ok(text) => return Some(Ok(text.lines().filter_map(row).collect())),
            // A driver from before 2021 does not know the last column.
            Err(error) if error.contains("not a valid field") => said = error,
            Err(error) => return Some(Err(error)),
        }
    }
    Some(Err(said))
}

/// `NVIDIA H100 80GB HBM3, 81559, 570.86.15, 9.0`
fn row(line: &str) -> Option<Device> {
    let mut cells = line.split(',').map(str::trim);
    let name = cells.next().filter(|name| !name.is_empty())?.to_owned();
    // `[N/A]` where memory is shared with the CPU.
    let memory = cells.next().and_then(|cell| cell.parse::<u64>().ok()).map(|mebibytes| mebibytes << 20);
    let driver = cells.next()?.to_owned();
    let architecture = cells.next().filter(|cell| !cell.starts_with('[')).map(|cell| format!("compute {cell}"));
    Some(Device { architecture, memory, ..device(name, Some(driver), "nvidia-smi") })
}

fn with_driver(asked: &Asked<'_>) -> Vec<Device> {
    let version = asked.text(&format!("{DRIVER}/version")).and_then(|text| {
        // `NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan ...`
        let line = text.lines().next()?.to_owned();
        let is_version = |word: &&str| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.');
        line.split_whitespace().find(is_version).map(str::to_owned)
    });
    let folder = format!("{DRIVER}/gpus");
    let name = |slot: &String| {
        let text = asked.text(&format!("{folder}/{slot}/information"))?;
        text.lines().find_map(|line| line.strip_prefix("Model:")).map(|name| name.trim().to_owned())
    };
    let names = asked.names(&folder);
    names.iter().filter_map(name).map(|name| device(name, version.clone(), DRIVER)).collect()
}

fn device(name: String, driver: Option<String>, found_by: &'static str) -> Device {
    Device {
        vendor: Vendor::Nvidia,
        kind: Kind::Gpu,
        name,
        architecture: None,
        memory: None,
        driver: driver.map(|version| format!("nvidia {version}")),
        found_by,
        problem: None,
    }
}
