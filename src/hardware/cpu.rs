//! The CPU: what it is, how many cores, how much memory, and the instruction sets that models gain from.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::{Cpu, Platform};
use super::probe::Asked;

/// What cpuinfo calls an instruction set, and what people do.
const INSTRUCTIONS: [(&str, &str); 16] = [
    ("avx", "avx"),
    ("avx2", "avx2"),
    ("avx_vnni", "avx_vnni"),
    ("avx512f", "avx512f"),
    ("avx512_vnni", "avx512_vnni"),
    ("avx512_bf16", "avx512_bf16"),
    ("avx512_fp16", "avx512_fp16"),
    ("amx_tile", "amx"),
    ("amx_bf16", "amx_bf16"),
    ("amx_int8", "amx_int8"),
    ("asimd", "neon"),
    ("asimddp", "dotprod"),
    ("i8mm", "i8mm"),
    ("bf16", "bf16"),
    ("sve", "sve"),
    ("sve2", "sve2"),
];

/// The same on macOS, by the name that sysctl answers to.
const OF_SYSCTL: [(&str, &str); 6] = [
    ("hw.optional.neon", "neon"),
    ("hw.optional.arm.FEAT_DotProd", "dotprod"),
    ("hw.optional.arm.FEAT_I8MM", "i8mm"),
    ("hw.optional.arm.FEAT_BF16", "bf16"),
    ("hw.optional.arm.FEAT_SME", "sme"),
    ("hw.optional.avx2_0", "avx2"),
];

/// Arm's cores by implementer and part, as Linux numbers them.
const ARM_CORES: [(&str, &str, &str); 11] = [
    ("0x41", "0xd08", "Arm Cortex-A72"),
    ("0x41", "0xd0b", "Arm Cortex-A76"),
    ("0x41", "0xd0c", "Arm Neoverse-N1"),
    ("0x41", "0xd40", "Arm Neoverse-V1"),
    ("0x41", "0xd41", "Arm Cortex-A78"),
    ("0x41", "0xd49", "Arm Neoverse-N2"),
    ("0x41", "0xd4b", "Arm Cortex-A78C"),
    ("0x41", "0xd4f", "Arm Neoverse-V2"),
    ("0x41", "0xd81", "Arm Cortex-A720"),
    ("0x4e", "0x004", "NVIDIA Carmel"),
    ("0x51", "0x001", "Qualcomm Oryon"),
];

pub fn cpu(asked: &Asked<'_>, platform: Platform) -> Cpu {
    match platform {
        Platform::Linux => linux(asked),
        Platform::Macos => macos(asked),
        Platform::Windows | Platform::Unknown => of_environment(asked),
    }
}

fn linux(asked: &Asked<'_>) -> Cpu {
    let text = asked.text("/proc/cpuinfo").unwrap_or_default();
    let blocks: Vec<BTreeMap<&str, &str>> = text.split("\n\n").map(block).collect();
    let blocks: Vec<_> = blocks.into_iter().filter(|block| block.contains_key("processor")).collect();
    let first = blocks.first().cloned().unwrap_or_default();
    let cores: BTreeSet<_> =
        blocks.iter().filter_map(|block| Some((block.get("physical id")?, block.get("core id")?))).collect();
    let flags = first.get("flags").or_else(|| first.get("Features")).copied().unwrap_or_default();
    let has: BTreeSet<&str> = flags.split_whitespace().collect();
    let is_arm = first.contains_key("CPU implementer");
    let memory = asked.text("/proc/meminfo").and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim();
        Some(line.strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    });
    Cpu {
        model: first.get("model name").map_or_else(|| arm_model(asked, &blocks), |name| (*name).to_owned()),
        architecture: if is_arm {
            "aarch64"
        } else if first.contains_key("flags") {
            "x86_64"
        } else {
            ""
        }
        .to_owned(),
        cores: if cores.is_empty() { blocks.len() } else { cores.len() },
        threads: blocks.len(),
        memory,
        instructions: INSTRUCTIONS
            .iter()
            .filter(|(flag, _)| has.contains(flag))
            .map(|(_, name)| (*name).to_owned())
            .collect(),
    }
}

fn block(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim(), value.trim())).collect()
}

/// What an Arm CPU is: its cores, and the board where the device tree names one.
fn arm_model(asked: &Asked<'_>, blocks: &[BTreeMap<&str, &str>]) -> String {
    let mut cores: Vec<String> = Vec::new();
    for block in blocks {
        let (Some(maker), Some(part)) = (block.get("CPU implementer"), block.get("CPU part")) else { continue };
        let known = ARM_CORES.iter().find(|(m, p, _)| m == maker && p == part);
        let name = known.map_or_else(|| format!("Arm core {maker}:{part}"), |(_, _, name)| (*name).to_owned());
        if !cores.contains(&name) {
            cores.push(name);
        }
    }
    let cores = cores.join(" + ");
    match asked.text("/proc/device-tree/model") {
        Some(board) if cores.is_empty() => board,
        Some(board) => format!("{cores} ({board})"),
        None if cores.is_empty() => "unknown".to_owned(),
        None => cores,
    }
}

fn macos(asked: &Asked<'_>) -> Cpu {
    let value = |name: &str| -> Option<String> {
        let said = asked.tool("sysctl", &["-n", name])?.ok()?;
        (!said.trim().is_empty()).then(|| said.trim().to_owned())
    };
    let count = |name: &str| value(name).and_then(|text| text.parse().ok());
    let is_arm = value("hw.optional.arm64").as_deref() == Some("1");
    Cpu {
        model: value("machdep.cpu.brand_string").unwrap_or_else(|| "unknown".to_owned()),
        architecture: if is_arm { "aarch64" } else { "x86_64" }.to_owned(),
        cores: count("hw.physicalcpu").unwrap_or(0),
        threads: count("hw.logicalcpu").unwrap_or(0),
        memory: value("hw.memsize").and_then(|text| text.parse().ok()),
        instructions: OF_SYSCTL
            .iter()
            .filter(|(name, _)| value(name).as_deref() == Some("1"))
            .map(|(_, word)| (*word).to_owned())
            .collect(),
    }
}

fn of_environment(asked: &Asked<'_>) -> Cpu {
    let value = |name: &str| asked.system.env(name);
    let threads = value("NUMBER_OF_PROCESSORS").and_then(|text| text.parse().ok()).unwrap_or(0);
    Cpu {
        model: value("PROCESSOR_IDENTIFIER").unwrap_or_else(|| "unknown".to_owned()),
        architecture: match value("PROCESSOR_ARCHITECTURE").as_deref() {
            Some("AMD64") => "x86_64",
            Some("ARM64") => "aarch64",
            _ => "",
        }
        .to_owned(),
        cores: threads,
        threads,
        ..Cpu::default()
    }
}
