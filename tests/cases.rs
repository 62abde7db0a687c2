//! Literate cases: each `## heading` of `tests/cases/*.md` is a small project in fenced blocks, the commands that are typed
//! in it, and what they print. The console blocks of README.md and docs/*.md that are marked `hfgen-test` are held to the
//! same. `HFGEN_UPDATE_CASES=1` rewrites what is expected; `HFGEN_CASE=word` runs only files whose name has the word.
//!
//! Blocks, in the order in which they stand:
//! - a fence with the words `file:PATH` writes that file;
//! - `console`: `$ command` lines, run by `sh` with this hfgen in the PATH, each with the standard output that it must
//!   give, then `[stderr]` and the standard error where there is any, then `[exit N]` where N is not 0;
//! - `tree`: every file below the folder but those of git and the cache;
//! - a fence with the words `expect:PATH` holds the text of a file.
//!
//! A block with the word `project` plays in a copy of hfgen's own project (registry, lock, rules, templates).
//!
//! Times are masked as `[TIME]`, the folder as `[FOLDER]`, the binary as `[HFGEN]`.
#![allow(clippy::disallowed_methods, reason = "tests make real folders and run the real binary")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use similar::TextDiff;

const HFGEN: &str = env!("CARGO_BIN_EXE_hfgen");

#[test]
fn every_case_holds() {
    let files = markdown_files(&root().join("tests/cases"));
    assert!(!files.is_empty(), "tests/cases has no case");
    hold(&files, Kind::Case);
}

#[test]
fn every_document_tells_the_truth() {
    let mut files = markdown_files(&root().join("docs"));
    files.extend([root().join("README.md")].into_iter().filter(|file| file.exists()));
    hold(&files, Kind::Document);
}

/// The runner itself must be able to fail.
#[test]
fn a_wrong_expectation_is_noticed() {
    let case = |expected: &str| format!("# t\n\n## s\n\n```console\n$ echo one; echo two >&2; exit 3\n{expected}```\n");
    let right = case("one\n[stderr]\ntwo\n[exit 3]\n");
    assert_eq!(replay(&right, Kind::Case), right);
    for wrong in ["", "one\n", "one\n[stderr]\ntwo\n", "one\ntwo\n[exit 3]\n", "one\n[stderr]\ntwo\n[exit 4]\n"] {
        assert_eq!(replay(&case(wrong), Kind::Case), right);
    }
    let files = "## s\n\n```toml file:a/b.toml\nx = 1\n```\n\n```tree\nwrong\n```\n\n```toml expect:a/b.toml\ny\n```\n";
    let replayed = replay(files, Kind::Case);
    assert!(
        replayed.contains("```tree\na/b.toml\n```") && replayed.ends_with("expect:a/b.toml\nx = 1\n```\n"),
        "{replayed}"
    );
    let document = "```console\n$ echo never run\n```\n\n```console hfgen-test\n$ echo run\n```\n";
    assert!(replay(document, Kind::Document).ends_with("$ echo run\nrun\n```\n"));
    assert!(replay(document, Kind::Document).starts_with("```console\n$ echo never run\n```\n"));
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Every block counts; each heading of the second level begins anew.
    Case,
    /// Only blocks marked `hfgen-test` count.
    Document,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn markdown_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    files.sort();
    files
}

fn hold(files: &[PathBuf], kind: Kind) {
    let update = std::env::var_os("HFGEN_UPDATE_CASES").is_some();
    let only = std::env::var("HFGEN_CASE").unwrap_or_default();
    let mut wrong = String::new();
    for file in files.iter().filter(|file| file.to_string_lossy().contains(&only)) {
        let expected = fs::read_to_string(file).unwrap();
        let told = replay(&expected, kind);
        if told == expected {
            continue;
        }
        if update {
            fs::write(file, &told).unwrap();
            continue;
        }
        let name = file.strip_prefix(root()).unwrap_or(file).display().to_string();
        let diff = TextDiff::from_lines(&expected, &told);
        let _ = writeln!(wrong, "{}", diff.unified_diff().context_radius(6).header(&name, "what happened"));
    }
    assert!(wrong.is_empty(), "{wrong}\nHFGEN_UPDATE_CASES=1 rewrites the expectations");
}

/// The text as it would be if everything in it were true.
fn replay(text: &str, kind: Kind) -> String {
    let mut told = String::with_capacity(text.len());
    let mut lines = text.lines();
    let mut place = Place::new();
    while let Some(line) = lines.next() {
        told.push_str(line);
        told.push('\n');
        if kind == Kind::Case && line.starts_with("## ") {
            place = Place::new();
        }
        let fence: String = line.chars().take_while(|c| *c == '`').collect();
        if fence.len() < 3 {
            continue;
        }
        let body: String = lines.by_ref().take_while(|line| *line != fence).flat_map(|line| [line, "\n"]).collect();
        let words: Vec<&str> = line[fence.len()..].split_whitespace().collect();
        let counts = kind == Kind::Case || words.contains(&"hfgen-test");
        told.push_str(&if counts { place.replay(&words, &body) } else { body });
        told.push_str(&fence);
        told.push('\n');
    }
    told
}

/// The folder that a scenario plays in.
struct Place {
    folder: tempfile::TempDir,
    home: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), home: tempfile::tempdir().unwrap() }
    }

    /// A copy of hfgen's own project, once.
    fn project(&self) {
        let files = ["registry.toml", "registry.lock", "rules", "templates"].map(|name| root().join(name));
        if !self.folder.path().join("registry.toml").exists() {
            let copied = Command::new("cp").arg("-R").args(files).arg(self.folder.path()).status();
            assert!(copied.unwrap().success());
        }
    }

    fn replay(&self, words: &[&str], body: &str) -> String {
        if words.contains(&"project") {
            self.project();
        }
        let after = |lead: &str| {
            words.iter().find_map(|word| word.strip_prefix(lead)).map(|path| self.folder.path().join(path))
        };
        if let Some(path) = after("file:") {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, body).unwrap();
            return body.to_owned();
        }
        if let Some(path) = after("expect:") {
            return ended(fs::read_to_string(&path).unwrap_or_else(|error| format!("[{error}]")));
        }
        match words.first() {
            Some(&"console") => self.console(body),
            Some(&"tree") => self.tree(),
            _ => body.to_owned(),
        }
    }

    fn console(&self, body: &str) -> String {
        body.lines().filter(|line| line.starts_with("$ ")).fold(String::new(), |mut told, line| {
            told.push_str(line);
            told.push('\n');
            told + &self.run(&line[2..])
        })
    }

    fn run(&self, command: &str) -> String {
        let programs = Path::new(HFGEN).parent().unwrap();
        let path = std::env::join_paths(
            [programs.to_owned()]
                .into_iter()
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        );
        let ran = Command::new("sh")
            .args(["-c", command])
            .current_dir(self.folder.path())
            .env_clear()
            .envs([("LC_ALL", "C"), ("TERM", "dumb"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_TERMINAL_PROMPT", "0")])
            .envs([("GIT_AUTHOR_NAME", "n"), ("GIT_AUTHOR_EMAIL", "n@example.com")])
            .envs([("GIT_COMMITTER_NAME", "n"), ("GIT_COMMITTER_EMAIL", "n@example.com")])
            .env("HOME", self.home.path())
            .env("PATH", path.unwrap())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let mut told = self.masked(&ran.stdout);
        if !ran.stderr.is_empty() {
            told.push_str("[stderr]\n");
            told.push_str(&self.masked(&ran.stderr));
        }
        match ran.status.code() {
            Some(0) => {}
            Some(code) => told.push_str(&format!("[exit {code}]\n")),
            None => told.push_str("[ended by a signal]\n"),
        }
        told
    }

    fn tree(&self) -> String {
        let mut files = Vec::new();
        collect(self.folder.path(), self.folder.path(), &mut files);
        files.sort();
        files.into_iter().map(|file| file + "\n").collect()
    }

    fn masked(&self, bytes: &[u8]) -> String {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        let real = fs::canonicalize(self.folder.path()).unwrap();
        for folder in [real.as_path(), self.folder.path()] {
            text = text.replace(&*folder.to_string_lossy(), "[FOLDER]");
        }
        ended(mask_times(&text.replace(HFGEN, "[HFGEN]")))
    }
}

fn ended(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// ` in 31 ms` becomes ` in [TIME]`.
fn mask_times(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" in ") {
        let (before, after) = rest.split_at(at + 4);
        masked.push_str(before);
        let length = time_length(after);
        masked.push_str(if length > 0 { "[TIME]" } else { "" });
        rest = &after[length..];
    }
    masked + rest
}

/// How many bytes of `text` are a time as hfgen writes it.
fn time_length(text: &str) -> usize {
    let words = text.strip_prefix("under ").unwrap_or(text);
    let digits = words.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let unit = [" ms", " min", " s"].into_iter().find(|unit| digits > 0 && words[digits..].starts_with(unit));
    let Some(unit) = unit else { return 0 };
    let length = text.len() - words.len() + digits + unit.len();
    if unit == " min" { length + 1 + time_length(&text[length + 1..]) } else { length }
}

fn collect(folder: &Path, below: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(below).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && !path.is_symlink() {
            if name != ".git" && name != ".hfgen-cache" {
                collect(folder, &path, files);
            }
        } else {
            files.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
        }
    }
}
