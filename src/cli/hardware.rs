//! `hfgen hardware`: what this machine has and what each profile lacks here; `bench` times the devices.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::Context;
use super::args::machine::{AskArgs, BenchArgs, HardwareArgs, HardwareCommand, HardwareFormat, MachineFormat};
use super::machine::{Profiles, known, profiles, root, told};
use super::stop::{Ended, Stop};
use crate::build::Progress as _;
use crate::finding::Finding;
use crate::finding::codes::hardware::{NOT_TIMED, NOTHING_TO_TIME, PROFILE_NOT_READY};
use crate::hardware::bench::{Target, Timing, targets, time};
use crate::hardware::ranking::{auto, keep, ranking, sorted};
use crate::hardware::{Libraries, Machine, Standing, State, libraries, look, standings};
use crate::python::library;
use crate::report;

pub fn run(context: &Context<'_>, args: &HardwareArgs) -> Ended {
    match &args.command {
        Some(HardwareCommand::Bench(bench)) => self::bench(context, bench),
        None => self::look_around(context, args),
    }
}

/// What was found out.
struct Seen {
    /// The project, where there is one.
    root: Option<PathBuf>,
    folder: PathBuf,
    profiles: Profiles,
    machine: Machine,
    libraries: Libraries,
    standings: Vec<Standing>,
    findings: Vec<Finding>,
}

fn see(context: &Context<'_>, ask: &AskArgs) -> Result<Seen, Stop> {
    let (root, profiles) = (root(context)?, profiles(context)?);
    let folder = match &root {
        Some(root) => root.clone(),
        None => context.folder()?,
    };
    let system = context.system;
    let program = library::find(system, &folder, ask.python.as_deref());
    let limit = Duration::from_secs(u64::from(ask.timeout));
    let (machine, libraries) = std::thread::scope(|scope| {
        let machine = scope.spawn(|| look(system));
        let libraries = libraries::ask(system, &program, &folder, limit);
        (machine.join().unwrap_or_default(), libraries)
    });
    let (standings, findings) = standings(&profiles, &machine, &libraries);
    Ok(Seen { root, folder, profiles, machine, libraries, standings, findings })
}

fn look_around(context: &Context<'_>, args: &HardwareArgs) -> Ended {
    let seen = see(context, &args.ask)?;
    known(&seen.profiles, &args.require)?;
    let kept = kept(context, &seen);
    let order = auto(&seen.standings, kept.as_deref());
    let look = &context.console.out;
    context.console.answer(&match args.format {
        HardwareFormat::Names => format!("{}\n", order.join(",")),
        HardwareFormat::Json => {
            let value = json!({
                "version": 1, "command": "hardware", "machine": seen.machine, "libraries": seen.libraries,
                "profiles": seen.standings, "order": order, "ranking": kept, "findings": seen.findings,
            });
            format!("{value:#}\n")
        }
        HardwareFormat::Human => {
            let mut text = report::hardware::human(&seen.machine, &seen.libraries, &seen.standings, look);
            if order.len() > 1 {
                let how =
                    if kept.is_some() { "by `hfgen hardware bench`" } else { "not timed: `hfgen hardware bench`" };
                text.push_str(&format!("\nfastest first: {}  {}\n", order.join(", "), look.dim(&format!("({how})"))));
            }
            text
        }
    });
    let not_ready = args.require.iter().filter_map(|name| {
        let standing = seen.standings.iter().find(|standing| standing.profile == *name)?;
        let missing = standing.missing.as_ref()?;
        let finding = Finding::error(PROFILE_NOT_READY, format!("profile `{name}` is not ready: {missing}"));
        Some(match &standing.help {
            Some(help) => finding.help(help),
            None => finding,
        })
    });
    let findings: Vec<Finding> = seen.findings.iter().cloned().chain(not_ready).collect();
    Ok(told(context, &findings))
}

fn bench(context: &Context<'_>, args: &BenchArgs) -> Ended {
    let seen = see(context, &args.ask)?;
    known(&seen.profiles, &args.hardware)?;
    let mut targets: Vec<Target> = targets(&seen.profiles, &seen.standings, &seen.libraries, &seen.machine.cpu.model);
    targets.retain(|target| args.hardware.is_empty() || args.hardware.contains(&target.profile));
    let limit = Duration::from_secs(u64::from(args.ask.timeout));
    let progress = context.progress();
    let mut timings = Vec::new();
    progress.begin("timing", Some(targets.len()));
    // One after the other: devices share the machine.
    for target in &targets {
        let program = &seen.libraries.program;
        timings.push(time(context.system, program, &seen.folder, target, args.repeats.get(), limit));
        progress.advance(1);
    }
    progress.end();
    let timings = sorted(timings);
    let whole = args.hardware.is_empty() && timings.iter().any(|timing| timing.round().is_some());
    if whole && let Some(root) = &seen.root {
        let kept = keep(context.system, root, &seen.machine, &seen.libraries, &timings);
        kept.map_err(|error| Stop::cannot_write(root, &error))?;
    }
    let findings = complaints(&seen, &timings);
    let order = auto(&seen.standings, Some(&timings));
    context.console.answer(&match args.format {
        MachineFormat::Json => {
            let value = json!({
                "version": 1, "command": "hardware bench", "ranking": timings, "order": order,
                "kept": whole && seen.root.is_some(), "findings": findings,
            });
            format!("{value:#}\n")
        }
        MachineFormat::Human if timings.is_empty() => String::new(),
        MachineFormat::Human => report::hardware::ranking(&timings, &context.console.out),
    });
    Ok(told(context, &findings))
}

fn complaints(seen: &Seen, timings: &[Timing]) -> Vec<Finding> {
    let mut findings = seen.findings.clone();
    findings.extend(timings.iter().filter_map(|timing| {
        let (target, error) = (&timing.target, timing.error.as_ref()?);
        let message = format!("{} of {} could not be timed: {error}", target.device, target.runtime);
        Some(Finding::warning(NOT_TIMED, message))
    }));
    if !timings.iter().any(|timing| timing.round().is_some()) {
        let ready = seen.standings.iter().any(|standing| standing.state == State::Ready);
        let why = if ready { "no device could be timed" } else { "no hardware profile is ready here" };
        findings.push(Finding::error(NOTHING_TO_TIME, why).help("`hfgen hardware` says what each profile lacks"));
    }
    findings
}

fn kept(context: &Context<'_>, seen: &Seen) -> Option<Vec<Timing>> {
    ranking(context.system, seen.root.as_ref()?, &seen.machine, &seen.libraries)
}
