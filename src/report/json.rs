//! The report as JSON, and as JSON lines. The shape is documented in `docs/formats.md` and carries its version.

use serde::Serialize;

use super::Report;
use super::summary::{self, Tally};
use crate::build::outcome::{Action, Counts, Outcome, OutputOutcome};
use crate::finding::{Finding, Place, Severity};

/// Raised when a key goes or changes its meaning; new keys may come without it.
pub const VERSION: u32 = 1;

/// One object, indented.
pub fn render(report: &Report<'_>) -> String {
    let mut text = serde_json::to_string_pretty(&Document::of(report)).expect("strings and numbers always serialise");
    text.push('\n');
    text
}

/// The findings alone, as they stand in the document.
pub fn findings(report: &Report<'_>) -> serde_json::Value {
    let findings = report.sorted();
    serde_json::json!(findings.iter().map(|finding| JsonFinding::of(finding)).collect::<Vec<_>>())
}

/// One object a line, each with its type: the findings of a document, the items of its list `list`, which are called
/// `item`, and at the end the rest of it.
pub fn lines(mut document: serde_json::Value, list: &str, item: &str) -> String {
    let mut text = String::new();
    let mut line = |kind: &str, mut value: serde_json::Value| {
        if let Some(object) = value.as_object_mut() {
            object.shift_insert(0, "type".to_owned(), kind.into());
        }
        text.push_str(&format!("{value}\n"));
    };
    for (key, kind) in [("findings", "finding"), (list, item)] {
        let items = document.as_object_mut().and_then(|object| object.shift_remove(key));
        items
            .as_ref()
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .for_each(|one| line(kind, one.clone()));
    }
    line("summary", document);
    text
}

/// One object a line: findings, outputs, and at the end the sum. A reader need not wait for the end.
pub fn render_lines(report: &Report<'_>) -> String {
    lines(serde_json::json!(Document::of(report)), "outputs", "output")
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    summary: Summary<'a>,
    outputs: &'a [OutputOutcome],
    findings: Vec<JsonFinding<'a>>,
}

impl<'a> Document<'a> {
    fn of(report: &Report<'a>) -> Self {
        Self {
            head: Head::of(report),
            summary: Summary::of(report),
            outputs: report.outcome.map(|outcome| outcome.outputs.as_slice()).unwrap_or_default(),
            findings: report.sorted().into_iter().map(JsonFinding::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Head<'a> {
    version: u32,
    command: &'a str,
    exit: u8,
    dry: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    elapsed_ms: Option<f64>,
}

impl<'a> Head<'a> {
    fn of(report: &Report<'a>) -> Self {
        Self {
            version: VERSION,
            command: report.command,
            exit: report.exit,
            dry: report.outcome.is_some_and(|outcome| outcome.dry),
            elapsed_ms: report.elapsed.map(|elapsed| (elapsed.as_secs_f64() * 1e6).round() / 1e3),
        }
    }
}

#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    outputs: Option<OutputTally>,
    errors: usize,
    warnings: usize,
    notes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<&'a Counts>,
}

#[derive(Serialize)]
struct OutputTally {
    planned: usize,
    selected: usize,
    created: usize,
    updated: usize,
    restored: usize,
    unchanged: usize,
    removed: usize,
    kept: usize,
    invalid: usize,
}

impl<'a> Summary<'a> {
    fn of(report: &Report<'a>) -> Self {
        let tally = Tally::of(report.sorted());
        Self {
            outputs: report.outcome.map(OutputTally::of),
            errors: tally.errors,
            warnings: tally.warnings,
            notes: tally.notes,
            counts: report.outcome.map(|outcome| &outcome.counts),
        }
    }
}

impl OutputTally {
    fn of(outcome: &Outcome) -> Self {
        Self {
            planned: outcome.planned,
            selected: outcome.selected,
            created: outcome.count(Action::Created),
            updated: outcome.count(Action::Updated),
            restored: outcome.count(Action::Restored),
            unchanged: summary::unchanged(outcome),
            removed: outcome.count(Action::Removed),
            kept: outcome.count(Action::Kept),
            invalid: outcome.count(Action::Invalid),
        }
    }
}

/// A finding with its code as people write it.
#[derive(Serialize)]
struct JsonFinding<'a> {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    severity: Severity,
    message: &'a str,
    place: Option<&'a Place>,
    related: Vec<Related<'a>>,
    output: Option<&'a Place>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Related<'a> {
    message: &'a str,
    place: &'a Place,
}

impl<'a> JsonFinding<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self {
            code: finding.code.to_string(),
            name: finding.code.entry().map(|entry| entry.name),
            severity: finding.severity,
            message: &finding.message,
            place: finding.place.as_ref(),
            related: finding.related.iter().map(|(message, place)| Related { message, place }).collect(),
            output: finding.output.as_ref(),
            help: finding.help.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::finding::CodeId;

    fn outcome() -> Outcome {
        let finding = Finding::error(CodeId(400), "edited")
            .at(Place::in_text("generated/a.py", "x = 1\n", 0, 1))
            .related("here", Place::file("rules/a.toml"))
            .help("do");
        Outcome {
            selected: 2,
            planned: 2,
            findings: vec![finding],
            outputs: vec![OutputOutcome {
                path: "generated/a.py".to_owned(),
                rule: "target.a".to_owned(),
                model: Some("bert".to_owned()),
                hardware: None,
                action: Action::Kept,
                why: vec!["template a changed".to_owned()],
                diff: None,
            }],
            ..Outcome::default()
        }
    }

    #[test]
    fn the_document_holds_everything() {
        let outcome = outcome();
        let report =
            Report { exit: 3, elapsed: Some(Duration::from_micros(1500)), ..Report::of_outcome("build", &outcome) };
        let value: serde_json::Value = serde_json::from_str(&render(&report)).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "version": 1, "command": "build", "exit": 3, "dry": false, "elapsed_ms": 1.5,
                "summary": {
                    "planned": 2, "selected": 2, "created": 0, "updated": 0, "restored": 0, "unchanged": 1, "removed": 0,
                    "kept": 1, "invalid": 0, "errors": 1, "warnings": 0, "notes": 0,
                    "counts": {
                        "stated": 0, "hashed": 0, "parsed": 0, "rendered": 0, "validated": 0, "restored": 0,
                        "written": 0, "removed": 0, "bytes_written": 0
                    }
                },
                "outputs": [{
                    "path": "generated/a.py", "rule": "target.a", "model": "bert", "action": "kept",
                    "why": ["template a changed"]
                }],
                "findings": [{
                    "code": "HF400", "name": "edited-by-hand", "severity": "error", "message": "edited",
                    "place": {"path": "generated/a.py", "line": 1, "column": 1, "width": 1, "snippet": "x = 1"},
                    "related": [{
                        "message": "here",
                        "place": {"path": "rules/a.toml", "line": 1, "column": 1, "width": 0, "snippet": null}
                    }],
                    "output": null, "help": "do"
                }]
            })
        );
    }

    #[test]
    fn each_line_is_an_object_with_its_type() {
        let outcome = outcome();
        let text = render_lines(&Report::of_outcome("build", &outcome));
        let types: Vec<String> = text
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(types, ["finding", "output", "summary"]);
        assert!(text.lines().last().unwrap().contains("\"version\":1"));
    }
}
