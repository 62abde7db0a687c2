//! A Python value as it stands in the lock. It knows no Python beyond the text that it was given.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// A Python value as data. What TOML can say stands as itself; the rest as Python source: `{ py = "None" }`.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Literal>),
    /// `None`, tuples, dicts, numbers beyond 64 bits, as canonical Python source.
    Python {
        py: String,
    },
    /// A default that can't be read statically, with its source text.
    Unread {
        unread: String,
    },
}

impl Literal {
    /// Python's `None`.
    pub fn none() -> Self {
        Self::Python { py: "None".to_owned() }
    }
}

impl Serialize for Literal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pair = |serializer: S, key: &str, value: &str| {
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(key, value)?;
            map.end()
        };
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(items) => serializer.collect_seq(items),
            Self::Python { py } => pair(serializer, "py", py),
            Self::Unread { unread } => pair(serializer, "unread", unread),
        }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LiteralVisitor)
    }
}

/// By hand and not `#[serde(untagged)]`, which would copy every value before it looks at it.
struct LiteralVisitor;

impl<'de> Visitor<'de> for LiteralVisitor {
    type Value = Literal;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a bool, a number, a string, a list, `{ py = \"...\" }` or `{ unread = \"...\" }`")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Literal, E> {
        Ok(Literal::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Literal, E> {
        Ok(Literal::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Literal, E> {
        i64::try_from(value).map(Literal::Int).map_err(|_| E::custom("a number beyond 64 bits"))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Literal, E> {
        Ok(Literal::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Literal, E> {
        Ok(Literal::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Literal, E> {
        Ok(Literal::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Literal, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Literal::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Literal, A::Error> {
        let wrong = |key: Option<&str>| {
            A::Error::custom(format!("expected one key, `py` or `unread`, found {}", key.unwrap_or("none")))
        };
        let value = match map.next_key::<String>()?.as_deref() {
            Some("py") => Literal::Python { py: map.next_value()? },
            Some("unread") => Literal::Unread { unread: map.next_value()? },
            other => return Err(wrong(other)),
        };
        match map.next_key::<String>()? {
            None => Ok(value),
            Some(key) => Err(wrong(Some(&key))),
        }
    }
}
