//! Makes an environment: runs the steps that are not done yet, and writes down each that is. A kill at any moment leaves
//! an environment that the next run finishes.

use std::cell::RefCell;
use std::io::{self, BufRead as _, BufReader, Read};
use std::sync::mpsc;

use super::Environment;
use super::plan::{Installer, Step, again, steps};
use crate::finding::Finding;
use crate::finding::codes::environment::{NO_HOME, STEP_FAILED};
use crate::sys::System;

/// So many lines of a failing tool are shown.
const SHOWN: usize = 12;
/// What the environment must be able to do in the end.
const CHECK: &str = "import torch, transformers, pytest; print(torch.__version__, transformers.__version__)";

/// What happens while an environment is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A step begins; its number from 1, how many there are.
    Begins(&'a str, usize, usize),
    /// A step was done by an earlier run.
    Was(&'a str),
    /// A step goes another way.
    Otherwise(&'a str),
    /// Somebody else is making it.
    Waits,
    /// A line of uv or pip.
    Line(&'a str),
}

/// Who can install: uv where it is there, else Python itself.
pub fn installer(system: &dyn System) -> Installer {
    let here = system.current_folder().unwrap_or_default();
    match system.run("uv", &["--version"], &here, b"") {
        Ok(ran) if ran.ok() => {
            let said = String::from_utf8_lossy(&ran.stdout);
            Installer::Uv { version: said.split_whitespace().nth(1).unwrap_or("?").to_owned() }
        }
        _ => Installer::Pip,
    }
}

/// Makes the environment, or finishes it. `base` is the Python that it is made from.
pub fn make(
    system: &dyn System,
    environment: &Environment,
    installer: &Installer,
    base: &str,
    extra: &[String],
    on: &mut dyn FnMut(Event<'_>),
) -> Result<(), Finding> {
    let unwritable = |error: io::Error| {
        Finding::error(NO_HOME, format!("`{}` can't be written: {error}", environment.folder.display()))
            .help("set HFGEN_HOME to a folder with room for some gigabytes")
    };
    if let Some(home) = environment.folder.parent() {
        system.make_folders(home).map_err(unwritable)?;
    }
    let lock = environment.file().with_extension("lock");
    let _held = {
        let on = RefCell::new(&mut *on);
        system.lock(&lock, &|| on.borrow_mut()(Event::Waits)).map_err(unwritable)?
    };
    let mut record = environment.record(system);
    if !system.exists(&environment.python()) {
        // Removed by hand, whatever the record says.
        record.done.clear();
        record.whole = false;
    }
    let all = steps(installer, base, &environment.folder, &environment.wanted, extra);
    for (at, step) in all.iter().enumerate() {
        if record.done.contains(&step.name) {
            on(Event::Was(&step.title));
            continue;
        }
        on(Event::Begins(&step.title, at + 1, all.len()));
        let half = record.begun.as_deref() == Some(&step.name);
        record.begun = Some(step.name.clone());
        record.whole = false;
        environment.keep(system, &record).map_err(unwritable)?;
        run(system, installer, step, half, on)?;
        record.begun = None;
        record.done.push(step.name.clone());
        environment.keep(system, &record).map_err(unwritable)?;
    }
    if !record.whole {
        on(Event::Begins("torch, transformers and pytest can be imported", all.len(), all.len()));
        let python = environment.python().display().to_string();
        let command = [python, "-c".to_owned(), CHECK.to_owned()];
        if let Err((status, said)) = heard(system, &command, on) {
            return Err(failed("importing torch, transformers and pytest", &command, status, &said));
        }
        record.whole = true;
        environment.keep(system, &record).map_err(unwritable)?;
    }
    Ok(())
}

fn run(
    system: &dyn System,
    installer: &Installer,
    step: &Step,
    half: bool,
    on: &mut dyn FnMut(Event<'_>),
) -> Result<(), Finding> {
    let fresh = |command: &[String]| if half { again(installer, command) } else { command.to_vec() };
    let mut command = fresh(&step.command);
    let mut outcome = heard(system, &command, on);
    if outcome.is_err()
        && let Some(otherwise) = &step.otherwise
    {
        on(Event::Otherwise(&otherwise.title));
        command = fresh(&otherwise.command);
        outcome = heard(system, &command, on);
    }
    outcome.map_err(|(status, said)| failed(&step.title, &command, status, &said))
}

/// Runs a command and passes on what it says, line by line; where it fails, its status and the end of what it said.
fn heard(system: &dyn System, command: &[String], on: &mut dyn FnMut(Event<'_>)) -> Result<(), (i32, Vec<String>)> {
    let args: Vec<&str> = command.iter().skip(1).map(String::as_str).collect();
    let here = system.current_folder().unwrap_or_default();
    // What is asked for is what is installed: nobody's settings may add to it or put it elsewhere.
    let env =
        [("PIP_REQUIRE_VIRTUALENV", "0"), ("PIP_USER", "0"), ("PYTHONNOUSERSITE", "1"), ("PYTHONUNBUFFERED", "1")];
    let mut process = match system.start(&command[0], &args, &here, &env) {
        Ok(process) => process,
        Err(error) => return Err((127, vec![error.to_string()])),
    };
    drop(process.input());
    let (send, lines) = mpsc::channel();
    for stream in [process.output(), process.complaints()].into_iter().flatten() {
        listen(stream, send.clone());
    }
    drop(send);
    let mut said = Vec::new();
    for line in lines {
        on(Event::Line(&line));
        said.push(line);
        if said.len() > SHOWN {
            said.remove(0);
        }
    }
    match process.wait() {
        Ok(0) => Ok(()),
        Ok(status) => Err((status, said)),
        Err(error) => Err((-1, vec![error.to_string()])),
    }
}

fn listen(stream: Box<dyn Read + Send>, send: mpsc::Sender<String>) {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stream).split(b'\n').map_while(Result::ok);
        let _ = lines.try_for_each(|line| send.send(String::from_utf8_lossy(&line).trim_end().to_owned()));
    });
}

fn failed(title: &str, command: &[String], status: i32, said: &[String]) -> Finding {
    let said: Vec<&str> = said.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    let said = if said.is_empty() { String::new() } else { format!(":\n{}", said.join("\n")) };
    Finding::error(STEP_FAILED, format!("{title}: `{}` ended with status {status}{said}", command.join(" ")))
        .help("what was done before is kept: run `hfgen env create` again to go on")
}
