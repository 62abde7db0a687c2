//! `hfgen env`: whether the Python that commands use can run the generated tests, and an environment of hfgen's own that can.

use std::io::IsTerminal as _;
use std::path::Path;

use serde_json::json;

use super::args::machine::{EnvArgs, EnvCommand, EnvCreateArgs, EnvWhichArgs, MachineFormat};
use super::machine::{known, profiles, root, told};
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::finding::Finding;
use crate::finding::codes::environment::{NO_ENVIRONMENT, NOT_AGREED, OTHER_VERSION, PYTHON_LACKS};
use crate::python::environment::cost::{cost, words};
use crate::python::environment::make::{Event, installer, make};
use crate::python::environment::plan::{Installer, steps};
use crate::python::environment::{Environment, Wanted, locked};
use crate::python::library::{self, Python};

/// What tests can't do without.
const NEEDED: [&str; 3] = ["torch", "transformers", "pytest"];

pub fn run(context: &Context<'_>, args: &EnvArgs) -> Ended {
    match &args.command {
        None => check(context, args),
        Some(EnvCommand::Create(args)) => create(context, args),
        Some(EnvCommand::Path(args)) => path(context, args),
        Some(EnvCommand::Remove(args)) => remove(context, args),
    }
}

fn environment(context: &Context<'_>, cpu: bool) -> Result<Environment, Stop> {
    let wanted = Wanted::for_project(context.system, root(context)?.as_deref(), cpu);
    Ok(Environment::new(context.system, wanted)?)
}

fn check(context: &Context<'_>, args: &EnvArgs) -> Ended {
    let system = context.system;
    let root = root(context)?;
    let folder = match &root {
        Some(root) => root.clone(),
        None => context.folder()?,
    };
    let python = library::choose(system, &folder, args.python.as_deref());
    let versions = library::versions(system, &python.program, &folder)?;
    let wanted = root.as_deref().and_then(|root| locked(system, root));
    let lacking: Vec<&str> = NEEDED.into_iter().filter(|name| !versions.contains_key(*name)).collect();
    let mut findings = Vec::new();
    if !lacking.is_empty() {
        findings.push(lacks(&python, &lacking));
    }
    if let (Some(wanted), Some(found)) = (&wanted, versions.get("transformers"))
        && wanted != found
    {
        let message =
            format!("`{}` has transformers {found}, and registry.lock was read from {wanted}", python.program);
        findings.push(
            Finding::warning(OTHER_VERSION, message)
                .help(format!("pip install transformers=={wanted}, or run `hfgen sync`")),
        );
    }
    let own = [false, true].map(|cpu| environment(context, cpu));
    let own: Vec<(Environment, &str)> = own
        .into_iter()
        .flatten()
        .filter_map(|environment| {
            let record = environment.record(system);
            let state = match (environment.is_whole(system), record.done.is_empty() && record.begun.is_none()) {
                (true, _) => "whole",
                (false, true) => return None,
                (false, false) => "half made: `hfgen env create` goes on",
            };
            Some((environment, state))
        })
        .collect();
    let text = if args.format == MachineFormat::Json {
        let own = own
            .iter()
            .map(|(own, state)| json!({"folder": own.folder, "wanted": own.wanted, "whole": *state == "whole"}));
        let value = json!({
            "version": 1, "command": "env", "python": python.program, "source": python.source, "versions": versions,
            "wanted": {"transformers": wanted}, "environments": own.collect::<Vec<_>>(), "findings": findings,
        });
        format!("{value:#}\n")
    } else {
        let version =
            |name: &str| versions.get(name).map_or_else(|| format!("no {name}"), |version| format!("{name} {version}"));
        let parts: Vec<String> = NEEDED.iter().map(|name| version(name)).collect();
        let python_version = versions.get("python").cloned().unwrap_or_default();
        let mut text = format!("python       {} ({})\n", python.program, python.source.words());
        text.push_str(&format!("             Python {python_version}, {}\n", parts.join(", ")));
        for (own, state) in &own {
            text.push_str(&format!("environment  {} ({state})\n", own.folder.display()));
        }
        text
    };
    context.console.answer(&text);
    Ok(told(context, &findings))
}

fn lacks(python: &Python, names: &[&str]) -> Finding {
    let message = format!("`{}` ({}) has no {}", python.program, python.source.words(), names.join(" and no "));
    Finding::error(PYTHON_LACKS, message).help("`hfgen env create` makes an environment that has all that tests need")
}

fn create(context: &Context<'_>, args: &EnvCreateArgs) -> Ended {
    let system = context.system;
    let environment = environment(context, args.which.cpu)?;
    let (extra, profiles) = packages(context, &args.hardware)?;
    let installer = installer(system);
    let all = steps(&installer, &args.python, &environment.folder, &environment.wanted, &extra);
    let record = environment.record(system);
    if environment.is_whole(system) && all.iter().all(|step| record.done.contains(&step.name)) {
        context.console.answer(&format!("{}\n", environment.folder.display()));
        context.console.note("the environment is whole: nothing to do\n");
        return Ok(Exit::Fine);
    }
    context.console.note(&terms(
        &environment,
        &installer,
        &args.python,
        &all.iter().map(|step| step.title.as_str()).collect::<Vec<_>>(),
        profiles,
    ));
    if !(args.yes || agreed(context)?) {
        return Ok(Exit::Broken);
    }
    let verbose = context.global.verbosity() > 0;
    let mut on = |event: Event<'_>| match event {
        Event::Begins(title, at, all) => context.console.note(&format!("[{at}/{all}] {title}\n")),
        Event::Was(title) => context.console.note(&format!("      {title}: done before\n")),
        Event::Otherwise(title) => context.console.note(&format!("      {title}\n")),
        Event::Waits => context.console.note("waiting for another hfgen that makes this environment\n"),
        Event::Line(line) if verbose => context.console.note(&format!("      {line}\n")),
        Event::Line(_) => {}
    };
    make(system, &environment, &installer, &args.python, &extra, &mut on)
        .map_err(|finding| Stop::new(Exit::Findings, finding))?;
    context.console.answer(&format!("{}\n", environment.folder.display()));
    Ok(Exit::Fine)
}

/// What it will be and cost.
fn terms(environment: &Environment, installer: &Installer, base: &str, titles: &[&str], profiles: u32) -> String {
    let cost = cost(&environment.wanted, cfg!(target_os = "linux"), profiles);
    let with = match installer {
        Installer::Uv { version } => format!("uv {version}"),
        Installer::Pip => "venv and pip".to_owned(),
    };
    let mut text = format!("folder  {}\nfrom    {base}, with {with}\n", environment.folder.display());
    for (at, title) in titles.iter().enumerate() {
        text.push_str(&format!("{}{title}\n", if at == 0 { "gets    " } else { "        " }));
    }
    text.push_str(&format!("costs   {}\n", words(cost.download, cost.disk)));
    if let Some((download, disk)) = cost.otherwise {
        let otherwise = words(download, disk);
        text.push_str(&format!("        where PyTorch's index can't be reached: {otherwise}\n"));
    }
    text
}

/// Asks on a terminal; elsewhere nobody can answer.
fn agreed(context: &Context<'_>) -> Result<bool, Stop> {
    if !(std::io::stdin().is_terminal() && context.console.live) {
        let finding = Finding::error(NOT_AGREED, "nobody is here to agree to that").help("say it beforehand: --yes");
        return Err(finding.into());
    }
    context.console.complain("Go on? [y/N] ");
    let mut line = String::new();
    let heard = std::io::stdin().read_line(&mut line).is_ok();
    Ok(heard && matches!(line.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The packages of hardware profiles, and how many profiles bring any of their own.
fn packages(context: &Context<'_>, names: &[String]) -> Result<(Vec<String>, u32), Stop> {
    let all = profiles(context)?;
    known(&all, names)?;
    let (mut packages, mut profiles) = (Vec::<String>::new(), 0);
    for profile in names.iter().filter_map(|name| all.get(name)) {
        let listed = profile.set.get("packages").and_then(|list| list.as_array()).cloned().unwrap_or_default();
        let before = packages.len();
        for package in listed.iter().filter_map(|name| name.as_str()) {
            let is_new =
                !["torch", "transformers"].contains(&package) && !packages.iter().any(|known| known == package);
            if is_new {
                packages.push(package.to_owned());
            }
        }
        profiles += u32::from(packages.len() > before);
    }
    Ok((packages, profiles))
}

fn path(context: &Context<'_>, args: &EnvWhichArgs) -> Ended {
    let environment = environment(context, args.cpu)?;
    if !environment.is_whole(context.system) {
        return Err(Stop::new(Exit::Findings, missing(&environment.folder)));
    }
    context.console.answer(&format!("{}\n", environment.folder.display()));
    Ok(Exit::Fine)
}

fn remove(context: &Context<'_>, args: &EnvWhichArgs) -> Ended {
    let environment = environment(context, args.cpu)?;
    if !context.system.exists(&environment.folder) {
        return Err(Stop::new(Exit::Findings, missing(&environment.folder)));
    }
    environment.remove(context.system).map_err(|error| Stop::cannot_write(&environment.folder, &error))?;
    context.console.note(&format!("removed {}\n", environment.folder.display()));
    Ok(Exit::Fine)
}

fn missing(folder: &Path) -> Finding {
    Finding::error(NO_ENVIRONMENT, format!("there is no whole environment in `{}`", folder.display()))
        .help("`hfgen env create` makes it")
}
