//! A look at the whole plan: two rules for one path, rules that match nothing, paths outside the output root, identifiers
//! that collide. Each finding names both places.

use std::collections::{BTreeMap, BTreeSet};

use super::RuleBook;
use super::file::ForEach;
use super::merge::Source;
use super::plan::Entry;
use crate::finding::codes::registry::SAME_IDENT;
use crate::finding::codes::rules::{NO_MATCH, OUTSIDE_ROOT, SAME_PATH, UNKNOWN_PLACEHOLDER};
use crate::finding::{Finding, Place, did_you_mean};
use crate::registry::ident::ident;

/// Where a model type is written down.
pub type PlaceOfModel<'a> = &'a dyn Fn(&str) -> Place;

/// Model types that normalise to one identifier.
pub fn identifiers<'a>(models: impl Iterator<Item = &'a str>, place: PlaceOfModel<'_>) -> Vec<Finding> {
    let mut by_ident: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for model in models {
        // File systems that fold case would also put these into one file.
        by_ident.entry(ident(model).to_lowercase()).or_default().push(model);
    }
    let mut findings = Vec::new();
    for (ident, models) in by_ident {
        let [first, others @ ..] = models.as_slice() else { continue };
        for other in others {
            findings.push(
                Finding::error(SAME_IDENT, format!("model types `{first}` and `{other}` both become `hf_{ident}`"))
                    .at(place(other))
                    .related("the other one", place(first))
                    .help("remove or rename one of them: their outputs would overwrite each other"),
            );
        }
    }
    findings
}

/// Findings of the plan as a whole. `models`: whether the plan holds every model (a selection may not).
pub fn conflicts(book: &RuleBook, sources: &[Source<'_>], plan: &[&Entry], root: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, target) in &book.target {
        placeholders(book, sources, name, &target.output, &mut findings);
    }
    let mut by_path: BTreeMap<String, &Entry> = BTreeMap::new();
    let mut told = BTreeSet::new();
    for &entry in plan {
        if let Some(why) = outside(&entry.path, root) {
            if told.insert((entry.rule.clone(), "outside")) {
                findings.push(
                    Finding::error(OUTSIDE_ROOT, format!("rule `{}` makes `{}`, which {why}", entry.rule, entry.path))
                        .at(book.place(sources, "target", &entry.rule, &["output"]))
                        .help(format!("`output` is a path below the output root `{root}`, without `..`")),
                );
            }
            continue;
        }
        if let Some(before) = by_path.insert(entry.path.to_lowercase(), entry)
            && told.insert((format!("{} {}", before.rule, entry.rule), "same"))
        {
            findings.push(
                Finding::error(
                    SAME_PATH,
                    format!("{} and {} make the same output `{}`", who(before), who(entry), entry.path),
                )
                .at(book.place(sources, "target", &entry.rule, &["output"]))
                .related("the other rule", book.place(sources, "target", &before.rule, &["output"]))
                .help("narrow `select`, or let the paths differ by {ident}, {hardware} or {variant}"),
            );
        }
    }
    let used: BTreeSet<&str> = plan.iter().map(|entry| entry.rule.as_str()).collect();
    for (name, target) in &book.target {
        if !used.contains(name.as_str()) && target.for_each != ForEach::Once {
            findings.push(
                Finding::warning(NO_MATCH, format!("rule `{name}` matches nothing"))
                    .at(book.place(sources, "target", name, &[]))
                    .help("remove the rule, or correct what it selects"),
            );
        }
    }
    findings
}

fn who(entry: &Entry) -> String {
    let mut words = format!("rule `{}`", entry.rule);
    if let Some(model) = &entry.model {
        words.push_str(&format!(" for `{model}`"));
    }
    if let Some(hardware) = &entry.hardware {
        words.push_str(&format!(" on {hardware}"));
    }
    words
}

/// Why a path leaves the output root, if it does.
fn outside(path: &str, root: &str) -> Option<&'static str> {
    let Some(below) = path.strip_prefix(root).and_then(|rest| rest.strip_prefix('/')) else {
        return Some("is not below the output root");
    };
    if below.starts_with('/') || below.contains('\\') || below.contains('\0') {
        return Some("is not a relative path");
    }
    if below.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("has an empty, `.` or `..` part");
    }
    None
}

fn placeholders(book: &RuleBook, sources: &[Source<'_>], name: &str, output: &str, findings: &mut Vec<Finding>) {
    const KNOWN: [&str; 5] = ["ident", "type", "family", "hardware", "variant"];
    for part in output.split('{').skip(1) {
        let word = part.split('}').next().unwrap_or(part);
        if !KNOWN.contains(&word) {
            findings.push(
                Finding::error(UNKNOWN_PLACEHOLDER, format!("unknown placeholder `{{{word}}}` in `{output}`"))
                    .at(book.place(sources, "target", name, &["output"]))
                    .help(did_you_mean(word, KNOWN).unwrap_or_else(|| format!("known: {}", KNOWN.join(", ")))),
            );
        }
    }
}
