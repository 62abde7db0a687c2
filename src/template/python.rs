//! Prints JSON values as Python literals. The words of hfgen that JSON lacks, `$py` and `$unread`, are known here alone.

use std::fmt::Write;

use serde_json::Value;

/// Python source that stands for itself: `{"$py": "(1, 2)"}`.
const SOURCE: &str = "$py";
/// A value that could not be read: `{"$unread": "why"}`.
const UNREAD: &str = "$unread";

/// `value` as a Python literal on one line; `Err` holds what an unread value says of itself.
pub fn literal(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write_literal(&mut out, value)?;
    Ok(out)
}

/// The source in `{"$py": source}`.
pub fn source_of(value: &Value) -> Option<&str> {
    value.as_object()?.get(SOURCE)?.as_str()
}

/// The reason in `{"$unread": reason}`.
pub fn unread(value: &Value) -> Option<String> {
    let reason = value.as_object()?.get(UNREAD)?;
    Some(reason.as_str().map_or_else(|| reason.to_string(), str::to_owned))
}

/// Whether Python would take the value for true; zero counts as true where asked for.
pub fn truthy(value: &Value, zero_is_true: bool) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => zero_is_true || number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => match source_of(value) {
            Some(source) => {
                let empty = ["None", "False", "0", "0.0", "()", "[]", "{}", "\"\"", "''", "set()", "frozenset()"];
                !empty.contains(&source.trim())
            }
            None => !fields.is_empty(),
        },
    }
}

/// A number as `repr` prints it.
pub fn number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float_repr(float),
        _ => number.to_string(),
    }
}

/// What makes `text` safe between `"""` and `"""`.
pub fn docstring(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = text.trim_end();
    let mut quotes = 0;
    for (at, c) in text.char_indices() {
        quotes = if c == '"' { quotes + 1 } else { 0 };
        let last = at + c.len_utf8() == text.len();
        match c {
            '\\' => out.push_str("\\\\"),
            '"' if quotes == 3 || last => {
                out.push_str("\\\"");
                quotes = 0;
            }
            '\n' => out.push('\n'),
            c if needs_escape(c) => escape(&mut out, c),
            c => out.push(c),
        }
    }
    out
}

fn write_literal(out: &mut String, value: &Value) -> Result<(), String> {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(value) => out.push_str(&number(value)),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_literal(out, item)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            if let Some(source) = source_of(value) {
                out.push_str(source);
                return Ok(());
            }
            if let Some(reason) = unread(value) {
                return Err(reason);
            }
            out.push('{');
            for (index, (name, item)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_string(out, name);
                out.push_str(": ");
                write_literal(out, item)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// With the quotes that `ruff format` would choose.
fn write_string(out: &mut String, text: &str) {
    let count = |quote: char| text.chars().filter(|c| *c == quote).count();
    let quote = if count('"') > count('\'') { '\'' } else { '"' };
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
            c if needs_escape(c) => escape(out, c),
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// What an editor or a terminal would not show as it is: controls, invisible spaces, direction marks, private use.
fn needs_escape(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..)
}

fn escape(out: &mut String, c: char) {
    let code = u32::from(c);
    let written = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    debug_assert!(written.is_ok());
}

fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "float(\"nan\")".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "float(\"inf\")" } else { "float(\"-inf\")" }.to_owned();
    }
    // `{:e}` gives the shortest digits that read back; Python switches to exponents below 1e-4 and from 1e16.
    let shortest = format!("{value:e}");
    let exponent = shortest.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()).unwrap_or(0);
    if value != 0.0 && !(-4..16).contains(&exponent) {
        let mantissa = shortest.split_once('e').map_or("", |(mantissa, _)| mantissa);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}
