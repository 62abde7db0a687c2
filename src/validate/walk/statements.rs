//! Statements: what each binds, declares and leads to.

use std::mem;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    AnyParameterRef, ExceptHandler, Expr, ExprList, ExprTuple, PythonVersion, Stmt, StmtAnnAssign, StmtAssign,
    StmtClassDef, StmtFunctionDef, StmtImportFrom, StmtTry,
};
use ruff_text_size::Ranged;

use super::{Around, Walk, last_name};
use crate::validate::scope::ScopeKind;

impl<'a> Walk<'a> {
    pub(super) fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::AugAssign(assign) => {
                if assign.value.is_starred_expr() {
                    self.error(assign.value.range(), "can't use starred expression here");
                }
                if let Expr::Name(name) = &*assign.target {
                    self.load(&name.id, name.range, false);
                }
                self.visit_expr(&assign.value);
                self.visit_expr(&assign.target);
            }
            Stmt::AnnAssign(assign) => self.annotated(assign),
            Stmt::For(statement) => {
                self.visit_expr(&statement.iter);
                self.visit_expr(&statement.target);
                self.repeated(&statement.body, &statement.orelse);
            }
            Stmt::While(statement) => {
                self.around.repeats += 1;
                self.visit_expr(&statement.test);
                self.around.repeats -= 1;
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
                let later = mem::replace(&mut self.around.later, true);
                self.with_type_params(alias.type_params.as_deref(), |walk| walk.visit_expr(&alias.value));
                self.around.later = later;
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
            Stmt::Return(_) if self.around.star_loops.is_some() => {
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
                self.imported(import);
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Return(statement) => {
                if statement.value.is_some() {
                    self.around.returns.get_or_insert(statement.range);
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn function(&mut self, function: &'a StmtFunctionDef) {
        for decorator in &function.decorator_list {
            self.visit_decorator(decorator);
        }
        self.defaults(&function.parameters);
        self.with_type_params(function.type_params.as_deref(), |walk| {
            for annotation in function.parameters.iter().filter_map(AnyParameterRef::annotation) {
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

    fn class(&mut self, class: &'a StmtClassDef) {
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        self.with_type_params(class.type_params.as_deref(), |walk| {
            if let Some(arguments) = &class.arguments {
                walk.visit_arguments(arguments);
            }
            let around = walk.around;
            walk.around = Around { loops: 0, branches: 0, star_loops: None, ..around };
            walk.scopes.push_class(&class.name);
            walk.visit_body(&class.body);
            walk.scopes.pop_class();
            walk.around = Around { yields: walk.around.yields, ..around };
        });
        self.define(&class.name, &class.decorator_list);
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
        let around = self.around.star_loops;
        if statement.is_star {
            self.around.star_loops = Some(self.around.loops);
        }
        for handler in &statement.handlers {
            self.visit_except_handler(handler);
        }
        self.around.star_loops = around;
        if !else_first {
            self.branch(&statement.orelse);
        }
        self.tries -= 1;
        self.branch(&statement.finalbody);
    }

    fn annotated(&mut self, assign: &'a StmtAnnAssign) {
        let name = assign.target.as_name_expr().filter(|_| assign.simple);
        if let Some(name) = name {
            self.scopes.annotate(&name.id, name.range);
        }
        let later = self.around.later;
        self.around.later |= name.is_some() && matches!(self.scopes.kind(), ScopeKind::Function { .. });
        let quoted = mem::replace(&mut self.around.quoted, self.future_annotations);
        self.visit_annotation(&assign.annotation);
        self.around.quoted = quoted;
        self.around.later = later;
        if let Some(value) = &assign.value {
            if value.is_starred_expr() {
                self.error(value.range(), "can't use starred expression here");
            }
            self.visit_expr(value);
        }
        if assign.value.is_some() || !assign.target.is_name_expr() {
            self.visit_expr(&assign.target);
        }
    }

    fn imported(&mut self, import: &'a StmtImportFrom) {
        if let Some(module) = import.module.as_ref().filter(|_| import.level == 0) {
            self.facts.imports.insert(module);
            for alias in &import.names {
                self.facts.import_from(module, &alias.name, alias.name.range);
            }
        }
        self.facts.star_import |= import.names.iter().any(|alias| &alias.name == "*");
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

    fn leaves_star_handler(&self) -> bool {
        self.around.star_loops.is_some_and(|loops| loops == self.around.loops)
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
