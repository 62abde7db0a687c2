//! Where control goes: what ends a block, what can never run. Sound where it says "ends"; it follows no values but literals.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, Expr, ExprCall, Number, Stmt, StmtTry, StmtWith};

use super::walk::last_name;

/// Whether control can run past the end of `body`.
pub fn completes(body: &[Stmt]) -> bool {
    body.iter().all(statement_completes)
}

/// Whether the statement behind `stmt` can be reached.
pub fn statement_completes(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_) => false,
        Stmt::Expr(statement) => !matches!(&*statement.value, Expr::Call(call) if never_returns(call)),
        Stmt::Assert(statement) => truth(&statement.test) != Some(false),
        Stmt::If(statement) => {
            let first = truth(&statement.test) != Some(false) && completes(&statement.body);
            if truth(&statement.test) == Some(true) {
                return first;
            }
            let has_else = statement.elif_else_clauses.last().is_some_and(|clause| clause.test.is_none());
            first || !has_else || statement.elif_else_clauses.iter().any(|clause| completes(&clause.body))
        }
        Stmt::While(statement) => truth(&statement.test) != Some(true) || breaks(&statement.body),
        Stmt::With(statement) => completes(&statement.body) || swallows(statement),
        Stmt::Try(statement) => try_completes(statement),
        Stmt::Match(statement) => {
            let irrefutable = |case: &ruff_python_ast::MatchCase| case.guard.is_none() && case.pattern.is_irrefutable();
            !statement.cases.iter().any(irrefutable) || statement.cases.iter().any(|case| completes(&case.body))
        }
        _ => true,
    }
}

/// Whether a literal test is true or false for certain.
pub fn truth(test: &Expr) -> Option<bool> {
    match test {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::NoneLiteral(_) => Some(false),
        Expr::EllipsisLiteral(_) | Expr::Lambda(_) => Some(true),
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(int) => Some(int.as_u64() != Some(0)),
            Number::Float(float) => Some(*float != 0.0),
            Number::Complex { real, imag } => Some(*real != 0.0 || *imag != 0.0),
        },
        Expr::StringLiteral(string) => Some(!string.value.is_empty()),
        Expr::BytesLiteral(bytes) => Some(!bytes.value.is_empty()),
        Expr::Tuple(tuple) => display_truth(&tuple.elts),
        Expr::List(list) => display_truth(&list.elts),
        Expr::UnaryOp(operation) if operation.op == ruff_python_ast::UnaryOp::Not => {
            truth(&operation.operand).map(|known| !known)
        }
        _ => None,
    }
}

/// `with pytest.raises(...)`, `contextlib.suppress(...)`: an exception of the body ends there.
pub fn swallows(statement: &StmtWith) -> bool {
    statement.items.iter().any(|item| match &item.context_expr {
        Expr::Call(call) => matches!(
            last_name(&call.func),
            Some("raises" | "suppress" | "assertRaises" | "assertRaisesRegex" | "subTest" | "RaisesGroup")
        ),
        _ => false,
    })
}

fn display_truth(elements: &[Expr]) -> Option<bool> {
    let starred = elements.iter().any(Expr::is_starred_expr);
    (!starred).then_some(!elements.is_empty())
}

/// `pytest.skip(...)`, `sys.exit(...)`, `self.fail(...)`: they raise.
pub fn never_returns(call: &ExprCall) -> bool {
    match &*call.func {
        Expr::Name(name) => matches!(name.id.as_str(), "exit" | "quit"),
        Expr::Attribute(attribute) => matches!(
            (last_name(&attribute.value), attribute.attr.as_str()),
            (Some("pytest"), "skip" | "fail" | "exit" | "xfail")
                | (Some("sys"), "exit")
                | (Some("os"), "_exit" | "abort")
                | (Some("self"), "fail" | "skipTest")
        ),
        _ => false,
    }
}

fn try_completes(statement: &StmtTry) -> bool {
    if !completes(&statement.finalbody) {
        return false;
    }
    let body = completes(&statement.body) && completes(&statement.orelse);
    body || statement.handlers.iter().any(|handler| {
        let ExceptHandler::ExceptHandler(handler) = handler;
        completes(&handler.body)
    })
}

/// Whether a `break` of this loop stands in `body`.
fn breaks(body: &[Stmt]) -> bool {
    struct Breaks(bool);
    impl<'a> Visitor<'a> for Breaks {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Break(_) => self.0 = true,
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                // A loop within keeps its own `break`; what stands in its `else` is of this one.
                Stmt::For(inner) => self.visit_body(&inner.orelse),
                Stmt::While(inner) => self.visit_body(&inner.orelse),
                _ => visitor::walk_stmt(self, stmt),
            }
        }

        fn visit_expr(&mut self, _expr: &'a Expr) {}
    }
    let mut found = Breaks(false);
    found.visit_body(body);
    found.0
}
