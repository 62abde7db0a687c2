//! Things that stand twice where the second one silently replaces the first: functions, classes, tests, keys.

use ruff_python_ast::{Decorator, Expr, ExprDict, Number};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Issue;
use super::facts::{Definition, Facts};
use super::scope::Scopes;
use super::walk::last_name;
use crate::finding::codes::python::{DUPLICATE_DEFINITION, DUPLICATE_KEY, DUPLICATE_TEST};

pub fn check(scopes: &Scopes<'_>, facts: &Facts<'_>, source: &str, issues: &mut Vec<Issue>) {
    let mut first = FxHashMap::default();
    for definition in &facts.definitions {
        let key = (definition.scope, definition.block, definition.name.as_str());
        if let Some(before) = first.insert(key, definition)
            && let Some(issue) = redefined(before, definition, scopes, source)
        {
            issues.push(issue);
        }
    }
    for dict in &facts.dicts {
        keys(dict, source, issues);
    }
}

fn redefined(before: &Definition<'_>, after: &Definition<'_>, scopes: &Scopes<'_>, source: &str) -> Option<Issue> {
    let name = after.name.as_str();
    let line = line_of(source, before.name.range);
    if name == "_" || before.decorators.iter().any(|decorator| decorated(decorator) == Some("overload")) {
        return None;
    }
    if before.collected && name.starts_with("test") {
        let message = format!("test `{name}` replaces the one on line {line}, which pytest then never runs");
        return Some(Issue::error(DUPLICATE_TEST, after.name.range, message).help("give each test its own name"));
    }
    let between = before.moment..after.moment;
    let used = scopes.loads.iter().any(|load| between.contains(&load.moment) && scopes.text(load.name) == name);
    if used || before.decorators.iter().any(registers) {
        return None;
    }
    let message = format!("`{name}` is defined twice; the definition on line {line} is never used");
    Some(Issue::error(DUPLICATE_DEFINITION, after.name.range, message).help("rename one, or remove it"))
}

/// A decorator that may keep the function somewhere: anything but the ones that only change it.
fn registers(decorator: &Decorator) -> bool {
    !matches!(
        decorated(decorator),
        Some(
            "staticmethod"
                | "classmethod"
                | "property"
                | "cached_property"
                | "lru_cache"
                | "cache"
                | "wraps"
                | "contextmanager"
                | "abstractmethod"
                | "no_grad"
                | "inference_mode"
                | "dataclass"
                | "parametrize"
                | "skipif"
                | "skip"
                | "fixture"
        )
    )
}

fn decorated(decorator: &Decorator) -> Option<&str> {
    match &decorator.expression {
        Expr::Call(call) => last_name(&call.func),
        expr => last_name(expr),
    }
}

/// A key whose value is known as it stands. `1`, `1.0` and `True` are one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Int(u64),
    Float(u64),
    None,
}

impl<'a> Key<'a> {
    fn of(expr: &'a Expr) -> Option<Self> {
        match expr {
            Expr::StringLiteral(text) => Some(Self::Text(text.value.to_str())),
            Expr::BytesLiteral(bytes) => match bytes.value.as_slice() {
                [part] => Some(Self::Bytes(&part.value)),
                _ => None,
            },
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(int) => int.as_u64().map(Self::Int),
                Number::Float(float) => Some(whole(*float).map_or(Self::Float(float.to_bits()), Self::Int)),
                Number::Complex { .. } => None,
            },
            Expr::BooleanLiteral(boolean) => Some(Self::Int(u64::from(boolean.value))),
            Expr::NoneLiteral(_) => Some(Self::None),
            _ => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within 53 bits")]
fn whole(float: f64) -> Option<u64> {
    (float.fract() == 0.0 && (0.0..9e15).contains(&float)).then_some(float as u64)
}

fn keys(dict: &ExprDict, source: &str, issues: &mut Vec<Issue>) {
    if dict.items.len() < 2 {
        return;
    }
    let mut seen = FxHashSet::default();
    for key in dict.items.iter().filter_map(|item| item.key.as_ref()) {
        if Key::of(key).is_some_and(|known| !seen.insert(known)) {
            let message = format!("the key `{}` stands twice; the last value wins", source[key.range()].trim());
            issues.push(Issue::error(DUPLICATE_KEY, key.range(), message));
        }
    }
}

fn line_of(source: &str, range: TextRange) -> usize {
    source[..range.start().to_usize()].bytes().filter(|byte| *byte == b'\n').count() + 1
}
