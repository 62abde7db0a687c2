//! The report as SARIF 2.1.0, which code scanning services take.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Report, snippet};
use crate::finding::{CodeId, Finding, Place, Severity};

/// `prefix` leads from the repository's root to the project's (`suites/hf/`, or empty).
pub fn render(report: &Report<'_>, prefix: &str) -> String {
    let flat = report.flattened();
    let codes: BTreeMap<CodeId, usize> = flat.iter().map(|finding| (finding.code, 0)).collect();
    let codes: BTreeMap<CodeId, usize> = codes.into_keys().enumerate().map(|(index, code)| (code, index)).collect();
    let results: Vec<Value> = flat.iter().map(|finding| result(finding, codes[&finding.code], prefix)).collect();
    // Findings and hand edits are what a successful run tells; wrong use and bugs are not.
    let failed = matches!(report.exit, 2 | 101..);
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "hfgen",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.keys().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": !failed, "exitCode": report.exit}],
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&document).expect("strings and numbers always serialise");
    text.push('\n');
    text
}

fn rule(code: CodeId) -> Value {
    let Some(entry) = code.entry() else { return json!({"id": code.to_string()}) };
    json!({
        "id": code.to_string(),
        "name": entry.name,
        "shortDescription": {"text": entry.summary},
        "help": {"text": entry.page, "markdown": entry.page},
    })
}

fn result(finding: &Finding, rule: usize, prefix: &str) -> Value {
    let mut message = finding.message.clone();
    message.extend(finding.help.iter().map(|help| format!("\n\nHelp: {help}")));
    let mut result = json!({
        "ruleId": finding.code.to_string(),
        "ruleIndex": rule,
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": {"text": message},
        "partialFingerprints": {"hfgenFinding/v1": fingerprint(finding)},
    });
    if let Some(place) = &finding.place {
        result["locations"] = json!([location(place, prefix, None)]);
    }
    let output = finding.output.iter().map(|place| ("it shows in this output", place));
    let related: Vec<Value> = finding
        .related
        .iter()
        .map(|(words, place)| (words.as_str(), place))
        .chain(output)
        .enumerate()
        .map(|(id, (words, place))| location(place, prefix, Some((id + 1, words))))
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = Value::Array(related);
    }
    result
}

/// A place; a further one has a number and a few words.
fn location(place: &Place, prefix: &str, further: Option<(usize, &str)>) -> Value {
    let path = if place.path.starts_with('<') { place.path.clone() } else { format!("{prefix}{}", place.path) };
    let mut physical = json!({"artifactLocation": {"uri": uri(&path), "uriBaseId": "%SRCROOT%"}});
    if snippet::knows_line(place) {
        let mut region = json!({"startLine": place.line, "startColumn": place.column});
        if place.width > 0 {
            region["endColumn"] = json!(u64::from(place.column) + u64::from(place.width));
        }
        if let Some(line) = &place.snippet {
            region["snippet"] = json!({"text": line});
        }
        physical["region"] = region;
    }
    match further {
        Some((id, words)) => json!({"id": id, "physicalLocation": physical, "message": {"text": words}}),
        None => json!({"physicalLocation": physical}),
    }
}

/// Stays the same when lines move, so that a service knows an old finding again.
fn fingerprint(finding: &Finding) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    part(&finding.code.to_string());
    part(&finding.message);
    for place in [&finding.place, &finding.output] {
        part(place.as_ref().map_or("", |place| &place.path));
        part(place.as_ref().and_then(|place| place.snippet.as_deref()).unwrap_or_default().trim());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_becomes_a_result_with_its_rule() {
        let finding = Finding::warning(CodeId(400), "edited")
            .at(Place::in_text("gen/a b.py", "x = é", 4, 6))
            .related("here", Place::file("rules/a.toml"))
            .help("do");
        let moved = Finding { place: finding.place.clone().map(|place| Place { line: 9, ..place }), ..finding.clone() };
        let findings = [moved, finding, Finding::error(CodeId(1), "x")];
        let report = Report { exit: 1, ..Report::of_findings("check", &findings) };
        let value: Value = serde_json::from_str(&render(&report, "sub/")).unwrap();
        let run = &value["runs"][0];
        assert_eq!(run["invocations"][0], json!({"executionSuccessful": true, "exitCode": 1}));
        assert_eq!(run["tool"]["driver"]["rules"][1]["name"], "edited-by-hand");
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        let edited = &results[1];
        assert_eq!((edited["ruleIndex"].as_u64(), &edited["level"]), (Some(1), &json!("warning")));
        let physical = &edited["locations"][0]["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "sub/gen/a%20b.py");
        let region = json!({"startLine": 1, "startColumn": 5, "endColumn": 6, "snippet": {"text": "x = é"}});
        assert_eq!(physical["region"], region);
        assert_eq!(edited["relatedLocations"][0]["message"]["text"], "here");
        assert_eq!(edited["partialFingerprints"], results[2]["partialFingerprints"]);
        assert_ne!(edited["partialFingerprints"], results[0]["partialFingerprints"]);
    }
}
