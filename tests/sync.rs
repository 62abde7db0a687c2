//! `hfgen sync` over real transformers packages and over small ones made here.

use std::path::{Path, PathBuf};

use hfgen::cli::sync::{SyncFormat, SyncOptions, run};
use hfgen::sys::OsSystem;

fn wheel(version: &str) -> Option<PathBuf> {
    let home = std::env::var("HOME").unwrap_or_default();
    let folder = std::env::var("HFGEN_TRANSFORMERS_DIR").unwrap_or_else(|_| format!("{home}/.cache/hfgen/wheels"));
    let package = Path::new(&folder).join(format!("transformers-{version}")).join("transformers");
    if package.join("__init__.py").exists() {
        return Some(package);
    }
    println!("skipped: no {}; tests/support/fetch_wheels.sh gets it", package.display());
    None
}

#[test]
fn committed_lock_is_current() {
    let Some(package) = wheel("5.23.0") else { return };
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let check = std::env::var("HFGEN_UPDATE").is_err();
    let options = SyncOptions { root, package: Some(package), worker: None, check, format: SyncFormat::Human };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(&OsSystem, &options, &mut out, &mut err).unwrap();
    println!("{}\n{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert_eq!(code, 0);
}
#[test]
fn old() {
    for v in ["4.49.0", "4.57.6"] {
        let Some(package) = wheel(v) else { return };
        let root = PathBuf::from(format!("/tmp/old-{v}"));
        let options =
            SyncOptions { root, package: Some(package), worker: None, check: false, format: SyncFormat::Human };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&OsSystem, &options, &mut out, &mut err).unwrap();
        println!("{}\n{}", String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
        assert_eq!(code, 0);
    }
}
