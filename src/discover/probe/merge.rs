//! Puts answers into the lock, as proven facts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::jobs::Probing;
use crate::finding::Finding;
use crate::finding::codes::sync::PROBE_PYTHON;
use crate::registry::lock::{Lock, Proven};

/// Lays the answers over a lock. An answer that is none (the search is at fault) is a finding, and changes nothing.
pub fn merge(
    lock: &mut Lock,
    wanted: &[Probing],
    answers: &BTreeMap<String, Value>,
    versions: &BTreeMap<String, String>,
) -> Vec<Finding> {
    let version = |name: &str| versions.get(name).cloned().unwrap_or_default();
    let mut findings = Vec::new();
    for probing in wanted {
        let (Some(answer), Some(facts)) = (answers.get(&probing.model), lock.models.get_mut(&probing.model)) else {
            continue;
        };
        match proven(answer, &probing.key, version("torch"), version("transformers")) {
            Ok(mut proven) => {
                if let Some(error) = asked_wrongly(&proven) {
                    let message = format!("a rule about `{}` can't be used: {error}", probing.model);
                    findings.push(Finding::error(PROBE_PYTHON, message).help(format!(
                        "mend it in rules/ or under `[model.{}]`; what was proven before stays",
                        probing.model
                    )));
                    continue;
                }
                for error in proven.classes.values_mut().filter_map(|class| class.error.as_mut()) {
                    *error = steady(error);
                }
                proven.classes.sort_by_cached_key(|name, _| probing.classes.iter().position(|class| class == name));
                if let Some(former) = &facts.proven {
                    keep_costs(&mut proven, former);
                }
                facts.proven = Some(proven);
            }
            Err(error) => findings.push(
                Finding::error(PROBE_PYTHON, format!("the answer about `{}` can't be read: {error}", probing.model))
                    .help("this is a fault of hfgen's search; please report it"),
            ),
        }
    }
    findings
}

/// Why what the rules or the registry ask for can't be read: a regular expression, or the description of an input. That
/// says nothing of the model.
fn asked_wrongly(proven: &Proven) -> Option<&str> {
    let errors = proven.classes.values().filter_map(|class| class.error.as_deref());
    let mut details = errors.filter_map(|error| Some((error.split(": ").nth(1)?, error)));
    // `re.error` is called `PatternError` since Python 3.13.
    details.find(|(kind, _)| matches!(*kind, "BadDescription" | "error" | "PatternError")).map(|(_, error)| error)
}

/// Keeps the former seconds and memory of a class that costs about as much as before: noise is no change of the lock.
fn keep_costs(proven: &mut Proven, former: &Proven) {
    for (name, class) in &mut proven.classes {
        let Some(old) = former.classes.get(name) else { continue };
        if class.seconds.zip(old.seconds).is_some_and(|(new, old)| alike(new, old)) {
            class.seconds = old.seconds;
        }
        if class.megabytes.zip(old.megabytes).is_some_and(|(new, old)| alike(new, old)) {
            class.megabytes = old.megabytes;
        }
    }
}

/// Whether neither of two costs is more than twice the other.
fn alike<T: PartialOrd + Copy + std::ops::Add<Output = T>>(new: T, old: T) -> bool {
    new <= old + old && old <= new + new
}

/// Whether an answer is one.
pub(super) fn readable(answer: &Value) -> bool {
    proven(answer, "", String::new(), String::new()).is_ok()
}

fn proven(answer: &Value, key: &str, torch: String, transformers: String) -> Result<Proven, serde_json::Error> {
    let mut answer = answer.clone();
    if let Value::Object(fields) = &mut answer {
        fields.remove("type");
        for (name, value) in [("key", key.to_owned()), ("torch", torch), ("transformers", transformers)] {
            fields.insert(name.to_owned(), value.into());
        }
    }
    serde_json::from_value(answer)
}

/// An error without the addresses in it, which are others each time.
fn steady(error: &str) -> String {
    let mut text = String::with_capacity(error.len());
    let mut rest = error;
    while let Some(at) = rest.find("0x") {
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        text.push_str(&rest[..at + 2]);
        text.push_str(if digits >= 6 { "..." } else { &rest[at + 2..at + 2 + digits] });
        rest = &rest[at + 2 + digits..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_changes_only_when_it_is_another() {
        let costs = |seconds: f64, megabytes: u64| {
            let class = serde_json::json!({"seconds": seconds, "megabytes": megabytes});
            let answer = serde_json::json!({"classes": {"A": class}});
            proven(&answer, "k", "2".to_owned(), "5".to_owned()).unwrap()
        };
        let (mut noisy, mut slow) = (costs(0.3, 500), costs(0.5, 1100));
        keep_costs(&mut noisy, &costs(0.2, 510));
        keep_costs(&mut slow, &costs(0.2, 510));
        assert_eq!(
            (&noisy.classes["A"], &slow.classes["A"]),
            (&costs(0.2, 510).classes["A"], &costs(0.5, 1100).classes["A"])
        );
    }

    #[test]
    fn addresses_are_left_out_of_errors() {
        assert_eq!(steady("<X object at 0x7f3a91c0b2e0> is no 0x10 é 0x"), "<X object at 0x...> is no 0x10 é 0x");
        assert_eq!(steady("RuntimeError: plain"), "RuntimeError: plain");
    }
}
