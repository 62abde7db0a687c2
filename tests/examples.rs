//! `examples/` holds what the present templates make of six model types. `HFGEN_UPDATE_EXAMPLES=1` rewrites it.
#![allow(clippy::disallowed_methods, reason = "tests run the real binary in real folders")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

const MODELS: [&str; 6] = ["bert", "gpt2", "llava", "t5", "vit", "whisper"];

#[test]
fn the_examples_are_current() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    for name in ["registry.toml", "registry.lock", "rules", "templates"] {
        let copied = Command::new("cp").arg("-R").arg(root.join(name)).arg(folder.path()).status().unwrap();
        assert!(copied.success());
    }
    let outputs = MODELS.map(|model| format!("generated/test_hf_{model}.py"));
    let built = Command::new(env!("CARGO_BIN_EXE_hfgen"))
        .arg("build")
        .args(&outputs)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let update = std::env::var_os("HFGEN_UPDATE_EXAMPLES").is_some();
    for model in MODELS {
        let made = fs::read_to_string(folder.path().join(format!("generated/test_hf_{model}.py"))).unwrap();
        let example = root.join(format!("examples/test_hf_{model}.py"));
        if update {
            fs::create_dir_all(root.join("examples")).unwrap();
            fs::write(&example, &made).unwrap();
        }
        let kept = fs::read_to_string(&example).unwrap_or_default();
        assert!(made == kept, "examples/test_hf_{model}.py is out of date: HFGEN_UPDATE_EXAMPLES=1 rewrites it");
    }
}
