//! A Python value, and how Python would print it. It knows nothing of how it was come by.

use std::fmt::Write as _;

use crate::registry::lock::Literal;

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    None,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Tuple(Vec<Value>),
    Set(Vec<Value>),
    /// In the order of insertion, each key once.
    Dict(Vec<(Value, Value)>),
    /// A class, a function, a module: something that only its name is known of.
    Name(String),
}

impl Value {
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list, a tuple or a set.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => Some(items),
            _ => None,
        }
    }

    pub fn entries(&self) -> Option<&[(Value, Value)]> {
        match self {
            Self::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a dict.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries()?.iter().find(|(k, _)| k.as_text() == Some(key)).map(|(_, value)| value)
    }

    /// Python's truth of it; none for what only its name is known of.
    pub fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => !items.is_empty(),
            Self::Dict(entries) => !entries.is_empty(),
            Self::Name(_) => return None,
        })
    }

    /// Puts a key into a dict as Python does: a key that is there keeps its place.
    pub fn put(entries: &mut Vec<(Value, Value)>, key: Value, value: Value) {
        match entries.iter_mut().find(|(k, _)| *k == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }

    /// Whether a name without a value is anywhere in it.
    pub fn holds_name(&self) -> bool {
        match self {
            Self::Name(_) => true,
            Self::List(items) | Self::Tuple(items) | Self::Set(items) => items.iter().any(Self::holds_name),
            Self::Dict(entries) => entries.iter().any(|(key, value)| key.holds_name() || value.holds_name()),
            _ => false,
        }
    }

    /// As the lock holds it; none where a name without a value is in it.
    pub fn to_literal(&self) -> Option<Literal> {
        if self.holds_name() {
            return None;
        }
        Some(match self {
            Self::Bool(value) => Literal::Bool(*value),
            Self::Int(value) => i64::try_from(*value).map_or_else(|_| self.python(), Literal::Int),
            Self::Float(value) => Literal::Float(*value),
            Self::Text(text) => Literal::Text(text.clone()),
            Self::List(items) => Literal::List(items.iter().map(Self::to_literal).collect::<Option<_>>()?),
            _ => self.python(),
        })
    }

    fn python(&self) -> Literal {
        Literal::Python { py: self.repr() }
    }

    /// What Python's `repr` gives, but for infinities and NaN, which stand as source: `float('inf')`.
    pub fn repr(&self) -> String {
        let mut text = String::new();
        self.repr_into(&mut text);
        text
    }

    fn repr_into(&self, out: &mut String) {
        match self {
            Self::None => out.push_str("None"),
            Self::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            Self::Int(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Float(value) => out.push_str(&float_repr(*value)),
            Self::Text(text) => text_repr(text, out),
            Self::List(items) => join(out, "[", items, "]"),
            Self::Tuple(items) if items.len() == 1 => join(out, "(", items, ",)"),
            Self::Tuple(items) => join(out, "(", items, ")"),
            Self::Set(items) if items.is_empty() => out.push_str("set()"),
            Self::Set(items) => join(out, "{", items, "}"),
            Self::Dict(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { ", " });
                    key.repr_into(out);
                    out.push_str(": ");
                    value.repr_into(out);
                }
                out.push('}');
            }
            Self::Name(name) => out.push_str(name),
        }
    }
}

fn join(out: &mut String, open: &str, items: &[Value], close: &str) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        item.repr_into(out);
    }
    out.push_str(close);
}

/// Python's `repr` of a float: the shortest digits, an exponent below 1e-4 and from 1e16 on.
pub fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "float('nan')".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "float('inf')" } else { "float('-inf')" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { plain + ".0" }
}

fn text_repr(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let code = u32::from(c);
                let _ = if code < 0x100 { write!(out, "\\x{code:02x}") } else { write!(out, "\\u{code:04x}") };
            }
            c => out.push(c),
        }
    }
    out.push(quote);
}
