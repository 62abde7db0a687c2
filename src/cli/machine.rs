//! What the commands about this machine share: the hardware profiles, which need no project, and findings beside an answer.

use std::path::PathBuf;

use indexmap::IndexMap;

use super::stop::Stop;
use super::{Context, Exit, init};
use crate::build::project::REGISTRY;
use crate::finding::codes::output::UNKNOWN_SELECTION;
use crate::finding::codes::registry::BROKEN_REGISTRY;
use crate::finding::{Finding, did_you_mean};
use crate::registry::config::Hardware;
use crate::registry::{Registry, parse};
use crate::report::{Report, human};

/// Profiles by name.
pub type Profiles = IndexMap<String, Hardware>;

/// The project, where there is one; only one that was named has to be there.
pub fn root(context: &Context<'_>) -> Result<Option<PathBuf>, Stop> {
    if context.global.root.is_some() { context.root().map(Some) } else { Ok(context.root().ok()) }
}

/// The profiles of the project; outside of one, those that every project begins with.
pub fn profiles(context: &Context<'_>) -> Result<Profiles, Stop> {
    let text = match root(context)? {
        Some(root) => {
            let path = root.join(REGISTRY);
            context.system.read_text(&path).map_err(|error| Stop::cannot_read(&path, &error))?
        }
        None => format!("[project]\nname = \"none\"\noutput = \"none\"\npython = \"3.10\"\n{}", init::HARDWARE),
    };
    let registry: Registry = parse::read(REGISTRY, &text, BROKEN_REGISTRY).map_err(|finding| *finding)?;
    Ok(registry.hardware)
}

/// Names of profiles must mean something.
pub fn known(profiles: &Profiles, names: &[String]) -> Result<(), Stop> {
    let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
    let unknown = names.iter().filter(|name| !known.contains(&name.as_str())).map(|name| {
        let help = did_you_mean(name, known.iter().copied());
        Finding::error(UNKNOWN_SELECTION, format!("there is no hardware profile `{name}`"))
            .help(help.unwrap_or_else(|| format!("known: {}", known.join(", "))))
    });
    let unknown: Vec<Finding> = unknown.collect();
    if unknown.is_empty() { Ok(()) } else { Err(unknown.into()) }
}

/// Tells findings on standard error, whatever the answer on standard output is; an error among them is exit code 1.
pub fn told(context: &Context<'_>, findings: &[Finding]) -> Exit {
    if !findings.is_empty() {
        let report = Report::of_findings(context.command, findings).sorted();
        context.console.complain(&format!("{}\n", human::findings(&report, &context.console.err).trim_end()));
    }
    if findings.iter().any(Finding::is_error) { Exit::Findings } else { Exit::Fine }
}
