//! One pass over the tree, in the order of CPython's symbol table: it feeds `scope` and the parser's semantic checks. It
//! judges only what needs the place in the tree.

use std::cell::RefCell;
use std::mem;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, Comprehension, Decorator, ExceptHandler, Expr, ExprCall, ExprContext, ExprList, ExprTuple, Identifier, Int,
    InterpolatedStringElement, Keyword, Number, StmtAssign, MatchCase, Mod, Parameters, Pattern,
    PythonVersion, Stmt, StmtClassDef, StmtFunctionDef, StmtTry, TypeParam, TypeParams,
};
use ruff_python_parser::semantic_errors::SemanticSyntaxChecker;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::Issue;
use super::facts::{Definition, Facts};
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
    pub(super) facts: Facts<'a>,
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
    /// `try` blocks around the walk that catch `NameError`.
    guards: u32,
    /// `except` blocks around the walk that catch a failure.
    handlers: u32,
    /// The list of statements that the walk is in, by number.
    block: u32,
    blocks: u32,
    depth: u32,
}

/// What the pass leaves behind.
pub struct Walked<'a> {
    pub scopes: Scopes<'a>,
    pub facts: Facts<'a>,
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
            facts: Facts::default(),
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
            guards: 0,
            handlers: 0,
            block: 0,
            blocks: 0,
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
        Walked { scopes: self.scopes, facts: self.facts, issues, too_deep: self.depth == u32::MAX }
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
        self.define(&function.name, &function.decorator_list);
    }

    fn define(&mut self, name: &'a Identifier, decorators: &'a [Decorator]) {
        let collected = matches!(self.scopes.kind(), ScopeKind::Module | ScopeKind::Class);
        self.bind(name);
        let (scope, moment) = (self.scopes.current(), self.scopes.now());
        self.facts.definitions.push(Definition { scope, block: self.block, name, decorators, moment, collected });
    }

    fn load(&mut self, name: &'a str, range: TextRange, later: bool) {
        if self.guards == 0 {
            self.scopes.load(name, range, later, self.repeats > 0);
        } else {
            self.scopes.mark_loaded(name);
        }
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
        self.define(&class.name, &class.decorator_list);
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
        let guarded = statement.handlers.iter().any(catches_name_error);
        self.guards += u32::from(guarded);
        self.branch(&statement.body);
        self.guards -= u32::from(guarded);
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
                    self.load(&name.id, name.range, false);
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
            Stmt::Assign(assign) => {
                self.assigned(assign);
                for target in &assign.targets {
                    self.visit_expr(target);
                }
            }
            Stmt::Expr(statement) => {
                if let Expr::Set(set) = &*statement.value
                    && let [Expr::Name(_) | Expr::Set(_)] = set.elts.as_slice()
                {
                    self.facts.braced.push(statement.range);
                }
                self.visit_expr(&statement.value);
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.facts.import(&alias.name, alias.asname.as_ref().unwrap_or(&alias.name));
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::ImportFrom(import) => {
                if let Some(module) = import.module.as_ref().filter(|_| import.level == 0) {
                    self.facts.imports.insert(module);
                    for alias in &import.names {
                        self.facts.import_from(module, &alias.name, alias.name.range);
                    }
                }
                self.facts.star_import |= import.names.iter().any(|alias| &alias.name == "*");
                visitor::walk_stmt(self, stmt);
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

    /// The value of an assignment; a text remembers its name, and `__all__` names exports.
    fn assigned(&mut self, assign: &'a StmtAssign) {
        let [Expr::Name(target)] = assign.targets.as_slice() else { return self.visit_expr(&assign.value) };
        match &*assign.value {
            Expr::StringLiteral(string) => {
                for part in &string.value {
                    self.facts.literal(part, false, Some(&target.id));
                }
            }
            Expr::List(ExprList { elts, .. }) | Expr::Tuple(ExprTuple { elts, .. })
                if target.id == "__all__" && self.scopes.kind() == ScopeKind::Module =>
            {
                let texts = elts.iter().filter_map(Expr::as_string_literal_expr);
                self.facts.exports.extend(texts.map(|text| (text.value.to_str(), text.range)));
                self.visit_expr(&assign.value);
            }
            value => self.visit_expr(value),
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

    fn expression(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => match name.ctx {
                ExprContext::Load => self.load(&name.id, name.range, self.later),
                ExprContext::Store => self.scopes.bind(&name.id, is::LOCAL | is::LASTING),
                ExprContext::Del => {
                    self.load(&name.id, name.range, false);
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
}

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
        if let Expr::StringLiteral(string) = expr
            && self.guards == 0
            && is_identifier(string.value.to_str())
        {
            self.scopes.load_quoted(string.value.to_str(), string.range);
        }
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
        let failure = !matches!(handler.type_.as_deref().and_then(last_name), Some("KeyboardInterrupt" | "SystemExit"));
        self.handlers += u32::from(failure);
        self.branch(&handler.body);
        self.handlers -= u32::from(failure);
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

/// The last name of `a.b.c`.
pub fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(&name.id),
        Expr::Attribute(attribute) => Some(&attribute.attr),
        _ => None,
    }
}

fn catches_name_error(handler: &ExceptHandler) -> bool {
    let ExceptHandler::ExceptHandler(handler) = handler;
    match handler.type_.as_deref() {
        None => true,
        Some(Expr::Tuple(types)) => types.iter().any(|one| last_name(one) == Some("NameError")),
        Some(one) => last_name(one) == Some("NameError"),
    }
}

/// `sys.exit()`, `exit(0)`, `os._exit(0)`
fn leaves_with_success(call: &ExprCall) -> bool {
    let exits = match &*call.func {
        Expr::Name(name) => matches!(name.id.as_str(), "exit" | "quit"),
        Expr::Attribute(attribute) => {
            matches!((last_name(&attribute.value), attribute.attr.as_str()), (Some("sys"), "exit") | (Some("os"), "_exit"))
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

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}
