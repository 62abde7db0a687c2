//! What every command is given: the machine, the streams, the global flags; and the one way to hand a report out.

use std::path::{Path, PathBuf};

use super::args::{Annotations, GlobalArgs, ReportArgs};
use super::console::Console;
use super::stop::Stop;
use crate::finding::Finding;
use crate::finding::codes::output::NO_PROJECT;
use crate::report::progress::{Stage, Teller};
use crate::report::{self, Format, Look, Report};
use crate::sys::System;

/// The file that makes a folder a project.
pub const REGISTRY: &str = "registry.toml";

/// What a command works with.
pub struct Context<'a> {
    pub system: &'a dyn System,
    pub console: Console,
    pub global: GlobalArgs,
    /// The name of the command, for reports.
    pub command: &'static str,
    /// The file that this process was started from.
    pub program: Option<PathBuf>,
}

impl<'a> Context<'a> {
    pub fn new(system: &'a dyn System, console: Console, global: GlobalArgs, command: &'static str) -> Self {
        Self { system, console, global, command, program: None }
    }

    /// The folder to start from: `--root`, or where the user stands.
    pub fn folder(&self) -> Result<PathBuf, Stop> {
        let here = || self.system.current_folder().map_err(|error| Stop::cannot_read(Path::new("."), &error));
        match &self.global.root {
            Some(root) if root.is_absolute() => Ok(root.clone()),
            Some(root) => Ok(here()?.join(root)),
            None => here(),
        }
    }

    /// The project: the folder of `--root`, or the nearest one upward that has a registry.toml.
    pub fn root(&self) -> Result<PathBuf, Stop> {
        let start = self.folder()?;
        let has = |folder: &Path| self.system.exists(&folder.join(REGISTRY));
        if self.global.root.is_some() {
            if has(&start) {
                return Ok(start);
            }
            let message = format!("`{}` is no hfgen project: it has no {REGISTRY}", start.display());
            return Err(Finding::error(NO_PROJECT, message).help("name its folder with --root").into());
        }
        let found = start.ancestors().find(|folder| has(folder)).map(Path::to_owned);
        found.ok_or_else(|| {
            let message = format!("no {REGISTRY} in `{}` or in any folder above it", start.display());
            Finding::error(NO_PROJECT, message).help("run `hfgen init` to start a project here").into()
        })
    }

    /// Prints the report in the format that was asked for, or writes it to `--output` and prints it for people.
    pub fn report(&self, report: &Report<'_>, args: &ReportArgs) -> Result<(), Stop> {
        let prefix = self.prefix_in_repository();
        let render = |format, look: &Look| report::render(report, format, look, &prefix);
        let printed = if let Some(file) = &args.output {
            let written = self.system.write_atomic(file, render(args.format, &Look::PLAIN).as_bytes());
            written.map_err(|error| Stop::cannot_write(file, &error))?;
            Format::Human
        } else {
            args.format
        };
        self.console.answer(&render(printed, &self.console.out));
        let in_actions = self.system.env("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        if in_actions && printed == Format::Human && args.annotations == Annotations::Auto {
            self.console.answer(&report::github::annotations(report, &prefix));
        }
        Ok(())
    }

    /// Progress on standard error, as far as it can be told there.
    pub fn progress(&self) -> Teller {
        let stage = match (&self.console.err.verbosity, self.console.live) {
            (i8::MIN..0, _) => Stage::Off,
            (_, true) => Stage::Live(self.console.err.width.unwrap_or(80)),
            (_, false) => Stage::Log,
        };
        Teller::on_stderr(stage)
    }

    /// `suites/hf/` where the project is a folder of the checkout that GitHub works on; annotations name files from there.
    fn prefix_in_repository(&self) -> String {
        let relative = || {
            let workspace = self.system.canonical(Path::new(&self.system.env("GITHUB_WORKSPACE")?)).ok()?;
            let root = self.system.canonical(&self.root().ok()?).ok()?;
            let relative = root.strip_prefix(workspace).ok()?.to_str()?.replace('\\', "/");
            (!relative.is_empty()).then(|| relative + "/")
        };
        relative().unwrap_or_default()
    }
}
