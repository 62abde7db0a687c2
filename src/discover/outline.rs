//! The outline of a Python file: what it imports, exports and assigns, and its classes with their attributes and methods.
//! Bodies of functions are dropped, but for `__init__` of a configuration. Nothing is evaluated.

use indexmap::IndexMap;
use ruff_python_ast::{Expr, Parameters, Stmt, StmtClassDef, StmtFunctionDef, StmtImportFrom};
use ruff_text_size::Ranged as _;

use super::meaning::{meaning, too_deep};
use super::package::Role;
use crate::finding::codes::sync::UNREADABLE_PYTHON;
use crate::finding::{Finding, Place};

/// A file, outlined.
pub struct Outline {
    /// Relative to the package.
    pub path: String,
    pub meaning: blake3::Hash,
    /// By the name that the file gives it.
    pub imports: IndexMap<String, Import>,
    /// Statements of the top level that may give a name a value.
    pub statements: Vec<Stmt>,
    pub classes: IndexMap<String, Class>,
}

/// `from ..llama.configuration_llama import LlamaConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module below the package, with slashes: `models/llama/configuration_llama`; none outside the package.
    pub module: Option<String>,
    pub name: String,
}

pub struct Class {
    /// The bases as they are written: `nn.Module`, `BertPreTrainedModel`.
    pub bases: Vec<String>,
    pub attributes: IndexMap<String, Attribute>,
    /// Parameters by method, `self` included.
    pub methods: IndexMap<String, Vec<String>>,
    /// `__init__`, where a configuration defines one.
    pub init: Option<Box<StmtFunctionDef>>,
}

pub struct Attribute {
    /// The annotation as it is written.
    pub annotation: Option<String>,
    pub value: Option<Expr>,
    /// The value as it is written, on one line.
    pub source: String,
}

/// Outlines `source`. What can't be parsed is a finding.
pub fn outline(path: &str, source: &str, role: Option<Role>) -> Result<Outline, Finding> {
    let parsed = ruff_python_parser::parse_unchecked_source(source, ruff_python_ast::PySourceType::Python);
    if too_deep(&parsed) {
        // Freeing such a tree could run out of stack, so it is left to the end of the process.
        std::mem::forget(parsed);
        return Err(Finding::error(UNREADABLE_PYTHON, format!("{path} nests too deeply to be read"))
            .at(Place::file(path))
            .help("install the package again, or unpack its wheel anew"));
    }
    if let Some(error) = parsed.errors().first() {
        let (start, end) = (error.location.start().to_usize(), error.location.end().to_usize());
        return Err(Finding::error(UNREADABLE_PYTHON, format!("{path} isn't valid Python: {}", error.error))
            .at(Place::in_text(path, source, start, end))
            .help("install the package again, or unpack its wheel anew"));
    }
    let mut outline = Outline {
        path: path.to_owned(),
        meaning: meaning(source, &parsed),
        imports: IndexMap::new(),
        statements: Vec::new(),
        classes: IndexMap::new(),
    };
    let mut reader = Reader { source, role, outline: &mut outline };
    for statement in parsed.into_syntax().body {
        reader.statement(statement, true);
    }
    Ok(outline)
}

struct Reader<'a> {
    source: &'a str,
    role: Option<Role>,
    outline: &'a mut Outline,
}

impl Reader<'_> {
    fn statement(&mut self, statement: Stmt, top: bool) {
        match statement {
            Stmt::ImportFrom(import) => self.import(&import),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::FunctionDef(_) | Stmt::Import(_) => {}
            Stmt::If(choice) => {
                self.nested(&choice.body);
                choice.elif_else_clauses.iter().for_each(|clause| self.nested(&clause.body));
                self.keep(Stmt::If(choice), top);
            }
            Stmt::Try(attempt) => {
                self.nested(&attempt.body);
                self.nested(&attempt.orelse);
                self.keep(Stmt::Try(attempt), top);
            }
            other => self.keep(other, top),
        }
    }

    /// Imports and classes that stand under an `if` or a `try` of the top level count as well.
    fn nested(&mut self, body: &[Stmt]) {
        for statement in body {
            if matches!(statement, Stmt::ImportFrom(_) | Stmt::ClassDef(_) | Stmt::If(_) | Stmt::Try(_)) {
                self.statement(statement.clone(), false);
            }
        }
    }

    fn keep(&mut self, statement: Stmt, top: bool) {
        if top {
            self.outline.statements.push(statement);
        }
    }

    fn import(&mut self, import: &StmtImportFrom) {
        let module = module(&self.outline.path, import);
        for alias in &import.names {
            let name = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
            let import = Import { module: module.clone(), name: alias.name.to_string() };
            self.outline.imports.entry(name).or_insert(import);
        }
    }

    fn class(&mut self, class: StmtClassDef) {
        let bases = class.arguments.as_ref().map(|arguments| {
            arguments.args.iter().map(|base| one_line(&self.source[base.range()])).collect::<Vec<_>>()
        });
        let mut read = Class {
            bases: bases.unwrap_or_default(),
            attributes: IndexMap::new(),
            methods: IndexMap::new(),
            init: None,
        };
        for statement in class.body {
            self.member(statement, &mut read);
        }
        self.outline.classes.insert(class.name.to_string(), read);
    }

    fn member(&mut self, statement: Stmt, class: &mut Class) {
        match statement {
            Stmt::AnnAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    let annotation = Some(one_line(&self.source[assign.annotation.range()]));
                    let attribute = self.attribute(annotation, assign.value.map(|value| *value));
                    class.attributes.insert(name.id.to_string(), attribute);
                }
            }
            Stmt::Assign(mut assign) if assign.targets.len() == 1 => {
                if let Some(Expr::Name(name)) = assign.targets.pop() {
                    let attribute = self.attribute(None, Some(*assign.value));
                    class.attributes.insert(name.id.to_string(), attribute);
                }
            }
            Stmt::FunctionDef(function) => {
                class.methods.insert(function.name.to_string(), parameters(&function.parameters));
                if function.name.as_str() == "__init__" && self.role == Some(Role::Configuration) {
                    class.init = Some(Box::new(function));
                }
            }
            _ => {}
        }
    }

    fn attribute(&self, annotation: Option<String>, value: Option<Expr>) -> Attribute {
        let source = value.as_ref().map(|value| one_line(&self.source[value.range()])).unwrap_or_default();
        Attribute { annotation, value, source }
    }
}

/// Names of parameters in the order of the source, `*args` and `**kwargs` with their stars.
pub fn parameters(parameters: &Parameters) -> Vec<String> {
    let plain = |parameters: &[ruff_python_ast::ParameterWithDefault]| {
        parameters.iter().map(|parameter| parameter.parameter.name.to_string()).collect::<Vec<_>>()
    };
    let mut names = plain(&parameters.posonlyargs);
    names.extend(plain(&parameters.args));
    names.extend(parameters.vararg.iter().map(|parameter| format!("*{}", parameter.name)));
    names.extend(plain(&parameters.kwonlyargs));
    names.extend(parameters.kwarg.iter().map(|parameter| format!("**{}", parameter.name)));
    names
}

/// Source as it is written, with its white space drawn together.
pub fn one_line(source: &str) -> String {
    source.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The module that an import names, below the package.
fn module(path: &str, import: &StmtImportFrom) -> Option<String> {
    let named = import.module.as_ref().map(|module| module.as_str().replace('.', "/"));
    if import.level == 0 {
        return named?.strip_prefix("transformers/").map(str::to_owned);
    }
    let mut folder = path;
    for _ in 0..import.level {
        folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    Some(match (folder, named) {
        ("", Some(named)) => named,
        (folder, Some(named)) => format!("{folder}/{named}"),
        (folder, None) => folder.to_owned(),
    })
}
