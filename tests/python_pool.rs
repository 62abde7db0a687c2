//! The pool of Python processes: whatever a job does, the others go on and its end is told.
#![allow(clippy::disallowed_methods, reason = "tests write files of their own")]

mod common;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use hfgen::python::{Answer, Failure, Job, Outcome, Pool, Settings};
use hfgen::sys::OsSystem;
use serde_json::{Value, json};

const JOBS: &str = r#"
import ctypes, os, subprocess, sys, time
def echo(job): return job
def fail(job): raise ValueError("no such thing")
def crash(job): ctypes.string_at(0)
def leave(job): os._exit(3)
def hang(job):
    subprocess.Popen(["sleep", "60"])
    time.sleep(60)
def eat(job):
    kept = []
    while True: kept.append(bytearray(os.urandom(1 << 20)))
def gulp(job): return len(bytearray(1 << 40))
def chatter(job):
    print("x" * 5_000_000); sys.stderr.write("the end of it"); return {"big": "y" * 3_000_000}
def garbage(job): os.write(1, b"{not json\n"); print("{}"); return 1
def where(job): return [os.getcwd(), os.environ["COLOUR"], os.environ["ALL"]]
def odd(job): return object()
def scratch(job):
    "Notes a folder that it makes, and dies without clearing it away."
    import tempfile
    folder = tempfile.mkdtemp()
    with open(job, "w") as file: file.write(folder)
    os._exit(1)
def stdin(job): return sys.stdin.read()
def pid(job): return [os.getppid(), "json" in sys.modules]
def note(job):
    "Writes down its number and that of a process that it starts, and stays."
    started = subprocess.Popen(["sleep", "60"])
    with open(job + ".new", "w") as file: file.write(f"{os.getpid()} {started.pid} {os.getppid()}")
    os.rename(job + ".new", job)
    time.sleep(60)
def leave_behind(job):
    "A fork of it lives on and holds all that it has open."
    pid = os.fork()
    if pid == 0: time.sleep(60)
    return pid
def die_beside(job):
    leave_behind(job); ctypes.string_at(0)
def silent(job):
    "Closes all that it has, and stays."
    os.closerange(0, 100); time.sleep(60)
def end_server(job): os.kill(os.getppid(), 9); time.sleep(60)
def abort(job): os.abort()
def real_time(job): os.kill(os.getpid(), 40); time.sleep(60)
"#;

fn settings(folder: &Path, jobs: usize) -> Settings {
    std::fs::write(folder.join("jobs.py"), JOBS).unwrap();
    Settings {
        python: "python3".to_owned(),
        folder: folder.to_owned(),
        path: vec![folder.to_str().unwrap().to_owned()],
        imports: vec!["json".to_owned(), "no_such_module_at_all".to_owned()],
        env: [("ALL".to_owned(), "yes".to_owned())].into(),
        package: None,
        jobs,
    }
}

fn job(name: &str, body: Value) -> Job {
    Job { entry: format!("jobs:{name}"), job: body, seconds: 20.0, megabytes: 300, ..Job::default() }
}

fn run(jobs: Vec<Job>) -> Vec<Answer> {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::start(&OsSystem, &settings(folder.path(), 2)).unwrap();
    let mut answers = Vec::new();
    let mut on_answer = |answer| {
        answers.push(answer);
        ControlFlow::Continue(())
    };
    pool.run(jobs, &mut on_answer, &mut || ControlFlow::Continue(())).unwrap();
    answers.sort_by_key(|answer| answer.id);
    answers
}

fn done(value: Value) -> Outcome {
    Outcome::Done { value }
}

#[test]
fn it_says_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::start(&OsSystem, &settings(folder.path(), 1)).unwrap();
    assert!(pool.ready.python.starts_with("3."));
    assert!(pool.ready.found.contains_key("json"));
    assert!(pool.ready.missing["no_such_module_at_all"].contains("ModuleNotFoundError"));
}

#[test]
fn whatever_a_job_does_the_others_go_on() {
    let short = |name: &str| Job { seconds: 1.0, ..job(name, Value::Null) };
    let jobs = vec![
        job("echo", json!({"a": [1, null, "ü"]})),
        job("fail", Value::Null),
        job("crash", Value::Null),
        job("leave", Value::Null),
        short("hang"),
        job("eat", Value::Null),
        job("gulp", Value::Null),
        job("chatter", Value::Null),
        job("garbage", Value::Null),
        job("odd", Value::Null),
        job("stdin", Value::Null),
        job("no_such_function", Value::Null),
        job("echo", json!(2)),
    ];
    let start = Instant::now();
    let answers = run(jobs);
    assert!(start.elapsed() < Duration::from_secs(40), "a job that hangs is stopped");
    let outcomes: Vec<&Outcome> = answers.iter().map(|answer| &answer.outcome).collect();
    assert_eq!(outcomes.len(), 13);
    assert_eq!(outcomes[0], &done(json!({"a": [1, null, "ü"]})));
    assert_eq!(outcomes[1], &Outcome::Raised { error: "ValueError: no such thing".to_owned() });
    assert!(answers[1].said.contains("in fail"), "the traceback: {}", answers[1].said);
    assert_eq!(outcomes[2], &Outcome::Signal { signal: "SIGSEGV".to_owned() });
    assert_eq!(outcomes[3], &Outcome::Exit { status: 3 });
    assert_eq!(outcomes[4], &Outcome::Time);
    assert_eq!(outcomes[5], &Outcome::Memory);
    assert!(answers[5].megabytes >= 300);
    assert!(matches!(outcomes[6], Outcome::Raised { error } if error.starts_with("MemoryError")), "{:?}", outcomes[6]);
    assert!(matches!(outcomes[7], Outcome::Done { value } if value["big"].as_str().unwrap().len() == 3_000_000));
    assert!(answers[7].said.ends_with("the end of it") && answers[7].said.len() < 5000);
    assert_eq!(outcomes[8], &done(json!(1)));
    assert!(matches!(outcomes[9], Outcome::Raised { error } if error.contains("JSON serializable")));
    assert_eq!(outcomes[10], &done(json!("")));
    assert!(matches!(outcomes[11], Outcome::Raised { error } if error.contains("no_such_function")));
    assert_eq!(outcomes[12], &done(json!(2)));
    assert!(outcomes.iter().all(|outcome| outcome.trouble().is_none() == matches!(outcome, Outcome::Done { .. })));
}

#[test]
fn a_job_has_its_own_folder_and_environment() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().canonicalize().unwrap();
    let env = [("COLOUR".to_owned(), "red".to_owned())].into();
    let answers = run(vec![Job { env, folder: Some(here.clone()), ..job("where", Value::Null) }]);
    assert_eq!(answers[0].outcome, done(json!([here.to_str().unwrap(), "red", "yes"])));
}

#[test]
fn temporary_files_go_with_the_job_that_made_them() {
    let folder = tempfile::tempdir().unwrap();
    let noted = folder.path().join("noted");
    let answers = run(vec![job("scratch", json!(noted.to_str().unwrap()))]);
    assert_eq!(answers[0].outcome, Outcome::Exit { status: 1 });
    let made = std::path::PathBuf::from(std::fs::read_to_string(noted).unwrap());
    assert!(!made.exists() && !made.parent().unwrap().exists(), "{}", made.display());
}

#[test]
fn many_jobs_share_one_parent() {
    let answers = run((0..200).map(|_| job("pid", Value::Null)).collect());
    let first = &answers[0].outcome;
    assert!(matches!(first, Outcome::Done { value } if value[1] == json!(true)), "{first:?}");
    assert!(answers.iter().all(|answer| answer.outcome == *first));
}

/// Waits until none of these processes runs.
#[track_caller]
fn gone(pids: &[u32]) {
    common::gone(pids, Duration::from_secs(5));
}

fn noted(file: &Path) -> Option<Vec<u32>> {
    let text = std::fs::read_to_string(file).ok()?;
    Some(text.split(' ').map(|pid| pid.parse().unwrap()).collect())
}

#[test]
fn it_can_be_ended_early_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::start(&OsSystem, &settings(folder.path(), 2)).unwrap();
    let (note, other) = (folder.path().join("note"), folder.path().join("other"));
    let start = Instant::now();
    let jobs = [&note, &other].map(|file| job("note", json!(file.to_str().unwrap()))).to_vec();
    let mut pids = Vec::new();
    let mut pulse = || {
        let (Some(one), Some(two)) = (noted(&note), noted(&other)) else { return ControlFlow::Continue(()) };
        pids = [one, two].concat();
        ControlFlow::Break(())
    };
    pool.run(jobs, &mut |_| ControlFlow::Continue(()), &mut pulse).unwrap();
    assert!(start.elapsed() < Duration::from_secs(15));
    assert_eq!(pids.len(), 6);
    gone(&pids);
}

#[test]
fn what_a_job_leaves_behind_neither_delays_it_nor_lives_on() {
    let start = Instant::now();
    let answers = run(vec![job("leave_behind", Value::Null), job("die_beside", Value::Null)]);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let Outcome::Done { value } = &answers[0].outcome else { panic!("{:?}", answers[0]) };
    gone(&[u32::try_from(value.as_u64().unwrap()).unwrap()]);
    assert_eq!(answers[1].outcome, Outcome::Signal { signal: "SIGSEGV".to_owned() });
}

#[test]
fn every_way_to_end_is_told_apart() {
    let short = |name: &str| Job { seconds: 1.0, ..job(name, Value::Null) };
    let outcomes: Vec<Outcome> =
        run(vec![short("silent"), short("abort"), short("real_time")]).into_iter().map(|a| a.outcome).collect();
    assert_eq!(outcomes[0], Outcome::Time);
    assert_eq!(outcomes[1], Outcome::Signal { signal: "SIGABRT".to_owned() });
    assert!(matches!(&outcomes[2], Outcome::Signal { signal } if signal.contains("40")), "{:?}", outcomes[2]);
}

#[test]
fn a_server_that_is_killed_is_an_error_and_its_jobs_end() {
    let folder = tempfile::tempdir().unwrap();
    let pool = Pool::start(&OsSystem, &settings(folder.path(), 2)).unwrap();
    let note = folder.path().join("note");
    let jobs = vec![job("note", json!(note.to_str().unwrap()))];
    let mut pids = Vec::new();
    let mut pulse = || {
        if let (true, Some(noted)) = (pids.is_empty(), noted(&note)) {
            // The server: nothing is left that could end its jobs but the system.
            let server = i32::try_from(noted[2]).unwrap();
            std::process::Command::new("kill").args(["-9", &server.to_string()]).status().unwrap();
            pids = noted[..1].to_vec();
        }
        ControlFlow::Continue(())
    };
    let failure = pool.run(jobs, &mut |_| ControlFlow::Continue(()), &mut pulse).unwrap_err();
    assert!(matches!(failure, Failure::Broken { status: 137, .. }), "{failure:?}");
    gone(&pids);
}

#[test]
fn imports_that_print_a_lot_fill_no_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let loud = "import sys\nprint('o' * 3_000_000)\nsys.stderr.write('e' * 3_000_000)\n__version__ = '1.2'\n";
    std::fs::write(folder.path().join("loud.py"), loud).unwrap();
    let settings = Settings { imports: vec!["loud".to_owned()], ..settings(folder.path(), 1) };
    let pool = Pool::start(&OsSystem, &settings).unwrap();
    assert_eq!(pool.ready.found["loud"], "1.2");
}

#[test]
fn a_python_that_is_not_there_or_ends_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let start = |python: &str| {
        let settings = Settings { python: python.to_owned(), ..settings(folder.path(), 1) };
        Pool::start(&OsSystem, &settings).err().unwrap()
    };
    assert!(matches!(start("no-such-python-anywhere"), Failure::NotStarted(_)));
    assert!(matches!(start("false"), Failure::Broken { status: 1, .. }));
    std::fs::write(folder.path().join("json.py"), "import os, sys\nsys.stderr.write('too old\\n'); os._exit(4)")
        .unwrap();
    let failure = Pool::start(&OsSystem, &Settings { env: path(folder.path()), ..settings(folder.path(), 1) }).err();
    assert_eq!(failure.unwrap().words("python3"), "`python3` ended with status 4: too old");
}

/// Modules of a folder come before Python's own.
fn path(folder: &Path) -> std::collections::BTreeMap<String, String> {
    [("PYTHONPATH".to_owned(), folder.display().to_string())].into()
}
