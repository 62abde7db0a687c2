//! A process that is talked to while it runs. It is ended when it is dropped.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// So long a process may take to end what it has started itself, before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// A running process: what it reads, what it writes.
pub trait Process: Send {
    /// Its standard input, once.
    fn input(&mut self) -> Option<Box<dyn Write + Send>>;
    /// Its standard output, once.
    fn output(&mut self) -> Option<Box<dyn Read + Send>>;
    /// Its standard error, once.
    fn complaints(&mut self) -> Option<Box<dyn Read + Send>>;
    /// Ends it: asks first, so that it can end what it has started, and kills it where it takes too long.
    fn end(&mut self);
    /// Waits for its end; the exit code, or 128 + the number of the signal that ended it.
    fn wait(&mut self) -> io::Result<i32>;
}

/// A process of this machine.
struct Running(Child);

/// Starts a program with its three streams held.
pub(super) fn start(program: &str, args: &[&str], folder: &Path, env: &[(&str, &str)]) -> io::Result<Box<dyn Process>> {
    let child = Command::new(program)
        .args(args)
        .current_dir(folder)
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    Ok(Box::new(Running(child)))
}

impl Process for Running {
    fn input(&mut self) -> Option<Box<dyn Write + Send>> {
        self.0.stdin.take().map(|stream| Box::new(stream) as Box<dyn Write + Send>)
    }

    fn output(&mut self) -> Option<Box<dyn Read + Send>> {
        self.0.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>)
    }

    fn complaints(&mut self) -> Option<Box<dyn Read + Send>> {
        self.0.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>)
    }

    fn end(&mut self) {
        // Once it was waited for, its number may be another's.
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        ask(&self.0);
        let asked = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) {
            if !CAN_ASK || asked.elapsed() > GRACE {
                let _ = self.0.kill();
                let _ = self.0.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn wait(&mut self) -> io::Result<i32> {
        self.0.wait().map(super::os::exit_code)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

const CAN_ASK: bool = cfg!(unix);

/// Sends `SIGTERM`. The process must not have been waited for.
fn ask(child: &Child) {
    #[cfg(unix)]
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    #[cfg(not(unix))]
    let _ = child;
}
