//! What making an environment costs: measured with torch 2.15.0 and transformers 5.23.0 on Linux, rounded up.

use serde::Serialize;

use super::Wanted;

/// Megabytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cost {
    pub download: u32,
    pub disk: u32,
    /// What it costs where PyTorch's index can't be reached.
    pub otherwise: Option<(u32, u32)>,
}

/// torch from PyPI on Linux brings CUDA's libraries: 29 packages.
const WITH_CUDA: (u32, u32) = (3000, 5450);
/// torch of PyTorch's CPU index, or of PyPI on macOS and Windows.
const WITHOUT_CUDA: (u32, u32) = (250, 1000);
/// transformers, pytest and what single models import.
const REST: (u32, u32) = (150, 450);
/// OpenVINO, ONNX Runtime and what belongs to them, for each profile that asks.
const PROFILE: (u32, u32) = (150, 350);

/// The cost of everything; `profiles`: how many hardware profiles bring packages of their own.
pub fn cost(wanted: &Wanted, linux: bool, profiles: u32) -> Cost {
    let sum = |torch: (u32, u32)| (torch.0 + REST.0 + profiles * PROFILE.0, torch.1 + REST.1 + profiles * PROFILE.1);
    let (download, disk) = sum(if linux && !wanted.cpu { WITH_CUDA } else { WITHOUT_CUDA });
    Cost { download, disk, otherwise: (linux && wanted.cpu).then(|| sum(WITH_CUDA)) }
}

/// `about 3.2 GB to download, 5.9 GB on disk`.
pub fn words(download: u32, disk: u32) -> String {
    let size = |megabytes: u32| {
        if megabytes < 1000 {
            format!("{megabytes} MB")
        } else {
            format!("{}.{} GB", megabytes / 1000, megabytes % 1000 / 100)
        }
    };
    format!("about {} to download, {} on disk", size(download), size(disk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuda_is_what_costs() {
        let wanted = |cpu| Wanted { torch: String::new(), transformers: String::new(), cpu };
        let whole = cost(&wanted(false), true, 0);
        assert_eq!(words(whole.download, whole.disk), "about 3.1 GB to download, 5.9 GB on disk");
        let cpu = cost(&wanted(true), true, 1);
        assert_eq!(words(cpu.download, cpu.disk), "about 550 MB to download, 1.8 GB on disk");
        assert_eq!(cpu.otherwise, Some((3300, 6250)));
        assert_eq!(cost(&wanted(false), false, 0).otherwise, None);
    }
}
