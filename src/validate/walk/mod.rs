//! One pass over the tree, in the order of CPython's symbol table: it feeds `scope`, `facts` and the parser's semantic
//! checks. It judges only what needs the place in the tree.
//!
//! Map of the room: `statements`, `expressions` and `visits` are the pass; `context` answers the parser's checks.

mod context;
mod expressions;
mod statements;
mod visits;

use std::cell::RefCell;
use std::mem;

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{Decorator, Expr, Identifier, Mod, Parameters, PythonVersion, Stmt, TypeParams};
use ruff_python_parser::semantic_errors::SemanticSyntaxChecker;
use ruff_text_size::TextRange;

use super::Issue;
use super::facts::{Definition, Facts};
use super::scope::{ScopeKind, Scopes, is};
use crate::finding::codes::python::SYNTAX_ERROR;

/// Expressions nested deeper than this are refused: the passes below recurse, and CPython has a limit of its own.
const DEPTH: u32 = 250;

/// The state of the pass.
pub struct Walk<'a> {
    source: &'a str,
    version: PythonVersion,
    future_annotations: bool,
    scopes: Scopes<'a>,
    facts: Facts<'a>,
    issues: RefCell<Vec<Issue>>,
    checker: SemanticSyntaxChecker,
    around: Around,
    /// Nested `try` statements.
    tries: u32,
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
    too_deep: bool,
}

/// What a function starts anew.
#[derive(Debug, Default, Clone, Copy)]
struct Around {
    /// Loops around the walk in this function or class body.
    loops: u32,
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
    /// Whether this function yields, and a `return` with a value.
    yields: bool,
    returns: Option<TextRange>,
    comprehension: Comprehended,
}

/// The comprehension that the walk is directly in, as Python 3.10 and older see it: one that awaits may stand only where
/// the function or comprehension around it awaits too.
#[derive(Debug, Default, Clone, Copy)]
struct Comprehended {
    inside: bool,
    awaits: bool,
    /// A comprehension in it that awaits.
    awaiting: Option<TextRange>,
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
            checker: SemanticSyntaxChecker::new(),
            around: Around::default(),
            tries: 0,
            specs: 0,
            guards: 0,
            handlers: 0,
            block: 0,
            blocks: 0,
            depth: 0,
            too_deep: false,
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
        Walked { scopes: self.scopes, facts: self.facts, issues, too_deep: self.too_deep }
    }

    fn error(&self, range: TextRange, message: impl Into<String>) {
        self.issues.borrow_mut().push(Issue::error(SYNTAX_ERROR, range, message));
    }

    fn bind(&mut self, name: &'a Identifier) {
        self.scopes.bind(name, is::LOCAL | is::LASTING);
    }

    /// A block that may not run, or may run only in part.
    fn branch(&mut self, body: &'a [Stmt]) {
        self.around.branches += 1;
        self.visit_body(body);
        self.around.branches -= 1;
    }

    fn repeated(&mut self, body: &'a [Stmt], orelse: &'a [Stmt]) {
        self.around.loops += 1;
        self.around.repeats += 1;
        self.branch(body);
        self.around.loops -= 1;
        self.around.repeats -= 1;
        self.branch(orelse);
    }

    fn define(&mut self, name: &'a Identifier, decorators: &'a [Decorator]) {
        let collected = matches!(self.scopes.kind(), ScopeKind::Module | ScopeKind::Class);
        self.bind(name);
        let (scope, moment) = (self.scopes.current(), self.scopes.now());
        self.facts.definitions.push(Definition { scope, block: self.block, name, decorators, moment, collected });
    }

    fn load(&mut self, name: &'a str, range: TextRange, later: bool) {
        if self.guards == 0 {
            self.scopes.load(name, range, later, self.around.repeats > 0);
        } else {
            self.scopes.mark_loaded(name);
        }
    }

    fn in_function(&mut self, kind: ScopeKind, parameters: Option<&'a Parameters>, body: impl FnOnce(&mut Self)) {
        let around = mem::take(&mut self.around);
        self.scopes.push(kind);
        for parameter in parameters.into_iter().flatten() {
            self.scopes.bind(parameter.name(), is::PARAMETER | is::LASTING);
        }
        body(self);
        self.scopes.pop();
        if let (ScopeKind::Function { is_async: true }, true, Some(range)) =
            (kind, self.around.yields, self.around.returns)
        {
            self.error(range, "`return` with value in async generator");
        }
        self.around = around;
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
