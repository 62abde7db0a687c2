//! How the pass goes from node to node: the parser's checks first, then ours, then what is below.

use std::mem;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, ConversionFlag, ExceptHandler, Expr, InterpolatedStringElement, Keyword, MatchCase, Pattern, PythonVersion,
    Stmt, TypeParam, WithItem,
};
use ruff_text_size::{Ranged, TextRange};

use super::{DEPTH, Walk, last_name};
use crate::finding::codes::python::NEWER_SYNTAX;
use crate::validate::Issue;
use crate::validate::scope::is;

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_body(&mut self, body: &'a [Stmt]) {
        self.blocks += 1;
        let around = mem::replace(&mut self.block, self.blocks);
        visitor::walk_body(self, body);
        self.block = around;
    }

    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let mut checker = mem::take(&mut self.checker);
        checker.visit_stmt(stmt, self);
        self.checker = checker;
        self.statement(stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.depth == DEPTH && !self.too_deep {
            self.error(expr.range(), "too deeply nested: Python's own compiler may run out of stack");
            self.too_deep = true;
        }
        if self.too_deep {
            return;
        }
        let mut checker = mem::take(&mut self.checker);
        checker.visit_expr(expr, self);
        self.checker = checker;
        self.depth += 1;
        self.expression(expr);
        self.depth -= 1;
    }

    fn visit_annotation(&mut self, expr: &'a Expr) {
        let later = self.around.later;
        self.around.later |= self.future_annotations || self.version.defers_annotations();
        if let Expr::StringLiteral(string) = expr
            && self.guards == 0
            && is_identifier(string.value.to_str())
        {
            self.scopes.load_quoted(string.value.to_str(), string.range);
        }
        self.visit_expr(expr);
        self.around.later = later;
    }

    fn visit_keyword(&mut self, keyword: &'a Keyword) {
        if let Some(name) = keyword.arg.as_ref().filter(|name| *name == "__debug__") {
            self.error(name.range, "cannot assign to `__debug__`");
        }
        visitor::walk_keyword(self, keyword);
    }

    fn visit_alias(&mut self, alias: &'a Alias) {
        let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
        if name != "*" {
            self.scopes.bind(name.split('.').next().unwrap_or(name), is::IMPORT | is::LASTING);
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(handler) = handler;
        if let Some(expr) = &handler.type_ {
            self.visit_expr(expr);
        }
        if let Some(name) = &handler.name {
            self.scopes.bind_handler(name);
        }
        let failure = !matches!(handler.type_.as_deref().and_then(last_name), Some("KeyboardInterrupt" | "SystemExit"));
        self.handlers += u32::from(failure);
        self.branch(&handler.body);
        self.handlers -= u32::from(failure);
        if let Some(name) = &handler.name {
            self.scopes.unbind_handler(name);
        }
    }

    fn visit_with_item(&mut self, item: &'a WithItem) {
        if let Some(target) = item.optional_vars.as_deref().filter(|target| target.is_starred_expr()) {
            self.error(target.range(), "starred assignment target must be in a list or tuple");
        }
        visitor::walk_with_item(self, item);
    }

    fn visit_match_case(&mut self, case: &'a MatchCase) {
        self.visit_pattern(&case.pattern);
        if let Some(guard) = &case.guard {
            self.visit_expr(guard);
        }
        self.branch(&case.body);
    }

    fn visit_interpolated_string_element(&mut self, element: &'a InterpolatedStringElement) {
        let InterpolatedStringElement::Interpolation(interpolation) = element else { return };
        if interpolation.expression.is_starred_expr() {
            self.error(interpolation.range, "can't use starred expression here");
        }
        if self.specs > 1 && self.version < PythonVersion::PY312 {
            self.error(interpolation.range, "f-string: expressions nested too deeply");
        }
        if interpolation.conversion != ConversionFlag::None && self.version < PythonVersion::PY312 {
            let spec = interpolation.format_spec.as_ref().map_or(interpolation.end(), |spec| spec.start());
            let behind = &self.source[TextRange::new(interpolation.expression.end(), spec)];
            if behind.trim_end_matches([':', '}']).ends_with(char::is_whitespace) {
                self.error(interpolation.range, "f-string: expecting '}'");
            }
        }
        let around = mem::take(&mut self.specs);
        self.visit_expr(&interpolation.expression);
        self.specs = around + 1;
        for element in interpolation.format_spec.iter().flat_map(|spec| &spec.elements) {
            self.visit_interpolated_string_element(element);
        }
        self.specs = around;
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchValue(value) if matches!(&*value.value, Expr::FString(_) | Expr::TString(_)) => {
                self.error(value.range, "patterns may only match literals and attribute lookups");
            }
            Pattern::MatchClass(class) => {
                for keyword in class.arguments.keywords.iter().filter(|keyword| &keyword.attr == "__debug__") {
                    self.error(keyword.range, "cannot assign to `__debug__`");
                }
            }
            Pattern::MatchOr(or) => {
                for early in or.patterns.iter().rev().skip(1).filter(|pattern| pattern.is_irrefutable()) {
                    self.error(early.range(), "this pattern makes remaining patterns unreachable");
                }
            }
            _ => {}
        }
        visitor::walk_pattern(self, pattern);
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name);
        }
    }

    fn visit_type_param(&mut self, type_param: &'a TypeParam) {
        self.scopes.bind(type_param.name(), is::TYPE_PARAMETER | is::LASTING);
        let default = match type_param {
            // The parser itself says so for plain type variables.
            TypeParam::TypeVar(_) => None,
            TypeParam::TypeVarTuple(param) => param.default.as_deref(),
            TypeParam::ParamSpec(param) => param.default.as_deref(),
        };
        if let Some(default) = default.filter(|_| self.version < PythonVersion::PY313) {
            let message = "cannot set default type for a type parameter (syntax was added in Python 3.13)";
            self.issues.borrow_mut().push(Issue::error(NEWER_SYNTAX, default.range(), message));
        }
        let later = mem::replace(&mut self.around.later, true);
        visitor::walk_type_param(self, type_param);
        self.around.later = later;
    }
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
