//! `hfgen init`: the files of a new project. An existing file is never overwritten; `.gitignore` only gets lines more.

use std::path::{Path, PathBuf};

use clap::Args;

use super::hook::script::quote;
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::build::project::REGISTRY;
use crate::sys::System;

/// `hfgen init`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen init                 here
  hfgen init suites/hf       in a folder, which is made
Files that are already there stay as they are.")]
pub struct InitArgs {
    /// The project's folder [default: --root, or here]
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
    /// The project's name [default: the folder's]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// What a new project begins with, as the binary carries it.
#[derive(Debug, Clone, Copy)]
pub struct Starter<'a> {
    /// The hardware profiles of registry.toml.
    pub hardware: &'a str,
    /// Files of rules: path below `rules/`, text.
    pub rules: &'a [(&'a str, &'a str)],
}

/// Rules that the binary carries: path below `rules/`, text.
const RULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// What the binary gives a new project: hardware profiles and the rules; templates are built in.
pub fn starter() -> Starter<'static> {
    Starter { hardware: HARDWARE, rules: RULES }
}

/// The hardware profiles that a project begins with: those of hfgen's own registry.toml.
pub const HARDWARE: &str = concat!(
    "# The kinds of hardware that are tested: the device that a test asks for, the types it runs in, and how far apart two\n",
    "# results may be. A device that is not there is a skip that says so.\n\n",
    include_str!(concat!(env!("OUT_DIR"), "/hardware.toml"))
);

const PROJECT: &str = include_str!("project.toml");
const OWN_RULES: &str = include_str!("rules.toml");
const OWN_TEMPLATES: &str = include_str!("templates.md");

pub fn run(context: &Context<'_>, args: &InitArgs, starter: &Starter<'_>) -> Ended {
    let root = match &args.folder {
        Some(folder) => context.folder()?.join(folder),
        None => context.folder()?,
    };
    let name = match &args.name {
        Some(name) => name.clone(),
        None => folder_name(context.system, &root),
    };
    let registry = PROJECT.replace("{{name}}", &escaped(&name)).replace("{{hardware}}", starter.hardware.trim_end());
    let mut files = vec![(REGISTRY.to_owned(), registry.as_str())];
    files.extend(starter.rules.iter().map(|(path, text)| (format!("rules/{path}"), *text)));
    files.push(("rules/90-own.toml".to_owned(), OWN_RULES));
    files.push(("templates/README.md".to_owned(), OWN_TEMPLATES));
    let mut made = 0;
    for (path, text) in files {
        let target = root.join(&path);
        if context.system.exists(&target) {
            context.console.answer(&format!("  kept     {path}\n"));
        } else {
            write(context.system, &target, text)?;
            context.console.answer(&format!("  created  {path}\n"));
            made += 1;
        }
    }
    ignore_lines(context, &root)?;
    let next = match &args.folder {
        Some(folder) => format!("cd {} && hfgen sync && hfgen probe && hfgen build", quote(&folder.to_string_lossy())),
        None => "hfgen sync && hfgen probe && hfgen build".to_owned(),
    };
    let begin = if made == 0 { "nothing to do: this is a project already" } else { "a project begins" };
    context.console.note(&format!("{begin}. Next: {next}\n"));
    Ok(Exit::Fine)
}

/// Adds what git should not see to `.gitignore`, unless it is there.
fn ignore_lines(context: &Context<'_>, root: &Path) -> Result<(), Stop> {
    const LINES: [(&str, &str); 2] = [
        ("/.hfgen-cache/", "# What hfgen remembers; safe to delete."),
        (
            "/generated/",
            "# Made by `hfgen build`. Commit it instead, if others should see it: [project] commit-outputs.",
        ),
    ];
    let path = root.join(".gitignore");
    let old = if context.system.exists(&path) {
        context.system.read_text(&path).map_err(|error| Stop::cannot_read(&path, &error))?
    } else {
        String::new()
    };
    let bare = |line: &str| line.trim().trim_matches('/').to_owned();
    let mut new = old.clone();
    for (line, words) in LINES {
        if old.lines().all(|known| bare(known) != bare(line)) {
            if !new.is_empty() && !new.ends_with('\n') {
                new.push('\n');
            }
            new.push_str(&format!("{words}\n{line}\n"));
        }
    }
    if new != old {
        write(context.system, &path, &new)?;
        let verb = if old.is_empty() { "created" } else { "added to" };
        context.console.answer(&format!("  {verb:<8} .gitignore\n"));
    }
    Ok(())
}

fn write(system: &dyn System, path: &Path, text: &str) -> Result<(), Stop> {
    system.write_atomic(path, text.as_bytes()).map(|_| ()).map_err(|error| Stop::cannot_write(path, &error))
}

fn folder_name(system: &dyn System, folder: &Path) -> String {
    let real = system.canonical(folder).unwrap_or_else(|_| folder.to_owned());
    real.file_name().map_or_else(|| "suite".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// For inside the quotes of a TOML string.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            c if c.is_control() => text.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_toml_whatever_the_name() {
        for name in ["suite", "o\"ne\\il", "tab\tnewline\n", "日本"] {
            let text = PROJECT.replace("{{name}}", &escaped(name)).replace("{{hardware}}", HARDWARE);
            let table: toml::Table = toml::from_str(&text).unwrap();
            assert_eq!(table["project"]["name"].as_str(), Some(name));
            let hardware: Vec<&str> = table["hardware"].as_table().unwrap().keys().map(String::as_str).collect();
            assert!(hardware.starts_with(&["cpu", "cuda"]) && hardware.ends_with(&["qualcomm"]), "{hardware:?}");
            assert_eq!(table.keys().collect::<Vec<_>>(), ["project", "hardware"]);
        }
        toml::from_str::<toml::Table>(OWN_RULES).unwrap();
    }
}
