//! From flags to the build engine and back: options, progress, failures. Every command that builds goes through here.

use std::path::PathBuf;

use super::args::SelectArgs;
use super::args::build::EngineArgs;
use super::stop::Stop;
use super::{Context, Exit};
use crate::build::project::folder_stamp;
use crate::build::{Changed, Failure, Options, Selection};
use crate::finding::Finding;
use crate::finding::codes::output::NOT_READABLE;
use crate::sys::threads;

/// The engine's options for the project that the user stands in.
pub fn options(context: &Context<'_>, engine: &EngineArgs) -> Result<Options, Stop> {
    threads::allow(engine.jobs);
    let root = context.root()?;
    let here = context.folder()?;
    let absolute = |path: &PathBuf| if path.is_absolute() { path.clone() } else { here.join(path) };
    if let Some(layer) = engine.templates.iter().find(|layer| folder_stamp(context.system, &absolute(layer)).is_none())
    {
        let message = format!("`{}` is no folder of templates", layer.display());
        return Err(Finding::error(NOT_READABLE, message)
            .help("name a folder that is laid out as templates/ is")
            .into());
    }
    let below_root = |path: PathBuf| path.strip_prefix(&root).map_or(path.clone(), PathBuf::from);
    Ok(Options {
        output_dir: engine.output_dir.as_ref().map(absolute).map(below_root),
        templates: engine.templates.iter().map(absolute).map(below_root).collect(),
        root,
        ..Options::default()
    })
}

/// The selection that was typed; paths are taken from where the user stands.
pub fn selection(context: &Context<'_>, args: &SelectArgs, root: &std::path::Path) -> Result<Selection, Stop> {
    let here = context.folder()?;
    let paths = args.paths.iter().map(|path| below_root(&here, path, root)).collect();
    let changed = match (&args.since, args.changed, args.staged) {
        (Some(revision), ..) => Some(Changed::Since(revision.clone())),
        (None, true, _) => Some(Changed::Since("HEAD".to_owned())),
        (None, false, true) => Some(Changed::Staged),
        (None, false, false) => None,
    };
    let rules = args.rule.iter().map(|rule| rule.strip_prefix("target.").unwrap_or(rule).to_owned()).collect();
    Ok(Selection {
        models: args.model.clone(),
        families: args.family.clone(),
        tasks: args.task.clone(),
        hardware: args.hardware.clone(),
        rules,
        paths,
        changed,
    })
}

/// A typed path as the project knows it: relative to its root.
pub fn below_root(here: &std::path::Path, path: &str, root: &std::path::Path) -> String {
    let mut full = PathBuf::new();
    for part in here.join(path).components() {
        match part {
            std::path::Component::ParentDir => {
                full.pop();
            }
            std::path::Component::CurDir => {}
            other => full.push(other),
        }
    }
    full.strip_prefix(root).unwrap_or(&full).to_string_lossy().replace('\\', "/")
}

/// A build that could not be done ends the command with exit code 2.
impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Inputs(findings) | Failure::Selection(findings) => Self { exit: Exit::Broken, findings },
            Failure::Io { what, source } => Finding::error(NOT_READABLE, format!("{what}: {source}"))
                .help("hfgen reads the project's folder, and writes to its output folder and to .hfgen-cache")
                .into(),
        }
    }
}
