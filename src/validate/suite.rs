//! What pytest would collect from a test file, and whether those tests can fail. It follows pytest's default names.

use ruff_python_ast::{Decorator, Expr, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::Issue;
use super::asserts::Asserts;
use super::flow::truth;
use super::walk::last_name;
use crate::finding::codes::python::{
    ALWAYS_TRUE, ASSERTION_SWALLOWED, EMPTY_SUITE, NO_ASSERTION, TOO_FEW_TESTS, UNCOLLECTED_CLASS,
};

/// What is demanded of a test file.
pub struct Suite<'a> {
    pub body: &'a [Stmt],
    pub asserting: &'a [String],
    pub min_tests: Option<u32>,
    /// Tests may come from a star import.
    pub star_import: bool,
}

pub fn check(suite: &Suite<'_>, issues: &mut Vec<Issue>) {
    let asserts = Asserts::new(suite.body, suite.asserting);
    let mut pass = Pass { asserts, issues, tests: 0, unknown: suite.star_import };
    pass.statements(suite.body);
    let (tests, unknown) = (pass.tests, pass.unknown);
    let demanded = suite.min_tests.unwrap_or(1);
    if unknown || tests >= demanded {
        return;
    }
    let top = TextRange::default();
    if tests == 0 && demanded > 0 {
        let issue = Issue::error(EMPTY_SUITE, top, "the file holds no test that pytest would collect");
        issues.push(issue.help("a test is a function `test_...`, at the module's level or in a class `Test...`"));
    } else if tests < demanded {
        let message = format!("the contract demands {demanded} tests, the file holds {tests}");
        issues.push(Issue::error(TOO_FEW_TESTS, top, message));
    }
}

struct Pass<'a, 'b> {
    asserts: Asserts<'a>,
    issues: &'b mut Vec<Issue>,
    tests: u32,
    /// Some tests come from elsewhere.
    unknown: bool,
}

impl<'a> Pass<'a, '_> {
    fn statements(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            match stmt {
                Stmt::FunctionDef(function) if function.name.starts_with("test") => self.test(function, None),
                Stmt::ClassDef(class) => self.class(class),
                Stmt::If(statement) => {
                    self.statements(&statement.body);
                    for clause in &statement.elif_else_clauses {
                        self.statements(&clause.body);
                    }
                }
                Stmt::Try(statement) => {
                    self.statements(&statement.body);
                    self.statements(&statement.orelse);
                }
                Stmt::With(statement) => self.statements(&statement.body),
                Stmt::ImportFrom(import) => {
                    let name =
                        |alias: &'a ruff_python_ast::Alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.unknown |=
                        import.names.iter().map(name).any(|name| name.starts_with("test_") || name.starts_with("Test"));
                }
                Stmt::Assign(assign) => {
                    let test = |target: &Expr| matches!(target, Expr::Name(name) if name.id.starts_with("test_"));
                    self.unknown |= assign.value.is_call_expr() && assign.targets.iter().any(test);
                }
                _ => {}
            }
        }
    }

    fn class(&mut self, class: &'a StmtClassDef) {
        let unittest = class.bases().iter().any(|base| last_name(base).is_some_and(|name| name.ends_with("TestCase")));
        if !(unittest || class.name.starts_with("Test")) || opts_out(class) {
            return;
        }
        let methods = || class.body.iter().filter_map(Stmt::as_function_def_stmt);
        let has_tests = methods().any(|method| method.name.starts_with("test"));
        if let Some(constructor) = methods().find(|method| matches!(method.name.as_str(), "__init__" | "__new__"))
            && !unittest
        {
            let message = format!("pytest collects no test of `{}`: it has `{}`", class.name, constructor.name);
            let issue = Issue::error(UNCOLLECTED_CLASS, constructor.name.range, message);
            self.issues.push(issue.help("use fixtures or `setup_method` instead"));
            return;
        }
        if !has_tests {
            let elsewhere = class.bases().iter().any(|base| last_name(base).is_none_or(|name| name != "object"));
            self.unknown |= elsewhere;
            if !elsewhere {
                let message = format!("class `{}` holds no test", class.name);
                self.issues
                    .push(Issue::error(EMPTY_SUITE, class.name.range, message).help("add one, or rename the class"));
            }
        }
        for method in methods().filter(|method| method.name.starts_with("test")) {
            self.test(method, Some(class));
        }
    }

    fn test(&mut self, test: &'a StmtFunctionDef, class: Option<&'a StmtClassDef>) {
        if test.decorator_list.iter().any(|decorator| decorated_with(decorator, "fixture")) {
            return;
        }
        self.tests += 1;
        for decorator in &test.decorator_list {
            if let Some(range) = empty_parameters(decorator) {
                let message = format!("`{}` runs for no parameter", test.name);
                self.issues.push(Issue::error(EMPTY_SUITE, range, message));
            }
        }
        always_true(&test.body, self.issues);
        if let Err(swallowed) = self.asserts.can_fail(test, class) {
            let name = &test.name;
            let issue = match swallowed.first() {
                Some(range) => Issue::error(
                    ASSERTION_SWALLOWED,
                    *range,
                    format!("`{name}` can't fail: its assertions are swallowed here"),
                )
                .help("let the exception out, or catch a narrower one"),
                None => {
                    Issue::error(NO_ASSERTION, name.range, format!("`{name}` can't fail: no assertion can be reached"))
                        .help("assert something, or call a helper whose name starts with `assert`, `check` or `expect`")
                }
            };
            self.issues.push(issue);
        }
    }
}

/// `__test__ = False`
fn opts_out(class: &StmtClassDef) -> bool {
    class.body.iter().filter_map(Stmt::as_assign_stmt).any(|assign| {
        matches!(assign.targets.as_slice(), [Expr::Name(name)] if name.id == "__test__")
            && truth(&assign.value) == Some(false)
    })
}

fn decorated_with(decorator: &Decorator, word: &str) -> bool {
    match &decorator.expression {
        Expr::Call(call) => last_name(&call.func) == Some(word),
        expr => last_name(expr) == Some(word),
    }
}

/// `@pytest.mark.parametrize("x", [])`
fn empty_parameters(decorator: &Decorator) -> Option<TextRange> {
    let Expr::Call(call) = &decorator.expression else { return None };
    let values = call.arguments.find_argument_value("argvalues", 1)?;
    let empty = match values {
        Expr::List(list) => list.elts.is_empty(),
        Expr::Tuple(tuple) => tuple.elts.is_empty(),
        _ => false,
    };
    (empty && decorated_with(decorator, "parametrize")).then(|| values.range())
}

/// Assertions of literals, which hold whatever the model does.
fn always_true(body: &[Stmt], issues: &mut Vec<Issue>) {
    for stmt in body {
        match stmt {
            Stmt::Assert(statement) if truth(&statement.test) == Some(true) => {
                let issue = Issue::error(ALWAYS_TRUE, statement.range, "this assertion always holds");
                issues.push(if statement.test.is_tuple_expr() {
                    issue.help("a tuple that is not empty is true: remove the parentheses around test and message")
                } else {
                    issue.help("assert something that a fault can change")
                });
            }
            Stmt::If(statement) => {
                always_true(&statement.body, issues);
                for clause in &statement.elif_else_clauses {
                    always_true(&clause.body, issues);
                }
            }
            Stmt::For(statement) => always_true(&statement.body, issues),
            Stmt::While(statement) => always_true(&statement.body, issues),
            Stmt::With(statement) => always_true(&statement.body, issues),
            Stmt::Try(statement) => always_true(&statement.body, issues),
            _ => {}
        }
    }
}
