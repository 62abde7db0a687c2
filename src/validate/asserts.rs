//! Whether a test can fail at all: is an assertion reached that no `except` swallows? Helpers of the same file are looked
//! into; imported ones count by their name.

use std::cell::RefCell;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, Expr, ExprCall, Stmt, StmtClassDef, StmtFunctionDef, StmtTry, StmtWith};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::flow::{statement_completes, truth};
use super::glob;
use super::walk::last_name;

/// The functions of a module by which its tests may assert.
pub struct Asserts<'a> {
    functions: FxHashMap<&'a str, &'a StmtFunctionDef>,
    classes: FxHashMap<&'a str, &'a StmtClassDef>,
    /// Names of the contract that count as assertions.
    asserting: &'a [String],
    /// What is known of a function, by the place of its name. None while it is being looked into.
    known: RefCell<FxHashMap<TextRange, Option<bool>>>,
    /// Assertions that were found to be swallowed.
    swallowed: RefCell<Vec<TextRange>>,
}

/// Where a body stands: what its calls may mean.
#[derive(Clone, Copy)]
struct Place<'a, 'b> {
    class: Option<&'a StmtClassDef>,
    /// Functions defined in the function around.
    nested: &'b FxHashMap<&'a str, &'a StmtFunctionDef>,
}

impl<'a> Asserts<'a> {
    pub fn new(body: &'a [Stmt], asserting: &'a [String]) -> Self {
        let mut functions = FxHashMap::default();
        let mut classes = FxHashMap::default();
        for stmt in body {
            match stmt {
                Stmt::FunctionDef(function) => _ = functions.insert(function.name.as_str(), function),
                Stmt::ClassDef(class) => _ = classes.insert(class.name.as_str(), class),
                _ => {}
            }
        }
        Self { functions, classes, asserting, known: RefCell::default(), swallowed: RefCell::default() }
    }

    /// Whether this test can fail; if not, where assertions are that an `except` swallows.
    pub fn can_fail(&self, test: &'a StmtFunctionDef, class: Option<&'a StmtClassDef>) -> Result<(), Vec<TextRange>> {
        self.swallowed.borrow_mut().clear();
        if self.function(test, class) { Ok(()) } else { Err(self.swallowed.take()) }
    }

    /// A class of this module, by name.
    pub fn class(&self, name: &str) -> Option<&'a StmtClassDef> {
        self.classes.get(name).copied()
    }

    fn function(&self, function: &'a StmtFunctionDef, class: Option<&'a StmtClassDef>) -> bool {
        let key = function.name.range;
        if let Some(known) = self.known.borrow().get(&key) {
            return known.unwrap_or(false);
        }
        self.known.borrow_mut().insert(key, None);
        let mut nested = FxHashMap::default();
        for stmt in &function.body {
            if let Stmt::FunctionDef(inner) = stmt {
                nested.insert(inner.name.as_str(), inner);
            }
        }
        let found = self.body(&function.body, Place { class, nested: &nested });
        self.known.borrow_mut().insert(key, Some(found));
        found
    }

    fn body(&self, body: &'a [Stmt], place: Place<'a, '_>) -> bool {
        for stmt in body {
            if self.statement(stmt, place) {
                return true;
            }
            if !statement_completes(stmt) {
                return false;
            }
        }
        false
    }

    fn statement(&self, stmt: &'a Stmt, place: Place<'a, '_>) -> bool {
        match stmt {
            Stmt::Assert(statement) => truth(&statement.test).is_none(),
            Stmt::Raise(statement) => statement.exc.as_deref().is_some_and(|raised| {
                let name = match raised {
                    Expr::Call(call) => last_name(&call.func),
                    other => last_name(other),
                };
                !matches!(name, Some("SkipTest" | "Skipped" | "StopIteration"))
            }),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => false,
            Stmt::If(statement) => {
                let known = truth(&statement.test);
                self.expression(&statement.test, place)
                    || (known != Some(false) && self.body(&statement.body, place))
                    || (known != Some(true)
                        && statement.elif_else_clauses.iter().any(|clause| self.body(&clause.body, place)))
            }
            Stmt::For(statement) => {
                let empty = truth(&statement.iter) == Some(false);
                self.expression(&statement.iter, place)
                    || (!empty && self.body(&statement.body, place))
                    || self.body(&statement.orelse, place)
            }
            Stmt::While(statement) => {
                self.expression(&statement.test, place)
                    || (truth(&statement.test) != Some(false) && self.body(&statement.body, place))
                    || self.body(&statement.orelse, place)
            }
            Stmt::With(statement) => self.with(statement, place),
            Stmt::Try(statement) => self.attempt(statement, place),
            Stmt::Match(statement) => {
                self.expression(&statement.subject, place)
                    || statement.cases.iter().any(|case| self.body(&case.body, place))
            }
            _ => self.any_call(place, |finder| visitor::walk_stmt(finder, stmt)),
        }
    }

    fn with(&self, statement: &'a StmtWith, place: Place<'a, '_>) -> bool {
        let suppressed = statement.items.iter().find_map(|item| match &item.context_expr {
            Expr::Call(call) if last_name(&call.func) == Some("suppress") => {
                call.arguments.args.iter().any(catches_assertion).then_some(call.range())
            }
            _ => None,
        });
        statement.items.iter().any(|item| self.expression(&item.context_expr, place))
            || self.unless(suppressed, self.body(&statement.body, place))
    }

    fn attempt(&self, statement: &'a StmtTry, place: Place<'a, '_>) -> bool {
        let handlers = || statement.handlers.iter().filter_map(ExceptHandler::as_except_handler);
        let lets_through = |body: &'a [Stmt]| self.body(body, place) || body.iter().any(raises_again);
        let silent = handlers()
            .find(|handler| handler.type_.as_deref().is_none_or(catches_assertion))
            .filter(|handler| !lets_through(&handler.body))
            .map(|handler| handler.range);
        let returns = statement.finalbody.iter().find(|stmt| stmt.is_return_stmt()).map(Ranged::range);
        let inside = self.unless(silent, self.body(&statement.body, place))
            || handlers().any(|handler| self.body(&handler.body, place))
            || self.body(&statement.orelse, place);
        self.unless(returns, inside) || self.body(&statement.finalbody, place)
    }

    /// `asserts`, but not where something swallows it.
    fn unless(&self, swallowing: Option<TextRange>, asserts: bool) -> bool {
        if let (Some(range), true) = (swallowing, asserts) {
            self.swallowed.borrow_mut().push(range);
        }
        asserts && swallowing.is_none()
    }

    fn expression(&self, expr: &'a Expr, place: Place<'a, '_>) -> bool {
        self.any_call(place, |finder| finder.visit_expr(expr))
    }

    fn any_call(&self, place: Place<'a, '_>, visit: impl FnOnce(&mut CallFinder<'a, '_, '_>)) -> bool {
        let mut finder = CallFinder { asserts: self, place, found: false };
        visit(&mut finder);
        finder.found
    }

    fn call(&self, call: &'a ExprCall, place: Place<'a, '_>) -> bool {
        if let Some((function, class)) = self.local(&call.func, place) {
            return self.function(function, class);
        }
        // A function that is handed over is taken to be called.
        let handed = call.arguments.args.iter().any(|argument| {
            argument.is_name_expr()
                && self.local(argument, place).is_some_and(|(function, class)| self.function(function, class))
        });
        let Some(name) = last_name(&call.func) else { return handed };
        let bare = name.trim_start_matches('_');
        handed
            || ["assert", "check", "expect"].iter().any(|word| bare.starts_with(word))
            || matches!(name, "raises" | "warns" | "deprecated_call" | "fail")
            || self.asserting.iter().any(|pattern| glob::matches(pattern, name))
    }

    /// The function of this module that `callee` names.
    fn local(&self, callee: &Expr, place: Place<'a, '_>) -> Option<(&'a StmtFunctionDef, Option<&'a StmtClassDef>)> {
        match callee {
            Expr::Name(name) => {
                let name = name.id.as_str();
                let nested = place.nested.get(name).map(|function| (*function, place.class));
                nested.or_else(|| self.functions.get(name).map(|function| (*function, None)))
            }
            Expr::Attribute(attribute) => {
                let class = match &*attribute.value {
                    Expr::Name(name) if matches!(name.id.as_str(), "self" | "cls") => place.class?,
                    Expr::Name(name) => self.class(&name.id)?,
                    _ => return None,
                };
                self.method(class, &attribute.attr, 0)
            }
            _ => None,
        }
    }

    fn method(
        &self,
        class: &'a StmtClassDef,
        name: &str,
        depth: u8,
    ) -> Option<(&'a StmtFunctionDef, Option<&'a StmtClassDef>)> {
        let own = class.body.iter().filter_map(Stmt::as_function_def_stmt).find(|method| &method.name == name);
        // A cycle of bases is an error that Python reports; here it only must not loop.
        own.map(|method| (method, Some(class))).or_else(|| {
            let bases = class.bases().iter().filter_map(|base| self.class(last_name(base)?));
            bases.filter(|_| depth < 16).find_map(|base| self.method(base, name, depth + 1))
        })
    }
}

/// Looks for an asserting call; what stands in a lambda does not run here.
struct CallFinder<'a, 'b, 'c> {
    asserts: &'b Asserts<'a>,
    place: Place<'a, 'c>,
    found: bool,
}

impl<'a> Visitor<'a> for CallFinder<'a, '_, '_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.found || expr.is_lambda_expr() {
            return;
        }
        if let Expr::Call(call) = expr {
            self.found = self.asserts.call(call, self.place);
        }
        visitor::walk_expr(self, expr);
    }
}

fn catches_assertion(caught: &Expr) -> bool {
    match caught {
        Expr::Tuple(types) => types.iter().any(catches_assertion),
        one => matches!(last_name(one), Some("Exception" | "BaseException" | "AssertionError")),
    }
}

/// A `raise` anywhere in an `except` block lets the failure out.
fn raises_again(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Raise(_) => true,
        Stmt::If(statement) => {
            statement.body.iter().any(raises_again)
                || statement.elif_else_clauses.iter().any(|clause| clause.body.iter().any(raises_again))
        }
        Stmt::With(statement) => statement.body.iter().any(raises_again),
        _ => false,
    }
}
