//! What `from transformers import ...` finds: the names in the package's import structure, and the `__all__` of its models'
//! files. Names that only exist where a dependency is missing (dummies) are left out, and so are the TensorFlow and Flax
//! classes of older versions.

use std::collections::BTreeMap;

use super::interpret::Globals;
use super::library::Library;
use super::outline::outline;
use super::package::{Package, folder};
use super::value::Value;
use crate::finding::Finding;

/// Names by the module that exports them: sorted, each name once.
pub fn class_names(package: &Package<'_>, library: &Library) -> Result<BTreeMap<String, Vec<String>>, Finding> {
    const INIT: &str = "__init__.py";
    let outlined = outline(INIT, &package.read(INIT)?, None)?;
    let mut globals = Globals::default();
    globals.run(&outlined.statements);
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (module, exported) in globals.get("_import_structure").and_then(Value::entries).unwrap_or_default() {
        let Some(module) = module.as_text() else { continue };
        names.entry(module.to_owned()).or_default().extend(texts(exported));
    }
    let reexported = outlined.imports.iter().filter(|(name, import)| **name == import.name && !name.starts_with('_'));
    for (name, import) in reexported {
        if let Some(module) = import.module.as_ref().filter(|module| !module.is_empty() && name.as_str() != "*") {
            names.entry(module.replace('/', ".")).or_default().push(name.clone());
        }
    }
    for file in library.files() {
        let Some(folder) = folder(&file.path) else { continue };
        let module = format!("models.{}", folder.replace('/', "."));
        names.entry(module).or_default().extend(exports(&file.statements));
    }
    for name in auto_exports(package) {
        names.entry("models.auto".to_owned()).or_default().push(name);
    }
    for list in names.values_mut() {
        list.sort();
        list.dedup();
    }
    names.retain(|_, list| !list.is_empty());
    Ok(names)
}

/// `__all__` of a file's top level.
fn exports(statements: &[ruff_python_ast::Stmt]) -> Vec<String> {
    let mut globals = Globals::default();
    let about_all = |statement: &&ruff_python_ast::Stmt| mentions_all(statement);
    let statements: Vec<_> = statements.iter().filter(about_all).cloned().collect();
    globals.run(&statements);
    globals.get("__all__").map(texts).unwrap_or_default()
}

/// Whether a statement can change `__all__`.
fn mentions_all(statement: &ruff_python_ast::Stmt) -> bool {
    use ruff_python_ast::{Expr, Stmt};
    let is_all = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__all__");
    match statement {
        Stmt::Assign(assign) => assign.targets.iter().any(is_all),
        Stmt::AugAssign(assign) => is_all(&assign.target),
        Stmt::AnnAssign(assign) => is_all(&assign.target),
        Stmt::Expr(expr) => matches!(&*expr.value, Expr::Call(call)
            if matches!(&*call.func, Expr::Attribute(method) if is_all(&method.value))),
        Stmt::If(choice) => choice.body.iter().any(mentions_all),
        _ => false,
    }
}

/// What the files of `models/auto` export.
fn auto_exports(package: &Package<'_>) -> Vec<String> {
    let files = package.files.iter().filter(|path| path.starts_with("models/auto/") && !path.ends_with("__init__.py"));
    files
        .filter_map(|path| outline(path, &package.read(path).ok()?, None).ok())
        .flat_map(|outlined| exports(&outlined.statements))
        .collect()
}

fn texts(value: &Value) -> Vec<String> {
    value.items().unwrap_or_default().iter().filter_map(|item| item.as_text().map(str::to_owned)).collect()
}
