//! TOML text to a typed value and findings: unknown keys get their near miss, and any key path can be placed in the text.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use crate::finding::{CodeId, Finding, Place, did_you_mean};

/// Reads `text` as a `T`; a failure is one finding at its place.
pub fn read<T: DeserializeOwned>(path: &str, text: &str, code: CodeId) -> Result<T, Box<Finding>> {
    toml::from_str(text).map_err(|error| Box::new(explain(path, text, &error, code)))
}

/// The place of the key that `keys` leads to; of the nearest ancestor that is there otherwise.
pub fn place_of(path: &str, text: &str, keys: &[&str]) -> Place {
    let Ok(table) = DeTable::parse(text) else { return Place::file(path) };
    let mut span = 0..0;
    let mut table = table.get_ref();
    let mut index = 0;
    while index < keys.len() {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref().as_ref() == keys[index]) else { break };
        span = key.span();
        index += 1;
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            DeValue::Array(items) => {
                let at = keys.get(index).and_then(|number| number.parse::<usize>().ok());
                let Some(item) = at.and_then(|at| items.get(at)) else { break };
                span = item.span();
                index += 1;
                match item.get_ref() {
                    DeValue::Table(inner) => table = inner,
                    _ => break,
                }
            }
            _ => break,
        }
    }
    if span.is_empty() { Place::file(path) } else { Place::in_text(path, text, span.start, span.end) }
}

fn explain(path: &str, text: &str, error: &toml::de::Error, code: CodeId) -> Finding {
    if let Some(at) = conflict(text) {
        return Finding::error(code, "a merge left a conflict here")
            .at(Place::in_text(path, text, at, at + 7))
            .help("choose what is to stay, and remove the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`");
    }
    let message = error.message().trim();
    let mut finding = Finding::error(code, message.lines().collect::<Vec<_>>().join("; "));
    if let Some(span) = error.span() {
        let end = if span.is_empty() { span.start + 1 } else { span.end };
        finding = finding.at(Place::in_text(path, text, span.start, end));
    } else {
        finding = finding.at(Place::file(path));
    }
    match unknown_field(message) {
        Some((word, known)) => {
            let help = did_you_mean(word, known.iter().copied())
                .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
            finding.message = format!("unknown key `{word}`");
            finding.help(help)
        }
        None => finding,
    }
}

/// Where the first line begins that git wrote for a conflict.
pub(super) fn conflict(text: &str) -> Option<usize> {
    let mut start = 0;
    text.split_inclusive('\n').find_map(|line| {
        let here = start;
        start += line.len();
        let mark = ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| line.starts_with(mark));
        (mark || line.trim_end() == "=======").then_some(here)
    })
}

/// Picks the word and the candidates out of serde's "unknown field `x`, expected one of `a`, `b`".
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field `").or_else(|| message.strip_prefix("unknown variant `"))?;
    let (word, rest) = rest.split_once('`')?;
    Some((word, rest.split('`').skip(1).step_by(2).collect()))
}
