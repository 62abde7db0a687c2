//! Expressions: loads, scopes of their own, and the forms that the parser lets pass.

use std::mem;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Comprehension, Expr, ExprCall, ExprContext, ExprTuple, Int, Number, PythonVersion};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Comprehended, Walk, last_name};
use crate::validate::scope::{ScopeKind, is};

impl<'a> Walk<'a> {
    pub(super) fn expression(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => match name.ctx {
                ExprContext::Load => self.load(&name.id, name.range, self.around.later),
                ExprContext::Store => self.scopes.bind(&name.id, is::LOCAL | is::LASTING),
                ExprContext::Del => {
                    self.load(&name.id, name.range, false);
                    self.scopes.bind(&name.id, is::LOCAL);
                    if self.around.branches == 0 {
                        self.scopes.unbind(&name.id);
                    }
                }
                ExprContext::Invalid => {}
            },
            Expr::Lambda(lambda) => {
                let parameters = lambda.parameters.as_deref();
                if let Some(parameters) = parameters {
                    self.defaults(parameters);
                }
                self.in_function(ScopeKind::Lambda, parameters, |walk| walk.visit_expr(&lambda.body));
            }
            Expr::ListComp(comp) => self.comprehension(comp.range, false, &[Some(&comp.elt)], &comp.generators),
            Expr::SetComp(comp) => self.comprehension(comp.range, false, &[Some(&comp.elt)], &comp.generators),
            Expr::DictComp(comp) => {
                self.comprehension(comp.range, false, &[comp.key.as_deref(), Some(&comp.value)], &comp.generators);
            }
            Expr::Generator(comp) => self.comprehension(comp.range, true, &[Some(&comp.elt)], &comp.generators),
            Expr::Tuple(tuple) => {
                self.bare_yield(tuple);
                visitor::walk_expr(self, expr);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Await(_) => {
                if self.around.quoted {
                    self.error(expr.range(), "`yield` and `await` can't be used within an annotation");
                }
                self.around.yields |= !expr.is_await_expr();
                self.around.comprehension.awaits |= expr.is_await_expr();
                visitor::walk_expr(self, expr);
            }
            Expr::Named(named) => {
                if self.around.quoted {
                    self.error(named.range, "an assignment expression can't be used within an annotation");
                }
                self.visit_expr(&named.value);
                if let Expr::Name(name) = &*named.target {
                    self.scopes.bind_named(&name.id);
                }
            }
            Expr::Attribute(attribute) => {
                if &attribute.attr == "__debug__" && attribute.ctx != ExprContext::Load {
                    self.error(attribute.attr.range, "cannot assign to `__debug__`");
                }
                self.facts.attribute(&attribute.value, &attribute.attr, attribute.attr.range);
                visitor::walk_expr(self, expr);
            }
            Expr::Call(call) => self.call(call),
            Expr::Dict(dict) => {
                self.facts.dicts.push(dict);
                visitor::walk_expr(self, expr);
            }
            Expr::StringLiteral(string) => {
                for part in &string.value {
                    self.facts.literal(part, false, None);
                }
            }
            Expr::FString(string) => {
                for part in &string.value {
                    self.facts.f_string(part);
                }
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    /// Elements, then the generators: the first iterable belongs to the scope around.
    fn comprehension(
        &mut self,
        range: TextRange,
        lazy: bool,
        elements: &[Option<&'a Expr>],
        generators: &'a [Comprehension],
    ) {
        let Some((first, others)) = generators.split_first() else { return };
        self.visit_expr(&first.iter);
        let is_async = generators.iter().any(|generator| generator.is_async);
        self.scopes.push(ScopeKind::Comprehension { lazy, is_async });
        self.around.repeats += 1;
        let outer = mem::replace(
            &mut self.around.comprehension,
            Comprehended { inside: true, awaits: is_async, awaiting: None },
        );
        self.visit_expr(&first.target);
        for test in &first.ifs {
            self.visit_expr(test);
        }
        for generator in others {
            self.visit_comprehension(generator);
        }
        for element in elements.iter().flatten() {
            self.visit_expr(element);
        }
        let inner = mem::replace(&mut self.around.comprehension, outer);
        self.around.repeats -= 1;
        self.scopes.pop();
        if self.version < PythonVersion::PY311 {
            if let Some(range) = inner.awaiting.filter(|_| !inner.awaits) {
                self.error(range, "asynchronous comprehension outside of an asynchronous function");
            }
            if inner.awaits && !lazy && outer.inside {
                self.around.comprehension.awaiting = Some(range);
            }
        }
    }

    /// `"...".format(...)`, `getattr(transformers, "X")` and `sys.exit(0)` after a failure.
    fn call(&mut self, call: &'a ExprCall) {
        match &*call.func {
            Expr::Attribute(attribute) if matches!(attribute.attr.as_str(), "format" | "format_map") => {
                if let Expr::StringLiteral(string) = &*attribute.value {
                    for part in &string.value {
                        self.facts.literal(part, true, None);
                    }
                    return self.visit_arguments(&call.arguments);
                }
            }
            Expr::Name(name) if name.id == "getattr" => {
                if let [value, Expr::StringLiteral(attribute), ..] = &*call.arguments.args {
                    self.facts.attribute(value, attribute.value.to_str(), attribute.range);
                }
            }
            _ => {}
        }
        if self.handlers > 0 && leaves_with_success(call) {
            self.facts.exits.push(call.range());
        }
        self.visit_expr(&call.func);
        self.visit_arguments(&call.arguments);
    }

    /// `yield, x` is two elements to the parser and nothing to CPython.
    fn bare_yield(&self, tuple: &ExprTuple) {
        let mut from = tuple.start();
        if tuple.parenthesized {
            from += TextSize::new(1);
        }
        for element in &tuple.elts {
            if matches!(element, Expr::Yield(_) | Expr::YieldFrom(_))
                && !self.source[TextRange::new(from, element.start())].contains('(')
            {
                self.error(element.range(), "`yield` must be parenthesized here");
            }
            from = element.end();
        }
    }
}

/// `sys.exit()`, `exit(0)`, `os._exit(0)`
fn leaves_with_success(call: &ExprCall) -> bool {
    let exits = match &*call.func {
        Expr::Name(name) => matches!(name.id.as_str(), "exit" | "quit"),
        Expr::Attribute(attribute) => {
            matches!(
                (last_name(&attribute.value), attribute.attr.as_str()),
                (Some("sys"), "exit") | (Some("os"), "_exit")
            )
        }
        _ => false,
    };
    let success = match &*call.arguments.args {
        [] => call.arguments.keywords.is_empty(),
        [Expr::NumberLiteral(number)] => matches!(&number.value, Number::Int(int) if *int == Int::ZERO),
        [Expr::NoneLiteral(_)] => true,
        _ => false,
    };
    exits && success
}
