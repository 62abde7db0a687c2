//! Asks CPython: one process a version, which gets all sources at once and answers in JSON lines.

use std::path::Path;

use hfgen::sys::{OsSystem, System};
use serde_json::{Value, json};

/// A Python that can be asked.
#[derive(Debug, Clone)]
pub struct Python {
    pub program: String,
    pub version: (u8, u8),
    /// Its standard library.
    pub library: String,
}

/// What it is asked about.
pub enum Source {
    Text(String),
    /// Read by that Python, as bytes.
    File(String),
}

const SCRIPT: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
for line in sys.stdin.buffer:
    job = json.loads(line)
    if "file" in job:
        with open(job["file"], "rb") as handle:
            source = handle.read()
    else:
        source = job["text"].encode("utf-8", "surrogatepass")
    try:
        compile(source, "<source>", "exec", dont_inherit=True)
        verdict = None
    except (SyntaxError, ValueError) as error:
        verdict = f"{type(error).__name__}: {error}"
    except (RecursionError, MemoryError, OverflowError) as error:
        verdict = f"limit: {type(error).__name__}"
    print(json.dumps(verdict))
"#;

const WHO: &str = "import sys, sysconfig; print(*sys.version_info[:2], sysconfig.get_paths()['stdlib'])";

/// The Pythons of `HFGEN_PYTHONS` (programs, separated by colons), else `python3.10` and `python3`, and a 3.10 of pyenv; one
/// of each version.
pub fn pythons() -> Vec<Python> {
    let system = OsSystem;
    let named = system.env("HFGEN_PYTHONS");
    let programs: Vec<String> = match &named {
        Some(list) => list.split(':').filter(|program| !program.is_empty()).map(str::to_owned).collect(),
        None => ["python3.10", "python3"].map(str::to_owned).into_iter().chain(of_pyenv(&system)).collect(),
    };
    let mut found: Vec<Python> = Vec::new();
    for program in programs {
        let Ok(ran) = system.run(&program, &["-c", WHO], Path::new("."), b"") else { continue };
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        let mut words = text.trim().splitn(3, ' ');
        let number = |word: Option<&str>| word.and_then(|word| word.parse::<u8>().ok());
        let (Some(major), Some(minor), Some(library)) = (number(words.next()), number(words.next()), words.next())
        else {
            assert!(named.is_none(), "HFGEN_PYTHONS names {program}, which says {text:?}");
            continue;
        };
        if (major, minor) >= (3, 10) && found.iter().all(|python| python.version != (major, minor)) {
            found.push(Python { program: program.clone(), version: (major, minor), library: library.into() });
        }
    }
    found
}

/// pyenv puts a `python3.10` on the path that runs only where it is the chosen version.
fn of_pyenv(system: &dyn System) -> Vec<String> {
    let root = system.env("PYENV_ROOT").or_else(|| Some(system.env("HOME")? + "/.pyenv")).unwrap_or_default();
    let versions = Path::new(&root).join("versions");
    let names = system.list(&versions).unwrap_or_default().into_iter().map(|(name, _)| name);
    let program = |name: String| versions.join(name).join("bin/python3").display().to_string();
    names.filter(|name| name.starts_with("3.10.")).map(program).collect()
}

impl Python {
    /// For each source the error that the compiler raises, or None.
    pub fn verdicts(&self, sources: &[Source]) -> Vec<Option<String>> {
        let mut input = Vec::new();
        for source in sources {
            let job = match source {
                Source::Text(text) => json!({ "text": text }),
                Source::File(path) => json!({ "file": path }),
            };
            input.extend_from_slice(job.to_string().as_bytes());
            input.push(b'\n');
        }
        let ran = OsSystem.run(&self.program, &["-c", SCRIPT], Path::new("."), &input).expect("python runs");
        assert!(ran.ok(), "{}: {}", self.program, String::from_utf8_lossy(&ran.stderr));
        let verdicts: Vec<Option<String>> = String::from_utf8(ran.stdout)
            .expect("JSON is UTF-8")
            .lines()
            .map(|line| match serde_json::from_str(line).expect("a JSON line") {
                Value::String(error) => Some(error),
                _ => None,
            })
            .collect();
        assert_eq!(verdicts.len(), sources.len(), "one answer a source");
        verdicts
    }
}
