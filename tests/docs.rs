//! What the documents list is what the program has: helpers, registry keys, commands. `HFGEN_UPDATE_CASES=1` rewrites the
//! table of helpers. The commands in the documents are run by `tests/cases.rs`.
#![allow(clippy::disallowed_methods, reason = "tests read the repository")]

use std::fs;
use std::path::PathBuf;

use hfgen::cli::args::SchemaName;
use hfgen::cli::schema::schema;
use hfgen::template::Helper;
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_helper_stands_in_the_manual() {
    let file = path("docs/templates.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, _) = text.split_once("| helper | gives |\n|---|---|\n").expect("the table's head");
    let rows: String = Helper::manual().map(|(usage, gives)| format!("| `{{{{{usage}}}}}` | {gives} |\n")).collect();
    let told = format!("{before}| helper | gives |\n|---|---|\n{rows}");
    if told != text && std::env::var_os("HFGEN_UPDATE_CASES").is_some() {
        fs::write(&file, &told).unwrap();
        return;
    }
    assert_eq!(text, told, "HFGEN_UPDATE_CASES=1 rewrites the table");
}

#[test]
fn every_key_stands_in_the_manual() {
    for (name, document) in [(SchemaName::Registry, "docs/registry.md"), (SchemaName::Rules, "docs/rules.md")] {
        let text = fs::read_to_string(path(document)).unwrap();
        let schema: Value = serde_json::from_str(&schema(name)).unwrap();
        let mut keys = Vec::new();
        properties(&schema, &mut keys);
        assert!(keys.len() > 15, "{keys:?}");
        for key in keys {
            assert!(text.contains(&key), "{document} does not mention `{key}`");
        }
    }
}

fn properties(schema: &Value, keys: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(properties)) = object.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| properties(value, keys));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, keys)),
        _ => {}
    }
}

#[test]
fn every_command_stands_in_the_readme() {
    let text = fs::read_to_string(path("README.md")).unwrap();
    let quiet = ["completions", "schema", "clean", "status"];
    for command in hfgen::cli::args::command().get_subcommands() {
        let name = command.get_name();
        assert!(quiet.contains(&name) || text.contains(&format!("hfgen {name}")), "README.md: hfgen {name}");
    }
    for exit in hfgen::cli::Exit::ALL {
        assert!(text.contains(&format!("| {} | {} |", exit.code(), exit.meaning())), "README.md: exit {}", exit.code());
    }
}
