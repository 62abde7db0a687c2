//! Whether an output has the structure that its rule's contract demands.

use ruff_python_ast::{Expr, Parameters, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::TextRange;

use super::facts::Facts;
use super::{Issue, ModelWords, glob, returns};
use crate::finding::codes::python::{MISSING_STRUCTURE, PARAMETERS, RETURN_ARITY};
use crate::finding::did_you_mean;
use crate::rules::contract::{ClassDemand, Contract, FunctionDemand};

pub fn check(
    body: &[Stmt],
    facts: &Facts<'_>,
    contract: &Contract,
    model: Option<ModelWords<'_>>,
    issues: &mut Vec<Issue>,
) {
    let mut pass = Pass { body, model, issues };
    for module in contract.imports.iter().filter(|module| !facts.imports.contains(module.as_str())) {
        pass.missing(TextRange::default(), format!("the contract demands `import {module}`"), None);
    }
    for demand in &contract.classes {
        pass.class(demand);
    }
    for demand in &contract.functions {
        pass.functions(demand, body, None);
    }
}

struct Pass<'a, 'b> {
    body: &'a [Stmt],
    model: Option<ModelWords<'a>>,
    issues: &'b mut Vec<Issue>,
}

impl<'a> Pass<'a, '_> {
    fn missing(&mut self, range: TextRange, message: String, help: Option<String>) {
        self.issues.push(Issue { help, ..Issue::error(MISSING_STRUCTURE, range, message) });
    }

    /// A name of the contract with its words filled in.
    fn filled(&mut self, name: &str, each: Option<&str>) -> Option<String> {
        let mut name = name.replace("{each}", each.unwrap_or("{each}"));
        if let Some(model) = self.model {
            name = name.replace("{ident}", model.ident).replace("{type}", model.model_type);
        }
        if name.contains('{') {
            let message = format!("the contract's name `{name}` can't be filled for this output");
            let help = "`{ident}` and `{type}` need a target that is made for each model, `{each}` needs `for_each`";
            self.missing(TextRange::default(), message, Some(help.to_owned()));
            return None;
        }
        Some(name)
    }

    fn class(&mut self, demand: &ClassDemand) {
        let Some(name) = self.filled(&demand.name, None) else { return };
        let body = self.body;
        let classes = || body.iter().filter_map(Stmt::as_class_def_stmt);
        let found: Vec<&'a StmtClassDef> = classes().filter(|class| glob::matches(&name, &class.name)).collect();
        if found.is_empty() {
            let help = did_you_mean(&name, classes().map(|class| class.name.as_str()));
            self.missing(TextRange::default(), format!("the contract demands a class `{name}`"), help);
        }
        for class in found {
            for method in &demand.methods {
                self.functions(method, &class.body, Some(class));
            }
        }
    }

    fn functions(&mut self, demand: &FunctionDemand, body: &'a [Stmt], class: Option<&'a StmtClassDef>) {
        if demand.for_each.is_empty() {
            return self.function(demand, None, body, class);
        }
        for each in &demand.for_each {
            self.function(demand, Some(each), body, class);
        }
    }

    fn function(
        &mut self,
        demand: &FunctionDemand,
        each: Option<&str>,
        body: &'a [Stmt],
        class: Option<&'a StmtClassDef>,
    ) {
        let Some(name) = self.filled(&demand.name, each) else { return };
        let mut found = functions(body).filter(|(own, _)| glob::matches(&name, own)).peekable();
        if found.peek().is_none() && !demand.optional {
            let (what, range) = match class {
                Some(class) => (format!("a method `{name}` in class `{}`", class.name), class.name.range),
                None => (format!("a function `{name}`"), TextRange::default()),
            };
            let help = did_you_mean(&name, functions(body).map(|(own, _)| own));
            self.missing(range, format!("the contract demands {what}"), help);
        }
        for (own, function) in found {
            if let Some(params) = &demand.params {
                self.parameters(own, function, params);
            }
            if let Some(arity) = demand.returns_tuple {
                self.returns(own, function, class, arity);
            }
        }
    }

    fn parameters(&mut self, name: &str, function: &StmtFunctionDef, demanded: &[String]) {
        let actual = parameters(&function.parameters);
        if !fits(demanded, &actual) {
            let shown: Vec<String> = actual.iter().map(Parameter::shown).collect();
            let (shown, demanded) = (shown.join(", "), demanded.join(", "));
            let message = format!("`{name}` takes ({shown}), the contract demands ({demanded})");
            self.issues.push(Issue::error(PARAMETERS, function.name.range, message));
        }
    }

    fn returns(&mut self, name: &str, function: &StmtFunctionDef, class: Option<&StmtClassDef>, arity: u32) {
        for wrong in returns::wrong(function, class, self.body, arity) {
            let message = format!("`{name}` {}, the contract demands a tuple of {arity}", wrong.what);
            let make = if wrong.unsure { Issue::warning } else { Issue::error };
            self.issues
                .push(make(RETURN_ARITY, wrong.range, message).help("return all values on every path, or raise"));
        }
    }
}

/// The functions of a body by the names that they go by: `b = a` gives `a` another one.
fn functions(body: &[Stmt]) -> impl Iterator<Item = (&str, &StmtFunctionDef)> {
    let defined = || body.iter().filter_map(Stmt::as_function_def_stmt);
    body.iter().filter_map(move |statement| match statement {
        Stmt::FunctionDef(function) => Some((function.name.as_str(), function)),
        Stmt::Assign(assign) => match (assign.targets.as_slice(), &*assign.value) {
            ([Expr::Name(new)], Expr::Name(old)) => {
                defined().find(|function| *function.name == *old.id).map(|function| (new.id.as_str(), function))
            }
            _ => None,
        },
        _ => None,
    })
}

/// One parameter; a lone `*` is one too.
struct Parameter<'a> {
    stars: &'static str,
    name: &'a str,
    default: bool,
}

impl Parameter<'_> {
    fn shown(&self) -> String {
        format!("{}{}{}", self.stars, self.name, if self.default { "=" } else { "" })
    }

    fn fits(&self, demanded: &str) -> bool {
        let (name, default) = demanded.strip_suffix('=').map_or((demanded, false), |name| (name, true));
        let bare = name.trim_start_matches('*');
        let stars = &name[..name.len() - bare.len()];
        stars == self.stars
            && (!default || self.default)
            && (bare == self.name || (bare == "_" && !self.name.is_empty()))
    }
}

fn parameters(parameters: &Parameters) -> Vec<Parameter<'_>> {
    let plain = |parameter: &'_ ruff_python_ast::ParameterWithDefault| parameter.default.is_some();
    let mut list: Vec<Parameter<'_>> = parameters
        .posonlyargs
        .iter()
        .chain(&parameters.args)
        .map(|parameter| Parameter { stars: "", name: parameter.name(), default: plain(parameter) })
        .collect();
    match &parameters.vararg {
        Some(vararg) => list.push(Parameter { stars: "*", name: vararg.name(), default: false }),
        None if !parameters.kwonlyargs.is_empty() => list.push(Parameter { stars: "*", name: "", default: false }),
        None => {}
    }
    let keywords = parameters.kwonlyargs.iter();
    list.extend(keywords.map(|parameter| Parameter { stars: "", name: parameter.name(), default: plain(parameter) }));
    list.extend(parameters.kwarg.iter().map(|kwarg| Parameter { stars: "**", name: kwarg.name(), default: false }));
    list
}

/// Whether the parameters are those demanded, `...` standing for any number of them.
fn fits(demanded: &[String], actual: &[Parameter<'_>]) -> bool {
    match (demanded.split_first(), actual.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "..." => (0..=actual.len()).any(|skip| fits(rest, &actual[skip..])),
        (Some((first, rest)), Some((parameter, others))) => parameter.fits(first) && fits(rest, others),
        _ => false,
    }
}
