//! What names hold after a file's top level has run, as far as that can be told: assignments, `.update(...)`, `if` on what
//! is available, plain loops. Calls of functions and anything with effects are passed over.

use std::collections::BTreeMap;

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFor, StmtIf};
use ruff_text_size::{Ranged as _, TextRange};

use super::eval::{Unread, destructure, eval, iterate, merge, pairs};
use super::value::Value;

/// The names of a file's top level.
#[derive(Debug, Default, Clone)]
pub struct Globals {
    pub values: BTreeMap<String, Value>,
    /// Assignments that could not be followed, by name: why, and where.
    pub unread: BTreeMap<String, (Unread, TextRange)>,
}

/// Rounds of loops in all, in one file.
const MAX_ROUNDS: usize = 100_000;

impl Globals {
    /// Runs `statements`, after what these globals hold already.
    pub fn run(&mut self, statements: &[Stmt]) {
        let mut rounds = MAX_ROUNDS;
        self.block(statements, &mut rounds);
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    fn eval(&self, expr: &Expr) -> Result<Value, Unread> {
        eval(expr, &|name: &str| self.values.get(name).cloned())
    }

    /// Runs a block; false when it was left by a `raise`.
    fn block(&mut self, statements: &[Stmt], rounds: &mut usize) -> bool {
        for statement in statements {
            match statement {
                Stmt::Raise(_) => return false,
                Stmt::Assign(assign) => {
                    for target in &assign.targets {
                        self.assign(target, self.eval(&assign.value), assign.range());
                    }
                }
                Stmt::AnnAssign(assign) => {
                    if let Some(value) = &assign.value {
                        self.assign(&assign.target, self.eval(value), assign.range());
                    }
                }
                Stmt::AugAssign(assign) => {
                    let value = self
                        .eval(&assign.target)
                        .and_then(|old| super::arithmetic::binary(old, assign.op, self.eval(&assign.value)?));
                    self.assign(&assign.target, value, assign.range());
                }
                Stmt::Expr(expr) => {
                    if let Expr::Call(call) = &*expr.value {
                        self.method(call);
                    }
                }
                Stmt::If(choice) if !self.choice(choice, rounds) => return false,
                Stmt::For(loop_) => self.for_loop(loop_, rounds),
                Stmt::Try(attempt) => {
                    let whole = self.block(&attempt.body, rounds);
                    if whole && !self.block(&attempt.orelse, rounds) {
                        return false;
                    }
                    self.block(&attempt.finalbody, rounds);
                }
                Stmt::With(with) => {
                    self.block(&with.body, rounds);
                }
                _ => {}
            }
        }
        true
    }

    fn choice(&mut self, choice: &StmtIf, rounds: &mut usize) -> bool {
        let truth = |globals: &Self, test: &Expr| globals.eval(test).ok().and_then(|value| value.truth());
        match truth(self, &choice.test) {
            Some(true) => return self.block(&choice.body, rounds),
            Some(false) => {}
            // Neither branch is known to run.
            None => return true,
        }
        for clause in &choice.elif_else_clauses {
            match clause.test.as_ref().map_or(Some(true), |test| truth(self, test)) {
                Some(true) => return self.block(&clause.body, rounds),
                Some(false) => {}
                None => return true,
            }
        }
        true
    }

    fn for_loop(&mut self, loop_: &StmtFor, rounds: &mut usize) {
        let Ok(items) = self.eval(&loop_.iter).and_then(iterate) else { return };
        for item in items {
            if *rounds == 0 {
                return;
            }
            *rounds -= 1;
            let Ok(bound) = destructure(&loop_.target, item) else { return };
            self.values.extend(bound);
            self.block(&loop_.body, rounds);
        }
    }

    fn assign(&mut self, target: &Expr, value: Result<Value, Unread>, at: TextRange) {
        if let Expr::Subscript(subscript) = target {
            let (Expr::Name(name), Ok(key)) = (&*subscript.value, self.eval(&subscript.slice)) else { return };
            if let (Some(Value::Dict(entries)), Ok(value)) = (self.values.get_mut(name.id.as_str()), value) {
                Value::put(entries, key, value);
            }
            return;
        }
        match value.and_then(|value| destructure(target, value)) {
            Ok(bound) => {
                for (name, value) in bound {
                    self.unread.remove(&name);
                    self.values.insert(name, value);
                }
            }
            Err(why) => {
                if let Expr::Name(name) = target {
                    self.values.remove(name.id.as_str());
                    self.unread.insert(name.id.to_string(), (why, at));
                }
            }
        }
    }

    /// `X.update(...)`, `X.append(...)`, `X.extend(...)`, `X.setdefault(...)`, and the same on `X["key"]`.
    fn method(&mut self, call: &ExprCall) {
        let Expr::Attribute(method) = &*call.func else { return };
        let arguments: Result<Vec<_>, _> = call.arguments.args.iter().map(|argument| self.eval(argument)).collect();
        let (name, key) = match &*method.value {
            Expr::Name(name) => (name.id.as_str(), None),
            Expr::Subscript(subscript) => match (&*subscript.value, self.eval(&subscript.slice)) {
                (Expr::Name(name), Ok(key)) => (name.id.as_str(), Some(key)),
                _ => return,
            },
            _ => return,
        };
        let Some(mut holder) = self.values.get_mut(name) else { return };
        if let Some(key) = key {
            let Value::Dict(entries) = holder else { return };
            let Some((_, value)) = entries.iter_mut().find(|(k, _)| *k == key) else { return };
            holder = value;
        }
        let why = match (method.attr.as_str(), holder, arguments) {
            ("update", Value::Dict(entries), Ok(mut arguments)) if arguments.len() == 1 => {
                match pairs(arguments.remove(0)) {
                    Ok(more) => return merge(entries, more),
                    Err(why) => why,
                }
            }
            ("append", Value::List(items), Ok(arguments)) => return items.extend(arguments),
            ("extend", Value::List(items), Ok(mut arguments)) if arguments.len() == 1 => {
                match iterate(arguments.remove(0)) {
                    Ok(more) => return items.extend(more),
                    Err(why) => why,
                }
            }
            ("setdefault", Value::Dict(entries), Ok(mut arguments)) if arguments.len() == 2 => {
                let value = arguments.remove(1);
                let key = arguments.remove(0);
                if !entries.iter().any(|(k, _)| *k == key) {
                    entries.push((key, value));
                }
                return;
            }
            ("update" | "append" | "extend", _, Err(why)) => why,
            _ => return,
        };
        self.unread.insert(name.to_owned(), (why, call.range()));
    }
}
