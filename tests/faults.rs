//! What goes wrong on a machine: kills, two builds at once, full disks, permissions, damaged caches, links, broken inputs,
//! templates and registries without end. After each, outputs are whole, nothing is lost, and the next build is right.
#![allow(clippy::disallowed_methods, reason = "tests make real files and run the real binary")]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{HFGEN, Project, Ran, command, finished, is_root, note, run_in, same_files, skipped, suite};
use hfgen::build::{Failure, Options, Silent, build};
use hfgen::graph::header::{Mark, mark};
use hfgen::sys::MemorySystem;

// Kills.

#[test]
fn a_kill_at_any_moment_leaves_whole_outputs_and_a_build_that_goes_on() {
    let project = Project::with_models(150);
    let started = Instant::now();
    project.hfgen(&["build"]).expect(0);
    let whole = started.elapsed();
    let first = project.outputs();
    let second = {
        project.edit("templates/base.py.hbs", "TINY", "SMALL");
        project.hfgen(&["build"]).expect(0);
        project.outputs()
    };
    project.assert_clean();
    let (mut early, mut killed) = (0, 0);
    for number in 0..40_u32 {
        // Half of the kills hit a build from nothing, half one that replaces outputs.
        let fresh = number % 2 == 0;
        if fresh {
            fs::remove_dir_all(project.path("generated")).unwrap();
            fs::remove_dir_all(project.path(".hfgen-cache")).unwrap();
        } else {
            // Results that are kept would make the build too short.
            let _ = fs::remove_file(project.path(".hfgen-cache/blobs.index"));
        }
        let text = project.read("templates/base.py.hbs");
        let to_second = text.contains("TINY");
        let (from, to) = if to_second { ("TINY", "SMALL") } else { ("SMALL", "TINY") };
        project.edit("templates/base.py.hbs", from, to);
        let delay = match number {
            0..8 => Duration::from_micros(u64::from(number) * 700),
            _ => whole * (number - 7) / 33,
        };
        let mut child =
            command(project.root(), HFGEN, &["build"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(delay);
        let _ = child.kill();
        killed += u32::from(!child.wait().unwrap().success());
        early += u32::from(fresh && project.files_below("generated").len() < second.len());
        project.assert_whole();
        project.hfgen(&["build"]).expect(0);
        same_files(if to_second { &second } else { &first }, &project.outputs());
        project.assert_swept();
        project.hfgen(&["build", "--check"]).expect(0);
    }
    assert!(killed >= 20 && early >= 5, "only {killed} builds were killed, {early} before their end");
}

#[test]
fn what_a_killed_build_left_under_the_same_process_number_is_in_nobodys_way() {
    let project = Project::new();
    project.put("generated/.keep", "");
    // In a container every process has the number that the killed one had.
    let script = "for n in 0 1 2 3 4 5 6 7 8 9; do
            echo half > generated/.hfgen-tmp-$$-$n; echo half > .hfgen-cache/.hfgen-tmp-$$-$n; done
        exec \"$0\" build";
    fs::create_dir(project.path(".hfgen-cache")).unwrap();
    run_in(project.root(), "sh", &["-c", script, HFGEN]).expect(0);
    project.remove("generated/.keep");
    project.assert_swept();
    project.assert_clean();
    // Also where the last build's memory is good, and nothing is swept.
    project.edit("templates/base.py.hbs", "TINY", "SMALL");
    run_in(project.root(), "sh", &["-c", script, HFGEN]).expect(0);
    project.assert_whole();
}

#[test]
fn builds_at_once_wait_for_each_other() {
    let project = Project::with_models(60);
    for round in 0..4 {
        let text = project.read("templates/base.py.hbs");
        let (from, to) = if text.contains("TINY") { ("TINY", "SMALL") } else { ("SMALL", "TINY") };
        project.edit("templates/base.py.hbs", from, to);
        if round == 2 {
            fs::remove_dir_all(project.path(".hfgen-cache")).unwrap();
        }
        let children: Vec<_> = (0..3)
            .map(|_| {
                let mut build = command(project.root(), HFGEN, &["build"]);
                build.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        project.assert_clean();
        project.assert_swept();
        assert_eq!(project.build().counts.written, 0);
    }
}

// Disks.

const ROOT: &str = "/project";

fn in_memory() -> MemorySystem {
    let system = MemorySystem::default();
    for (path, text) in suite::files() {
        system.put(Path::new(ROOT).join(path), text);
    }
    system
}

fn build_in_memory(system: &MemorySystem) -> Result<hfgen::build::outcome::Outcome, Failure> {
    build(system, &Options { root: PathBuf::from(ROOT), ..Options::default() }, &Silent)
}

fn outputs_in(system: &MemorySystem) -> std::collections::BTreeMap<String, Vec<u8>> {
    let below = |path: PathBuf| path.strip_prefix("/project/generated").ok().map(|path| path.display().to_string());
    system.files().into_iter().filter_map(|(path, bytes)| Some((below(path)?, bytes))).collect()
}

#[test]
fn a_disk_that_is_full_after_any_number_of_writes_costs_nothing_but_the_rest() {
    let clean = in_memory();
    build_in_memory(&clean).unwrap();
    let clean = outputs_in(&clean);
    let other = |system: &MemorySystem| {
        let base = suite::TEMPLATES[0].1.replace("TINY", "SMALL");
        system.put("/project/templates/base.py.hbs", base);
    };
    let changed = in_memory();
    other(&changed);
    build_in_memory(&changed).unwrap();
    let changed = outputs_in(&changed);

    let mut failures = 0;
    for incremental in [false, true] {
        for writes in 0_u64.. {
            let system = in_memory();
            if incremental {
                build_in_memory(&system).unwrap();
                other(&system);
            }
            let (expected, before) = if incremental { (&changed, &clean) } else { (&clean, &Default::default()) };
            system.fail_writes_after(Some(writes));
            let result = build_in_memory(&system);
            for (path, bytes) in outputs_in(&system) {
                assert!(expected[&path] == bytes || before.get(&path) == Some(&bytes), "{path} after {writes} writes");
                assert_eq!(mark(&path, &bytes), Mark::Genuine);
            }
            system.fail_writes_after(None);
            let rest = build_in_memory(&system).unwrap();
            assert_eq!(rest.findings, []);
            same_files(expected, &outputs_in(&system));
            if result.is_ok() && writes > 3 {
                break;
            }
            failures += u64::from(result.is_err());
            assert!(writes < 100);
        }
    }
    assert!(failures > 20, "only {failures}");
}

#[test]
fn a_limit_on_file_sizes_is_told_and_passes() {
    let project = Project::with_models(40);
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" build";
    let ran = run_in(project.root(), "sh", &["-c", script, HFGEN]);
    assert_eq!(ran.code, 2, "{}", ran.text());
    assert!(ran.stderr.contains(".hfgen-cache"), "{}", ran.text());
    project.assert_whole();
    project.hfgen(&["build"]).expect(0);
    project.assert_clean();
    project.assert_swept();
}

#[test]
fn a_small_disk_is_told_and_passes() {
    let project = Project::with_models(200);
    let disk = project.path("generated");
    fs::create_dir(&disk).unwrap();
    let at = disk.display().to_string();
    let mounted = run_in(Path::new("/"), "mount", &["-t", "tmpfs", "-o", "size=256k", "tmpfs", &at]);
    if mounted.code != 0 {
        return skipped("no file system can be mounted here");
    }
    let ran = project.hfgen(&["build"]);
    let whole = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| project.assert_whole()));
    let few = project.outputs().len();
    let grown = run_in(Path::new("/"), "mount", &["-o", "remount,size=64m", &at]);
    let again = project.hfgen(&["build"]);
    let outputs = project.outputs();
    let unmounted = run_in(Path::new("/"), "umount", &[&at]);
    assert_eq!((grown.code, unmounted.code), (0, 0));
    assert!(whole.is_ok());
    ran.expect(2).has("HF406").has("free some space");
    assert!(few > 0 && few < 214, "{few}");
    again.expect(0);
    let clean = project.fresh_copy();
    clean.build();
    same_files(&clean.outputs(), &outputs);
}

// Permissions.

/// Runs hfgen as a user that the file system may refuse something.
fn as_nobody(project: &Project, args: &[&str]) -> Option<Ran> {
    if !is_root() {
        return Some(project.hfgen(args));
    }
    let outside = project.outside();
    fs::set_permissions(&outside, fs::Permissions::from_mode(0o755)).unwrap();
    let program = outside.join("hfgen");
    if !program.exists() {
        fs::copy(HFGEN, &program).unwrap();
    }
    run_in(&outside, "chown", &["-R", "65534:65534", "project"]).expect(0);
    let program = program.display().to_string();
    let ids = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let mut run = command(project.root(), "setpriv", &[&ids[..], &[&program], args].concat());
    run.env("HOME", "/");
    if command(project.root(), "setpriv", &["--version"]).stdout(Stdio::null()).status().is_err() {
        skipped("no setpriv here, and root is refused nothing");
        return None;
    }
    Some(finished(run))
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_may_not_be_written_or_read_is_told() {
    let project = Project::new();
    let Some(ran) = as_nobody(&project, &["build"]) else { return };
    ran.expect(0);
    let run = |args: &[&str]| as_nobody(&project, args).unwrap();
    // A read-only output is replaced: its folder decides.
    mode(&project.path("generated/test_hf_alpha.py"), 0o444);
    project.edit("templates/base.py.hbs", "TINY", "SMALL");
    run(&["build"]).expect(0);
    project.assert_clean();

    let before = project.outputs();
    let folder = project.path("generated");
    project.edit("templates/base.py.hbs", "SMALL", "TINY");
    mode(&folder, 0o555);
    let ran = run(&["build"]).expect(2).has("HF405").has("make the folder writable");
    assert!(ran.stderr.contains("generated/"), "{}", ran.text());
    for (path, bytes) in project.outputs() {
        assert!(path.starts_with("vision/") || path.starts_with("hardware/") || before[&path] == bytes, "{path}");
    }
    project.assert_whole();
    mode(&folder, 0o755);
    run(&["build"]).expect(0);
    project.assert_clean();

    // A cache that can't be written, and one that can't be entered.
    let cache = project.path(".hfgen-cache");
    project.edit("templates/base.py.hbs", "TINY", "SMALL");
    for bits in [0o555, 0o000] {
        mode(&cache, bits);
        let ran = run(&["build"]);
        assert!(ran.code == 2 || ran.code == 0, "{}", ran.text());
        assert!(ran.code == 0 || ran.stderr.contains(".hfgen-cache"), "{}", ran.text());
        run(&["build", "--check"]);
        project.assert_whole();
    }
    mode(&cache, 0o755);
    run(&["build"]).expect(0);
    project.assert_clean();

    for path in ["registry.toml", "registry.lock", "rules/20-targets.toml", "templates/base.py.hbs"] {
        mode(&project.path(path), 0o000);
        let ran = run(&["build"]).expect(2);
        assert!(ran.stderr.contains(path) && ran.stderr.contains("ermission"), "{}", ran.text());
        mode(&project.path(path), 0o644);
    }
    mode(&project.path("generated/index.py"), 0o000);
    let ran = run(&["build"]);
    assert!(ran.code == 2 && ran.stderr.contains("generated/index.py"), "{}", ran.text());
    mode(&project.path("generated/index.py"), 0o644);
    run(&["build"]).expect(0);
    project.assert_clean();
}

// Caches.

/// A project with two states, and what each makes.
struct TwoStates {
    project: Project,
    outputs: [std::collections::BTreeMap<String, Vec<u8>>; 2],
    state: usize,
}

const CACHED: [&str; 4] = ["stamps.bin", "trace.bin", "blobs.index", "blobs.pack"];

impl TwoStates {
    fn new() -> Self {
        let project = Project::new();
        project.build();
        let first = project.outputs();
        let mut states = Self { project, outputs: [first, Default::default()], state: 0 };
        states.turn();
        states.project.build();
        states.outputs[1] = states.project.outputs();
        states
    }

    /// Goes to the other state of the inputs: a template differs, and a model is there or not.
    fn turn(&mut self) {
        let (from, to) = if self.state == 0 { ("TINY", "SMALL") } else { ("SMALL", "TINY") };
        self.project.edit("templates/base.py.hbs", from, to);
        let mut lock = suite::lock();
        if self.state == 0 {
            lock.models.remove("echo");
        }
        self.project.put("registry.lock", hfgen::registry::lock::write(&lock));
        self.state = 1 - self.state;
    }

    fn cached(&self, name: &str) -> String {
        format!(".hfgen-cache/{name}")
    }

    /// Builds with the cache as it is, once with nothing to do and once with much.
    #[track_caller]
    fn hold(&mut self, what: &str) {
        let outcome = self.project.build();
        assert_eq!(outcome.findings, [], "{what}");
        same_files(&self.outputs[self.state], &self.project.outputs());
    }

    /// Lets `damage` have each file of the cache, where there is nothing to do and where there is much.
    fn each(&mut self, what: &str, damage: &dyn Fn(&str, &[u8]) -> Option<Vec<u8>>) {
        for name in CACHED {
            for turned in [false, true] {
                let Some(bytes) = self.project.bytes(&self.cached(name)) else { panic!("no {name}") };
                match damage(name, &bytes) {
                    Some(bytes) => self.project.put(&self.cached(name), bytes),
                    None => self.project.remove(&self.cached(name)),
                }
                if turned {
                    self.turn();
                }
                self.hold(&format!("{what}: {name}, turned: {turned}"));
                // And the build after it.
                self.turn();
                self.hold(&format!("{what}: after {name}"));
            }
        }
    }
}

#[test]
fn a_damaged_foreign_or_older_cache_is_never_believed() {
    let mut states = TwoStates::new();
    states.each("deleted", &|_, _| None);
    states.each("empty", &|_, _| Some(Vec::new()));
    for part in [1, 3, 10, 55, 100] {
        states.each("cut short", &|_, bytes| Some(bytes[..bytes.len() * part / 101].to_vec()));
    }
    states.each("longer", &|_, bytes| Some([bytes, b"more"].concat()));
    states.each("text", &|_, _| Some(b"not a cache\n".repeat(100)));
    states.each("zeros", &|_, bytes| Some(vec![0; bytes.len()]));
    let noise = |name: &str, bytes: &[u8]| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(name.as_bytes());
        let mut noise = vec![0; bytes.len()];
        hasher.finalize_xof().fill(&mut noise);
        noise
    };
    states.each("noise", &|name, bytes| Some(noise(name, bytes)));
    states.each("noise behind the head", &|name, bytes| {
        Some([&bytes[..bytes.len().min(56)], &noise(name, bytes)[..]].concat())
    });
    // Another format, another engine; both with everything else in order.
    for at in [4, 8, 23] {
        states.each("another version", &|_, bytes| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1;
            Some(bytes)
        });
    }
}

#[test]
fn a_flipped_byte_anywhere_in_the_cache_is_noticed() {
    let mut states = TwoStates::new();
    for sample in 0..24_usize {
        states.each("flipped", &|_, bytes| {
            let mut bytes = bytes.to_vec();
            let at = bytes.len() * sample / 24 + sample * 7 % 5;
            let at = at.min(bytes.len() - 1);
            bytes[at] ^= 1 << (sample % 8);
            Some(bytes)
        });
    }
}

#[test]
fn the_cache_of_another_project_is_never_believed() {
    let other = Project::with_models(3);
    other.edit("templates/base.py.hbs", "TINY", "OTHER");
    other.build();
    let mut states = TwoStates::new();
    let taken = |name: &str| other.bytes(&format!(".hfgen-cache/{name}"));
    states.each("another project's", &|name, _| taken(name));
    for name in CACHED {
        states.project.put(&states.cached(name), taken(name).unwrap());
    }
    states.turn();
    states.hold("all of another project's");
}

#[test]
fn a_trace_that_lies_makes_no_panic() {
    use hfgen::digest::Digest;
    use hfgen::store::trace::{OutputTrace, Trace};
    let mut states = TwoStates::new();
    let lie = |path: &str| {
        let mut output = OutputTrace::of_file(path.to_owned(), Digest::of(b"x"));
        output.templates = vec![7, u32::MAX];
        output.held = [(9, 0), (u32::MAX, 7)].into_iter().collect();
        output
    };
    let paths = ["generated/index.py", "generated/../../outside.py", "/tmp/outside.py", "generated/none.py", ""];
    let trace = Trace { outputs: paths.map(|path| Arc::new(lie(path))).into(), ..Trace::default() };
    let outside = states.project.outside().join("outside.py");
    fs::write(&outside, "mine\n").unwrap();
    states.project.put(".hfgen-cache/trace.bin", hfgen::store::frame::encode(&trace, 0));
    states.turn();
    for args in
        [&["build"][..], &["status"], &["why", "generated/index.py"], &["build", "--force"], &["clean", "--force"]]
    {
        let ran = states.project.hfgen(args);
        assert_ne!(ran.code, 101, "{}", ran.text());
        assert_eq!(fs::read_to_string(&outside).unwrap(), "mine\n");
    }
    let _ = fs::remove_file(states.project.path(".hfgen-cache/trace.bin"));
    states.hold("after a lie");
}

#[test]
fn folders_and_files_in_each_others_place_are_told() {
    for name in ["stamps.bin", "trace.bin", "blobs.index", "blobs.pack", "lock"] {
        let project = Project::new();
        fs::create_dir_all(project.path(".hfgen-cache").join(name)).unwrap();
        let ran = project.hfgen(&["build"]);
        assert!(ran.code == 0 || ran.code == 2 && ran.stderr.contains(".hfgen-cache"), "{name}: {}", ran.text());
        project.assert_whole();
        fs::remove_dir_all(project.path(".hfgen-cache")).unwrap();
        project.hfgen(&["build"]).expect(0);
        project.assert_clean();
    }
    let project = Project::new();
    project.put(".hfgen-cache", "a file\n");
    project.hfgen(&["build"]).expect(2).has(".hfgen-cache");
    project.remove(".hfgen-cache");
    project.put("generated", "a file\n");
    project.hfgen(&["build"]).expect(2).has("generated");
    assert_eq!(project.read("generated"), "a file\n");
    project.remove("generated");
    fs::create_dir_all(project.path("generated/index.py")).unwrap();
    project.hfgen(&["build"]).expect(3).has("a folder");
    fs::remove_dir(project.path("generated/index.py")).unwrap();
    fs::remove_dir_all(project.path("generated/vision")).unwrap();
    project.put("generated/vision", "a file\n");
    project.hfgen(&["build"]).expect(2).has("generated/vision");
    assert_eq!(project.read("generated/vision"), "a file\n");
    project.remove("generated/vision");
    project.hfgen(&["build"]).expect(0);
    project.assert_clean();
    for path in ["registry.toml", "registry.lock"] {
        let project = Project::new();
        project.remove(path);
        fs::create_dir(project.path(path)).unwrap();
        project.hfgen(&["build"]).expect(2).has(path);
    }
    let project = Project::new();
    fs::create_dir(project.path("rules/30-folder.toml")).unwrap();
    fs::create_dir(project.path("templates/folder.py.hbs")).unwrap();
    project.hfgen(&["build"]).expect(0);
    for path in ["rules", "templates"] {
        let project = Project::new();
        fs::remove_dir_all(project.path(path)).unwrap();
        project.put(path, "a file\n");
        let ran = project.hfgen(&["build"]);
        assert!(ran.code == 2 || ran.code == 1, "{path}: {}", ran.text());
    }
}

// Links.

#[test]
fn no_output_goes_through_a_link_out_of_the_output_root() {
    let project = Project::new();
    let outside = project.outside().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("mine.txt"), "mine\n").unwrap();
    let untouched = || {
        let names: Vec<_> = fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["mine.txt"]);
    };
    // The root itself.
    symlink(&outside, project.path("generated")).unwrap();
    project.hfgen(&["build"]).expect(2).has("HF403").has("leads out of the project");
    untouched();
    fs::remove_file(project.path("generated")).unwrap();
    // One that leads nowhere.
    symlink(outside.join("nowhere"), project.path("generated")).unwrap();
    project.hfgen(&["build"]).expect(2);
    untouched();
    fs::remove_file(project.path("generated")).unwrap();
    // A folder below it, when the folder is made and when outputs in it go.
    project.put("generated/.keep", "");
    symlink(&outside, project.path("generated/vision")).unwrap();
    project.hfgen(&["build"]).expect(2).has("HF403").has("symbolic link");
    untouched();
    fs::remove_file(project.path("generated/vision")).unwrap();
    project.hfgen(&["build"]).expect(0);
    let moved = outside.parent().unwrap().join("moved");
    fs::rename(project.path("generated/vision"), &moved).unwrap();
    symlink(&moved, project.path("generated/vision")).unwrap();
    let rules = project.read("rules/20-targets.toml");
    project.edit("rules/20-targets.toml", "vision/test_hf_{ident}.py", "pictures/test_hf_{ident}.py");
    project.hfgen(&["build"]).expect(2).has("HF403");
    assert_eq!(fs::read_dir(&moved).unwrap().count(), 2, "outputs outside of the root are nobody's to remove");
    project.put("rules/20-targets.toml", rules);
    fs::remove_file(project.path("generated/vision")).unwrap();
    // The output itself.
    let target = outside.join("mine.txt");
    project.hfgen(&["build"]).expect(0);
    project.remove("generated/index.py");
    symlink(&target, project.path("generated/index.py")).unwrap();
    project.hfgen(&["build"]).expect(3).has("a symbolic link");
    project.hfgen(&["build", "--force"]).expect(3);
    project.hfgen(&["clean", "--force"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine\n");
    assert!(project.path("generated/index.py").is_symlink());
    untouched();
}

#[test]
fn an_output_root_may_be_a_link_within_the_project() {
    let project = Project::new();
    fs::create_dir(project.path("elsewhere")).unwrap();
    symlink(project.path("elsewhere"), project.path("generated")).unwrap();
    project.hfgen(&["build"]).expect(0);
    assert!(project.has("elsewhere/index.py"));
    project.edit("templates/base.py.hbs", "TINY", "SMALL");
    project.hfgen(&["build"]).expect(0);
    project.hfgen(&["build", "--check"]).expect(0);
}

#[test]
fn paths_that_leave_the_output_root_are_refused() {
    for output in [
        "../{ident}.py",
        "a/../../{ident}.py",
        "/tmp/hfgen-{ident}.py",
        "./{ident}.py",
        "a//{ident}.py",
        "a\\\\{ident}.py",
        "",
    ] {
        let project = Project::new();
        project.edit("rules/20-targets.toml", "output = \"index.py\"", &format!("output = \"{output}\""));
        let ran = project.hfgen(&["build"]).expect(2).has("rules/20-targets.toml");
        assert!(ran.stderr.contains("HF1"), "{output}: {}", ran.text());
        assert!(!project.has("generated") && project.tree().len() == suite::files().len(), "{output}");
    }
    for root in ["..", "/tmp", "a/../..", "", ".", "./generated", "a//b", ".git/x", ".hfgen-cache"] {
        let project = Project::new();
        project.edit("registry.toml", "output = \"generated\"", &format!("output = \"{root}\""));
        project.hfgen(&["build"]).expect(2).has("registry.toml:3");
        assert_eq!(project.tree().len(), suite::files().len(), "{root}");
    }
}

// Inputs.

#[test]
fn broken_inputs_are_told_with_their_path_and_harm_nothing() {
    let project = Project::new();
    project.build();
    let before = project.stats("generated");
    let files = ["registry.toml", "registry.lock", "rules/20-targets.toml", "rules/10-families.toml"];
    let conflict = "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> theirs\n";
    let breaks: [(&str, &dyn Fn(&[u8]) -> Vec<u8>); 8] = [
        ("not TOML", &|_| b"[[[[\n".to_vec()),
        ("no text", &|bytes| [bytes, b"\xff\xfe"].concat()),
        ("zeros", &|bytes| [bytes, &[0; 64]].concat()),
        ("cut short", &|bytes| bytes[..bytes.len() - 9].to_vec()),
        ("conflict in front", &|bytes| [conflict.as_bytes(), bytes].concat()),
        ("conflict behind", &|bytes| [bytes, conflict.as_bytes()].concat()),
        ("an unknown key", &|bytes| [bytes, b"\n[unknown.key]\nx = 1\n"].concat()),
        ("one long line", &|_| b"x".repeat(1 << 20)),
    ];
    for path in files {
        let good = project.bytes(path).unwrap();
        for (what, damage) in &breaks {
            // A lock's unknown section is part of the section before it; cut short it may still be whole.
            if *what == "cut short" && !path.starts_with("registry.lock") {
                continue;
            }
            project.put(path, damage(&good));
            let ran = project.hfgen(&["build"]);
            assert_eq!(ran.code, 2, "{path}, {what}: {}", ran.text());
            assert!(ran.stderr.contains(path), "{path}, {what}: {}", ran.text());
            assert!(ran.stderr.len() < 20_000, "{path}, {what}: {} bytes", ran.stderr.len());
            assert_eq!(before, project.stats("generated"), "{path}, {what}");
            project.hfgen(&["status"]).expect(2);
            project.hfgen(&["why", "generated/index.py"]).expect(2);
            project.hfgen(&["graph"]).expect(2);
        }
        project.put(path, &good);
        project.hfgen(&["build", "--check"]).expect(0);
    }
    for path in ["registry.lock", "rules/10-families.toml"] {
        let good = project.bytes(path).unwrap();
        project.remove(path);
        let ran = project.hfgen(&["build"]).expect(2);
        assert!(!ran.stderr.is_empty());
        project.put(path, "");
        project.hfgen(&["build"]).expect(2);
        assert_eq!(before, project.stats("generated"), "{path}");
        project.put(path, &good);
    }
    project.remove("registry.toml");
    project.hfgen(&["build"]).expect(2).has("registry.toml");
    let empty = Project::empty();
    empty.put("registry.toml", "");
    empty.hfgen(&["build"]).expect(2).has("registry.toml");
}

#[test]
fn broken_templates_harm_only_what_they_make() {
    let project = Project::new();
    project.build();
    let before = project.stats("generated");
    let good = project.read("templates/family/vision.py.hbs");
    let texts: [&[u8]; 12] = [
        b"",
        b"\xff\xfe",
        b"{{",
        b"{{#if",
        b"{{#if x}}",
        b"{{/if}}",
        b"{{#> base}}",
        b"{{> nowhere}}",
        b"{{model.nothing}}",
        b"<<<<<<< HEAD\n{{model.type}}\n=======\n>>>>>>> theirs\n",
        b"\0\0\0",
        b"def (:\n",
    ];
    for text in texts {
        let words = String::from_utf8_lossy(text).into_owned();
        project.put("templates/family/vision.py.hbs", text);
        let ran = project.hfgen(&["build"]);
        assert!(matches!(ran.code, 1 | 2), "{words:?}: {}", ran.text());
        assert!(ran.text().contains("templates/family/vision.py.hbs"), "{words:?}: {}", ran.text());
        assert_eq!(before, project.stats("generated"), "{words:?}");
    }
    project.put("templates/family/vision.py.hbs", &good);
    project.hfgen(&["build"]).expect(0);
    assert_eq!(before, project.stats("generated"));
    project.remove("templates/family/summary.py.hbs");
    project.hfgen(&["build"]).expect(1).has("family/summary").has("rules/20-targets.toml");
    assert_eq!(before, project.stats("generated"));
}

/// Builds a project whose index is made from these templates; whatever is wrong must be told soon.
#[track_caller]
fn index_of(templates: &[(String, String)], code: &str) -> Ran {
    let project = Project::new();
    for (path, text) in templates {
        project.put(&format!("templates/{path}.py.hbs"), text);
    }
    let started = Instant::now();
    let ran = project.hfgen(&["build"]);
    assert!(matches!(ran.code, 1 | 2), "{}", ran.text());
    assert!(ran.text().contains(code), "no {code}: {}", &ran.text()[..ran.text().len().min(4000)]);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(!project.has("generated/index.py"));
    project.hfgen(&["template", "lint"]);
    project.assert_whole();
    ran
}

fn template(name: &str, text: impl Into<String>) -> (String, String) {
    (name.to_owned(), text.into())
}

#[test]
fn templates_without_end_are_told() {
    let ran = index_of(&[template("index", "{{> index}}")], "HF221");
    assert!(ran.text().contains("index -> index") || ran.text().contains("index"), "{}", ran.text());
    let ran = index_of(
        &[template("index", "{{> a}}"), template("a", "{{> b}}"), template("b", "{{> c}}"), template("c", "{{> a}}")],
        "HF221",
    );
    for name in ["a.py.hbs", "b.py.hbs", "c.py.hbs"] {
        assert!(ran.text().contains(name), "the way round names {name}: {}", ran.text());
    }
    // Each calls the next twice: 2^40 calls.
    let mut doubling: Vec<_> =
        (0..40).map(|n| template(&format!("x{n}"), format!("{{{{> x{}}}}}\n{{{{> x{}}}}}\n", n + 1, n + 1))).collect();
    doubling.push(template("x40", "y = 1\n"));
    doubling.push(template("index", "{{> x0}}"));
    index_of(&doubling, "HF225");
    let deep = "{{#if models}}".repeat(10_000) + "x = 1\n" + &"{{/if}}".repeat(10_000);
    index_of(&[template("index", deep)], "HF204");
    let unclosed = "{{#if models}}".repeat(10_000);
    index_of(&[template("index", unclosed)], "HF20");
    // A long chain is no cycle, but as deep.
    let mut chain: Vec<_> = (0..5_000).map(|n| template(&format!("y{n}"), format!("{{{{> y{}}}}}", n + 1))).collect();
    chain.push(template("y5000", "z = (\n"));
    chain.push(template("index", "{{> y0}}"));
    let ran = index_of(&chain, "HF");
    assert_ne!(ran.code, 101);
}

#[test]
fn data_without_end_is_told_or_made() {
    let project = Project::new();
    let deep = "[".repeat(5_000) + &"]".repeat(5_000);
    project.edit("registry.toml", "unread = true", &format!("deep = {deep}"));
    let ran = project.hfgen(&["build"]);
    assert!(ran.code == 0 || ran.code == 2, "{}", &ran.text()[..2000.min(ran.text().len())]);
    let project = Project::new();
    let long = "x".repeat(4 << 20);
    project.edit("registry.toml", "\"one\"", &format!("\"{long}\""));
    let ran = project.hfgen(&["build"]);
    assert!(matches!(ran.code, 0 | 1), "{}", &ran.text()[..2000.min(ran.text().len())]);
}

#[test]
fn long_names_are_told_or_made() {
    let project = Project::new();
    let mut lock = suite::lock();
    for length in [119, 120, 121, 300, 5_000] {
        let name = format!("m{}", "x".repeat(length - 1));
        lock.models = suite::lock().models;
        let (key, facts) = suite::text_model(&name, 8);
        lock.models.insert(key, facts);
        project.put("registry.lock", hfgen::registry::lock::write(&lock));
        let ran = project.hfgen(&["build"]);
        assert_eq!(ran.code, if length <= 120 { 0 } else { 2 }, "{length}: {}", ran.text());
    }
    project.put("registry.lock", hfgen::registry::lock::write(&suite::lock()));
    // A path that no file system takes, through a rule.
    for part in ["y".repeat(300), "z/".repeat(3_000)] {
        project.edit("rules/20-targets.toml", "output = \"index.py\"", &format!("output = \"{part}index.py\""));
        let ran = project.hfgen(&["build"]).expect(2);
        assert!(ran.stderr.len() < 50_000 && !ran.stderr.is_empty());
        project.assert_whole();
        project.edit("rules/20-targets.toml", &format!("output = \"{part}index.py\""), "output = \"index.py\"");
    }
    project.hfgen(&["build"]).expect(0);
    project.assert_clean();
    // A hand edit whose patch would have too long a name.
    let part = format!("{0}/{0}/", "w".repeat(200));
    project.edit("rules/20-targets.toml", "output = \"index.py\"", &format!("output = \"{part}index.py\""));
    project.hfgen(&["build"]).expect(0);
    project.append(&format!("generated/{part}index.py"), "# mine\n");
    project.hfgen(&["build"]).expect(3);
    project.hfgen(&["build", "--force"]).expect(0);
    assert_eq!(project.files_below(".hfgen-cache/edits").len(), 1);
}

#[test]
fn a_large_registry_is_built() {
    large(3_000, Duration::from_secs(60));
}

/// `cargo test --release --test faults -- --ignored --nocapture` tells time and memory.
#[test]
#[ignore = "minutes without optimisation"]
fn a_registry_of_fifty_thousand_models_is_built() {
    large(50_000, Duration::from_secs(120));
}

fn large(models: usize, limit: Duration) {
    let project = Project::with_models(models);
    let (first, memory) = measured(&project, &["build"]);
    let (nothing, _) = measured(&project, &["build"]);
    project.edit("registry.lock", "hidden_size = 768", "hidden_size = 1");
    let (one, _) = measured(&project, &["build"]);
    assert_eq!(project.outputs().len(), models + 14);
    project.assert_whole();
    let (cleaned, _) = measured(&project, &["clean"]);
    assert!(!project.has("generated/index.py"));
    note(&format!(
        "{models} models: {first:?} from nothing with {memory} MB at most, {nothing:?} with nothing to do, {one:?} with one \
         model edited, {cleaned:?} to clean"
    ));
    for elapsed in [first, nothing, one, cleaned] {
        assert!(elapsed < limit, "{elapsed:?}");
    }
}

/// Time, and the most memory in megabytes.
fn measured(project: &Project, args: &[&str]) -> (Duration, u64) {
    let script = "\"$0\" \"$@\" & p=$!; m=0
        while kill -0 $p 2>/dev/null; do
            h=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$p/status 2>/dev/null)
            [ \"${h:-0}\" -gt $m ] && m=$h
            sleep 0.02
        done
        wait $p || exit $?
        echo \"$m\" >&3";
    let script = format!("exec 3>peak.txt; {script}");
    let started = Instant::now();
    run_in(project.root(), "sh", &[&["-c", &script, HFGEN], args].concat()).expect(0);
    let elapsed = started.elapsed();
    let peak = project.read("peak.txt").trim().parse::<u64>().unwrap_or(0) / 1024;
    project.remove("peak.txt");
    (elapsed, peak)
}

/// A report written through a link goes to what it leads to, and the link stays; what is no file is written to.
#[test]
fn a_link_is_written_through() {
    let project = Project::new();
    project.build();
    project.put("real.json", "");
    std::os::unix::fs::symlink("real.json", project.path("link.json")).unwrap();
    let report = |file: &str| project.hfgen(&["check", "--format", "json", "--output", file]).expect(0);
    report("link.json");
    assert!(project.read("real.json").contains("\"command\": \"check\""));
    assert!(fs::symlink_metadata(project.path("link.json")).unwrap().is_symlink());
    let ran = report("/dev/stdout");
    assert!(ran.stdout.contains("\"command\": \"check\""), "{}", ran.text());
    report("/dev/null");
}

/// Nothing is made on the way to an output that may not be written.
#[test]
fn a_link_out_of_the_output_root_gets_no_folders() {
    let project = Project::new();
    let elsewhere = project.outside().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::create_dir(project.path("generated")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, project.path("generated/hardware")).unwrap();
    project.hfgen(&["build"]).expect(2).has("HF403");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

/// Values that nobody could mean.
#[test]
fn what_means_nothing_is_found() {
    for (path, text, words) in [
        (
            "registry.toml",
            "\n[[model.alpha.skip]]\ncheck = \"*\"\nreason = \"x\"\nexpires = \"soon\"\n",
            "`soon` is no day",
        ),
        (
            "registry.toml",
            "\n[[model.alpha.skip]]\ncheck = \"*\"\nreason = \"x\"\nexpires = \"2027-02-30\"\n",
            "`2027-02-30` is no day",
        ),
        ("rules/50-x.toml", "[[tiny]]\nmatch = \"x\"\nrole = \"layer\"\n", "did you mean `layers`?"),
        (
            "rules/50-x.toml",
            "[[tiny]]\nmatch = \"x\"\n[[tiny]]\nselect = { family = [\"txt\"] }\n",
            "unknown family `txt`",
        ),
        (
            "rules/50-x.toml",
            "[family.late]\ntitle = \"x\"\nwhen = { family = [\"text\"] }\n",
            "asks for a family, which is not decided yet",
        ),
        (
            "rules/50-x.toml",
            "[check.odd]\ntitle = \"x\"\nfault = \"x\"\nhardware = [\"cudda\"]\n",
            "did you mean `cuda`?",
        ),
    ] {
        let project = Project::new();
        let before = if project.has(path) { project.read(path) } else { String::new() };
        project.put(path, before + text);
        project.hfgen(&["check"]).has(words).has("-->");
    }
    let project = Project::new();
    let text = project.read("registry.toml");
    project.put("registry.toml", [text.as_bytes(), b"# \xff\n"].concat());
    project.hfgen(&["build"]).expect(2).has("`registry.toml` is not UTF-8").has("registry.toml:");
    // What a broken template includes is not known: nothing is said of it.
    let project = Project::new();
    project.append("templates/base.py.hbs", "{{#if x}}");
    project.hfgen(&["check"]).has_not("HF220");
    project.hfgen(&["why", "generated/test_hf_alpha.py"]).expect(0).has("templates/base.py.hbs").has("is not valid");
}
