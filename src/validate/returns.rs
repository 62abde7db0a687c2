//! Whether every way out of a function gives a tuple of the demanded length. Raising is a way out that is always allowed.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprContext, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::flow::{completes, statement_completes};
use super::walk::last_name;

/// What is wrong with one way out.
#[derive(Debug)]
pub struct Wrong {
    pub range: TextRange,
    pub what: String,
    /// Whether it is only not to be seen that it is right.
    pub unsure: bool,
}

/// The ways out of `function` that don't give a tuple of `arity` values.
pub fn wrong(function: &StmtFunctionDef, class: Option<&StmtClassDef>, module: &[Stmt], arity: u32) -> Vec<Wrong> {
    let mut judge = Judge { arity, class, module, asked: Vec::new() };
    judge.function(function)
}

struct Judge<'a> {
    arity: u32,
    class: Option<&'a StmtClassDef>,
    module: &'a [Stmt],
    /// Functions that are being looked into.
    asked: Vec<TextRange>,
}

impl<'a> Judge<'a> {
    fn function(&mut self, function: &'a StmtFunctionDef) -> Vec<Wrong> {
        self.asked.push(function.name.range);
        let mut ways = Ways::default();
        ways.visit_body(&function.body);
        let mut found = Vec::new();
        let name = function.name.range;
        if function.is_async {
            found.push(Wrong { range: name, what: "is a coroutine: its caller gets no tuple".into(), unsure: false });
        } else if ways.yields {
            found.push(Wrong { range: name, what: "is a generator: its caller gets no tuple".into(), unsure: false });
        }
        for way in &ways.returns {
            match way {
                Way::Bare(range) => found.push(Wrong { range: *range, what: "returns None".into(), unsure: false }),
                Way::Value(value) => self.value(value, function, &mut found),
            }
        }
        if completes(&function.body) {
            found.push(Wrong { range: name, what: "can run past its end and return None".into(), unsure: false });
        }
        self.asked.pop();
        found
    }

    fn value(&mut self, value: &'a Expr, function: &'a StmtFunctionDef, found: &mut Vec<Wrong>) {
        let range = value.range();
        let mut wrong = |what: String, unsure| found.push(Wrong { range, what, unsure });
        match value {
            Expr::Tuple(tuple) => {
                let starred = tuple.iter().any(Expr::is_starred_expr);
                if !starred && tuple.len() != self.arity as usize {
                    wrong(format!("returns {} values", tuple.len()), false);
                } else if starred {
                    wrong("returns a tuple whose length can't be seen".into(), true);
                }
            }
            Expr::If(choice) => {
                self.value(&choice.body, function, found);
                self.value(&choice.orelse, function, found);
            }
            Expr::Named(named) => self.value(&named.value, function, found),
            Expr::NoneLiteral(_) => wrong("returns None".into(), false),
            Expr::Call(call) => match self.local(&call.func) {
                Some(other) if self.asked.contains(&other.name.range) => {}
                Some(other) => {
                    if let Some(first) = self.function(other).into_iter().next() {
                        wrong(format!("returns what `{}` gives, which {}", other.name, first.what), first.unsure);
                    }
                }
                None => wrong("returns a value whose length can't be seen".into(), true),
            },
            Expr::Name(name) => match assignments(&name.id, &function.body).as_slice() {
                [] => wrong("returns a value whose length can't be seen".into(), true),
                values => {
                    for value in values {
                        self.value(value, function, found);
                    }
                }
            },
            Expr::Attribute(_) | Expr::Subscript(_) | Expr::Await(_) | Expr::BinOp(_) | Expr::BoolOp(_) => {
                wrong("returns a value whose length can't be seen".into(), true);
            }
            _ => wrong("returns no tuple".into(), false),
        }
    }

    /// `self.method` or a function of this module.
    fn local(&self, callee: &Expr) -> Option<&'a StmtFunctionDef> {
        let (body, name): (&'a [Stmt], _) = match callee {
            Expr::Attribute(attribute) if last_name(&attribute.value) == Some("self") => {
                (&self.class?.body, &attribute.attr.id)
            }
            Expr::Name(name) => (self.module, &name.id),
            _ => return None,
        };
        body.iter().filter_map(Stmt::as_function_def_stmt).find(|function| function.name.id == *name)
    }
}

enum Way<'a> {
    Bare(TextRange),
    Value(&'a Expr),
}

/// The returns of a function that can be reached, those of functions in it left out.
#[derive(Default)]
struct Ways<'a> {
    returns: Vec<Way<'a>>,
    yields: bool,
}

impl<'a> Visitor<'a> for Ways<'a> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.visit_stmt(stmt);
            if !statement_completes(stmt) {
                break;
            }
        }
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Return(statement) => self.returns.push(match statement.value.as_deref() {
                Some(value) => Way::Value(value),
                None => Way::Bare(statement.range),
            }),
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.yields = true,
            Expr::Lambda(_) => return,
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// What `name = value` assigns in a function's body; nothing where the name is bound in another way as well.
fn assignments<'a>(name: &str, body: &'a [Stmt]) -> Vec<&'a Expr> {
    struct Finder<'a, 'b> {
        name: &'b str,
        values: Vec<&'a Expr>,
        otherwise: bool,
    }
    impl<'a> Visitor<'a> for Finder<'a, '_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                Stmt::Assign(assign) if matches!(assign.targets.as_slice(), [Expr::Name(target)] if target.id == self.name) =>
                {
                    self.values.push(&assign.value);
                }
                _ => visitor::walk_stmt(self, stmt),
            }
        }

        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::Name(target) = expr {
                self.otherwise |= target.id == self.name && target.ctx == ExprContext::Store;
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut finder = Finder { name, values: Vec::new(), otherwise: false };
    finder.visit_body(body);
    // `x = x` would lead back to itself.
    finder.values.retain(|value| !matches!(value, Expr::Name(same) if same.id == name));
    if finder.otherwise { Vec::new() } else { finder.values }
}
