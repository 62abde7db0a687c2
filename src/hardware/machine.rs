//! What a machine has, as values. How it was found out stands in the probes.

use std::collections::BTreeMap;

use serde::Serialize;

/// A machine, as the system describes it without any Python.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Machine {
    pub platform: Platform,
    pub cpu: Cpu,
    /// Everything else that can compute, in the order of the probes.
    pub devices: Vec<Device>,
    /// SDKs that the environment names: variable to folder, those only whose folder is there.
    pub sdks: BTreeMap<String, String>,
    /// What a probe could not find out, in words.
    pub notes: Vec<String>,
}

/// The operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    Linux,
    Macos,
    Windows,
    #[default]
    Unknown,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cpu {
    pub model: String,
    /// `x86_64` or `aarch64`; empty where nothing says it.
    pub architecture: String,
    /// Physical cores, where the system tells them from threads; else the threads.
    pub cores: usize,
    pub threads: usize,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// The instruction sets that matter for models, of those that it has.
    pub instructions: Vec<String>,
}

/// Something beside the CPU that can compute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Device {
    pub vendor: Vendor,
    pub kind: Kind,
    pub name: String,
    /// What compilers call it: `gfx942`, `compute 9.0`.
    pub architecture: Option<String>,
    /// Bytes of its own memory.
    pub memory: Option<u64>,
    /// The kernel's driver and its version: `nvidia 570.86.15`, `xe`.
    pub driver: Option<String>,
    /// The probe that found it.
    pub found_by: &'static str,
    /// Why nothing can use it as it is, in words.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    Nvidia,
    Amd,
    Intel,
    Apple,
    Qualcomm,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Gpu,
    Npu,
}

impl Machine {
    /// The devices of a vendor and kind.
    pub fn of(&self, vendor: Vendor, kind: Kind) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(move |device| device.vendor == vendor && device.kind == kind)
    }
}

impl Vendor {
    /// By the number that PCI knows it by.
    pub fn of_pci(number: u16) -> Self {
        match number {
            0x10de => Self::Nvidia,
            0x1002 | 0x1022 => Self::Amd,
            0x8086 => Self::Intel,
            0x106b => Self::Apple,
            0x17cb | 0x5143 => Self::Qualcomm,
            _ => Self::Other,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Nvidia => "NVIDIA",
            Self::Amd => "AMD",
            Self::Intel => "Intel",
            Self::Apple => "Apple",
            Self::Qualcomm => "Qualcomm",
            Self::Other => "unknown maker's",
        }
    }
}

impl Kind {
    pub fn title(self) -> &'static str {
        match self {
            Self::Gpu => "GPU",
            Self::Npu => "NPU",
        }
    }
}
