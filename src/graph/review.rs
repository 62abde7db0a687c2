//! What is wrong in the registry beyond its settings, as findings with their places: names that lead nowhere, a model's own
//! part.

use std::collections::BTreeMap;
use std::sync::Arc;

use salsa::Database as Db;

use super::inputs::Workspace;
use super::lock;
use super::models::{Model, facts, model_keys, place_of_model, registry, rule_book, rule_sources, settings};
use crate::finding::codes::registry::{
    BROKEN_REGISTRY, EXPIRED_SKIP, MODEL_TYPE, STATED_TWICE, UNKNOWN_MODEL, UNKNOWN_NAME,
};
use crate::finding::codes::rules::{NO_FAMILY, TWO_FAMILIES};
use crate::finding::{Finding, Place, did_you_mean};
use crate::registry::config::Override;
use crate::registry::ident::refusal;
use crate::registry::parse::place_of;
use crate::rules::decide::Decision;

/// Findings about the registry's model sections as a whole: names that lead nowhere, collisions with the lock.
#[salsa::tracked]
pub fn registry_names(db: &dyn Db, workspace: Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    let registry = &registry(db, workspace).value;
    let source = workspace.registry(db);
    let (path, text) = (source.path(db), source.text(db));
    let keys = model_keys(db, workspace);
    for key in registry.model.keys() {
        if keys.binary_search_by(|known| (**known).cmp(key)).is_err() {
            let mut finding = refusal(key, MODEL_TYPE)
                .unwrap_or_else(|| Finding::warning(UNKNOWN_MODEL, format!("there is no model type `{key}`")));
            finding = finding.at(place_of(path, text, &["model", key]));
            if let Some(help) = did_you_mean(key, keys.iter().map(|key| &**key)) {
                finding = finding.help(help);
            }
            findings.push(finding);
        }
    }
    for key in registry.custom.keys() {
        if lock::section(db, workspace, key).is_some() {
            findings.push(
                Finding::error(BROKEN_REGISTRY, format!("custom model type `{key}` is one of transformers' own"))
                    .at(place_of(path, text, &["custom", key]))
                    .help(format!("put what is different under `[model.{key}]`")),
            );
        }
    }
    let book = &rule_book(db, workspace).value;
    let profiles = &settings(db, workspace).hardware;
    let checks = book.check.iter().map(|(name, check)| ("check", name, &check.hardware));
    let targets = book.target.iter().map(|(name, target)| ("target", name, &target.hardware));
    for (kind, name, hardware) in checks.chain(targets) {
        for profile in hardware.iter().filter(|profile| !profiles.contains_key(*profile)) {
            let sources = rule_sources(db, workspace);
            let help = did_you_mean(profile, profiles.keys().map(String::as_str)).unwrap_or_else(|| {
                format!("define it under `[hardware.{profile}]` of registry.toml, or remove it here")
            });
            findings.push(
                Finding::warning(
                    UNKNOWN_NAME,
                    format!("{kind} `{name}` names hardware `{profile}`, which is no profile"),
                )
                .at(book.place(&sources, kind, name, &["hardware"]))
                .help(help),
            );
        }
    }
    for (name, family) in &book.family {
        for model in &family.models {
            if keys.binary_search_by(|known| (**known).cmp(model)).is_err() {
                let sources = rule_sources(db, workspace);
                let help = did_you_mean(model, keys.iter().map(|key| &**key))
                    .unwrap_or_else(|| "remove it from the table".to_owned());
                findings.push(
                    Finding::warning(UNKNOWN_MODEL, format!("family `{name}` names `{model}`, which is no model type"))
                        .at(book.place(&sources, "family", name, &["models"]))
                        .help(help),
                );
            }
        }
    }
    findings
}

/// Findings about one model's place and override.
pub fn model_findings(
    db: &dyn Db,
    workspace: Workspace,
    key: &str,
    decision: &Decision,
    own: &Override,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source = workspace.registry(db);
    let book = &rule_book(db, workspace).value;
    let here = |rest: &[&str]| {
        let keys: Vec<&str> = ["model", key].into_iter().chain(rest.iter().copied()).collect();
        place_of(source.path(db), source.text(db), &keys)
    };
    match &decision.family {
        None => findings.push(
            Finding::error(NO_FAMILY, format!("no family takes model type `{key}`"))
                .at(place_of_model(db, workspace, key))
                .help("add it to a family's `models`, or a `when` that holds for it, in rules/"),
        ),
        Some(family) if !book.family.contains_key(family) => {
            let help = did_you_mean(family, book.family.keys().map(String::as_str))
                .unwrap_or_else(|| "define it in rules/".to_owned());
            findings.push(
                Finding::error(UNKNOWN_NAME, format!("unknown family `{family}`")).at(here(&["family"])).help(help),
            );
        }
        Some(family) => {
            for other in &decision.also_named_by {
                let sources = rule_sources(db, workspace);
                findings.push(
                    Finding::error(TWO_FAMILIES, format!("families `{family}` and `{other}` both name `{key}`"))
                        .at(book.place(&sources, "family", other, &["models"]))
                        .related("the other one", book.place(&sources, "family", family, &["models"]))
                        .help("leave it in one of them"),
                );
            }
        }
    }
    findings.extend(exceptions(db, workspace, key, own, &here));
    findings.extend(twice(key, own, &here));
    findings
}

/// Skips, expected failures and blind spots that stand twice.
fn twice(key: &str, own: &Override, here: &dyn Fn(&[&str]) -> Place) -> Vec<Finding> {
    let skips = own.skip.iter().enumerate();
    let skips = skips.map(|(at, skip)| (("skip", &skip.check, &skip.class, skip.hardware.as_ref(), ""), at));
    let xfails = own.xfail.iter().enumerate();
    let xfails = xfails.map(|(at, xfail)| (("xfail", &xfail.check, &xfail.class, xfail.hardware.as_ref(), ""), at));
    let blind = own.blind.iter().enumerate();
    let blind = blind.map(|(at, spot)| (("blind", &spot.check, &spot.class, None, spot.fault.as_str()), at));
    let mut findings = Vec::new();
    let mut seen = BTreeMap::new();
    for (what, at) in skips.chain(xfails).chain(blind) {
        let first = *seen.entry(what).or_insert(at);
        let (table, check, ..) = what;
        if first != at {
            let name = match table {
                "xfail" => "an expected failure",
                "blind" => "a blind spot",
                other => &format!("a {other}"),
            };
            findings.push(
                Finding::warning(STATED_TWICE, format!("{name} of `{check}` for `{key}` stands twice"))
                    .at(here(&[table, &at.to_string()]))
                    .related("the first one", here(&[table, &first.to_string()]))
                    .help("remove one of them"),
            );
        }
    }
    findings
}

/// What is wrong with a model's skips and expected failures.
fn exceptions(
    db: &dyn Db,
    workspace: Workspace,
    key: &str,
    own: &Override,
    here: &dyn Fn(&[&str]) -> Place,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let skips = own.skip.iter().enumerate().map(|(index, skip)| Exception {
        table: "skip",
        index: index.to_string(),
        check: &skip.check,
        class: skip.class.as_deref(),
        hardware: skip.hardware.as_deref(),
        reason: &skip.reason,
    });
    let xfails = own.xfail.iter().enumerate().map(|(index, xfail)| Exception {
        table: "xfail",
        index: index.to_string(),
        check: &xfail.check,
        class: xfail.class.as_deref(),
        hardware: xfail.hardware.as_deref(),
        reason: &xfail.reason,
    });
    for exception in skips.chain(xfails) {
        let place = || here(&[exception.table, &exception.index]);
        let book = &rule_book(db, workspace).value;
        let checks = || book.check.keys().map(String::as_str);
        let profiles = &settings(db, workspace).hardware;
        let classes = classes_of(db, workspace, key);
        let mut unknown = |what: &str, name: &str, help: String| {
            let message = format!("unknown {what} `{name}`");
            // Another version of transformers has other classes: no reason to stop the build.
            let finding = if what == "class" { Finding::warning } else { Finding::error };
            findings.push(finding(UNKNOWN_NAME, message).at(place()).help(help));
        };
        if exception.check != "*" && !book.check.contains_key(exception.check) {
            let help = did_you_mean(exception.check, checks());
            unknown("check", exception.check, help.unwrap_or_else(|| format!("checks: {}", join(checks()))));
        }
        if let Some(name) = exception.hardware
            && !profiles.contains_key(name)
        {
            let help = did_you_mean(name, profiles.keys().map(String::as_str));
            unknown(
                "hardware",
                name,
                help.unwrap_or_else(|| "define the profile under `[hardware.<name>]`".to_owned()),
            );
        }
        if let Some(name) = exception.class
            && !classes.iter().any(|class| class == name)
        {
            let help = did_you_mean(name, classes.iter().map(String::as_str));
            let known = || format!("classes of `{key}`: {}", join(classes.iter().map(String::as_str)));
            unknown("class", name, help.unwrap_or_else(known));
        }
        if exception.reason.trim().is_empty() {
            findings.push(
                Finding::error(BROKEN_REGISTRY, format!("a {} of `{key}` has no reason", exception.table))
                    .at(place())
                    .help("say in words why it can't be tested, or what is at fault"),
            );
        }
    }
    for (index, skip) in own.skip.iter().enumerate() {
        let Some(day) = &skip.expires else { continue };
        if !is_day(day) {
            findings.push(
                Finding::error(BROKEN_REGISTRY, format!("`{day}` is no day"))
                    .at(here(&["skip", &index.to_string(), "expires"]))
                    .help("write year, month and day: `\"2027-01-31\"`"),
            );
        } else if **day <= **workspace.today(db) {
            findings.push(
                Finding::warning(EXPIRED_SKIP, format!("the skip of `{}` for `{key}` expired on {day}", skip.check))
                    .at(here(&["skip", &index.to_string()]))
                    .help("look at it again: remove the skip, or give it a new day"),
            );
        }
    }
    for name in own.class.keys() {
        let classes = classes_of(db, workspace, key);
        if !classes.contains(name) {
            let help = did_you_mean(name, classes.iter().map(String::as_str))
                .unwrap_or_else(|| format!("classes of `{key}`: {}", join(classes.iter().map(String::as_str))));
            findings.push(
                Finding::warning(UNKNOWN_NAME, format!("unknown class `{name}`")).at(here(&["class", name])).help(help),
            );
        }
    }
    findings
}

/// `2027-01-31`, and a day of the calendar.
fn is_day(text: &str) -> bool {
    text.parse::<toml::value::Datetime>().is_ok_and(|at| at.date.is_some() && at.time.is_none() && at.offset.is_none())
}

/// What a skip and an expected failure have in common.
struct Exception<'a> {
    table: &'static str,
    index: String,
    check: &'a str,
    class: Option<&'a str>,
    hardware: Option<&'a str>,
    reason: &'a str,
}

/// The classes that the facts of a model name.
fn classes_of(db: &dyn Db, workspace: Workspace, key: &str) -> Vec<String> {
    let found = facts(db, workspace, Model::new(db, Arc::from(key)));
    let facts = found.as_ref().and_then(|found| found.facts.as_ref().as_ref().ok());
    facts.map(|facts| facts.classes.keys().cloned().collect()).unwrap_or_default()
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
