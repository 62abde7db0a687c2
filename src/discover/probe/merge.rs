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
                for error in proven.classes.values_mut().filter_map(|class| class.error.as_mut()) {
                    *error = steady(error);
                }
                proven.classes.sort_by_cached_key(|name, _| probing.classes.iter().position(|class| class == name));
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
    fn addresses_are_left_out_of_errors() {
        assert_eq!(steady("<X object at 0x7f3a91c0b2e0> is no 0x10 é 0x"), "<X object at 0x...> is no 0x10 é 0x");
        assert_eq!(steady("RuntimeError: plain"), "RuntimeError: plain");
    }
}
