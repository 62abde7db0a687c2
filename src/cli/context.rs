//! What every command is given: the machine, the streams, the global flags; and the one way to hand a report out.

use std::path::{Path, PathBuf};

use super::args::{Annotations, GlobalArgs, ReportArgs};
use super::console::Console;
use super::stop::Stop;
use crate::build::project::REGISTRY;
use crate::finding::Finding;
use crate::finding::codes::output::NO_PROJECT;
use crate::report::progress::{Stage, Teller};
use crate::report::{self, Format, Look, Report};
use crate::sys::System;

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
        self.show(report, args, &render, &|| report::markdown::render(report))
    }

    /// The same for a command that has words of its own: `render` gives each format, `page` what stands in the summary of a
    /// GitHub job.
    pub fn show(
        &self,
        report: &Report<'_>,
        args: &ReportArgs,
        render: &dyn Fn(Format, &Look) -> String,
        page: &dyn Fn() -> String,
    ) -> Result<(), Stop> {
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
            self.console.answer(&report::github::annotations(report, &self.prefix_in_repository()));
            self.summarise(&page());
        }
        Ok(())
    }

    /// Adds the report to the summary of the GitHub job. It is an extra: where it cannot be written, nothing is lost.
    fn summarise(&self, page: &str) {
        let Some(file) = self.system.env("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else { return };
        let file = Path::new(&file);
        let end = self.system.stat(file).map_or(0, |stamp| stamp.size);
        if let Err(error) = self.system.append_at(file, end, format!("{page}\n").as_bytes()) {
            self.console.note(&format!("the job summary was not written: {error}\n"));
        }
    }

    /// Progress on standard error, as far as it can be told there.
    pub fn progress(&self) -> Teller {
        let stage = match (&self.console.err.verbosity, self.console.live) {
            (i8::MIN..0, _) => Stage::Off,
            // A line that is too long for the terminal would not be drawn over; this is narrow enough for most.
            (_, true) => Stage::Live(self.console.err.width.unwrap_or(60)),
            (_, false) => Stage::Log,
        };
        Teller::on_stderr(stage)
    }

    /// `suites/hf/` where the project is a folder of the checkout that GitHub works on; annotations name files from there.
    pub fn prefix_in_repository(&self) -> String {
        let relative = || {
            let workspace = self.system.canonical(Path::new(&self.system.env("GITHUB_WORKSPACE")?)).ok()?;
            let root = self.system.canonical(&self.root().ok()?).ok()?;
            let relative = root.strip_prefix(workspace).ok()?.to_str()?.replace('\\', "/");
            (!relative.is_empty()).then(|| relative + "/")
        };
        relative().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{CodeId, Place};
    use crate::sys::MemorySystem;

    fn context<'a>(system: &'a MemorySystem, root: Option<&str>) -> Context<'a> {
        let global = GlobalArgs { root: root.map(PathBuf::from), ..GlobalArgs::default() };
        Context::new(system, Console::new(Look::PLAIN, Look::PLAIN, false), global, "check")
    }

    #[test]
    fn the_project_is_the_nearest_one_upward_or_the_one_that_is_named() {
        let system = MemorySystem::new([("/registry.toml", ""), ("/project/suite/registry.toml", "")]);
        assert_eq!(context(&system, None).root(), Ok(PathBuf::from("/")));
        assert_eq!(context(&system, Some("suite")).root(), Ok(PathBuf::from("/project/suite")));
        let stop = context(&system, Some("other")).root().unwrap_err();
        assert_eq!((stop.exit.code(), stop.findings[0].code), (2, NO_PROJECT));
        let stop = context(&MemorySystem::default(), None).root().unwrap_err();
        assert_eq!(stop.findings[0].help.as_deref(), Some("run `hfgen init` to start a project here"));
    }

    #[test]
    fn a_report_goes_to_a_file_and_names_files_from_the_repository() {
        let system = MemorySystem::new([("/project/suite/registry.toml", ""), ("/summary", "before\n")]);
        system.set_env("GITHUB_WORKSPACE", "/project");
        system.set_env("GITHUB_ACTIONS", "true");
        system.set_env("GITHUB_STEP_SUMMARY", "/summary");
        let findings = [Finding::error(CodeId(999), "x").at(Place::file("rules/a.toml"))];
        let args = ReportArgs { format: Format::Github, output: Some("/out.txt".into()), ..ReportArgs::default() };
        context(&system, Some("suite")).report(&Report::of_findings("check", &findings), &args).unwrap();
        let files = system.files();
        let text = |path: &str| String::from_utf8(files[Path::new(path)].clone()).unwrap();
        assert_eq!(text("/out.txt"), "::error file=suite/rules/a.toml,title=HF999::x\n");
        assert!(text("/summary").starts_with("before\n### hfgen check\n"), "{}", text("/summary"));
    }

    #[test]
    fn a_report_that_cannot_be_written_is_said_so() {
        let system = MemorySystem::new([("/project/registry.toml", "")]);
        system.fail_writes_after(Some(0));
        let args = ReportArgs { output: Some("/out.txt".into()), ..ReportArgs::default() };
        let stop = context(&system, None).report(&Report::of_findings("check", &[]), &args).unwrap_err();
        assert!(stop.findings[0].message.starts_with("cannot write `/out.txt`: "), "{stop:?}");
    }
}
