//! Apple silicon: the GPU that `system_profiler` lists. Intel Macs' cards are listed too, and no profile wants them.

use serde_json::Value;

use super::machine::{Device, Kind, Machine, Vendor};
use super::probe::Asked;

pub fn devices(asked: &Asked<'_>, machine: &mut Machine) {
    let version = asked.tool("sw_vers", &["-productVersion"]).and_then(Result::ok);
    let driver = version.map(|version| format!("macOS {}", version.trim()));
    let said = match asked.tool("system_profiler", &["-json", "SPDisplaysDataType"]) {
        Some(Ok(text)) => text,
        Some(Err(error)) => {
            machine.notes.push(format!("system_profiler: {error}"));
            return;
        }
        None => return,
    };
    let listed: Value = serde_json::from_str(&said).unwrap_or_default();
    for card in listed["SPDisplaysDataType"].as_array().into_iter().flatten() {
        let word = |key: &str| card[key].as_str();
        let Some(name) = word("sppci_model").or_else(|| word("_name")) else { continue };
        let is_apple = word("spdisplays_vendor").is_some_and(|vendor| vendor.contains("Apple"));
        let cores = word("sppci_cores").map(|count| format!("{count} cores"));
        let metal = word("spdisplays_mtlgpufamilysupport").map(|family| family.replace("spdisplays_", ""));
        let parts: Vec<String> = cores.into_iter().chain(metal).collect();
        machine.devices.push(Device {
            vendor: if is_apple { Vendor::Apple } else { Vendor::Other },
            kind: Kind::Gpu,
            name: format!("{name} GPU"),
            architecture: (!parts.is_empty()).then(|| parts.join(", ")),
            memory: None,
            driver: driver.clone(),
            found_by: "system_profiler",
            problem: None,
        });
    }
}
