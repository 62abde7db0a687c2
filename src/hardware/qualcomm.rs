//! Qualcomm: the Hexagon processor behind its FastRPC nodes, and the SDKs that the environment names.

use super::machine::{Device, Kind, Machine, Platform, Vendor};
use super::probe::Asked;

const NODES: [&str; 2] = ["adsprpc", "fastrpc"];
/// The compute processor is what models run on; the others are for sound and sensors.
const COMPUTE: [&str; 2] = ["adsprpc", "fastrpc-cdsp"];
const SDKS: [&str; 2] = ["QNN_SDK_ROOT", "QAIRT_SDK_ROOT"];

pub fn devices(asked: &Asked<'_>, machine: &mut Machine) {
    for variable in SDKS {
        let Some(folder) = asked.system.env(variable).filter(|folder| !folder.is_empty()) else { continue };
        if asked.exists(&folder) {
            machine.sdks.insert(variable.to_owned(), folder);
        } else {
            machine.notes.push(format!("{variable} names {folder}, which is not there"));
        }
    }
    let npu = match machine.platform {
        Platform::Linux => on_linux(asked),
        Platform::Windows => on_windows(machine),
        Platform::Macos | Platform::Unknown => None,
    };
    machine.devices.extend(npu);
}

fn on_linux(asked: &Asked<'_>) -> Option<Device> {
    let chip = || {
        let soc = asked.text("/sys/devices/soc0/machine").or_else(|| asked.text("/proc/device-tree/model"));
        soc.map_or_else(|| "Qualcomm Hexagon".to_owned(), |soc| format!("Qualcomm Hexagon ({soc})"))
    };
    let names = asked.names("/dev");
    let nodes: Vec<&String> = names.iter().filter(|name| NODES.iter().any(|start| name.starts_with(start))).collect();
    if nodes.is_empty() {
        // Without a node there is only the device tree to say that this is such a chip at all.
        let tree = asked.text("/proc/device-tree/compatible")?;
        tree.contains("qcom,").then_some(())?;
        return Some(Device {
            problem: Some("there is no FastRPC node (/dev/fastrpc-cdsp, /dev/adsprpc-smd)".to_owned()),
            ..device(chip(), "/proc/device-tree", None)
        });
    }
    let computes = nodes.iter().any(|name| COMPUTE.iter().any(|start| name.starts_with(start)));
    let seen = nodes.iter().map(|name| format!("/dev/{name}")).collect::<Vec<_>>().join(", ");
    Some(Device {
        problem: (!computes).then(|| format!("only {seen} is there, and models run on the compute DSP (cdsp)")),
        ..device(chip(), "/dev", Some("fastrpc".to_owned()))
    })
}

fn on_windows(machine: &Machine) -> Option<Device> {
    let is_snapdragon = machine.cpu.architecture == "aarch64" && machine.cpu.model.contains("Qualcomm");
    is_snapdragon.then(|| device("Qualcomm Hexagon (Snapdragon)".to_owned(), "PROCESSOR_IDENTIFIER", None))
}

fn device(name: String, found_by: &'static str, driver: Option<String>) -> Device {
    Device {
        vendor: Vendor::Qualcomm,
        kind: Kind::Npu,
        name,
        architecture: None,
        memory: None,
        driver,
        found_by,
        problem: None,
    }
}
