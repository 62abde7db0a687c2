//! `hfgen watch`: the rounds of a real process, and the queries that a kept database runs between them.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use common::{HFGEN, Project, command};
use hfgen::build::Silent;
use hfgen::build::engine::round;
use hfgen::build::scan::Scan;
use hfgen::build::session::Session;
use hfgen::build::texts::Texts;
use hfgen::graph::Database;
use hfgen::sys::OsSystem;

/// How often each query ran in each round, and how many outputs were rendered.
struct Observed {
    project: Project,
    session: Option<Session>,
    ran: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Observed {
    fn new() -> Self {
        let project = Project::new();
        let ran: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        let sink = ran.clone();
        let db = Database::observed(move |query| {
            let name = query.split('(').next().unwrap_or(query);
            *sink.lock().unwrap().entry(name.to_owned()).or_default() += 1;
        });
        let texts = Texts::read(&OsSystem, &project.options(), &mut Scan::default()).unwrap();
        let session = Some(Session::with(db, &OsSystem, &project.options(), texts));
        let mut observed = Self { project, session, ran };
        assert_eq!(observed.round()["rendered"], 14);
        observed
    }

    fn round(&mut self) -> BTreeMap<String, usize> {
        self.ran.lock().unwrap().clear();
        let outcome = round(&OsSystem, &self.project.options(), &Silent, &mut self.session).unwrap();
        let mut ran = std::mem::take(&mut *self.ran.lock().unwrap());
        ran.insert("rendered".to_owned(), usize::try_from(outcome.counts.rendered).unwrap());
        ran
    }
}

#[track_caller]
fn runs(observed: &mut Observed, expected: &[(&str, usize)]) {
    let ran = observed.round();
    let asked = ["kept_facts", "placed", "parsed", "closure"];
    let ran: Vec<(&str, usize)> = asked.iter().filter_map(|name| Some((*name, *ran.get(*name)?))).collect();
    assert_eq!(ran, expected);
    observed.project.assert_clean();
}

#[test]
fn a_round_runs_the_queries_that_the_edit_reaches() {
    let mut observed = Observed::new();
    runs(&mut observed, &[]);
    observed.project.edit("registry.toml", "[project]", "# A comment.\n[project]");
    runs(&mut observed, &[]);
    observed.project.edit("registry.lock", "hidden_size = 768", "hidden_size = 1");
    // Its own output renders; those that go over all models look at what they read, and find nothing new.
    let ran = observed.round();
    assert_eq!((ran["kept_facts"], ran["placed"], ran["rendered"]), (1, 1, 1), "{ran:?}");
    assert!(!ran.contains_key("parsed") && !ran.contains_key("closure"), "{ran:?}");
    observed.project.edit("registry.lock", "vocab_size = 1000", "vocab_size = 1");
    let ran = observed.round();
    assert_eq!((ran["kept_facts"], ran["rendered"]), (1, 0), "{ran:?}");
    observed.project.edit("templates/index.py.hbs", "TRANSFORMERS", "VERSION");
    let ran = observed.round();
    assert_eq!((ran["parsed"], ran["closure"], ran["rendered"]), (1, 1, 1), "{ran:?}");
    assert!(!ran.contains_key("kept_facts") && !ran.contains_key("placed"), "{ran:?}");
    observed.project.edit("registry.toml", "float32 = 1e-4", "float32 = 2e-4");
    let ran = observed.round();
    assert_eq!(ran["rendered"], 2, "{ran:?}");
    assert!(!ran.contains_key("kept_facts") && !ran.contains_key("parsed"), "{ran:?}");
    observed.project.assert_clean();
}

/// A running `hfgen watch` with what it says, line by line.
struct Watching {
    child: Child,
    lines: Receiver<String>,
    /// Lines that nobody has waited for yet.
    seen: RefCell<Vec<String>>,
}

impl Watching {
    fn start(project: &Project) -> Self {
        let mut child =
            command(project.root(), HFGEN, &["watch"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        read(child.stdout.take().unwrap(), sender.clone());
        read(child.stderr.take().unwrap(), sender);
        let watching = Self { child, lines, seen: RefCell::default() };
        watching.wait("watching; Ctrl-C ends");
        watching
    }

    /// Waits for a line that has `words`, and takes it. The two streams are read side by side, so that a line of one may
    /// come before an earlier one of the other: what was not waited for yet is kept.
    #[track_caller]
    fn wait(&self, words: &str) {
        let until = Instant::now() + Duration::from_secs(60);
        let mut seen = self.seen.borrow_mut();
        loop {
            if let Some(at) = seen.iter().position(|line| line.contains(words)) {
                seen.remove(at);
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else { panic!("no {words:?} in:\n{}", seen.join("\n")) };
            seen.push(line);
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(stream: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
}

#[test]
fn an_edit_is_built_at_once_and_a_mistake_ends_nothing() {
    let project = Project::new();
    let watching = Watching::start(&project);
    project.assert_clean();
    project.edit("templates/base.py.hbs", "TAGS", "LABELS");
    watching.wait("rebuilt 6 of 14");
    watching.wait("watching");
    project.assert_clean();
    // A mistake in a template is told, and nothing is written.
    let before = project.stats("generated");
    project.append("templates/base.py.hbs", "{{#if\n");
    watching.wait("templates/base.py.hbs");
    watching.wait("watching");
    assert_eq!(before, project.stats("generated"));
    project.edit("templates/base.py.hbs", "{{#if\n", "");
    watching.wait("watching");
    // So is one in the rules, which stops the round.
    project.append("rules/20-targets.toml", "[target.\n");
    watching.wait("rules/20-targets.toml");
    watching.wait("watching");
    project.edit("rules/20-targets.toml", "[target.\n", "");
    watching.wait("watching");
    project.edit("registry.lock", "hidden_size = 768", "hidden_size = 1");
    watching.wait("rebuilt 1 of 14");
    // A template that comes, in a folder that comes.
    project.put("templates/new/part.py.hbs", "PART = 1\n");
    watching.wait("watching");
    project.edit("templates/index.py.hbs", "MODELS =", "{{> new/part}}\nMODELS =");
    watching.wait("rebuilt 1 of 14");
    watching.wait("watching");
    // A folder that goes and comes back, as another branch is checked out, and an edit in it afterwards.
    fs::rename(project.path("templates"), project.path("aside")).unwrap();
    watching.wait("error");
    watching.wait("watching");
    fs::rename(project.path("aside"), project.path("templates")).unwrap();
    watching.wait("watching");
    project.edit("templates/base.py.hbs", "LABELS", "NAMES");
    watching.wait("rebuilt 6 of 14");
    drop(watching);
    project.assert_clean();
    project.assert_swept();
}
