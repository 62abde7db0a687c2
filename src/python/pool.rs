//! Talks to `server.py`: hands it jobs, takes its answers as they come. The processes end with the pool.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, Ready};
use crate::sys::{Process, System};

const SERVER: &str = include_str!("server.py");
/// So often `pulse` is asked while nothing comes.
const PULSE: Duration = Duration::from_millis(100);
/// So long imports may take: a cold disk and torch need a minute.
const IMPORTS: Duration = Duration::from_mins(10);

/// How the pool is set up.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The Python to start.
    pub python: String,
    /// Where it starts.
    pub folder: PathBuf,
    /// Folders from which jobs may import, before all others.
    pub path: Vec<String>,
    /// Modules that are imported once, before the first job. One that is missing is no failure here.
    pub imports: Vec<String>,
    /// The package whose files are of interest: `ready` says which of them were loaded.
    pub package: Option<String>,
    /// Environment variables of all jobs.
    pub env: BTreeMap<String, String>,
    /// Jobs at the same time.
    pub jobs: usize,
}

/// One job.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Job {
    /// `module:function`; the function takes the job and returns what JSON can say.
    pub entry: String,
    pub job: Value,
    /// Environment variables of this job alone.
    pub env: BTreeMap<String, String>,
    /// Its current folder, absolute.
    pub folder: Option<PathBuf>,
    /// Wall time that it may take.
    pub seconds: f64,
    /// Resident memory that it may hold.
    pub megabytes: u64,
}

/// A job has begun.
#[derive(Deserialize)]
struct Begun {
    begun: usize,
}

/// The Python could not be talked to.
#[derive(Debug)]
pub enum Failure {
    /// It did not start.
    NotStarted(io::Error),
    /// It ended, or wrote what is no answer; the end of its standard error.
    Broken { status: i32, said: String },
    /// Its imports did not come to an end.
    Stuck { seconds: u64 },
}

impl Failure {
    /// What happened, in words.
    pub fn words(&self, python: &str) -> String {
        match self {
            Self::NotStarted(error) => format!("`{python}` can't be started: {error}"),
            Self::Broken { status, said } => {
                let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
                format!("`{python}` ended with status {status}: {}", last.trim())
            }
            Self::Stuck { seconds } => format!("`{python}` was still importing after {seconds} s and was stopped"),
        }
    }
}

/// A Python that has started and imported.
pub struct Pool {
    process: Box<dyn Process>,
    input: Option<Box<dyn io::Write + Send>>,
    lines: mpsc::Receiver<String>,
    complaints: std::thread::JoinHandle<String>,
    /// What it is and has.
    pub ready: Ready,
}

impl Pool {
    /// Starts Python and waits for its imports.
    pub fn start(system: &dyn System, settings: &Settings) -> Result<Self, Failure> {
        Self::start_within(system, settings, IMPORTS)
    }

    fn start_within(system: &dyn System, settings: &Settings, limit: Duration) -> Result<Self, Failure> {
        let env: Vec<(&str, &str)> = settings.env.iter().map(|(name, value)| (&**name, &**value)).collect();
        // `-u`: an answer must not wait in a buffer. `-c`: the server needs no file.
        let mut process = system
            .start(&settings.python, &["-u", "-c", SERVER], &settings.folder, &env)
            .map_err(Failure::NotStarted)?;
        let complaints = listen(process.complaints());
        let (send, lines) = mpsc::channel();
        let output = process.output();
        std::thread::spawn(move || {
            let Some(output) = output else { return };
            // Ends with the process: then the stream does.
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
        let mut pool = Self { process, input: None, lines, complaints, ready: Ready::default() };
        let words = serde_json::json!({"path": settings.path, "imports": settings.imports, "package": settings.package,
                "jobs": settings.jobs.max(1), "text": SERVER});
        let Some(mut input) = pool.process.input() else { return Err(pool.broken()) };
        if writeln!(input, "{words}").and_then(|()| input.flush()).is_err() {
            return Err(pool.broken());
        }
        let first = pool.lines.recv_timeout(limit);
        if first == Err(mpsc::RecvTimeoutError::Timeout) {
            return Err(Failure::Stuck { seconds: limit.as_secs() });
        }
        match first.ok().and_then(|line| serde_json::from_str(&line).ok()) {
            Some(ready) => pool.ready = ready,
            None => return Err(pool.broken()),
        }
        pool.input = Some(input);
        Ok(pool)
    }

    /// Runs all jobs; `on_answer` takes each answer as it comes, and `pulse` is asked now and then. Either may end it: the
    /// jobs that run are killed, the others never start.
    pub fn run(
        self,
        jobs: Vec<Job>,
        on_answer: &mut dyn FnMut(Answer) -> ControlFlow<()>,
        pulse: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        self.run_told(jobs, &mut |_| (), on_answer, pulse)
    }

    /// The same; `on_begin` hears the number of each job that begins.
    pub fn run_told(
        mut self,
        jobs: Vec<Job>,
        on_begin: &mut dyn FnMut(usize),
        on_answer: &mut dyn FnMut(Answer) -> ControlFlow<()>,
        pulse: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let mut left = jobs.len();
        let Some(mut input) = self.input.take() else { return Err(self.broken()) };
        // Held to the end: an end of input is how the server hears that hfgen has died.
        let (hand_back, _held) = mpsc::channel();
        std::thread::spawn(move || {
            for (id, job) in jobs.iter().enumerate() {
                let mut line = serde_json::to_value(job).unwrap_or_default();
                line["id"] = id.into();
                if writeln!(input, "{line}").is_err() {
                    return;
                }
            }
            let _ = writeln!(input, "end").and_then(|()| input.flush());
            let _ = hand_back.send(input);
        });
        while left > 0 {
            match self.lines.recv_timeout(PULSE) {
                Ok(line) => {
                    if let Ok(Begun { begun }) = serde_json::from_str(&line) {
                        on_begin(begun);
                        continue;
                    }
                    let Ok(answer) = serde_json::from_str::<Answer>(&line) else { return Err(self.broken()) };
                    left -= 1;
                    if on_answer(answer).is_break() {
                        return Ok(());
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return Err(self.broken()),
            }
            if pulse().is_break() {
                return Ok(());
            }
        }
        let _ = self.process.wait();
        Ok(())
    }

    fn broken(mut self) -> Failure {
        self.process.end();
        let status = self.process.wait().unwrap_or(-1);
        Failure::Broken { status, said: self.complaints.join().unwrap_or_default() }
    }
}

/// Reads a stream to its end beside everything else, and keeps the end of it.
fn listen(stream: Option<Box<dyn io::Read + Send>>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let Some(mut stream) = stream else { return String::new() };
        let (mut kept, mut chunk) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = stream.read(&mut chunk) {
            kept.extend_from_slice(&chunk[..count]);
            let over = kept.len().saturating_sub(8192);
            kept.drain(..over);
        }
        String::from_utf8_lossy(&kept).into_owned()
    })
}

/// Where Python files that are compiled into hfgen are laid for a pool: `folder` gets each of them under its name.
pub fn unpack(system: &dyn System, folder: &Path, files: &[(&str, &str)]) -> io::Result<()> {
    for (name, text) in files {
        let path = folder.join(name);
        if system.read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        if let Some(parent) = path.parent() {
            system.make_folders(parent)?;
        }
        system.write_atomic(&path, text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{MemorySystem, OsSystem};

    #[test]
    fn a_python_that_never_gets_ready_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        OsSystem.write_atomic(&folder.path().join("endless.py"), b"import time\ntime.sleep(60)\n").unwrap();
        let settings = Settings {
            python: "python3".to_owned(),
            folder: folder.path().to_owned(),
            path: vec![folder.path().display().to_string()],
            imports: vec!["endless".to_owned()],
            ..Settings::default()
        };
        let failure = Pool::start_within(&OsSystem, &settings, Duration::from_secs(1)).err();
        let words = failure.map(|failure| failure.words("python3"));
        assert_eq!(words.as_deref(), Some("`python3` was still importing after 1 s and was stopped"));
        let failure = Pool::start_within(&MemorySystem::default(), &settings, Duration::ZERO).err();
        assert!(matches!(failure, Some(Failure::NotStarted(_))));
    }
}
