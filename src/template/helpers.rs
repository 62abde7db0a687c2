//! The helpers that templates can call: names, arity, and what each makes of its values. Evaluation is `render`'s.

use serde_json::Value;

use super::python;
use crate::finding::did_you_mean;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Helper {
    Py,
    Ident,
    Camel,
    Upper,
    Lower,
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
    And,
    Or,
    Not,
    Has,
    Len,
    Join,
    Default,
    First,
    Lookup,
    Keys,
    Concat,
    Comment,
    Doc,
    Lines,
}

/// Why a helper made nothing of its values.
#[derive(Debug)]
pub struct HelperError {
    pub message: String,
    pub help: Option<String>,
    /// A value that could not be read when the facts were gathered.
    pub unread: bool,
}

/// Each helper with its name, its least and most arguments, how it is written, and what it gives.
const TABLE: [(Helper, &str, usize, usize, &str, &str); 25] = {
    use Helper as H;
    const ANY: usize = usize::MAX;
    [
        (H::Py, "py", 1, 1, "py value", "the value as a Python literal"),
        (H::Ident, "ident", 1, 1, "ident text", "a Python identifier: `gpt-neo` is `gpt_neo`"),
        (H::Camel, "camel", 1, 1, "camel text", "words joined with capitals: `gpt-neo` is `GptNeo`"),
        (H::Upper, "upper", 1, 1, "upper text", "capital letters"),
        (H::Lower, "lower", 1, 1, "lower text", "small letters"),
        (H::Eq, "eq", 2, 2, "eq a b", "whether two values are equal"),
        (H::Ne, "ne", 2, 2, "ne a b", "whether two values differ"),
        (H::Lt, "lt", 2, 2, "lt a b", "whether a number is less than another"),
        (H::Lte, "lte", 2, 2, "lte a b", "whether a number is at most another"),
        (H::Gt, "gt", 2, 2, "gt a b", "whether a number is greater than another"),
        (H::Gte, "gte", 2, 2, "gte a b", "whether a number is at least another"),
        (H::And, "and", 2, ANY, "and a b", "the first value that is false, else the last"),
        (H::Or, "or", 2, ANY, "or a b", "the first value that is true, else the last"),
        (H::Not, "not", 1, 1, "not value", "whether a value is false"),
        (H::Has, "has", 2, 2, "has list item", "whether a list has an item, an object a key, a text a part"),
        (H::Len, "len", 1, 1, "len list", "how many items, keys or characters"),
        (H::Join, "join", 1, 2, "join list \", \"", "the items of a list as one text"),
        (
            H::Default,
            "default",
            2,
            2,
            "default value fallback",
            "the fallback where the value is null or its key is absent",
        ),
        (H::First, "first", 1, 1, "first list", "the first item of a list that has one"),
        (H::Lookup, "lookup", 2, 2, "lookup object key", "the field whose name is computed"),
        (H::Keys, "keys", 1, 1, "keys object", "the names of an object's fields"),
        (H::Concat, "concat", 1, ANY, "concat a b", "texts and numbers put together"),
        (H::Comment, "comment", 1, 1, "comment text", "each line of a text behind `# `"),
        (H::Doc, "doc", 1, 1, "doc text", "a text made safe inside a triple-quoted string"),
        (H::Lines, "lines", 1, 1, "lines text", "a text of several lines, each at the indentation of the tag"),
    ]
};

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

impl Helper {
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|entry| entry.1 == name).map(|entry| entry.0)
    }

    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|entry| entry.1)
    }

    /// How each helper is written, and what it gives.
    pub fn manual() -> impl Iterator<Item = (&'static str, &'static str)> {
        TABLE.iter().map(|entry| (entry.4, entry.5))
    }

    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    pub fn arity(self) -> (usize, usize) {
        (TABLE[self as usize].2, TABLE[self as usize].3)
    }

    pub fn usage(self) -> &'static str {
        TABLE[self as usize].4
    }

    /// Its text may span lines, each of which is put at the indentation of the tag.
    pub fn reflows(self) -> bool {
        matches!(self, Self::Comment | Self::Doc | Self::Lines)
    }
}

/// What a helper makes of its values, all of them evaluated. `And`, `Or` and `Default` are the caller's: they skip some.
pub fn apply(helper: Helper, values: &[&Value]) -> Result<Value, HelperError> {
    let value = values.first().copied().unwrap_or(&Value::Null);
    let second = values.get(1).copied().unwrap_or(&Value::Null);
    if let Some(reason) = values.iter().find_map(|value| python::unread(value)) {
        return Err(unread(&reason));
    }
    Ok(match helper {
        Helper::Py => Value::String(python::literal(value).map_err(|reason| unread(&reason))?),
        Helper::Ident => Value::String(identifier(text(helper, value)?)),
        Helper::Camel => Value::String(camel(text(helper, value)?)),
        Helper::Upper => Value::String(text(helper, value)?.to_uppercase()),
        Helper::Lower => Value::String(text(helper, value)?.to_lowercase()),
        Helper::Eq => Value::Bool(equal(value, second)),
        Helper::Ne => Value::Bool(!equal(value, second)),
        Helper::Lt => Value::Bool(number(helper, value)? < number(helper, second)?),
        Helper::Lte => Value::Bool(number(helper, value)? <= number(helper, second)?),
        Helper::Gt => Value::Bool(number(helper, value)? > number(helper, second)?),
        Helper::Gte => Value::Bool(number(helper, value)? >= number(helper, second)?),
        Helper::Not => Value::Bool(!python::truthy(value, false)),
        Helper::And | Helper::Or | Helper::Default => second.clone(),
        Helper::Has => Value::Bool(has(value, second)?),
        Helper::Len => Value::from(length(value)?),
        Helper::Join => Value::String(join(value, values.get(1).map_or(Ok(", "), |value| text(helper, value))?)?),
        Helper::First => match value.as_array().map(|items| items.first()) {
            Some(Some(item)) => item.clone(),
            Some(None) => return Err(error("this list is empty", Some("test it first: `{{#if list}}`"))),
            None => return Err(unfit(helper, value, "a list")),
        },
        Helper::Lookup => lookup(value, second)?.clone(),
        Helper::Keys => match value.as_object() {
            Some(fields) => Value::Array(fields.keys().cloned().map(Value::String).collect()),
            None => return Err(unfit(helper, value, "an object")),
        },
        Helper::Concat => {
            let mut out = String::new();
            for value in values {
                out.push_str(&plain(helper, value)?);
            }
            Value::String(out)
        }
        Helper::Comment => {
            let text = text(helper, value)?;
            let line = |line: &str| format!("# {}", line.replace(char::is_control, " ")).trim_end().to_owned();
            Value::String(text.lines().map(line).collect::<Vec<_>>().join("\n"))
        }
        Helper::Doc => Value::String(python::docstring(&text(helper, value)?.replace("\r\n", "\n"))),
        Helper::Lines => Value::String(text(helper, value)?.replace("\r\n", "\n").trim_end_matches('\n').to_owned()),
    })
}

/// `object[key]` or `list[index]`.
pub fn lookup<'v>(holder: &'v Value, key: &Value) -> Result<&'v Value, HelperError> {
    let found = match (holder, key) {
        (Value::Object(fields), Value::String(name)) => fields.get(name),
        (Value::Array(items), Value::Number(index)) => {
            index.as_u64().and_then(|index| items.get(usize::try_from(index).ok()?))
        }
        (Value::Object(_), _) => return Err(unfit(Helper::Lookup, key, "a text as its key")),
        (Value::Array(_), _) => return Err(unfit(Helper::Lookup, key, "a number as its key")),
        _ => return Err(unfit(Helper::Lookup, holder, "an object or a list")),
    };
    found.ok_or_else(|| {
        let names = holder.as_object().into_iter().flat_map(serde_json::Map::keys).map(String::as_str);
        let help = key.as_str().and_then(|key| did_you_mean(key, names));
        let help = help.unwrap_or_else(|| "`{{default (lookup object key) fallback}}` takes an absent key".to_owned());
        error(format!("there is no {key} to look up"), Some(&help))
    })
}

/// A Python identifier that resembles `text`.
pub fn identifier(text: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphabetic());
    let mut out: String = text.chars().map(|c| if keep(c) { c } else { '_' }).collect();
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    if KEYWORDS.contains(&out.as_str()) {
        out.push('_');
    }
    out
}

/// What a bare `{{x}}` prints: texts and numbers.
pub fn plain(helper: Helper, value: &Value) -> Result<String, HelperError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(value) => Ok(python::number(value)),
        _ => Err(unfit(helper, value, "texts or numbers")),
    }
}

/// The kind of a value in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) if python::source_of(value).is_some() => "Python source",
        Value::Object(_) => "an object",
    }
}

fn camel(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in identifier(text).split('_').filter(|word| !word.is_empty()) {
        let mut chars = word.chars();
        out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        out.push_str(chars.as_str());
    }
    identifier(&out)
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

fn has(holder: &Value, item: &Value) -> Result<bool, HelperError> {
    match (holder, item) {
        (Value::Null, _) => Ok(false),
        (Value::Array(items), _) => Ok(items.iter().any(|other| equal(other, item))),
        (Value::Object(fields), Value::String(name)) if python::source_of(holder).is_none() => {
            Ok(fields.contains_key(name))
        }
        (Value::String(text), Value::String(part)) => Ok(text.contains(part.as_str())),
        (Value::Object(_) | Value::String(_), _) => Err(unfit(Helper::Has, item, "a text to look for")),
        _ => Err(unfit(Helper::Has, holder, "a list, an object or a text")),
    }
}

fn length(value: &Value) -> Result<usize, HelperError> {
    match value {
        Value::Array(items) => Ok(items.len()),
        Value::Object(fields) if python::source_of(value).is_none() => Ok(fields.len()),
        Value::String(text) => Ok(text.chars().count()),
        _ => Err(unfit(Helper::Len, value, "a list, an object or a text")),
    }
}

fn join(value: &Value, separator: &str) -> Result<String, HelperError> {
    let Value::Array(items) = value else { return Err(unfit(Helper::Join, value, "a list")) };
    let parts: Result<Vec<_>, _> = items.iter().map(|item| plain(Helper::Join, item)).collect();
    Ok(parts?.join(separator))
}

fn text(helper: Helper, value: &Value) -> Result<&str, HelperError> {
    value.as_str().ok_or_else(|| unfit(helper, value, "a text"))
}

fn number(helper: Helper, value: &Value) -> Result<f64, HelperError> {
    value.as_f64().ok_or_else(|| unfit(helper, value, "numbers"))
}

fn unfit(helper: Helper, value: &Value, wants: &str) -> HelperError {
    let help = (value.is_null()).then_some("test it first with `{{#if}}`, or give a `default`");
    error(format!("`{}` takes {wants}, and this is {}", helper.name(), kind(value)), help)
}

pub fn unread(reason: &str) -> HelperError {
    HelperError {
        message: format!("this value could not be read: {reason}"),
        help: Some("give it in the model's `set`, or write `{{default value fallback}}`".to_owned()),
        unread: true,
    }
}

fn error(message: impl Into<String>, help: Option<&str>) -> HelperError {
    HelperError { message: message.into(), help: help.map(str::to_owned), unread: false }
}
