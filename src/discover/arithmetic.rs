//! Python's operators on values, as far as constants need them. An overflow or a mixture that it isn't sure of is an error.

use std::cmp::Ordering;

use ruff_python_ast::{CmpOp, Operator};

use super::eval::{MAX_ITEMS, Unread};
use super::value::Value;

/// `left op right`.
pub fn binary(left: Value, op: Operator, right: Value) -> Result<Value, Unread> {
    match (op, left, right) {
        (Operator::Add, Value::List(mut a), Value::List(b)) => {
            a.extend(b);
            Ok(Value::List(a))
        }
        (Operator::Add, Value::Tuple(mut a), Value::Tuple(b)) => {
            a.extend(b);
            Ok(Value::Tuple(a))
        }
        (Operator::Add, Value::Text(a), Value::Text(b)) => Ok(Value::Text(a + &b)),
        (Operator::BitOr, Value::Dict(mut a), Value::Dict(b)) => {
            super::eval::merge(&mut a, b);
            Ok(Value::Dict(a))
        }
        (Operator::Mult, Value::List(items), Value::Int(times))
        | (Operator::Mult, Value::Int(times), Value::List(items)) => repeat(&items, times).map(Value::List),
        (Operator::Mult, Value::Tuple(items), Value::Int(times)) => repeat(&items, times).map(Value::Tuple),
        (Operator::Mult, Value::Text(text), Value::Int(times)) => {
            let times = usize::try_from(times.max(0)).map_err(|_| "a text that is too long")?;
            let fits = text.len().checked_mul(times).is_some_and(|len| len <= MAX_ITEMS);
            if fits { Ok(Value::Text(text.repeat(times))) } else { Err("a text that is too long") }
        }
        (op, Value::Int(a), Value::Int(b)) => integers(a, op, b),
        (op, a, b) => floats(number(&a)?, op, number(&b)?),
    }
}

/// `-value`.
pub fn negate(value: &Value) -> Result<Value, Unread> {
    match value {
        Value::Int(value) => value.checked_neg().map(Value::Int).ok_or(OVERFLOW),
        Value::Float(value) => Ok(Value::Float(-value)),
        _ => Err("a minus before something that isn't a number"),
    }
}

/// `left op right` for comparisons.
pub fn compare(left: &Value, op: CmpOp, right: &Value) -> Result<bool, Unread> {
    if left.holds_name() || right.holds_name() {
        return Err("a comparison with something unknown");
    }
    let order = || order(left, right).ok_or("a comparison of things without an order");
    Ok(match op {
        CmpOp::Eq | CmpOp::Is => equal(left, right),
        CmpOp::NotEq | CmpOp::IsNot => !equal(left, right),
        CmpOp::Lt => order()? == Ordering::Less,
        CmpOp::LtE => order()? != Ordering::Greater,
        CmpOp::Gt => order()? == Ordering::Greater,
        CmpOp::GtE => order()? != Ordering::Less,
        CmpOp::In => contains(right, left)?,
        CmpOp::NotIn => !contains(right, left)?,
    })
}

/// `list(range(...))`: what a range is used for in a default.
pub fn range(arguments: &[Value]) -> Result<Value, Unread> {
    let mut numbers = Vec::new();
    for argument in arguments {
        match argument {
            Value::Int(value) => numbers.push(*value),
            _ => return Err("a range of something that isn't a number"),
        }
    }
    let (start, end, step) = match numbers.as_slice() {
        [end] => (0, *end, 1),
        [start, end] => (*start, *end, 1),
        [start, end, step] if *step != 0 => (*start, *end, *step),
        _ => return Err("a range with another number of arguments"),
    };
    let mut items = Vec::new();
    let mut at = start;
    while if step > 0 { at < end } else { at > end } {
        if items.len() >= MAX_ITEMS {
            return Err("a list that is too long");
        }
        items.push(Value::Int(at));
        at = at.checked_add(step).ok_or(OVERFLOW)?;
    }
    Ok(Value::List(items))
}

/// `float(x)`, `int(x)`, `str(x)`, `bool(x)`, `abs(x)`.
#[expect(clippy::cast_possible_truncation, reason = "checked to be within the range in which floats are exact")]
pub fn convert(function: &str, value: &Value) -> Result<Value, Unread> {
    match (function, value) {
        ("float", value) => number(value).map(Value::Float),
        ("int", Value::Int(value)) => Ok(Value::Int(*value)),
        ("int", Value::Bool(value)) => Ok(Value::Int(i128::from(*value))),
        ("int", Value::Float(value)) if value.abs() < 9e15 => Ok(Value::Int(value.trunc() as i128)),
        ("int", Value::Text(text)) => text.trim().parse().map(Value::Int).map_err(|_| "an int of text that isn't one"),
        ("str", Value::Text(text)) => Ok(Value::Text(text.clone())),
        ("str", value) if !value.holds_name() => Ok(Value::Text(value.repr())),
        ("bool", value) => value.truth().map(Value::Bool).ok_or("the truth of something unknown"),
        ("abs", Value::Int(value)) => value.checked_abs().map(Value::Int).ok_or(OVERFLOW),
        ("abs", Value::Float(value)) => Ok(Value::Float(value.abs())),
        _ => Err("a conversion that isn't evaluated"),
    }
}

/// `sum`, `min`, `max` over items.
pub fn fold(function: &str, items: Vec<Value>) -> Result<Value, Unread> {
    let mut items = items.into_iter();
    if function == "sum" {
        return items.try_fold(Value::Int(0), |sum, item| binary(sum, Operator::Add, item));
    }
    let wanted = if function == "min" { Ordering::Less } else { Ordering::Greater };
    let first = items.next().ok_or("the least of nothing")?;
    items.try_fold(first, |best, item| {
        let order = order(&item, &best).ok_or("a comparison of things without an order")?;
        Ok(if order == wanted { item } else { best })
    })
}

/// `sorted(items)`.
pub fn sorted(mut items: Vec<Value>) -> Result<Vec<Value>, Unread> {
    let comparable = items.windows(2).all(|pair| order(&pair[0], &pair[1]).is_some());
    if !comparable {
        return Err("a sort of things without an order");
    }
    items.sort_by(|a, b| order(a, b).unwrap_or(Ordering::Equal));
    Ok(items)
}

const OVERFLOW: Unread = "a number beyond 128 bits";

fn integers(a: i128, op: Operator, b: i128) -> Result<Value, Unread> {
    if op == Operator::Div {
        return floats(float(a), op, float(b));
    }
    if op == Operator::Pow && b < 0 {
        return floats(float(a), op, float(b));
    }
    let small = |b: i128| u32::try_from(b).map_err(|_| OVERFLOW);
    let result = match op {
        Operator::Add => a.checked_add(b),
        Operator::Sub => a.checked_sub(b),
        Operator::Mult => a.checked_mul(b),
        // Python rounds towards minus infinity, Rust towards zero.
        Operator::FloorDiv | Operator::Mod if b == 0 => return Err("a division by zero"),
        Operator::FloorDiv => a.checked_div(b).map(|q| if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }),
        Operator::Mod => a.checked_rem(b).map(|r| if r != 0 && (r < 0) != (b < 0) { r + b } else { r }),
        Operator::Pow => a.checked_pow(small(b)?),
        Operator::LShift => {
            let by = small(b)?;
            2_i128.checked_pow(by).and_then(|factor| a.checked_mul(factor))
        }
        Operator::RShift => a.checked_shr(small(b)?),
        Operator::BitOr => Some(a | b),
        Operator::BitAnd => Some(a & b),
        Operator::BitXor => Some(a ^ b),
        Operator::Div | Operator::MatMult => return Err("an operator that isn't evaluated"),
    };
    result.map(Value::Int).ok_or(OVERFLOW)
}

fn floats(a: f64, op: Operator, b: f64) -> Result<Value, Unread> {
    match op {
        Operator::Div | Operator::FloorDiv | Operator::Mod if b == 0.0 => Err("a division by zero"),
        Operator::Add => Ok(a + b),
        Operator::Sub => Ok(a - b),
        Operator::Mult => Ok(a * b),
        Operator::Div => Ok(a / b),
        Operator::FloorDiv => Ok((a / b).floor()),
        Operator::Pow if a >= 0.0 || b.fract() == 0.0 => Ok(a.powf(b)),
        _ => Err("an operator that isn't evaluated"),
    }
    .map(Value::Float)
}

fn number(value: &Value) -> Result<f64, Unread> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Int(value) => Ok(float(*value)),
        Value::Bool(value) => Ok(f64::from(u8::from(*value))),
        _ => Err("arithmetic with something that isn't a number"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "rounds to nearest, as Python does")]
fn float(value: i128) -> f64 {
    value as f64
}

fn repeat(items: &[Value], times: i128) -> Result<Vec<Value>, Unread> {
    let times = usize::try_from(times.max(0)).map_err(|_| "a list that is too long")?;
    match items.len().checked_mul(times) {
        Some(len) if len <= MAX_ITEMS => Ok(items.iter().cycle().take(len).cloned().collect()),
        _ => Err("a list that is too long"),
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(_) | Value::Float(_) | Value::Bool(_), Value::Int(_) | Value::Float(_) | Value::Bool(_)) => {
            order(left, right) == Some(Ordering::Equal)
        }
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (a, b) => number(a).ok()?.partial_cmp(&number(b).ok()?),
    }
}

fn contains(whole: &Value, part: &Value) -> Result<bool, Unread> {
    match (whole, part) {
        (Value::Text(whole), Value::Text(part)) => Ok(whole.contains(part.as_str())),
        (Value::Dict(entries), key) => Ok(entries.iter().any(|(k, _)| equal(k, key))),
        (other, item) => {
            Ok(other.items().ok_or("a search in something that has no items")?.iter().any(|i| equal(i, item)))
        }
    }
}
