//! Cards and accelerators that Linux lists: the PCI bus, the accelerators' and the graphics' classes. They are found even
//! where no driver took them.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::{Device, Kind, Vendor};
use super::probe::Asked;

const PCI: &str = "/sys/bus/pci/devices";
const ACCEL: &str = "/sys/class/accel";
const DRM: &str = "/sys/class/drm";
/// Where distributions keep the names of PCI ids.
const NAMES: [&str; 2] = ["/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"];

/// Processors for models that Intel builds into its CPUs: their ids are in no older list of names.
const INTEL_NPUS: [(u16, &str); 4] = [
    (0x7d1d, "Intel NPU (Meteor Lake)"),
    (0xad1d, "Intel NPU (Arrow Lake)"),
    (0x643e, "Intel NPU (Lunar Lake)"),
    (0xb03e, "Intel NPU (Panther Lake)"),
];

pub fn devices(asked: &Asked<'_>) -> Vec<Device> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    let accelerators = asked.names(ACCEL).into_iter().map(|name| (format!("{ACCEL}/{name}/device"), Some(Kind::Npu)));
    let cards = asked.names(PCI).into_iter().map(|name| (format!("{PCI}/{name}"), None));
    let graphics = asked.names(DRM).into_iter().filter(|name| is_card(name));
    let graphics = graphics.map(|name| (format!("{DRM}/{name}/device"), Some(Kind::Gpu)));
    for (folder, kind) in accelerators.chain(cards).chain(graphics) {
        let about = asked.table(&format!("{folder}/uevent"));
        let slot = about.get("PCI_SLOT_NAME").or_else(|| about.get("OF_FULLNAME")).cloned().unwrap_or(folder);
        let device = match about.get("PCI_ID") {
            Some(id) => on_pci(asked, &about, id, kind),
            None => on_board(asked, &about),
        };
        if let Some(device) = device
            && seen.insert(slot)
        {
            found.push(device);
        }
    }
    found
}

/// `card0`, and not `card0-HDMI-A-1`.
fn is_card(name: &str) -> bool {
    name.strip_prefix("card").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn on_pci(asked: &Asked<'_>, about: &BTreeMap<String, String>, id: &str, kind: Option<Kind>) -> Option<Device> {
    let number = |text: &str| u16::from_str_radix(text, 16).ok();
    let (vendor, device) = id.split_once(':')?;
    let (vendor, device) = (number(vendor)?, number(device)?);
    let kind = kind.or_else(|| {
        let class = u32::from_str_radix(about.get("PCI_CLASS")?, 16).ok()? >> 8;
        match class {
            0x0300 | 0x0302 | 0x0380 => Some(Kind::Gpu),
            // An accelerator: AMD's and NVIDIA's are GPUs without a screen.
            0x1200 if matches!(Vendor::of_pci(vendor), Vendor::Amd | Vendor::Nvidia) => Some(Kind::Gpu),
            0x1200 => Some(Kind::Npu),
            _ => None,
        }
    })?;
    let maker = Vendor::of_pci(vendor);
    // The screens of virtual machines and servers' consoles compute nothing.
    if maker == Vendor::Other && kind == Kind::Gpu {
        return None;
    }
    let npu = INTEL_NPUS.iter().find(|(known, _)| vendor == 0x8086 && *known == device);
    let name = npu
        .map(|(_, name)| (*name).to_owned())
        .or_else(|| named(asked, vendor, device).map(|name| format!("{} {name}", maker.title())))
        .unwrap_or_else(|| format!("{} {} [{vendor:04x}:{device:04x}]", maker.title(), kind.title()));
    let driver = about.get("DRIVER").cloned();
    Some(Device {
        vendor: maker,
        kind,
        name,
        architecture: None,
        memory: None,
        problem: problem(asked, maker, kind, driver.as_deref()),
        driver,
        found_by: PCI,
    })
}

/// A GPU that is part of a board's chip.
fn on_board(asked: &Asked<'_>, about: &BTreeMap<String, String>) -> Option<Device> {
    let compatible = about.get("OF_COMPATIBLE_0")?;
    if !compatible.starts_with("qcom,adreno") {
        return None;
    }
    let driver = about.get("DRIVER").cloned();
    Some(Device {
        vendor: Vendor::Qualcomm,
        kind: Kind::Gpu,
        name: format!("Qualcomm Adreno ({compatible})"),
        architecture: None,
        memory: None,
        problem: problem(asked, Vendor::Qualcomm, Kind::Gpu, driver.as_deref()),
        driver,
        found_by: DRM,
    })
}

/// Why nothing can use it: no driver took it, or the driver's device node is not to be seen here.
fn problem(asked: &Asked<'_>, vendor: Vendor, kind: Kind, driver: Option<&str>) -> Option<String> {
    let Some(driver) = driver else { return Some("no kernel driver has taken it".to_owned()) };
    let (wanted, found): (&str, bool) = match (vendor, kind) {
        (Vendor::Nvidia, _) => {
            return Some(if driver == "nvidia" {
                "its driver is loaded, but neither nvidia-smi nor /proc/driver/nvidia shows it here".to_owned()
            } else {
                format!("the driver {driver} has taken it, and CUDA needs NVIDIA's own")
            });
        }
        (Vendor::Amd, Kind::Gpu) => ("/dev/kfd", asked.exists("/dev/kfd")),
        (_, Kind::Npu) => ("/dev/accel/accel*", asked.names("/dev/accel").iter().any(|name| name.starts_with("accel"))),
        (_, Kind::Gpu) => ("/dev/dri/renderD*", asked.names("/dev/dri").iter().any(|name| name.starts_with("renderD"))),
    };
    (!found).then(|| format!("the driver {driver} has taken it, but there is no {wanted} here"))
}

/// The name of a device in the system's list of PCI ids.
fn named(asked: &Asked<'_>, vendor: u16, device: u16) -> Option<String> {
    let text = NAMES.iter().find_map(|path| asked.text(path))?;
    let (maker, part) = (format!("{vendor:04x}  "), format!("\t{device:04x}  "));
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&maker)).skip(1);
    let name = lines.by_ref().take_while(|line| line.starts_with('\t')).find_map(|line| line.strip_prefix(&part));
    name.map(|name| name.trim().to_owned())
}
