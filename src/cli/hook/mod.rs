//! `hfgen hook install | uninstall | status`: a plain git hook, without any framework. What the hook checks is elsewhere;
//! here it is only put in place, and never over somebody else's.
//!
//! Map of the room: `script` is the text of the hook.

pub mod script;

use std::path::{Path, PathBuf};

use clap::Args;

use self::script::{BEFORE, Script};
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::finding::Finding;
use crate::finding::codes::output::{FOREIGN_HOOK, SHARED_HOOKS_FOLDER};
use crate::sys::git::{Hooks, Repository};
use crate::sys::{Kind, System};

/// The hook that is written.
const NAME: &str = "pre-commit";

/// `hfgen hook install`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "The hook runs `hfgen hook run`, which checks what is staged and never touches a file.
`core.hooksPath` and linked working trees are heard; several projects of one repository share the hook.")]
pub struct HookInstallArgs {
    /// Keep a hook that is already there as pre-commit.before-hfgen, and run it first
    #[arg(long, short)]
    pub force: bool,
}

/// `hfgen hook uninstall`.
#[derive(Debug, Clone, Args)]
pub struct HookUninstallArgs {}

/// `hfgen hook status`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exits 0 where the hook is installed for this project, 1 where it is not.")]
pub struct HookStatusArgs {}

pub fn install(context: &Context<'_>, args: &HookInstallArgs) -> Ended {
    let place = Place::find(context)?;
    if place.hooks.is_shared && !args.force {
        let message = format!("git's hooks folder `{}` lies outside this repository", place.hooks.folder.display());
        return Err(Finding::error(SHARED_HOOKS_FOLDER, message)
            .help("give this repository its own with `git config core.hooksPath .githooks`, or use --force")
            .into());
    }
    let (mut script, old) = match place.standing(context.system)? {
        Standing::Ours(script, text) => (script, text),
        Standing::Nothing => (Script::default(), String::new()),
        Standing::Foreign => {
            if !args.force {
                return Err(place.foreign(
                    "was not written by hfgen",
                    "run `hfgen hook run || exit $?` in it, or use --force to keep it and run it first",
                ));
            }
            place.set_aside(context.system)?;
            (Script::default(), String::new())
        }
    };
    script.add(&place.project);
    let text = script.text(context.program.as_deref());
    let at = place.path.display();
    if text == old {
        context.console.answer(&format!("already installed: {at}\n"));
        return Ok(Exit::Fine);
    }
    write_executable(context.system, &place.path, text.as_bytes())?;
    context.console.answer(&format!("installed: {at}\n"));
    if context.system.exists(&place.before()) {
        context
            .console
            .answer(&format!("the hook that was there is kept, and run first: {}\n", place.before().display()));
    }
    Ok(Exit::Fine)
}

pub fn uninstall(context: &Context<'_>, _args: &HookUninstallArgs) -> Ended {
    let place = Place::find(context)?;
    let at = place.path.display();
    let Standing::Ours(mut script, _) = place.standing(context.system)? else {
        let why = if context.system.exists(&place.path) { "is not hfgen's" } else { "is not there" };
        context.console.answer(&format!("not installed: {at} {why}\n"));
        return Ok(Exit::Fine);
    };
    if !script.remove(&place.project) {
        context.console.answer(&format!("not installed: {at} is for other projects of this repository\n"));
        return Ok(Exit::Fine);
    }
    let before = place.before();
    if !script.is_empty() {
        write_executable(context.system, &place.path, script.text(context.program.as_deref()).as_bytes())?;
        context.console.answer(&format!("removed from {at}, which stays for other projects of this repository\n"));
    } else if context.system.exists(&before) {
        let bytes = context.system.read(&before).map_err(|error| Stop::cannot_read(&before, &error))?;
        write_executable(context.system, &place.path, &bytes)?;
        remove(context.system, &before)?;
        context.console.answer(&format!("removed; the hook that was there before is back: {at}\n"));
    } else {
        remove(context.system, &place.path)?;
        context.console.answer(&format!("removed: {at}\n"));
    }
    Ok(Exit::Fine)
}

pub fn status(context: &Context<'_>, _args: &HookStatusArgs) -> Ended {
    let place = Place::find(context)?;
    let at = place.path.display();
    let (words, exit) = match place.standing(context.system)? {
        Standing::Ours(script, _) if script.has(&place.project) => ("installed", Exit::Fine),
        Standing::Ours(..) => ("not installed for this project, but for others of this repository", Exit::Findings),
        Standing::Foreign => ("not installed; another hook is there", Exit::Findings),
        Standing::Nothing => ("not installed", Exit::Findings),
    };
    context.console.answer(&format!("{words}: {at}\n"));
    Ok(exit)
}

/// Where the hook belongs, and for which project.
struct Place {
    hooks: Hooks,
    path: PathBuf,
    /// From the top of the repository to the project; `.` for the top itself.
    project: String,
}

/// What has the hook's name.
enum Standing {
    Nothing,
    Ours(Script, String),
    Foreign,
}

impl Place {
    fn find(context: &Context<'_>) -> Result<Self, Stop> {
        let root = context.root()?;
        let repository = Repository::around(context.system, &root)?;
        let hooks = repository.hooks()?;
        let project = repository.prefix().trim_end_matches('/');
        let project = if project.is_empty() { "." } else { project }.to_owned();
        Ok(Self { path: hooks.folder.join(NAME), project, hooks })
    }

    fn before(&self) -> PathBuf {
        self.hooks.folder.join(BEFORE)
    }

    fn standing(&self, system: &dyn System) -> Result<Standing, Stop> {
        let Ok(stamp) = system.stat(&self.path) else { return Ok(Standing::Nothing) };
        if stamp.kind != Kind::File {
            return Ok(Standing::Foreign);
        }
        let bytes = system.read(&self.path).map_err(|error| Stop::cannot_read(&self.path, &error))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Script::read(&text).map_or(Standing::Foreign, |script| Standing::Ours(script, text)))
    }

    /// Keeps somebody else's hook under another name, from where ours runs it.
    fn set_aside(&self, system: &dyn System) -> Result<(), Stop> {
        let before = self.before();
        if system.exists(&before) {
            let problem = format!("cannot be kept as `{BEFORE}`: that name is taken");
            return Err(self.foreign(&problem, "move one of the two away"));
        }
        let is_file = system.stat(&self.path).is_ok_and(|stamp| stamp.kind == Kind::File);
        if !is_file {
            return Err(self.foreign("is no plain file", "whatever manages it should run `hfgen hook run`"));
        }
        let bytes = system.read(&self.path).map_err(|error| Stop::cannot_read(&self.path, &error))?;
        system.write_atomic(&before, &bytes).map_err(|error| Stop::cannot_write(&before, &error))?;
        // git does not run a hook that is not executable, and ours should not begin to.
        let path = self.path.to_string_lossy();
        let runs = system.run("test", &["-x", &path], &self.hooks.folder, &[]).map_or(true, |ran| ran.ok());
        if runs {
            system.set_executable(&before).map_err(|error| Stop::cannot_write(&before, &error))?;
        }
        Ok(())
    }

    fn foreign(&self, problem: &str, help: &str) -> Stop {
        Finding::error(FOREIGN_HOOK, format!("the hook `{}` {problem}", self.path.display())).help(help).into()
    }
}

fn write_executable(system: &dyn System, path: &Path, bytes: &[u8]) -> Result<(), Stop> {
    let written = system.write_atomic(path, bytes).and_then(|_| system.set_executable(path));
    written.map_err(|error| Stop::cannot_write(path, &error))
}

fn remove(system: &dyn System, path: &Path) -> Result<(), Stop> {
    system.remove_file(path).map_err(|error| Stop::cannot_write(path, &error))
}
