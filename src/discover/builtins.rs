//! The functions and methods of Python's own that constants are made with.

use super::arithmetic;
use super::eval::{Unread, iterate, unique};
use super::value::Value;

/// Whether a call of `function` without keywords can be evaluated.
pub fn is_builtin(function: &str) -> bool {
    const NAMES: [&str; 17] = [
        "list",
        "tuple",
        "set",
        "frozenset",
        "float",
        "int",
        "str",
        "bool",
        "range",
        "len",
        "sum",
        "sorted",
        "min",
        "max",
        "abs",
        "zip",
        "enumerate",
    ];
    NAMES.contains(&function)
}

/// `function(*arguments)`.
pub fn builtin(function: &str, mut arguments: Vec<Value>) -> Result<Value, Unread> {
    match (function, arguments.as_slice()) {
        ("list", []) => Ok(Value::List(Vec::new())),
        ("tuple", []) => Ok(Value::Tuple(Vec::new())),
        ("set" | "frozenset", []) => Ok(Value::Set(Vec::new())),
        ("dict" | "OrderedDict", []) => Ok(Value::Dict(Vec::new())),
        ("list" | "tuple" | "set" | "frozenset" | "sorted", [_]) => {
            let items = iterate(arguments.remove(0))?;
            Ok(match function {
                "list" => Value::List(items),
                "tuple" => Value::Tuple(items),
                "sorted" => return arithmetic::sorted(items).map(Value::List),
                _ => Value::Set(unique(items)),
            })
        }
        ("enumerate", [_]) => {
            let items = iterate(arguments.remove(0))?.into_iter().zip(0_i128..);
            Ok(Value::List(items.map(|(item, at)| Value::Tuple(vec![Value::Int(at), item])).collect()))
        }
        ("zip", [_, _]) => {
            let second = iterate(arguments.remove(1))?;
            let rows = iterate(arguments.remove(0))?.into_iter().zip(second);
            Ok(Value::List(rows.map(|(a, b)| Value::Tuple(vec![a, b])).collect()))
        }
        ("range", _) => arithmetic::range(&arguments),
        ("len", [value]) => {
            let len = match value {
                Value::Text(text) => text.chars().count(),
                Value::Dict(entries) => entries.len(),
                other => other.items().ok_or("the length of something that has none")?.len(),
            };
            i128::try_from(len).map(Value::Int).map_err(|_| "a length beyond 128 bits")
        }
        ("float", [Value::Text(text)]) => match text.trim().to_ascii_lowercase().as_str() {
            "inf" | "+inf" | "infinity" => Ok(Value::Float(f64::INFINITY)),
            "-inf" | "-infinity" => Ok(Value::Float(f64::NEG_INFINITY)),
            "nan" => Ok(Value::Float(f64::NAN)),
            digits => digits.parse().map(Value::Float).map_err(|_| "a float of text that isn't one"),
        },
        ("float" | "int" | "str" | "bool" | "abs", [value]) => arithmetic::convert(function, value),
        ("sum" | "min" | "max", [_]) => arithmetic::fold(function, iterate(arguments.remove(0))?),
        ("min" | "max", [_, _, ..]) => arithmetic::fold(function, arguments),
        _ => Err("a call"),
    }
}

/// `of[index]`.
pub fn subscripted(of: &Value, index: &Value) -> Result<Value, Unread> {
    match (of, index) {
        (Value::Dict(entries), key) => {
            entries.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone()).ok_or("a key that isn't there")
        }
        (Value::List(items) | Value::Tuple(items), Value::Int(at)) => {
            let len = i128::try_from(items.len()).unwrap_or(i128::MAX);
            let at = if *at < 0 { *at + len } else { *at };
            usize::try_from(at).ok().and_then(|at| items.get(at).cloned()).ok_or("an index beyond the end")
        }
        _ => Err("a subscript of something that has none"),
    }
}

/// `of[start:end]`.
pub fn sliced(of: &Value, bounds: (Option<Value>, Option<Value>, Option<Value>)) -> Result<Value, Unread> {
    let (Value::List(items) | Value::Tuple(items)) = of else { return Err("a slice of something that isn't a list") };
    let len = i128::try_from(items.len()).unwrap_or(i128::MAX);
    let bound = |value: Option<Value>, otherwise: i128| match value {
        None | Some(Value::None) => Ok(otherwise),
        Some(Value::Int(at)) => Ok(if at < 0 { (at + len).max(0) } else { at.min(len) }),
        Some(_) => Err("a slice by something that isn't a number"),
    };
    if !matches!(bounds.2, None | Some(Value::None | Value::Int(1))) {
        return Err("a slice with a step");
    }
    let (start, end) = (bound(bounds.0, 0)?, bound(bounds.1, len)?);
    let part: Vec<_> = (start..end).filter_map(|at| items.get(usize::try_from(at).ok()?).cloned()).collect();
    Ok(if matches!(of, Value::Tuple(_)) { Value::Tuple(part) } else { Value::List(part) })
}

/// `of.name(*arguments)`.
pub fn method(of: &Value, name: &str, arguments: &[Value]) -> Result<Value, Unread> {
    match (of, name, arguments) {
        (Value::Dict(entries), "items", []) => {
            Ok(Value::List(entries.iter().map(|(k, v)| Value::Tuple(vec![k.clone(), v.clone()])).collect()))
        }
        (Value::Dict(entries), "keys", []) => Ok(Value::List(entries.iter().map(|(k, _)| k.clone()).collect())),
        (Value::Dict(entries), "values", []) => Ok(Value::List(entries.iter().map(|(_, v)| v.clone()).collect())),
        (Value::Dict(_) | Value::List(_), "copy", []) => Ok(of.clone()),
        (Value::Dict(entries), "get", [key, rest @ ..]) => {
            let found = entries.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone());
            Ok(found.unwrap_or_else(|| rest.first().cloned().unwrap_or(Value::None)))
        }
        (Value::Text(text), "lower", []) => Ok(Value::Text(text.to_lowercase())),
        (Value::Text(text), "upper", []) => Ok(Value::Text(text.to_uppercase())),
        (Value::Text(text), "split", []) => {
            Ok(Value::List(text.split_whitespace().map(|word| Value::Text(word.to_owned())).collect()))
        }
        (Value::Text(glue), "join", [items]) => {
            let words: Option<Vec<_>> = items.items().and_then(|items| items.iter().map(Value::as_text).collect());
            words.map(|words| Value::Text(words.join(glue))).ok_or("a join of something that isn't text")
        }
        _ => Err("a method that isn't evaluated"),
    }
}
