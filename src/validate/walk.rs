//! One pass over the tree, in the order of CPython's symbol table: it feeds `scope` and the parser's semantic checks. It
//! judges only what needs the place in the tree.

use std::cell::RefCell;
use std::mem;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprContext, ExprTuple, Identifier, InterpolatedStringElement, Keyword, MatchCase, Mod, Parameters, Pattern,
    PythonVersion, Stmt, StmtClassDef, StmtFunctionDef, StmtTry, TypeParam, TypeParams,
};
use ruff_python_parser::semantic_errors::SemanticSyntaxChecker;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Issue;
use super::scope::{ScopeKind, Scopes, is};
use crate::finding::codes::python::SYNTAX_ERROR;

/// Expressions nested deeper than this are refused: the passes below recurse, and CPython has a limit of its own.
const DEPTH: u32 = 250;

/// The state of the pass.
pub struct Walk<'a> {
    pub(super) source: &'a str,
    pub(super) version: PythonVersion,
    pub(super) future_annotations: bool,
    pub(super) scopes: Scopes<'a>,
    pub(super) issues: RefCell<Vec<Issue>>,
    /// Loops around the walk in this function or class body.
    pub(super) loops: u32,
    /// Nested `try` statements.
    pub(super) tries: u32,
    checker: SemanticSyntaxChecker,
    /// Loops around the walk in this function, classes included.
    repeats: u32,
    /// Blocks around the walk in this scope that may not run.
    branches: u32,
    /// Within `except*`: how many loops are around it.
    star_loops: Option<u32>,
    /// In an annotation that is not evaluated where it stands.
    later: bool,
    /// In an annotation that becomes a string, where nothing can be bound, yielded or awaited.
    quoted: bool,
    /// Of the function around the walk: whether it yields, and a `return` with a value.
    yields: bool,
    returns: Option<TextRange>,
    /// Nested format specifications of f-strings.
    specs: u32,
    depth: u32,
}

/// What the pass leaves behind.
pub struct Walked<'a> {
    pub scopes: Scopes<'a>,
    pub issues: Vec<Issue>,
    pub too_deep: bool,
}

impl<'a> Walk<'a> {
    pub fn new(source: &'a str, version: PythonVersion) -> Self {
        Self {
            source,
            version,
            future_annotations: false,
            scopes: Scopes::default(),
            issues: RefCell::default(),
            loops: 0,
            tries: 0,
            checker: SemanticSyntaxChecker::new(),
            repeats: 0,
            branches: 0,
            star_loops: None,
            later: false,
            quoted: false,
            yields: false,
            returns: None,
            specs: 0,
            depth: 0,
        }
    }

    pub fn module(&mut self, module: &'a Mod) {
        let Mod::Module(module) = module else { return };
        self.future_annotations = module.body.iter().any(imports_annotations);
        self.visit_body(&module.body);
    }

    pub fn finish(mut self) -> Walked<'a> {
        let mut issues = self.issues.take();
        issues.extend(self.scopes.finish());
        Walked { scopes: self.scopes, issues, too_deep: self.depth == u32::MAX }
    }

    fn error(&self, range: TextRange, message: impl Into<String>) {
        self.issues.borrow_mut().push(Issue::error(SYNTAX_ERROR, range, message));
    }

    fn bind(&mut self, name: &'a Identifier) {
        self.scopes.bind(name, is::LOCAL | is::LASTING);
    }

    /// A block that may not run, or may run only in part.
    fn branch(&mut self, body: &'a [Stmt]) {
        self.branches += 1;
        self.visit_body(body);
        self.branches -= 1;
    }

    fn repeated(&mut self, body: &'a [Stmt], orelse: &'a [Stmt]) {
        self.loops += 1;
        self.repeats += 1;
        self.branch(body);
        self.loops -= 1;
        self.repeats -= 1;
        self.branch(orelse);
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.defaults(&function.parameters);
        self.with_type_params(function.type_params.as_deref(), |walk| {
            for annotation in function.parameters.iter().filter_map(|parameter| parameter.annotation()) {
                walk.visit_annotation(annotation);
            }
            if let Some(returns) = &function.returns {
                walk.visit_annotation(returns);
            }
            let kind = ScopeKind::Function { is_async: function.is_async };
            walk.in_function(kind, Some(&function.parameters), |walk| walk.visit_body(&function.body));
        });
        self.bind(&function.name);
    }

    fn in_function(&mut self, kind: ScopeKind, parameters: Option<&'a Parameters>, body: impl FnOnce(&mut Self)) {
        let around = (self.loops, self.repeats, self.branches, self.star_loops, self.later);
        (self.loops, self.repeats, self.branches, self.star_loops, self.later) = (0, 0, 0, None, false);
        let flow = (mem::take(&mut self.quoted), mem::take(&mut self.yields), mem::take(&mut self.returns));
        self.scopes.push(kind);
        for parameter in parameters.into_iter().flatten() {
            self.scopes.bind(parameter.name(), is::PARAMETER | is::LASTING);
        }
        body(self);
        self.scopes.pop();
        if let (ScopeKind::Function { is_async: true }, true, Some(range)) = (kind, self.yields, self.returns) {
            self.error(range, "`return` with value in async generator");
        }
        (self.loops, self.repeats, self.branches, self.star_loops, self.later) = around;
        (self.quoted, self.yields, self.returns) = flow;
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        self.with_type_params(class.type_params.as_deref(), |walk| {
            if let Some(arguments) = &class.arguments {
                walk.visit_arguments(arguments);
            }
            let around = (walk.loops, walk.branches, walk.star_loops);
            (walk.loops, walk.branches, walk.star_loops) = (0, 0, None);
            walk.scopes.push_class(&class.name);
            walk.visit_body(&class.body);
            walk.scopes.pop_class();
            (walk.loops, walk.branches, walk.star_loops) = around;
        });
        self.bind(&class.name);
    }

    fn with_type_params(&mut self, type_params: Option<&'a TypeParams>, inside: impl FnOnce(&mut Self)) {
        let Some(type_params) = type_params else { return inside(self) };
        self.scopes.push(ScopeKind::TypeParams);
        self.visit_type_params(type_params);
        inside(self);
        self.scopes.pop();
    }

    fn defaults(&mut self, parameters: &'a Parameters) {
        for default in parameters.iter_non_variadic_params().filter_map(|parameter| parameter.default.as_deref()) {
            self.visit_expr(default);
        }
    }

    fn try_statement(&mut self, statement: &'a StmtTry) {
        let last = statement.handlers.len().saturating_sub(1);
        for handler in statement.handlers.iter().take(last).filter_map(ExceptHandler::as_except_handler) {
            if handler.type_.is_none() {
                self.error(handler.range, "default 'except:' must be last");
            }
        }
        self.tries += 1;
        self.branch(&statement.body);
        // CPython's table visits the handlers after `else` until 3.12: a `global` in one of them notices.
        let else_first = self.version < PythonVersion::PY313;
        if else_first {
            self.branch(&statement.orelse);
        }
        let around = self.star_loops;
        if statement.is_star {
            self.star_loops = Some(self.loops);
        }
        for handler in &statement.handlers {
            self.visit_except_handler(handler);
        }
        self.star_loops = around;
        if !else_first {
            self.branch(&statement.orelse);
        }
        self.tries -= 1;
        self.branch(&statement.finalbody);
    }

    /// Elements, then the generators: the first iterable belongs to the scope around.
    fn comprehension(&mut self, lazy: bool, elements: &[Option<&'a Expr>], generators: &'a [Comprehension]) {
        let Some((first, others)) = generators.split_first() else { return };
        self.visit_expr(&first.iter);
        let is_async = generators.iter().any(|generator| generator.is_async);
        self.scopes.push(ScopeKind::Comprehension { lazy, is_async });
        self.repeats += 1;
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
        self.repeats -= 1;
        self.scopes.pop();
    }

    fn leaves_star_handler(&self) -> bool {
        self.star_loops.is_some_and(|loops| loops == self.loops)
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.scopes.load(&name.id, name.range, false, self.repeats > 0);
                }
                self.visit_expr(&assign.value);
                self.visit_expr(&assign.target);
            }
            Stmt::AnnAssign(assign) => {
                let name = assign.target.as_name_expr().filter(|_| assign.simple);
                if let Some(name) = name {
                    self.scopes.annotate(&name.id, name.range);
                }
                let later = self.later;
                self.later |= name.is_some() && matches!(self.scopes.kind(), ScopeKind::Function { .. });
                let quoted = mem::replace(&mut self.quoted, self.future_annotations);
                self.visit_annotation(&assign.annotation);
                self.quoted = quoted;
                self.later = later;
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                }
                if assign.value.is_some() || !assign.target.is_name_expr() {
                    self.visit_expr(&assign.target);
                }
            }
            Stmt::For(statement) => {
                self.visit_expr(&statement.iter);
                self.visit_expr(&statement.target);
                self.repeated(&statement.body, &statement.orelse);
            }
            Stmt::While(statement) => {
                self.repeats += 1;
                self.visit_expr(&statement.test);
                self.repeats -= 1;
                self.repeated(&statement.body, &statement.orelse);
            }
            Stmt::If(statement) => {
                self.visit_expr(&statement.test);
                self.branch(&statement.body);
                for clause in &statement.elif_else_clauses {
                    if let Some(test) = &clause.test {
                        self.visit_expr(test);
                    }
                    self.branch(&clause.body);
                }
            }
            Stmt::With(statement) => {
                for item in &statement.items {
                    self.visit_with_item(item);
                }
                self.branch(&statement.body);
            }
            Stmt::Try(statement) => self.try_statement(statement),
            Stmt::TypeAlias(alias) => {
                self.visit_expr(&alias.name);
                let later = mem::replace(&mut self.later, true);
                self.with_type_params(alias.type_params.as_deref(), |walk| walk.visit_expr(&alias.value));
                self.later = later;
            }
            Stmt::Global(statement) => {
                for name in &statement.names {
                    self.scopes.declare_global(name, name.range);
                }
            }
            Stmt::Nonlocal(statement) => {
                for name in &statement.names {
                    self.scopes.declare_nonlocal(name, name.range);
                }
            }
            Stmt::Expr(statement) if statement.value.is_starred_expr() => {
                self.error(statement.range, "can't use starred expression here");
            }
            Stmt::Return(_) if self.star_loops.is_some() => {
                self.error(stmt.range(), "'break', 'continue' and 'return' cannot appear in an 'except*' block");
            }
            Stmt::Break(_) | Stmt::Continue(_) if self.leaves_star_handler() => {
                self.error(stmt.range(), "'break', 'continue' and 'return' cannot appear in an 'except*' block");
            }
            Stmt::Return(statement) => {
                if statement.value.is_some() {
                    self.returns.get_or_insert(statement.range);
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
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

    fn expression(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => match name.ctx {
                ExprContext::Load => self.scopes.load(&name.id, name.range, self.later, self.repeats > 0),
                ExprContext::Store => self.scopes.bind(&name.id, is::LOCAL | is::LASTING),
                ExprContext::Del => {
                    self.scopes.load(&name.id, name.range, false, self.repeats > 0);
                    self.scopes.bind(&name.id, is::LOCAL);
                    if self.branches == 0 {
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
            Expr::ListComp(comp) => self.comprehension(false, &[Some(&comp.elt)], &comp.generators),
            Expr::SetComp(comp) => self.comprehension(false, &[Some(&comp.elt)], &comp.generators),
            Expr::DictComp(comp) => {
                self.comprehension(false, &[comp.key.as_deref(), Some(&comp.value)], &comp.generators);
            }
            Expr::Generator(comp) => self.comprehension(true, &[Some(&comp.elt)], &comp.generators),
            Expr::Tuple(tuple) => {
                self.bare_yield(tuple);
                visitor::walk_expr(self, expr);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) | Expr::Await(_) => {
                if self.quoted {
                    self.error(expr.range(), "`yield` and `await` can't be used within an annotation");
                }
                self.yields |= !expr.is_await_expr();
                visitor::walk_expr(self, expr);
            }
            Expr::Named(named) => {
                if self.quoted {
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
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let mut checker = mem::take(&mut self.checker);
        checker.visit_stmt(stmt, self);
        self.checker = checker;
        self.statement(stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.depth >= DEPTH {
            if self.depth != u32::MAX {
                self.error(expr.range(), "too deeply nested: Python's own compiler may run out of stack");
                self.depth = u32::MAX;
            }
            return;
        }
        let mut checker = mem::take(&mut self.checker);
        checker.visit_expr(expr, self);
        self.checker = checker;
        self.depth += 1;
        self.expression(expr);
        if self.depth != u32::MAX {
            self.depth -= 1;
        }
    }

    fn visit_annotation(&mut self, expr: &'a Expr) {
        let later = self.later;
        self.later |= self.future_annotations || self.version.defers_annotations();
        self.visit_expr(expr);
        self.later = later;
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
            self.scopes.bind(name, is::LOCAL);
        }
        self.branch(&handler.body);
        if let Some(name) = &handler.name {
            self.scopes.unbind_handler(name);
        }
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
        let later = mem::replace(&mut self.later, true);
        visitor::walk_type_param(self, type_param);
        self.later = later;
    }
}

fn imports_annotations(stmt: &Stmt) -> bool {
    let Stmt::ImportFrom(import) = stmt else { return false };
    import.module.as_ref().is_some_and(|module| module == "__future__")
        && import.names.iter().any(|alias| &alias.name == "annotations")
}
