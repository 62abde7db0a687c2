//! The faults that the support package declares, read from its templates, and the names of rules and registry that lead to
//! none. Python is not asked: what a fault does is `hfgen prove`'s to try.

use std::collections::BTreeSet;

use memchr::memmem;
use salsa::Database as Db;

use super::inputs::Workspace;
use super::models::{registry, rule_book, rule_sources};
use super::templates::layered;
use crate::finding::codes::registry::{BROKEN_REGISTRY, UNKNOWN_NAME};
use crate::finding::{Finding, Place, did_you_mean};
use crate::registry::parse::place_of;

/// Folder of the support package's templates.
const PACKAGE: &str = "runtime/";

/// Ids of all declared faults.
#[salsa::tracked]
pub fn fault_ids(db: &dyn Db, workspace: Workspace) -> BTreeSet<String> {
    let files = layered(db, workspace);
    let package = files.layers.iter().filter(|file| file.name.starts_with(PACKAGE));
    package.flat_map(|file| declared(file.item.text(db))).collect()
}

/// Functions under `@fault(...)`: `mixed_rows` is `mixed-rows`.
fn declared(text: &str) -> impl Iterator<Item = String> {
    let decorated = memmem::find_iter(text.as_bytes(), "\n@fault(");
    decorated.filter_map(|at| {
        let (_, function) = text[at..].split_once("\ndef ")?;
        let name: String = function.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        Some(name.replace('_', "-"))
    })
}

/// Names of faults, and blind spots, that lead nowhere. A project whose templates declare no fault is
/// not asked for any.
#[salsa::tracked]
pub fn fault_names(db: &dyn Db, workspace: Workspace) -> Vec<Finding> {
    let known = fault_ids(db, workspace);
    if known.is_empty() {
        return Vec::new();
    }
    let book = &rule_book(db, workspace).value;
    let unknown = |what: &str, name: &str, known: &[&str], place: Place| {
        let help = did_you_mean(name, known.iter().copied());
        let help = help.unwrap_or_else(|| format!("known: {}", known.join(", ")));
        Finding::error(UNKNOWN_NAME, format!("unknown {what} `{name}`")).at(place).help(help)
    };
    let faults: Vec<&str> = known.iter().map(String::as_str).collect();
    let checks: Vec<&str> = book.check.keys().map(String::as_str).collect();
    let mut findings = Vec::new();
    for (name, rule) in &book.check {
        for (index, fault) in rule.faults.iter().enumerate().filter(|(_, fault)| !known.contains(*fault)) {
            let sources = rule_sources(db, workspace);
            let place = book.place(&sources, "check", name, &["faults", &index.to_string()]);
            findings.push(unknown("fault", fault, &faults, place));
        }
    }
    let source = workspace.registry(db);
    for (key, own) in &registry(db, workspace).value.model {
        for (index, spot) in own.blind.iter().enumerate() {
            let index = index.to_string();
            let place = |last: &str| place_of(source.path(db), source.text(db), &["model", key, "blind", &index, last]);
            let rule = book.check.get(&spot.check);
            if rule.is_none() {
                findings.push(unknown("check", &spot.check, &checks, place("check")));
            }
            if !known.contains(&spot.fault) {
                findings.push(unknown("fault", &spot.fault, &faults, place("fault")));
            } else if rule.is_some_and(|rule| !rule.faults.contains(&spot.fault)) {
                let message = format!("check `{}` is not tried with fault `{}`", spot.check, spot.fault);
                findings.push(
                    Finding::warning(UNKNOWN_NAME, message)
                        .at(place("fault"))
                        .help("remove the blind spot, or add the fault to the check's `faults`"),
                );
            }
            if spot.reason.trim().is_empty() {
                findings.push(
                    Finding::error(BROKEN_REGISTRY, format!("a blind spot of `{key}` has no reason"))
                        .at(place("reason"))
                        .help("say in words why nobody could see the fault there"),
                );
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_decorated_function() {
        let text = "import x\n\n@fault(\"output\")\ndef mixed_rows(tensor: Any) -> Any:\n    pass\n\n\n\
                    @fault(\n    \"saved\",\n)\ndef lost(folder):\n    pass\n\ndef helper():\n    pass\n";
        assert_eq!(declared(text).collect::<Vec<_>>(), ["mixed-rows", "lost"]);
        assert_eq!(declared("def fault():\n    pass\n").count(), 0);
    }
}
