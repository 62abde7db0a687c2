//! A program that may take only so long: a driver that hangs must not hang hfgen. What it is run for is not known here.

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{Ran, System};

/// A program and what it is given.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub program: &'a str,
    pub args: &'a [&'a str],
    pub folder: &'a Path,
    /// Added to the environment.
    pub env: &'a [(&'a str, &'a str)],
    /// Its standard input.
    pub input: &'a [u8],
}

/// Runs a program to its end, or kills it after `limit`: then the error is `TimedOut`.
pub fn run_within(system: &dyn System, call: &Call<'_>, limit: Duration) -> io::Result<Ran> {
    let end = Instant::now() + limit;
    let mut process = system.start(call.program, call.args, call.folder, call.env)?;
    let (send, streams) = mpsc::channel();
    let (out, err) = (process.output(), process.complaints());
    for (is_output, stream) in [(true, out), (false, err)] {
        let send = send.clone();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stream.map_or(Ok(0), |mut stream| stream.read_to_end(&mut bytes));
            // Nobody waits any more where the time is up.
            let _ = send.send((is_output, read.map(|_| bytes)));
        });
    }
    if let Some(mut input) = process.input() {
        let bytes = call.input.to_owned();
        // A program that reads nothing is no failure; dropping the stream ends it.
        std::thread::spawn(move || input.write_all(&bytes));
    }
    let mut ran = Ran { status: 0, stdout: Vec::new(), stderr: Vec::new() };
    for _ in 0..2 {
        let Ok((is_output, bytes)) = streams.recv_timeout(end.saturating_duration_since(Instant::now())) else {
            // One that sits in a driver ends only when the driver lets it go; nobody waits for that.
            std::thread::spawn(move || process.end());
            let message = format!("`{}` gave no answer in {} s and was stopped", call.program, limit.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        };
        *(if is_output { &mut ran.stdout } else { &mut ran.stderr }) = bytes?;
    }
    ran.status = process.wait()?;
    Ok(ran)
}

#[cfg(test)]
mod tests {
    #![cfg(unix)]

    use super::*;
    use crate::sys::OsSystem;

    fn sh(script: &str, input: &[u8], limit: Duration) -> io::Result<Ran> {
        let args = ["-c", script];
        let call = Call { program: "sh", args: &args, folder: Path::new("/"), env: &[("WORD", "x")], input };
        run_within(&OsSystem, &call, limit)
    }

    #[test]
    fn a_program_is_heard_to_its_end() {
        let ran = sh("cat; echo $WORD >&2; exit 3", &vec![b'a'; 200_000], Duration::from_secs(60)).unwrap();
        assert_eq!((ran.status, ran.stdout.len(), ran.stderr.as_slice()), (3, 200_000, &b"x\n"[..]));
        assert_eq!(sh("exit 0", b"nobody reads this", Duration::from_secs(60)).unwrap().status, 0);
    }

    #[test]
    fn one_that_hangs_is_stopped() {
        let started = Instant::now();
        let error = sh("exec sleep 60", b"", Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
