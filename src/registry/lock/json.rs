//! A JSON value in the lock. TOML has no null: `None` stands as `{ py = "None" }`, as it does in the other facts.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::write::{inline, key, list, string};

/// A value of a proven fact. What JSON has no word for keeps its Python source under `$py`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Json(pub Value);

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(from_toml(value)))
    }
}

/// `{ py = ... }` is how the lock says `None` and `$py`.
fn from_toml(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(from_toml).collect(),
        Value::Object(fields) => match fields.get("py") {
            Some(Value::String(source)) if fields.len() == 1 && source == "None" => Value::Null,
            Some(Value::String(source)) if fields.len() == 1 => {
                Value::Object(Map::from_iter([("$py".to_owned(), Value::String(source.clone()))]))
            }
            _ => fields.into_iter().map(|(name, value)| (name, from_toml(value))).collect(),
        },
        other => other,
    }
}

/// As it stands in the lock, on one line.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&inline_toml(&self.0))
    }
}

fn inline_toml(value: &Value) -> String {
    match value {
        Value::Null => "{ py = \"None\" }".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) if number.is_f64() => format!("{:?}", number.as_f64().unwrap_or(f64::NAN)),
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => list(items.iter().map(inline_toml)),
        Value::Object(fields) => match fields.get("$py") {
            Some(Value::String(source)) if fields.len() == 1 => format!("{{ py = {} }}", string(source)),
            _ if fields.is_empty() => "{}".to_owned(),
            _ => inline(fields.iter().map(|(name, value)| format!("{} = {}", key(name), inline_toml(value)))),
        },
    }
}
