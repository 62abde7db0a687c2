//! What the parser's own semantic checks ask of the walk. Names are left to `scope`, which knows them as CPython does.

use ruff_python_ast::PythonVersion;
use ruff_python_parser::semantic_errors::{LazyImportContext, SemanticSyntaxContext, SemanticSyntaxError};
use ruff_text_size::TextRange;

use super::Walk;
use crate::finding::codes::python::SYNTAX_ERROR;
use crate::validate::Issue;
use crate::validate::scope::ScopeKind;
use crate::validate::syntax::sentence;

impl SemanticSyntaxContext for Walk<'_> {
    fn future_annotations_or_stub(&self) -> bool {
        self.future_annotations
    }

    fn lazy_import_context(&self) -> Option<LazyImportContext> {
        match self.scopes.kind() {
            ScopeKind::Function { .. } => Some(LazyImportContext::Function),
            ScopeKind::Class => Some(LazyImportContext::Class),
            _ if self.tries > 0 => Some(LazyImportContext::TryExceptBlocks),
            _ => None,
        }
    }

    fn python_version(&self) -> PythonVersion {
        self.version
    }

    fn source(&self) -> &str {
        self.source
    }

    /// Invariant: `scope` reports uses before `global`, in CPython's order of visits; here nothing is ever declared.
    fn global(&self, _name: &str) -> Option<TextRange> {
        None
    }

    /// Invariant: `scope` reports it at the end, when all bindings are known.
    fn has_nonlocal_binding(&self, _name: &str) -> bool {
        true
    }

    fn in_async_context(&self) -> bool {
        for kind in self.scopes.around() {
            match kind {
                ScopeKind::Function { is_async } => return is_async,
                ScopeKind::Class | ScopeKind::Lambda => return false,
                _ => {}
            }
        }
        false
    }

    fn in_await_allowed_context(&self) -> bool {
        for kind in self.scopes.around() {
            match kind {
                ScopeKind::Function { .. } | ScopeKind::Lambda | ScopeKind::Comprehension { lazy: true, .. } => {
                    return true;
                }
                ScopeKind::Class => return false,
                _ => {}
            }
        }
        false
    }

    fn in_yield_allowed_context(&self) -> bool {
        for kind in self.scopes.around() {
            match kind {
                ScopeKind::Function { .. } | ScopeKind::Lambda => return true,
                ScopeKind::Class | ScopeKind::Comprehension { .. } => return false,
                _ => {}
            }
        }
        false
    }

    fn in_sync_comprehension(&self) -> bool {
        for kind in self.scopes.around() {
            match kind {
                ScopeKind::Comprehension { lazy: false, is_async: false } => return true,
                ScopeKind::Function { .. } | ScopeKind::Lambda | ScopeKind::Class => return false,
                _ => {}
            }
        }
        false
    }

    fn in_class_body_comprehension(&self) -> bool {
        for kind in self.scopes.around() {
            match kind {
                ScopeKind::Class => return true,
                ScopeKind::Comprehension { .. } => {}
                _ => return false,
            }
        }
        false
    }

    fn in_module_scope(&self) -> bool {
        self.scopes.kind() == ScopeKind::Module
    }

    fn in_function_scope(&self) -> bool {
        matches!(self.scopes.kind(), ScopeKind::Function { .. })
    }

    fn in_generator_context(&self) -> bool {
        for kind in self.scopes.around() {
            match kind {
                ScopeKind::Comprehension { lazy: true, .. } => return true,
                ScopeKind::Function { .. } | ScopeKind::Lambda | ScopeKind::Class => return false,
                _ => {}
            }
        }
        false
    }

    fn in_notebook(&self) -> bool {
        false
    }

    fn report_semantic_error(&self, error: SemanticSyntaxError) {
        self.issues.borrow_mut().push(Issue::error(SYNTAX_ERROR, error.range, sentence(&error.to_string())));
    }

    fn in_loop_context(&self) -> bool {
        self.around.loops > 0
    }

    /// Invariant: `scope` reports parameters that are declared global or nonlocal.
    fn is_bound_parameter(&self, _name: &str) -> bool {
        false
    }
}
