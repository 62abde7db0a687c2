//! Hashes hfgen's own sources, so that every cache key holds the engine that wrote it, and carries the project's own
//! templates and rules into the binary.

#![allow(clippy::disallowed_methods, reason = "a build script has no sys room")]

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    for folder in ["src", "templates", "rules"] {
        println!("cargo:rerun-if-changed={folder}");
        collect(&root.join(folder), &mut files);
    }
    files.push(root.join("Cargo.lock"));
    println!("cargo:rerun-if-changed=Cargo.lock");
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in &files {
        for byte in fs::read(file).unwrap_or_default() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("cargo:rustc-env=HFGEN_SOURCES={hash:016x}");
    embed(&root, "templates", "hbs");
    embed(&root, "rules", "toml");
    hardware(&root);
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if (target("OS"), target("ENV")) == ("linux".to_owned(), "gnu".to_owned()) {
        // At a fixed address nothing must be relocated: a twelfth of a build with nothing to do.
        println!("cargo:rustc-link-arg-bin=hfgen=-no-pie");
    }
}

/// Writes the hardware profiles of the project's own registry.toml: what a new project starts with.
fn hardware(root: &Path) {
    println!("cargo:rerun-if-changed=registry.toml");
    let text = fs::read_to_string(root.join("registry.toml")).expect("the project has a registry");
    let is_profile = |line: &&str| line.starts_with("[hardware.") || line.starts_with("[[hardware.");
    let start = text.lines().position(|line| is_profile(&line)).unwrap_or(0);
    let lines: Vec<&str> =
        text.lines().skip(start).take_while(|line| !line.starts_with('[') || is_profile(line)).collect();
    // Comments at the end belong to what follows.
    let end = lines.iter().rposition(|line| !line.is_empty() && !line.starts_with('#')).map_or(0, |at| at + 1);
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("hardware.toml"), lines[..end].join("\n") + "\n").expect("the output folder can be written");
}

/// Writes a table of `(path below the folder, text)`: the layer of templates that the binary carries, and the rules that
/// a new project starts with.
fn embed(root: &Path, folder: &str, ending: &str) {
    let name = format!("{folder}.rs");
    let folder = root.join(folder);
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.retain(|file| file.extension().is_some_and(|known| known == ending));
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&folder).expect("collected below it").to_string_lossy().replace('\\', "/");
        table.push_str(&format!("    ({name:?}, include_str!({:?})),\n", file.to_string_lossy()));
    }
    table.push_str("]\n");
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it")).join(name);
    fs::write(out, table).expect("cargo's output folder can be written");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
