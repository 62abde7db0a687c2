//! Properties over random series of edits: an incremental build equals a clean one, findings included, and a build with
//! nothing to do writes nothing. `HFGEN_PROPERTY_CASES` asks for more than the few hundred edits of a usual run.
#![allow(clippy::disallowed_methods, reason = "tests make real files")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::desk::{Desk, Edit};
use common::{Project, Stat};
use hfgen::build::engine::round;
use hfgen::build::outcome::{Action, Outcome};
use hfgen::build::session::Session;
use hfgen::build::{Failure, Mode, Options, Silent, build};
use hfgen::sys::OsSystem;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn edit() -> impl Strategy<Value = Edit> {
    let edits: Vec<BoxedStrategy<Edit>> = vec![
        two(Edit::Tiny),
        two(Edit::Set),
        two(Edit::Skip),
        two(Edit::Family),
        flag(Edit::OwnOrder),
        one(Edit::Comment),
        two(Edit::Hidden),
        two(Edit::Vocabulary),
        flag(Edit::FieldOrder),
        one(Edit::Transformers),
        one(Edit::Model),
        one(Edit::NewModel),
        flag(Edit::CustomModel),
        one(Edit::Tolerance),
        one(Edit::UnreadOfHardware),
        flag(Edit::HardwareOrder),
        flag(Edit::Rocm),
        flag(Edit::Python),
        flag(Edit::OutputRoot),
        flag(Edit::FamilyOrder),
        one(Edit::FamilyWord),
        flag(Edit::VisionElsewhere),
        flag(Edit::NoDevices),
        flag(Edit::Check),
        flag(Edit::Variant),
        one(Edit::Lone),
        flag(Edit::RulesInTwoFiles),
        flag(Edit::BrokenRules),
        one(Edit::Base),
        one(Edit::Shape),
        one(Edit::Spare),
        flag(Edit::VariantFile),
        flag(Edit::Layer),
        one(Edit::TouchInput),
        one(Edit::TouchOutput),
        one(Edit::DeleteOutput),
        one(Edit::OlderOutput),
        one(Edit::Partial),
        Just(Edit::DryRun).boxed(),
        Just(Edit::LoseTrace).boxed(),
        Just(Edit::LoseStamps).boxed(),
        Just(Edit::LoseBlobs).boxed(),
        Just(Edit::LoseCache).boxed(),
        one(Edit::DamageTrace),
        one(Edit::DamageBlobs),
    ];
    proptest::strategy::Union::new(edits)
}

fn one(make: fn(u8) -> Edit) -> BoxedStrategy<Edit> {
    any::<u8>().prop_map(make).boxed()
}

fn two(make: fn(u8, u8) -> Edit) -> BoxedStrategy<Edit> {
    any::<(u8, u8)>().prop_map(move |(a, b)| make(a, b)).boxed()
}

fn flag(make: fn(bool) -> Edit) -> BoxedStrategy<Edit> {
    any::<bool>().prop_map(make).boxed()
}

/// Edits between two builds.
fn rounds() -> impl Strategy<Value = Vec<Vec<Edit>>> {
    prop::collection::vec(prop::collection::vec(edit(), 1..4), 1..10)
}

#[test]
fn an_incremental_build_equals_a_clean_one_and_the_next_writes_nothing() {
    TestRunner::new(config())
        .run(&rounds(), |rounds| {
            hold(&rounds, Watch::No);
            Ok(())
        })
        .unwrap();
}

/// A database that is kept between the rounds, as `hfgen watch` keeps it, must not remember too much.
#[test]
fn so_does_each_round_of_a_watch() {
    TestRunner::new(config())
        .run(&rounds(), |rounds| {
            let constant = |edit: &Edit| !matches!(edit, Edit::Layer(_));
            let rounds: Vec<Vec<Edit>> =
                rounds.into_iter().map(|edits| edits.into_iter().filter(constant).collect()).collect();
            hold(&rounds, Watch::Kept(None));
            Ok(())
        })
        .unwrap();
}

fn config() -> Config {
    let cases = std::env::var("HFGEN_PROPERTY_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() }
}

/// Whether the database outlives a build.
enum Watch {
    No,
    Kept(Option<Session>),
}

impl Watch {
    fn build(&mut self, options: &Options) -> Result<Outcome, Failure> {
        match self {
            Watch::No => build(&OsSystem, options, &Silent),
            Watch::Kept(session) => {
                let outcome = round(&OsSystem, options, &Silent, session);
                if outcome.is_err() {
                    *session = None;
                }
                outcome
            }
        }
    }
}

fn hold(rounds: &[Vec<Edit>], mut watch: Watch) {
    let project = Project::empty();
    let mut desk = Desk::default();
    let mut older = BTreeMap::new();
    let mut lost = false;
    build_and_compare(&project, &desk, &[], &mut watch, lost);
    for edits in rounds {
        older.extend(project.files_below(""));
        for edit in edits {
            desk.apply(edit);
            beside(&project, &desk, edit, &older);
        }
        lost |= edits.iter().any(|edit| matches!(edit, Edit::LoseTrace | Edit::LoseCache | Edit::DamageTrace(_)));
        build_and_compare(&project, &desk, edits, &mut watch, lost);
    }
}

/// What an edit does to other files than the inputs' texts.
fn beside(project: &Project, desk: &Desk, edit: &Edit, older: &BTreeMap<String, Vec<u8>>) {
    let pick = |paths: Vec<String>, number: u8| paths.get(usize::from(number) % paths.len().max(1)).cloned();
    let outputs = || -> Vec<String> {
        let root = desk.output_root();
        project.files_below(root).into_keys().map(|path| format!("{root}/{path}")).collect()
    };
    let cached = |name: &str| project.path(".hfgen-cache").join(name);
    match edit {
        Edit::TouchInput(number) => {
            let inputs = desk.files().into_keys().map(str::to_owned).filter(|path| project.has(path)).collect();
            pick(inputs, *number).into_iter().for_each(|path| project.touch(&path));
        }
        Edit::TouchOutput(number) => pick(outputs(), *number).into_iter().for_each(|path| project.touch(&path)),
        Edit::DeleteOutput(number) => pick(outputs(), *number).into_iter().for_each(|path| project.remove(&path)),
        Edit::OlderOutput(number) => {
            if let Some(path) = pick(outputs(), *number)
                && let Some(bytes) = older.get(&path)
            {
                project.put(&path, bytes);
            }
        }
        Edit::Partial(number) => {
            desk.write(project);
            // The model may be gone, and the inputs broken: whatever comes of it, the next build is a full one.
            let options = Options { selection: desk.selection(*number), ..desk.options(project) };
            let _ = project.try_build(&options);
        }
        Edit::DryRun => {
            desk.write(project);
            let before = project.stats("");
            let _ = project.try_build(&Options { mode: Mode::Dry, ..desk.options(project) });
            let untouched = |stats: BTreeMap<String, Stat>| -> BTreeMap<String, Stat> {
                stats.into_iter().filter(|(path, _)| !path.starts_with(".hfgen-cache")).collect()
            };
            assert_eq!(untouched(before), untouched(project.stats("")), "a dry run wrote");
        }
        Edit::LoseTrace => drop(fs::remove_file(cached("trace.bin"))),
        Edit::LoseStamps => drop(fs::remove_file(cached("stamps.bin"))),
        Edit::LoseBlobs => {
            let _ = fs::remove_file(cached("blobs.pack"));
        }
        Edit::LoseCache => drop(fs::remove_dir_all(project.path(".hfgen-cache"))),
        Edit::DamageTrace(number) => damage(&cached("trace.bin"), *number),
        Edit::DamageBlobs(number) => damage(&cached("blobs.pack"), *number),
        _ => {}
    }
}

fn damage(path: &std::path::Path, number: u8) {
    let Ok(mut bytes) = fs::read(path) else { return };
    let at = bytes.len() * usize::from(number) / 256;
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 0x55;
        fs::write(path, bytes).unwrap();
    }
}

fn build_and_compare(project: &Project, desk: &Desk, edits: &[Edit], watch: &mut Watch, lost: bool) {
    desk.write(project);
    let built = watch.build(&desk.options(project));
    let fresh = Project::empty();
    desk.write(&fresh);
    let clean = fresh.try_build(&desk.options(&fresh));
    let (built, clean) = match (built, clean) {
        (Ok(built), Ok(clean)) => (built, clean),
        (Err(Failure::Inputs(built)), Err(Failure::Inputs(clean))) => {
            assert_eq!(clean.clone(), built.clone(), "refused otherwise after {edits:?}");
            return;
        }
        other => panic!("{other:#?} after {edits:?}"),
    };
    assert_eq!(clean.findings, built.findings, "found otherwise after {edits:?}");
    assert_eq!(invalid(&clean), invalid(&built), "invalid otherwise after {edits:?}");
    let root = desk.output_root();
    let outputs = |project: &Project| -> BTreeMap<String, String> {
        let files = project.files_below(root).into_iter();
        files
            .map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap()))
            .filter(|(path, _)| !invalid(&clean).contains(&format!("{root}/{path}").as_str()))
            .collect()
    };
    let (expected, found) = (outputs(&fresh), outputs(project));
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "other files after {edits:?}");
    for (path, text) in &expected {
        assert_eq!(text, &found[path], "{path} differs after {edits:?}");
    }
    let other = project.path(if root == "generated" { "made" } else { "generated" });
    if lost {
        // Nobody may remember where the outputs were before.
        let _ = fs::remove_dir_all(&other);
    }
    assert!(!other.exists(), "left behind after {edits:?}: {:?}", common::run_in(&other, "find", &["."]));

    let before = project.stats(root);
    let again = watch.build(&desk.options(project)).unwrap();
    assert_eq!((again.counts.written, again.counts.removed, again.counts.rendered), (0, 0, 0), "after {edits:?}");
    assert_eq!(before, project.stats(root), "a build with nothing to do wrote, after {edits:?}");
    assert_eq!(clean.findings, again.findings, "forgot findings after {edits:?}");
    assert_eq!((again.planned, invalid(&again)), (clean.planned, invalid(&clean)), "after {edits:?}");
}

/// What a build could not make: an older text of it may still stand where there was one.
fn invalid(outcome: &Outcome) -> Vec<&str> {
    let invalid = outcome.outputs.iter().filter(|output| output.action == Action::Invalid);
    invalid.map(|output| output.path.as_str()).collect()
}
