//! The map as JSON: one object, a cell a line, so that two reports can be compared as texts too. `hfgen report` reads it.

use serde_json::{Value, json};

use crate::coverage::map::{Map, VERSION};
use crate::coverage::tally::{By, Tally, grouped};
use crate::report::Report;
use crate::report::json::findings;

/// The whole object.
pub fn render(map: &Map, all: &Tally, report: &Report<'_>) -> String {
    let mut head = json!({
        "version": VERSION, "command": "coverage", "transformers": map.transformers, "asked": map.asked,
        "summary": {"all": all.value()}, "findings": findings(report), "exit": report.exit,
        "checks": map.checks, "hardware": map.hardware, "machines": map.machines,
    });
    for by in By::ALL {
        let groups = grouped(map, by).into_iter().map(|(name, tally)| (name, tally.value()));
        head["summary"][by.word()] = Value::Object(groups.collect());
    }
    let head = format!("{head:#}");
    let head = head.strip_suffix("\n}").unwrap_or(&head);
    let lines = |items: Vec<Value>| {
        let items: Vec<String> = items.iter().map(|item| format!("    {item}")).collect();
        if items.is_empty() { "[]".to_owned() } else { format!("[\n{}\n  ]", items.join(",\n")) }
    };
    let models = lines(map.models.iter().map(|model| json!(model)).collect());
    let cells = lines(map.cells.iter().map(|cell| json!(cell)).collect());
    format!("{head},\n  \"models\": {models},\n  \"cells\": {cells}\n}}\n")
}

/// A map that `render` wrote; why not, otherwise.
pub fn read(bytes: &[u8]) -> Result<Map, String> {
    let head: Head = serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON report: {error}"))?;
    match (head.command.as_str(), head.version) {
        ("coverage", VERSION) => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
        ("coverage", other) => Err(format!("its format is {other}, and this hfgen reads {VERSION}")),
        (other, _) => Err(format!("it is a report of `hfgen {other}`, not of `hfgen coverage`")),
    }
}

#[derive(serde::Deserialize)]
struct Head {
    version: u32,
    command: String,
}
