//! The rules that the code keeps by itself: rooms import downwards, files say what they are and stay small, nothing gives
//! up on a value, schemas are current, no machine is named.
//! `HFGEN_UPDATE_CASES=1` rewrites the schemas.
#![allow(clippy::disallowed_methods, reason = "tests read the repository")]

use std::fs;
use std::path::{Path, PathBuf};

use hfgen::cli::args::SchemaName;
use hfgen::cli::schema::schema;

/// Top to bottom, as docs/architecture.md lists them. Rooms of one line may import each other.
const ROOMS: [&[&str]; 16] = [
    &["cli"],
    &["report"],
    &["coverage"],
    &["run"],
    &["discover"],
    &["build"],
    &["hardware"],
    &["emit"],
    &["store"],
    &["graph"],
    &["validate"],
    &["template"],
    &["rules"],
    &["registry"],
    &["python"],
    &["finding", "digest", "sys"],
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

fn height(room: &str) -> Option<usize> {
    ROOMS.iter().position(|rooms| rooms.contains(&room))
}

/// Rooms that a text imports from.
fn imports(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let mut rooms = Vec::new();
    for line in code.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        for rest in line.split("crate::").skip(1) {
            let room: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if height(&room).is_some() {
                rooms.push(room);
            }
        }
    }
    rooms
}

#[test]
fn rooms_import_only_from_rooms_below() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    assert!(files.len() > 100);
    let mut wrong = Vec::new();
    for file in files {
        let below = file.strip_prefix(root().join("src")).unwrap();
        let room = below.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        let Some(own) = height(&room) else { continue };
        for other in imports(&fs::read_to_string(&file).unwrap()) {
            if height(&other).unwrap() < own {
                wrong.push(format!("{} imports from {other}", below.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(imports("use crate::cli::args;\n// crate::build\n"), ["cli"], "the test can see an import");
}

#[test]
fn every_file_says_what_it_is() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let silent: Vec<PathBuf> =
        files.into_iter().filter(|file| !fs::read_to_string(file).unwrap().starts_with("//! ")).collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn the_rooms_stand_in_the_document_in_their_order() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let places: Vec<usize> = ROOMS
        .iter()
        .map(|rooms| text.find(&format!("| `{}`", rooms[0])).unwrap_or_else(|| panic!("{} is missing", rooms[0])))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_schemas_are_current() {
    for (name, file) in [(SchemaName::Registry, "schemas/registry.json"), (SchemaName::Rules, "schemas/rules.json")] {
        let (now, path) = (schema(name), root().join(file));
        if std::env::var_os("HFGEN_UPDATE_CASES").is_some() {
            fs::write(&path, &now).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == now, "{file} is out of date: HFGEN_UPDATE_CASES=1 rewrites it");
    }
}

/// Every source file with its text, up to its unit tests.
fn code() -> Vec<(String, String)> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let named = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(&text).to_owned();
        (file.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), code)
    };
    files.into_iter().map(named).collect()
}

#[test]
fn every_file_of_the_first_level_is_a_room() {
    for entry in fs::read_dir(root().join("src")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().replace(".rs", "");
        assert!(["lib", "main"].contains(&name.as_str()) || height(&name).is_some(), "{name} stands in no order");
    }
}

/// Files that may be longer than 400 lines, each with the reason why it is one idea all the same.
const LONG: [(&str, &str); 5] = [
    ("src/finding/codes/output.rs", "a page of help for each code: a book, not a program"),
    ("src/template/analyse.rs", "one walk over every kind of node, told apart by what each can read"),
    ("src/template/expr.rs", "the grammar of expressions with every way to get it wrong"),
    ("src/template/parser.rs", "the grammar of blocks, a function a form, with every way to get it wrong"),
    ("src/template/render.rs", "one walk over every kind of node, told apart by what each writes"),
];

#[test]
fn no_file_is_long_without_a_reason() {
    for (file, code) in code() {
        let lines = code.lines().count();
        let reason = LONG.iter().find(|(long, _)| *long == file);
        assert!(lines <= 400 || reason.is_some(), "{file} has {lines} lines: find the seam, or say why there is none");
        assert!(lines > 400 || reason.is_none(), "{file} has {lines} lines: take it from the list");
    }
    for (file, _) in LONG {
        assert!(root().join(file).exists(), "{file} is gone: take it from the list");
    }
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    for (file, code) in code() {
        for (number, line) in code.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            assert!(is_comment || !line.contains(".unwrap()"), "{file}:{}: {line}", number + 1);
        }
    }
}

#[test]
fn no_file_names_the_machine_that_it_was_written_on() {
    let listed = std::process::Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let Ok(listed) = listed.map(|output| output.stdout).map(String::from_utf8) else { return };
    let here = root().display().to_string();
    let needles = [here, format!("/{}/", "work")];
    for file in listed.unwrap().split('\0').filter(|file| !file.is_empty()) {
        let Ok(bytes) = fs::read(root().join(file)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        for needle in &needles {
            let line = text.lines().position(|line| line.contains(needle.as_str()));
            assert_eq!(line, None, "{file} holds {needle:?}");
        }
    }
}

#[test]
fn the_probe_carries_all_of_its_search() {
    let folder = root().join("src/discover/probe/python");
    let mut there: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("hfgen_probe/{}", entry.unwrap().file_name().to_string_lossy()))
        .filter(|name| name.ends_with(".py"))
        .collect();
    there.sort();
    let carried: Vec<&str> = hfgen::discover::probe::SEARCH.iter().map(|(name, _)| *name).collect();
    assert_eq!(carried, there);
    let templates: Vec<&str> = hfgen::discover::probe::SHARED.iter().map(|(_, text)| *text).collect();
    assert!(templates.iter().all(|text| !text.contains("{{")), "the probe runs these files as they are");
}
