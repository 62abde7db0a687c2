//! The map as one page. Words that repeat stand once in the page and cells are rows of numbers, so that hundreds of
//! thousands of cells are some megabytes; `page.js` draws what is in view.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::coverage::map::{Map, State, Test};
use crate::coverage::tally::Tally;
use crate::finding::Finding;
use crate::report::text::clean;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page.
pub fn render(map: &Map, all: &Tally, findings: &[Finding]) -> String {
    let mut texts = Texts::default();
    let index = |names: Vec<&str>| -> BTreeMap<String, usize> {
        names.into_iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect()
    };
    let models = index(map.models.iter().map(|model| &*model.key).collect());
    let checks = index(map.checks.iter().map(|check| &*check.name).collect());
    let hardware = index(map.hardware.iter().map(|one| &*one.name).collect());
    let cells: Vec<Value> = map
        .cells
        .iter()
        .map(|cell| {
            let tests: Vec<Value> = cell.tests.iter().map(|test| texts.test(test)).collect();
            json!([
                models[&*cell.model],
                checks[&*cell.check],
                hardware[&*cell.hardware],
                state(cell.state),
                texts.put(cell.reason.as_deref()),
                texts.put(cell.at.as_deref()),
                cell.machine.map_or(-1, |at| i64::try_from(at).unwrap_or(-1)),
                cell.was.map_or(-1, |was| i64::try_from(state(was)).unwrap_or(-1)),
                tests,
            ])
        })
        .collect();
    let data = json!({
        "transformers": map.transformers,
        "percent": all.percent(),
        "states": State::ALL.map(|state| json!([state.word(), state.words()])),
        "models": map.models.iter().map(|one| json!([one.key, one.family, one.tasks])).collect::<Vec<_>>(),
        "checks": map.checks.iter().map(|one| json!([one.name, one.title])).collect::<Vec<_>>(),
        "hardware": map.hardware.iter().map(|one| json!([one.name, one.title])).collect::<Vec<_>>(),
        "machines": map.machines,
        "findings": findings.iter().map(|one| json!([one.code.to_string(), one.message])).collect::<Vec<_>>(),
        "texts": texts.all,
        "cells": cells,
    });
    PAGE.replace("/*style*/", STYLE)
        .replace("/*script*/", SCRIPT)
        .replace("/*data*/", &inside_script(&data.to_string()))
}

fn state(state: State) -> usize {
    State::ALL.iter().position(|one| *one == state).unwrap_or_default()
}

/// JSON that can't end the script that it stands in, whatever a reason says.
fn inside_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Texts, once each; -1 is none.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    places: BTreeMap<String, i64>,
}

impl Texts {
    fn put(&mut self, text: Option<&str>) -> i64 {
        let Some(text) = text else { return -1 };
        if let Some(at) = self.places.get(text) {
            return *at;
        }
        let at = i64::try_from(self.all.len()).unwrap_or(-1);
        self.all.push(clean(text).into_owned());
        self.places.insert(text.to_owned(), at);
        at
    }

    fn test(&mut self, test: &Test) -> Value {
        let outcome = json!(test.outcome);
        let outcome = self.put(outcome.as_str());
        let class = self.put(Some(&test.class));
        json!([class, outcome, self.put(test.reason.as_deref()), (test.seconds * 1000.0).round()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_cannot_leave_the_script() {
        let mut texts = Texts::default();
        texts.put(Some("</script><!--\u{202e}"));
        let text = inside_script(&json!(texts.all).to_string());
        assert!(!text.contains('<') && !text.contains('\u{202e}'), "{text}");
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
}
