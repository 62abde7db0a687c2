//! `hfgen prove`: every check of every selected file without a fault and under each of its faults, judged.

use std::collections::BTreeSet;

use super::files::Suite;
use super::kept::{Kept, Part};
use super::session::{Gathered, Runner, Session};
use super::verdict::{Proof, Subject, Verdict};
use crate::build::Failure;

/// What is to be proved.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Only these checks; all of them when empty.
    pub checks: Vec<String>,
    /// Only these faults; all of them when empty.
    pub faults: Vec<String>,
    /// Nothing was left out: not a file, not a check.
    pub whole: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Proven {
    pub gathered: Gathered,
    /// In order of file, check, fault and test.
    pub proofs: Vec<Proof>,
}

/// Proves what is asked for; `kept` is read and added to.
pub fn prove(
    session: &Session<'_>,
    request: &Request,
    kept: &mut Kept,
    runner: &mut dyn Runner,
) -> Result<Proven, Failure> {
    let wanted = wanted(session.suite, request);
    let gathered = session.gather("proving", &wanted, kept, runner)?;
    let mut proofs = Vec::new();
    for file in &session.suite.files {
        let Some(runs) = gathered.runs.get(&file.path) else { continue };
        let blind = file.model.as_ref().and_then(|model| session.suite.blind.get(model));
        let blind = blind.map_or(&[][..], Vec::as_slice);
        let subject = Subject { path: &file.path, model: file.model.as_deref(), blind };
        for part in &wanted {
            let records = runs.get(part).map_or(&[][..], Vec::as_slice);
            proofs.extend(subject.judge(part.fault.as_deref(), records));
        }
    }
    Ok(Proven { gathered, proofs })
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

/// How many proofs have each verdict.
pub fn count(proofs: &[Proof], verdict: Verdict) -> usize {
    proofs.iter().filter(|proof| proof.verdict == verdict).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use indexmap::IndexMap;

    use super::*;
    use crate::build::Silent;
    use crate::digest::Digest;
    use crate::rules::file::Check;
    use crate::run::files::TestFile;
    use crate::run::protocol::{Answer, Asked, Job, Outcome, Ran, Record};
    use crate::run::session::{Done, How};
    use crate::sys::MemorySystem;

    /// Stands in for Python: every check has one test, which is green without a fault and red under `caught`.
    #[derive(Default)]
    struct Stand {
        jobs: Vec<Job>,
        dies: bool,
    }

    impl Runner for Stand {
        fn run(&mut self, jobs: Vec<Job>, done: &mut Done<'_>) -> Result<(), Failure> {
            for (number, job) in jobs.iter().enumerate() {
                let outcome = |fault: &Option<String>| match fault.as_deref() {
                    Some("caught") => Outcome::Failed,
                    _ => Outcome::Passed,
                };
                let ran = |asked: &Asked| Ran {
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
                let answer = if self.dies { Err("killed".to_owned()) } else { Ok(answer) };
                if done(number, answer).is_break() {
                    break;
                }
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
            size: 0,
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

        fn prove(&self, request: &Request, how: &How, stand: &mut Stand) -> Proven {
            let mut kept = Kept::load(&self.system, Path::new("/p/results.jsonl"));
            let session = Session {
                system: &self.system,
                root: Path::new("/p"),
                suite: &self.suite,
                how,
                versions: &self.versions,
                sources: None,
                progress: &Silent,
            };
            prove(&session, request, &mut kept, stand).unwrap()
        }
    }

    fn asked(job: &Job) -> Vec<String> {
        let run = |run: &Asked| format!("{}: {}", run.fault.as_deref().unwrap_or("-"), run.checks.join(" "));
        job.runs.iter().map(run).collect()
    }

    #[test]
    fn each_check_runs_without_and_with_its_faults_and_then_never_again() {
        let (desk, mut stand) = (Desk::new(), Stand::default());
        let proven = desk.prove(&Request::default(), &How::default(), &mut stand);
        assert_eq!(asked(&stand.jobs[0]), ["-: a b", "caught: a b", "missed: b"]);
        assert_eq!(stand.jobs[0].file, "/p/generated/test_hf_x.py");
        let verdicts = [Verdict::Green, Verdict::Caught, Verdict::Missed].map(|v| count(&proven.proofs, v));
        assert_eq!((verdicts, proven.gathered.cached, proven.gathered.ran.len()), ([4, 4, 2], 0, 2));
        let again = desk.prove(&Request::default(), &How::default(), &mut stand);
        assert_eq!((again.gathered.cached, again.gathered.ran.len(), stand.jobs.len()), (2, 0, 2));
        assert_eq!(again.proofs, proven.proofs);
        let anew = desk.prove(&Request::default(), &How { anew: Some("--rerun"), ..How::default() }, &mut stand);
        assert_eq!(anew.gathered.ran[0].1, "--rerun");
    }

    #[test]
    fn only_what_is_not_known_runs_and_the_reason_is_named() {
        let (mut desk, mut stand) = (Desk::new(), Stand::default());
        let request = Request { faults: vec!["missed".to_owned()], ..Request::default() };
        desk.prove(&request, &How::default(), &mut stand);
        assert_eq!(asked(&stand.jobs[0]), ["-: b", "missed: b"]);
        let proven = desk.prove(&Request::default(), &How::default(), &mut stand);
        assert_eq!(asked(&stand.jobs[2]), ["-: a", "caught: a b"]);
        assert_eq!(stand.jobs[2].green, Some(vec!["test_b".to_owned()]));
        assert_eq!(proven.gathered.ran[0].1, "a and 2 more are not known");
        desk.versions.insert("torch".to_owned(), "2.15.0".to_owned());
        let proven = desk.prove(&Request::default(), &How::default(), &mut stand);
        assert_eq!(proven.gathered.ran[0].1, "torch 2.15.0 is new");
        desk.versions.insert("torch".to_owned(), "2.16.0".to_owned());
        desk.suite.files[0].digest = Digest::of(b"edited");
        let proven = desk.prove(&Request::default(), &How::default(), &mut stand);
        assert_eq!(proven.gathered.ran[0].1, "file changed, torch 2.15.0 is now 2.16.0");
    }

    #[test]
    fn of_files_that_never_ran_the_largest_is_first() {
        let (mut desk, mut stand) = (Desk::new(), Stand::default());
        desk.suite.files[1].size = 2;
        desk.prove(&Request::default(), &How::default(), &mut stand);
        let files: Vec<&str> = stand.jobs.iter().map(|job| job.file.as_str()).collect();
        assert_eq!(files, ["/p/generated/test_hf_y.py", "/p/generated/test_hf_x.py"]);
    }

    #[test]
    fn a_file_that_gives_no_answer_is_told_and_not_kept() {
        let desk = Desk::new();
        let proven = desk.prove(&Request::default(), &How::default(), &mut Stand { dies: true, ..Stand::default() });
        assert_eq!(proven.gathered.dead[0], ("generated/test_hf_x.py".to_owned(), "killed".to_owned()));
        assert_eq!(proven.proofs, []);
        assert_eq!(desk.prove(&Request::default(), &How::default(), &mut Stand::default()).gathered.ran.len(), 2);
    }

    #[test]
    fn other_hardware_has_results_of_its_own() {
        let (desk, mut stand) = (Desk::new(), Stand::default());
        let (request, how) = (Request::default(), How { hardware: Some("cuda".to_owned()), ..How::default() });
        desk.prove(&Request::default(), &How::default(), &mut stand);
        assert_eq!(desk.prove(&request, &how, &mut stand).gathered.ran.len(), 2);
        assert_eq!(desk.prove(&Request::default(), &How::default(), &mut stand).gathered.cached, 2);
        assert_eq!(desk.prove(&request, &how, &mut stand).gathered.cached, 2);
    }
}
