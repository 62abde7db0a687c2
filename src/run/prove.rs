//! `hfgen prove`: every check of every selected file without a fault and under each of its faults, only what is not known.
//! How Python is reached is somebody else's (`Runner`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::MEGABYTES;
use super::files::{Suite, TestFile};
use super::kept::{Kept, Known, Part};
use super::protocol::{Answer, Asked, Job, Outcome, Record};
use super::verdict::{Proof, Subject, Verdict};
use crate::build::{Failure, Progress};
use crate::digest::Digest;
use crate::sys::System;

/// What runs jobs: the pool of Python processes, or a test's stand-in.
pub trait Runner {
    /// Runs all jobs; `done` gets each answer, or why there is none, with the number of its job, in any order.
    fn run(&mut self, jobs: Vec<Job>, done: &mut dyn FnMut(usize, Result<Answer, String>)) -> Result<(), Failure>;
}

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Only these checks; all of them when empty.
    pub checks: Vec<String>,
    /// Only these faults; all of them when empty.
    pub faults: Vec<String>,
    pub tier: Option<String>,
    pub hardware: Option<String>,
    /// Seconds that one test may take.
    pub timeout: f64,
    /// Nothing was left out: not a file, not a check.
    pub whole: bool,
    /// Runs everything, whatever is known.
    pub anew: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Proven {
    /// Files that had nothing left to run.
    pub cached: usize,
    /// Files that ran, each with the reason.
    pub ran: Vec<(String, String)>,
    /// Files that gave no answer, each with the reason.
    pub dead: Vec<(String, String)>,
    /// In order of file, check, fault and test.
    pub proofs: Vec<Proof>,
    /// What pytest shows of tests that are red without a fault, by file and test.
    pub outputs: BTreeMap<(String, String), String>,
}

/// Everything that proving works with, named once.
#[derive(Clone, Copy)]
pub struct Prover<'a> {
    pub system: &'a dyn System,
    /// The project root.
    pub root: &'a Path,
    pub suite: &'a Suite,
    pub request: &'a Request,
    /// What else decides a result, by name.
    pub versions: &'a BTreeMap<String, String>,
    pub progress: &'a dyn Progress,
}

/// A file that has something to run.
struct Due<'a> {
    file: &'a TestFile,
    key: String,
    parts: BTreeMap<String, String>,
    runs: Vec<Asked>,
}

type Runs = BTreeMap<Part, Vec<Record>>;

impl Prover<'_> {
    /// Proves what is asked for; `kept` is read and added to.
    pub fn run(&self, kept: &mut Kept, runner: &mut dyn Runner) -> Result<Proven, Failure> {
        let wanted = wanted(self.suite, self.request);
        let mut proven = Proven::default();
        let (jobs, due) = self.due(&wanted, kept, &mut proven);
        // What crashed is not kept, and counts all the same.
        let mut fresh: BTreeMap<&str, Runs> = BTreeMap::new();
        let mut unkept = None;
        self.progress.begin("proving", Some(jobs.len()));
        runner.run(jobs, &mut |number, answer| {
            self.progress.advance(1);
            let Due { file, key, parts, runs } = &due[number];
            let answer = answer.and_then(|answer| match answer.error {
                Some(error) => Err(error),
                None if answer.runs.len() != runs.len() => Err("it ran only in part".to_owned()),
                None => Ok(answer),
            });
            match answer {
                Err(why) => proven.dead.push((file.path.clone(), why)),
                Ok(answer) => {
                    let runs = sorted(runs, answer, &file.path, &mut proven.outputs);
                    fresh.insert(&file.path, runs.clone());
                    let known = Known { key: key.clone(), parts: parts.clone(), runs };
                    if let Err(error) = kept.add(self.system, &self.slot(file), known) {
                        unkept.get_or_insert(error);
                    }
                }
            }
        })?;
        self.progress.end();
        if let Some(error) = unkept.or(kept.tidy(self.system).err()) {
            self.progress.note(&format!("results could not be kept: {error}"));
        }
        proven.dead.sort();
        proven.proofs = self.proofs(&wanted, kept, &fresh, &proven.dead);
        Ok(proven)
    }

    fn due(&self, wanted: &BTreeSet<Part>, kept: &Kept, proven: &mut Proven) -> (Vec<Job>, Vec<Due<'_>>) {
        let mut due = (Vec::new(), Vec::new());
        for file in &self.suite.files {
            let parts = self.suite.parts(file, self.versions);
            let key = Digest::of_value(&parts).to_string();
            let before = kept.file(&self.slot(file));
            let known = before.filter(|known| known.key == key && !self.request.anew);
            let missing: Vec<&Part> =
                wanted.iter().filter(|part| known.is_none_or(|known| !known.runs.contains_key(part))).collect();
            if missing.is_empty() {
                proven.cached += 1;
                continue;
            }
            proven.ran.push((file.path.clone(), why(before, &parts, &missing, self.request.anew)));
            let job = self.job(file, &missing, known);
            let runs = job.runs.clone();
            due.0.push(job);
            due.1.push(Due { file, key, parts, runs });
        }
        due
    }

    /// One job: a run without a fault for what is not known to be green, and a run for each fault.
    fn job(&self, file: &TestFile, missing: &[&Part], known: Option<&Known>) -> Job {
        // Runs without a fault come first: `None` sorts before every name.
        let mut runs: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
        for part in missing {
            runs.entry(part.fault.clone()).or_default().push(part.check.clone());
        }
        let green = known.map(|known| {
            let controls = known.runs.iter().filter(|(part, _)| part.fault.is_none());
            let passed = controls.flat_map(|(_, records)| records).filter(|record| record.outcome == Outcome::Passed);
            passed.map(|record| record.node.clone()).collect()
        });
        Job {
            file: self.root.join(&file.path).display().to_string(),
            root: self.root.join(&self.suite.root).display().to_string(),
            runs: runs.into_iter().map(|(fault, checks)| Asked { fault, checks }).collect(),
            timeout: self.request.timeout,
            megabytes: MEGABYTES,
            tier: self.request.tier.clone(),
            hardware: self.request.hardware.clone(),
            green,
        }
    }

    fn proofs(
        &self,
        wanted: &BTreeSet<Part>,
        kept: &Kept,
        fresh: &BTreeMap<&str, Runs>,
        dead: &[(String, String)],
    ) -> Vec<Proof> {
        let mut proofs = Vec::new();
        let lives = |file: &&TestFile| !dead.iter().any(|(path, _)| *path == file.path);
        for file in self.suite.files.iter().filter(lives) {
            let blind = file.model.as_ref().and_then(|model| self.suite.blind.get(model));
            let blind = blind.map_or(&[][..], Vec::as_slice);
            let subject = Subject { path: &file.path, model: file.model.as_deref(), blind };
            let slot = self.slot(file);
            for part in wanted {
                let fresh = fresh.get(file.path.as_str()).and_then(|runs| runs.get(part));
                let known = || kept.file(&slot).and_then(|known| known.runs.get(part));
                let records = fresh.or_else(known).map_or(&[][..], Vec::as_slice);
                proofs.extend(subject.judge(part.fault.as_deref(), records));
            }
        }
        proofs
    }

    /// The name under which a file's results are kept: other tiers and hardware have results of their own.
    fn slot(&self, file: &TestFile) -> String {
        let further = [("tier", &self.request.tier), ("hardware", &self.request.hardware)];
        let further = further.iter().filter_map(|(name, value)| Some(format!(" {name}={}", value.as_ref()?)));
        file.path.clone() + &further.collect::<String>()
    }
}

/// Every check without a fault, and under each of its own.
fn wanted(suite: &Suite, request: &Request) -> BTreeSet<Part> {
    let mut wanted = BTreeSet::new();
    for (name, check) in &suite.checks {
        let faults: Vec<&String> =
            check.faults.iter().filter(|fault| request.faults.is_empty() || request.faults.contains(fault)).collect();
        let asked = request.checks.is_empty() || request.checks.contains(name);
        if asked && (request.faults.is_empty() || !faults.is_empty()) {
            let part = |fault: Option<&String>| Part { check: name.clone(), fault: fault.cloned() };
            wanted.insert(part(None));
            wanted.extend(faults.into_iter().map(|fault| part(Some(fault))));
        }
    }
    wanted
}

/// The answer by check and fault. A check without a test in the file is known to have none.
fn sorted(runs: &[Asked], answer: Answer, file: &str, outputs: &mut BTreeMap<(String, String), String>) -> Runs {
    let mut sorted = Runs::new();
    for (asked, ran) in runs.iter().zip(answer.runs) {
        let part = |check: &str| Part { check: check.to_owned(), fault: asked.fault.clone() };
        sorted.extend(asked.checks.iter().map(|check| (part(check), Vec::new())));
        for mut record in ran.records {
            let output = std::mem::take(&mut record.output);
            if asked.fault.is_none() && !output.is_empty() {
                outputs.insert((file.to_owned(), record.node.clone()), output);
            }
            sorted.entry(part(&record.check)).or_default().push(record);
        }
    }
    sorted
}

/// Why a file runs, for people.
fn why(known: Option<&Known>, parts: &BTreeMap<String, String>, missing: &[&Part], anew: bool) -> String {
    let Some(known) = known else { return "it never ran".to_owned() };
    if anew {
        return "--no-cache".to_owned();
    }
    let changed: Vec<String> = parts
        .iter()
        .filter(|(name, value)| known.parts.get(*name) != Some(value))
        .map(|(name, value)| match known.parts.get(name) {
            Some(before) if before.len() < 20 && value.len() < 20 => format!("{name} {before} is now {value}"),
            _ => format!("{name} changed"),
        })
        .chain(known.parts.keys().filter(|name| !parts.contains_key(*name)).map(|name| format!("{name} is gone")))
        .collect();
    if !changed.is_empty() {
        return changed.join(", ");
    }
    let part = missing.first().map_or_else(String::new, |part| match &part.fault {
        Some(fault) => format!("{} under {fault}", part.check),
        None => part.check.clone(),
    });
    match missing.len() {
        0 | 1 => format!("{part} is not known"),
        more => format!("{part} and {} more are not known", more - 1),
    }
}

/// How many proofs have each verdict.
pub fn count(proofs: &[Proof], verdict: Verdict) -> usize {
    proofs.iter().filter(|proof| proof.verdict == verdict).count()
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::build::Silent;
    use crate::rules::file::Check;
    use crate::sys::MemorySystem;

    /// Stands in for Python: every check has one test, which is green without a fault and red under `caught`.
    #[derive(Default)]
    struct Stand {
        jobs: Vec<Job>,
        dies: bool,
    }

    impl Runner for Stand {
        fn run(&mut self, jobs: Vec<Job>, done: &mut dyn FnMut(usize, Result<Answer, String>)) -> Result<(), Failure> {
            for (number, job) in jobs.iter().enumerate() {
                let outcome = |fault: &Option<String>| match fault.as_deref() {
                    Some("caught") => Outcome::Failed,
                    _ => Outcome::Passed,
                };
                let ran = |asked: &Asked| super::super::protocol::Ran {
                    fault: asked.fault.clone(),
                    records: asked
                        .checks
                        .iter()
                        .map(|check| Record {
                            node: format!("test_{check}"),
                            check: check.clone(),
                            outcome: outcome(&asked.fault),
                            acted: asked.fault.is_some().then_some(1),
                            output: "shown".to_owned(),
                            ..Record::default()
                        })
                        .collect(),
                };
                let runs = job.runs.iter().map(ran).collect();
                let answer = Answer { collected: 1, runs, ..Answer::default() };
                done(number, if self.dies { Err("killed".to_owned()) } else { Ok(answer) });
            }
            self.jobs.extend(jobs);
            Ok(())
        }
    }

    fn suite() -> Suite {
        let check = |faults: &[&str]| Check {
            faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
            ..Check::default()
        };
        let checks =
            IndexMap::from([("b".to_owned(), check(&["caught", "missed"])), ("a".to_owned(), check(&["caught"]))]);
        let file = |model: &str| TestFile {
            path: format!("generated/test_hf_{model}.py"),
            model: Some(model.to_owned()),
            family: None,
            hardware: None,
            digest: Digest::of(model.as_bytes()),
        };
        Suite { root: "generated".to_owned(), files: vec![file("x"), file("y")], checks, ..Suite::default() }
    }

    struct Desk {
        system: MemorySystem,
        suite: Suite,
        versions: BTreeMap<String, String>,
    }

    impl Desk {
        fn new() -> Self {
            Self { system: MemorySystem::default(), suite: suite(), versions: BTreeMap::new() }
        }

        fn prove(&self, request: &Request, stand: &mut Stand) -> Proven {
            let mut kept = Kept::load(&self.system, Path::new("/p/results.jsonl"));
            let prover = Prover {
                system: &self.system,
                root: Path::new("/p"),
                suite: &self.suite,
                request,
                versions: &self.versions,
                progress: &Silent,
            };
            prover.run(&mut kept, stand).unwrap()
        }
    }

    fn asked(job: &Job) -> Vec<String> {
        let run = |run: &Asked| format!("{}: {}", run.fault.as_deref().unwrap_or("-"), run.checks.join(" "));
        job.runs.iter().map(run).collect()
    }

    #[test]
    fn each_check_runs_without_and_with_its_faults_and_then_never_again() {
        let (desk, mut stand) = (Desk::new(), Stand::default());
        let proven = desk.prove(&Request::default(), &mut stand);
        assert_eq!(asked(&stand.jobs[0]), ["-: a b", "caught: a b", "missed: b"]);
        assert_eq!(stand.jobs[0].file, "/p/generated/test_hf_x.py");
        let verdicts = [Verdict::Green, Verdict::Caught, Verdict::Missed].map(|v| count(&proven.proofs, v));
        assert_eq!((verdicts, proven.cached, proven.ran.len()), ([4, 4, 2], 0, 2));
        let again = desk.prove(&Request::default(), &mut stand);
        assert_eq!((again.cached, again.ran.len(), stand.jobs.len()), (2, 0, 2));
        assert_eq!(again.proofs, proven.proofs);
        let anew = desk.prove(&Request { anew: true, ..Request::default() }, &mut stand);
        assert_eq!(anew.ran[0].1, "--no-cache");
    }

    #[test]
    fn only_what_is_not_known_runs_and_the_reason_is_named() {
        let (mut desk, mut stand) = (Desk::new(), Stand::default());
        let request = Request { faults: vec!["missed".to_owned()], ..Request::default() };
        desk.prove(&request, &mut stand);
        assert_eq!(asked(&stand.jobs[0]), ["-: b", "missed: b"]);
        let proven = desk.prove(&Request::default(), &mut stand);
        assert_eq!(asked(&stand.jobs[2]), ["-: a", "caught: a b"]);
        assert_eq!(stand.jobs[2].green, Some(vec!["test_b".to_owned()]));
        assert_eq!(proven.ran[0].1, "a and 2 more are not known");
        desk.versions.insert("torch".to_owned(), "2.15.0".to_owned());
        let proven = desk.prove(&Request::default(), &mut stand);
        assert_eq!(proven.ran[0].1, "torch changed");
        desk.versions.insert("torch".to_owned(), "2.16.0".to_owned());
        desk.suite.files[0].digest = Digest::of(b"edited");
        let proven = desk.prove(&Request::default(), &mut stand);
        assert_eq!(proven.ran[0].1, "file changed, torch 2.15.0 is now 2.16.0");
    }

    #[test]
    fn a_file_that_gives_no_answer_is_told_and_not_kept() {
        let desk = Desk::new();
        let proven = desk.prove(&Request::default(), &mut Stand { dies: true, ..Stand::default() });
        assert_eq!(proven.dead[0], ("generated/test_hf_x.py".to_owned(), "killed".to_owned()));
        assert_eq!(proven.proofs, []);
        assert_eq!(desk.prove(&Request::default(), &mut Stand::default()).ran.len(), 2);
    }

    #[test]
    fn other_hardware_has_results_of_its_own() {
        let (desk, mut stand) = (Desk::new(), Stand::default());
        let request = Request { hardware: Some("cuda".to_owned()), ..Request::default() };
        desk.prove(&Request::default(), &mut stand);
        assert_eq!(desk.prove(&request, &mut stand).ran.len(), 2);
        assert_eq!(desk.prove(&Request::default(), &mut stand).cached, 2);
        assert_eq!(desk.prove(&request, &mut stand).cached, 2);
    }
}
