//! What an expression comes to, without running Python: literals, constants, arithmetic, and the calls that tables of
//! constants are made of. Whatever it isn't sure of is an error, never a guess. Statements are for `interpret`.

use ruff_python_ast::{
    Arguments, BoolOp, Comprehension, ConversionFlag, Expr, ExprBinOp, ExprCall, InterpolatedStringElement, Number,
    UnaryOp,
};

use super::arithmetic::{binary, compare, negate};
use super::builtins::{self, builtin, is_builtin, sliced, subscripted};
use super::value::Value;

/// Where an expression's names come from.
pub trait Names {
    /// The value of a name; none where it has none that is known (the name then stands for itself).
    fn value(&self, name: &str) -> Option<Value>;
}

impl<F: Fn(&str) -> Option<Value>> Names for F {
    fn value(&self, name: &str) -> Option<Value> {
        self(name)
    }
}

/// Why an expression has no value that is known: a few words.
pub type Unread = &'static str;

/// How deep expressions nest before they count as unread.
const MAX_DEPTH: usize = 150;
/// How many items a list that a call or a comprehension makes may have.
pub const MAX_ITEMS: usize = 200_000;

/// The value of `expr`.
pub fn eval(expr: &Expr, names: &dyn Names) -> Result<Value, Unread> {
    Eval { names, bound: Vec::new(), depth: 0 }.expr(expr)
}

struct Eval<'a> {
    names: &'a dyn Names,
    /// Variables of comprehensions and lambdas, innermost last.
    bound: Vec<(String, Value)>,
    depth: usize,
}

impl Eval<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<Value, Unread> {
        self.depth += 1;
        let value = if self.depth > MAX_DEPTH { Err("nested too deeply") } else { self.expr_inner(expr) };
        self.depth -= 1;
        value
    }

    fn expr_inner(&mut self, expr: &Expr) -> Result<Value, Unread> {
        match expr {
            Expr::NoneLiteral(_) => Ok(Value::None),
            Expr::BooleanLiteral(literal) => Ok(Value::Bool(literal.value)),
            Expr::StringLiteral(literal) => Ok(Value::Text(literal.value.to_str().to_owned())),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => int.to_string().parse().map(Value::Int).map_err(|_| "a number beyond 128 bits"),
                Number::Float(float) => Ok(Value::Float(*float)),
                Number::Complex { .. } => Err("a complex number"),
            },
            Expr::List(list) => self.items(&list.elts).map(Value::List),
            Expr::Tuple(tuple) => self.items(&tuple.elts).map(Value::Tuple),
            Expr::Set(set) => self.items(&set.elts).map(unique).map(Value::Set),
            Expr::Dict(dict) => {
                let mut rows = Vec::with_capacity(dict.items.len());
                for item in &dict.items {
                    let value = self.expr(&item.value)?;
                    match (&item.key, value) {
                        (Some(key), value) => rows.push((self.expr(key)?, value)),
                        (None, Value::Dict(more)) => rows.extend(more),
                        (None, _) => return Err("`**` of something that isn't a dict"),
                    }
                }
                let mut entries = Vec::new();
                merge(&mut entries, rows);
                Ok(Value::Dict(entries))
            }
            Expr::Name(name) => Ok(self.name(&name.id)),
            Expr::Attribute(_) => dotted(expr).map(|path| self.name(&path)).ok_or("an attribute of a value"),
            Expr::UnaryOp(unary) => {
                let value = self.expr(&unary.operand)?;
                match unary.op {
                    UnaryOp::USub => negate(&value),
                    UnaryOp::UAdd if matches!(value, Value::Int(_) | Value::Float(_)) => Ok(value),
                    UnaryOp::Not => Ok(Value::Bool(!value.truth().ok_or("the truth of something unknown")?)),
                    _ => Err("an operator that isn't evaluated"),
                }
            }
            Expr::BinOp(ExprBinOp { left, op, right, .. }) => binary(self.expr(left)?, *op, self.expr(right)?),
            Expr::BoolOp(all) => {
                let mut last = Value::None;
                for value in &all.values {
                    last = self.expr(value)?;
                    if last.truth().ok_or("the truth of something unknown")? == (all.op == BoolOp::Or) {
                        break;
                    }
                }
                Ok(last)
            }
            Expr::Compare(chain) => {
                let mut left = self.expr(&chain.left)?;
                for (op, right) in chain.ops.iter().zip(&chain.comparators) {
                    let right = self.expr(right)?;
                    if !compare(&left, *op, &right)? {
                        return Ok(Value::Bool(false));
                    }
                    left = right;
                }
                Ok(Value::Bool(true))
            }
            Expr::If(choice) => {
                let truth = self.expr(&choice.test)?.truth().ok_or("a condition on something unknown")?;
                self.expr(if truth { &choice.body } else { &choice.orelse })
            }
            Expr::Subscript(subscript) => {
                let of = self.expr(&subscript.value)?;
                // `OrderedDict[str, str](...)`: the type arguments of a class say nothing about its value.
                if let Value::Name(name) = of {
                    return Ok(Value::Name(name));
                }
                if let Expr::Slice(slice) = &*subscript.slice {
                    let mut bound = |part: &Option<Box<Expr>>| part.as_ref().map(|part| self.expr(part)).transpose();
                    let bounds = (bound(&slice.lower)?, bound(&slice.upper)?, bound(&slice.step)?);
                    return sliced(&of, bounds);
                }
                let index = self.expr(&subscript.slice)?;
                subscripted(&of, &index)
            }
            Expr::ListComp(made) => self.comprehension(&made.generators, &made.elt).map(Value::List),
            Expr::SetComp(made) => self.comprehension(&made.generators, &made.elt).map(unique).map(Value::Set),
            Expr::Generator(made) => self.comprehension(&made.generators, &made.elt).map(Value::List),
            Expr::DictComp(made) => {
                let mut rows = Vec::new();
                self.each(&made.generators, &mut |eval| {
                    let key = made.key.as_ref().ok_or("a dict comprehension that unpacks")?;
                    rows.push((eval.expr(key)?, eval.expr(&made.value)?));
                    if rows.len() > MAX_ITEMS { Err("a dict that is too long") } else { Ok(()) }
                })?;
                let mut entries = Vec::new();
                merge(&mut entries, rows);
                Ok(Value::Dict(entries))
            }
            Expr::FString(string) => self.interpolated(string.value.elements()),
            Expr::Call(call) => self.call(call),
            _ => Err("an expression that isn't evaluated"),
        }
    }

    fn name(&self, name: &str) -> Value {
        let bound = self.bound.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        bound.or_else(|| self.names.value(name)).unwrap_or_else(|| match name {
            "math.inf" => Value::Float(f64::INFINITY),
            "math.pi" => Value::Float(std::f64::consts::PI),
            "TYPE_CHECKING" => Value::Bool(false),
            _ => Value::Name(name.to_owned()),
        })
    }

    fn items(&mut self, exprs: &[Expr]) -> Result<Vec<Value>, Unread> {
        let mut items = Vec::with_capacity(exprs.len());
        for expr in exprs {
            match expr {
                Expr::Starred(star) => items.extend(iterate(self.expr(&star.value)?)?),
                _ => items.push(self.expr(expr)?),
            }
        }
        Ok(items)
    }

    fn comprehension(&mut self, generators: &[Comprehension], element: &Expr) -> Result<Vec<Value>, Unread> {
        let mut items = Vec::new();
        self.each(generators, &mut |eval| {
            items.push(eval.expr(element)?);
            if items.len() > MAX_ITEMS { Err("a list that is too long") } else { Ok(()) }
        })?;
        Ok(items)
    }

    /// Runs `body` for each round of nested `for` clauses.
    fn each(
        &mut self,
        generators: &[Comprehension],
        body: &mut dyn FnMut(&mut Self) -> Result<(), Unread>,
    ) -> Result<(), Unread> {
        let Some((first, rest)) = generators.split_first() else { return body(self) };
        for item in iterate(self.expr(&first.iter)?)? {
            let mark = self.bound.len();
            self.bind(&first.target, item)?;
            let mut holds = true;
            for condition in &first.ifs {
                holds &= self.expr(condition)?.truth().ok_or("a condition on something unknown")?;
            }
            if holds {
                self.each(rest, body)?;
            }
            self.bound.truncate(mark);
        }
        Ok(())
    }

    fn bind(&mut self, target: &Expr, value: Value) -> Result<(), Unread> {
        for (name, value) in destructure(target, value)? {
            self.bound.push((name, value));
        }
        Ok(())
    }

    fn interpolated<'e>(
        &mut self,
        elements: impl Iterator<Item = &'e InterpolatedStringElement>,
    ) -> Result<Value, Unread> {
        let mut text = String::new();
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                InterpolatedStringElement::Interpolation(field) => {
                    if field.format_spec.is_some() || field.debug_text.is_some() {
                        return Err("an f-string with a format");
                    }
                    let value = self.expr(&field.expression)?;
                    match (value, field.conversion) {
                        (Value::Text(value), ConversionFlag::None | ConversionFlag::Str) => text.push_str(&value),
                        (value, _) if value.holds_name() => return Err("an f-string with something unknown"),
                        (value, _) => text.push_str(&value.repr()),
                    }
                }
            }
        }
        Ok(Value::Text(text))
    }

    fn call(&mut self, call: &ExprCall) -> Result<Value, Unread> {
        if let Expr::Attribute(method) = &*call.func {
            let of = self.expr(&method.value)?;
            if !matches!(of, Value::Name(_)) {
                return builtins::method(&of, &method.attr, &self.items(&call.arguments.args)?);
            }
        }
        let Ok(Value::Name(function)) = self.expr(&call.func) else { return self.field(&call.arguments) };
        let function = function.rsplit('.').next().unwrap_or(&function);
        // A fact is of the package with everything at hand: what is optional is there.
        if function.starts_with("is_") && (function.ends_with("_available") || function.ends_with("_or_equal")) {
            return Ok(Value::Bool(true));
        }
        if matches!(function, "dict" | "OrderedDict" | "defaultdict") {
            return self.dict(&call.arguments);
        }
        if call.arguments.keywords.is_empty() {
            if is_builtin(function) {
                let arguments = self.items(&call.arguments.args)?;
                return builtin(function, arguments);
            }
            return Err("a call");
        }
        self.field(&call.arguments)
    }

    /// `field(default=...)`, `interval(min=0)(default=...)`, `field(default_factory=...)`.
    fn field(&mut self, arguments: &Arguments) -> Result<Value, Unread> {
        if let Some(default) = arguments.find_keyword("default") {
            return self.expr(&default.value);
        }
        let factory = arguments.find_keyword("default_factory").ok_or("a call")?;
        match &factory.value {
            Expr::Lambda(lambda) => self.expr(&lambda.body),
            Expr::Name(name) => builtin(&name.id, Vec::new()),
            _ => Err("a default made by code"),
        }
    }

    fn dict(&mut self, arguments: &Arguments) -> Result<Value, Unread> {
        let mut entries = Vec::new();
        for argument in &arguments.args {
            merge(&mut entries, pairs(self.expr(argument)?)?);
        }
        for keyword in &arguments.keywords {
            let value = self.expr(&keyword.value)?;
            match &keyword.arg {
                Some(name) => Value::put(&mut entries, Value::Text(name.to_string()), value),
                None => merge(&mut entries, pairs(value)?),
            }
        }
        Ok(Value::Dict(entries))
    }
}

/// The names that an assignment to `target` binds, with their values.
pub fn destructure(target: &Expr, value: Value) -> Result<Vec<(String, Value)>, Unread> {
    match target {
        Expr::Name(name) => Ok(vec![(name.id.to_string(), value)]),
        Expr::Tuple(ruff_python_ast::ExprTuple { elts, .. }) | Expr::List(ruff_python_ast::ExprList { elts, .. }) => {
            let items = iterate(value)?;
            if items.len() != elts.len() {
                return Err("an assignment of another number of values");
            }
            let parts: Result<Vec<_>, _> = elts.iter().zip(items).map(|(elt, item)| destructure(elt, item)).collect();
            parts.map(|parts| parts.into_iter().flatten().collect())
        }
        _ => Err("an assignment to something that isn't a name"),
    }
}

/// What `for` goes through.
pub fn iterate(value: Value) -> Result<Vec<Value>, Unread> {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => Ok(items),
        Value::Dict(entries) => Ok(entries.into_iter().map(|(key, _)| key).collect()),
        Value::Text(text) => Ok(text.chars().map(|c| Value::Text(c.to_string())).collect()),
        _ => Err("a loop over something that can't be gone through"),
    }
}

/// The entries of a dict, or of a list of pairs.
pub fn pairs(value: Value) -> Result<Vec<(Value, Value)>, Unread> {
    match value {
        Value::Dict(entries) => Ok(entries),
        Value::List(items) | Value::Tuple(items) => items
            .into_iter()
            .map(|item| match item {
                Value::Tuple(mut pair) | Value::List(mut pair) if pair.len() == 2 => {
                    let value = pair.pop().unwrap_or(Value::None);
                    Ok((pair.pop().unwrap_or(Value::None), value))
                }
                _ => Err("a table with something that isn't a pair"),
            })
            .collect(),
        _ => Err("a table of something that has no entries"),
    }
}

/// `entries.update(more)`, in one pass.
pub fn merge(entries: &mut Vec<(Value, Value)>, more: Vec<(Value, Value)>) {
    if entries.is_empty() && more.len() < 2 {
        *entries = more;
        return;
    }
    // Tables have up to a thousand rows of text: a search for each would be a million comparisons.
    let mut index: rustc_hash::FxHashMap<String, usize> =
        entries.iter().enumerate().map(|(at, (key, _))| (key.repr(), at)).collect();
    for (key, value) in more {
        let at = *index.entry(key.repr()).or_insert(entries.len());
        match entries.get_mut(at) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }
}

/// The items, each once.
pub fn unique(items: Vec<Value>) -> Vec<Value> {
    let mut seen = rustc_hash::FxHashSet::default();
    items.into_iter().filter(|item| seen.insert(item.repr())).collect()
}

/// `a.b.c` as text.
fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr)),
        _ => None,
    }
}
