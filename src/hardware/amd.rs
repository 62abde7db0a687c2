//! AMD's GPUs that ROCm can compute on: the topology of the kernel's compute driver (KFD).

use super::machine::{Device, Kind, Machine, Vendor};
use super::probe::Asked;

const NODES: &str = "/sys/class/kfd/kfd/topology/nodes";
/// Types of memory banks that stand on the card.
const ON_CARD: [&str; 2] = ["1", "2"];

pub fn devices(asked: &Asked<'_>, machine: &mut Machine) {
    let mut nodes = asked.names(NODES);
    nodes.sort_by_key(|name| name.parse::<u32>().unwrap_or(u32::MAX));
    machine.devices.extend(nodes.iter().filter_map(|node| device(asked, node)));
}

fn device(asked: &Asked<'_>, node: &str) -> Option<Device> {
    let folder = format!("{NODES}/{node}");
    let properties = asked.table(&format!("{folder}/properties"));
    let number = |name: &str| properties.get(name).and_then(|value| value.parse::<u64>().ok());
    // Nodes of CPUs have none.
    number("simd_count").filter(|count| *count > 0)?;
    let product = number("drm_render_minor")
        .and_then(|minor| asked.text(&format!("/sys/class/drm/renderD{minor}/device/product_name")));
    let name = product.or_else(|| asked.text(&format!("{folder}/name")));
    let banks = asked.names(&format!("{folder}/mem_banks"));
    let sizes = banks.iter().filter_map(|bank| {
        let bank = asked.table(&format!("{folder}/mem_banks/{bank}/properties"));
        let on_card = bank.get("heap_type").is_some_and(|kind| ON_CARD.contains(&kind.as_str()));
        bank.get("size_in_bytes").filter(|_| on_card)?.parse::<u64>().ok()
    });
    let memory = sizes.sum();
    let version = asked.text("/sys/module/amdgpu/version");
    let rocm = asked.text("/opt/rocm/.info/version");
    let driver = ["amdgpu".to_owned()]
        .into_iter()
        .chain(version)
        .chain(rocm.map(|version| format!("(ROCm {version})")))
        .collect::<Vec<_>>()
        .join(" ");
    Some(Device {
        vendor: Vendor::Amd,
        kind: Kind::Gpu,
        name: name.unwrap_or_else(|| "AMD GPU".to_owned()),
        architecture: number("gfx_target_version").filter(|version| *version > 0).map(target),
        memory: (memory > 0).then_some(memory),
        driver: Some(driver),
        found_by: "/sys/class/kfd",
        problem: (!asked.exists("/dev/kfd"))
            .then(|| "there is no /dev/kfd: a container needs --device /dev/kfd --device /dev/dri".to_owned()),
    })
}

/// 90402 is gfx942, 90010 gfx90a, 110001 gfx1101.
fn target(version: u64) -> String {
    format!("gfx{}{:x}{:x}", version / 10_000, version / 100 % 100, version % 100)
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn targets_are_told_as_compilers_do() {
        assert_eq!([90_402, 90_010, 90_008, 110_001].map(target), ["gfx942", "gfx90a", "gfx908", "gfx1101"]);
    }
}
