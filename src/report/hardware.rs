//! What this machine has and what its profiles lack, for people: tables that say the same as the JSON.

use std::fmt::Write as _;

use super::look::Look;
use super::text::{one_line, plural};
use crate::hardware::bench::{LOADS, Timing};
use crate::hardware::libraries::{Found, Libraries};
use crate::hardware::{Device, Machine, Standing, State};

/// CPU, devices, libraries, profiles.
pub fn human(machine: &Machine, libraries: &Libraries, standings: &[Standing], look: &Look) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}  {}", look.strong("cpu      "), one_line(&cpu(machine)));
    for device in &machine.devices {
        let _ = writeln!(text, "{}  {}", look.strong("device   "), one_line(&described(device)));
    }
    for (variable, folder) in &machine.sdks {
        let _ = writeln!(text, "{}  {variable} = {}", look.strong("sdk      "), one_line(folder));
    }
    for note in &machine.notes {
        let _ = writeln!(text, "{}  {}", look.strong("note     "), one_line(note));
    }
    let _ = writeln!(text, "{}  {}", look.strong("python   "), one_line(&python(libraries)));
    let width = standings.iter().map(|standing| standing.profile.len()).max().unwrap_or(0);
    text.push('\n');
    for standing in standings {
        text.push_str(&profile(standing, width, look));
    }
    text
}

fn cpu(machine: &Machine) -> String {
    let cpu = &machine.cpu;
    let cores = if cpu.cores == cpu.threads {
        plural(cpu.cores, "core")
    } else {
        format!("{}, {}", plural(cpu.cores, "core"), plural(cpu.threads, "thread"))
    };
    let mut parts = vec![cpu.model.clone(), cores];
    parts.extend(cpu.memory.map(size));
    if !cpu.instructions.is_empty() {
        parts.push(cpu.instructions.join(" "));
    }
    parts.join(" · ")
}

fn described(device: &Device) -> String {
    let mut parts = vec![device.name.clone()];
    parts.extend(device.memory.map(size));
    parts.extend(device.architecture.clone());
    parts.extend(device.driver.as_ref().map(|driver| format!("driver {driver}")));
    parts.extend(device.problem.as_ref().map(|problem| format!("can't be used: {problem}")));
    parts.join(" · ")
}

fn python(libraries: &Libraries) -> String {
    let word = |name: &str, version: Option<&str>, broken: bool| match (version, broken) {
        (Some(version), _) => format!("{name} {version}"),
        (None, true) => format!("{name} is broken"),
        (None, false) => format!("no {name}"),
    };
    let broken = |found: bool| found;
    let torch = libraries.torch.here();
    let parts = [
        libraries.python.clone().map_or_else(|| "no answer".to_owned(), |version| format!("Python {version}")),
        word("torch", torch.map(|t| t.version.as_str()), broken(matches!(libraries.torch, Found::Broken { .. }))),
        word("transformers", torch.and_then(|t| t.transformers.as_deref()), false),
        word(
            "OpenVINO",
            libraries.openvino.here().map(|o| o.version.as_str()),
            broken(matches!(libraries.openvino, Found::Broken { .. })),
        ),
        word(
            "ONNX Runtime",
            libraries.onnxruntime.here().map(|o| o.version.as_str()),
            broken(matches!(libraries.onnxruntime, Found::Broken { .. })),
        ),
    ];
    let parts: &[String] = if libraries.python.is_none() { &parts[..1] } else { &parts };
    format!("{} · {}", libraries.program, parts.join(" · "))
}

fn profile(standing: &Standing, width: usize, look: &Look) -> String {
    let name = format!("{:<width$}", standing.profile);
    let state = match standing.state {
        State::Ready => look.good("ready  "),
        State::Blocked => look.soft("blocked"),
        State::Absent => look.dim("absent "),
    };
    let said = match (&standing.missing, &standing.device) {
        (None, device) => device.clone().unwrap_or_default(),
        (Some(missing), Some(device)) => format!("{device}: {missing}"),
        (Some(missing), None) => missing.clone(),
    };
    let mut text = format!("{}  {state}  {}\n", look.strong(&name), one_line(&said));
    let indent = " ".repeat(width + 11);
    if let Some(help) = &standing.help {
        let _ = writeln!(text, "{indent}{}", look.dim(&one_line(help)));
    }
    for note in &standing.notes {
        let _ = writeln!(text, "{indent}{}", one_line(note));
    }
    text
}

/// The ranking, fastest first.
pub fn ranking(timings: &[Timing], look: &Look) -> String {
    let name = |timing: &Timing| format!("{} {}", timing.target.runtime, timing.target.device);
    let width = timings.iter().map(|timing| name(timing).len()).max().unwrap_or(0).max(6);
    let profile = timings.iter().map(|timing| timing.target.profile.len()).max().unwrap_or(0).max(7);
    let head: String = LOADS.iter().map(|(load, _)| format!("  {load:>12}")).collect();
    let mut text =
        format!("{}\n", look.dim(&format!("{:<profile$}  {:<width$}{head}  {:>12}", "profile", "device", "round")));
    for timing in timings {
        let cells = match (&timing.error, timing.round()) {
            (None, Some(round)) => {
                let time = |load: &str| timing.medians.get(load).copied().unwrap_or(f64::NAN);
                let cells: String = LOADS.iter().map(|(load, _)| format!("  {:>9.3} ms", time(load))).collect();
                format!("{cells}  {round:>9.3} ms")
            }
            (error, _) => format!("  {}", look.bad(&one_line(error.as_deref().unwrap_or("not timed")))),
        };
        let _ = writeln!(
            text,
            "{:<profile$}  {:<width$}{cells}  {}",
            timing.target.profile,
            name(timing),
            look.dim(&timing.target.name)
        );
    }
    if let Some(first) = timings.first() {
        let _ = writeln!(text, "\nmedians of {}; a round is one of each:", plural(first.repeats, "run"));
        for (load, what) in LOADS {
            let _ = writeln!(text, "  {load:<8}  {what}");
        }
    }
    text
}

/// `79.6 GiB`, `512 MiB`.
fn size(bytes: u64) -> String {
    let mebibytes = bytes >> 20;
    if mebibytes < 1024 {
        return format!("{mebibytes} MiB");
    }
    let tenths = mebibytes * 10 / 1024;
    if tenths.is_multiple_of(10) {
        format!("{} GiB", tenths / 10)
    } else {
        format!("{}.{} GiB", tenths / 10, tenths % 10)
    }
}
