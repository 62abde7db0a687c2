//! Names that refer to nothing when they are used: never bound, bound only below, or unbound again. It reads the symbol
//! table and judges flow only where it is certain: in the same scope, outside loops.

use rustc_hash::FxHashSet;

use super::Issue;
use super::builtins::{self, is_builtin};
use super::facts::Facts;
use super::scope::{Load, NameId, ScopeId, ScopeKind, Scopes, is};
use crate::finding::codes::python::{UNDEFINED_EXPORT, UNDEFINED_NAME};
use crate::finding::did_you_mean;

/// Judges every load. A star import may bind anything, so nothing is said then.
pub fn check(scopes: &Scopes<'_>, facts: &Facts<'_>, python: (u8, u8), issues: &mut Vec<Issue>) {
    if facts.star_import {
        return;
    }
    let mut known: FxHashSet<(ScopeId, NameId)> = FxHashSet::default();
    for load in &scopes.loads {
        let plain = !load.unbound;
        if plain && known.contains(&(load.scope, load.name)) {
            continue;
        }
        let name = scopes.text(load.name);
        match find(scopes, load) {
            Found::Bound => {
                // Bound before this moment, so also before every later one; `unbound` loads are judged one by one.
                known.insert((load.scope, load.name));
            }
            _ if is_builtin(name, python) || belongs_to_class(scopes, load.scope, name) => {}
            Found::Below => {
                issues.push(
                    Issue::error(UNDEFINED_NAME, load.range, format!("`{name}` is used before it is bound"))
                        .help("move the use below the binding"),
                );
            }
            Found::Unbound => {
                issues.push(
                    Issue::error(UNDEFINED_NAME, load.range, format!("`{name}` is not bound any more"))
                        .help("`del` and the end of `except ... as` take a name away"),
                );
            }
            Found::Nowhere => {
                let issue = Issue::error(UNDEFINED_NAME, load.range, format!("undefined name `{name}`"));
                issues.push(Issue { help: suggestion(scopes, load, name), ..issue });
            }
        }
    }
    for (name, range) in &facts.exports {
        if scopes.module_symbol(name).is_none_or(|symbol| symbol.flags & is::BOUND == 0) {
            issues.push(Issue::error(
                UNDEFINED_EXPORT,
                *range,
                format!("`__all__` names `{name}`, which is not defined"),
            ));
        }
    }
}

enum Found {
    Bound,
    /// Only further down in the same run of statements.
    Below,
    Unbound,
    Nowhere,
}

fn find(scopes: &Scopes<'_>, load: &Load) -> Found {
    let mut at_once = !load.later && !load.repeated;
    let mut failure = Found::Nowhere;
    // A class shows its names to its own body, and to the type parameters in it, but not to functions.
    let mut sees_class = true;
    let mut next = Some(load.scope);
    while let Some(id) = next {
        let scope = scopes.scope(id);
        let hidden = scope.kind == ScopeKind::Class && !sees_class;
        if let Some(symbol) = scopes.symbol(id, load.name).filter(|_| !hidden) {
            if symbol.flags & is::GLOBAL != 0 && id != ScopeId::MODULE {
                let module = scopes.symbol(ScopeId::MODULE, load.name);
                let bound = module.is_some_and(|symbol| symbol.flags & is::BOUND != 0);
                return if bound { Found::Bound } else { Found::Nowhere };
            }
            if symbol.flags & is::BOUND != 0 && symbol.flags & is::NONLOCAL == 0 {
                if at_once && id == load.scope && load.unbound {
                    failure = Found::Unbound;
                } else if at_once && symbol.bound > load.moment {
                    failure = Found::Below;
                } else {
                    return Found::Bound;
                }
                // A class body that has not bound a name yet finds that of the module; a function does not.
                if scope.kind != ScopeKind::Class {
                    return failure;
                }
            }
        }
        match scope.kind {
            ScopeKind::Function { .. } | ScopeKind::Lambda | ScopeKind::Comprehension { lazy: true, .. } => {
                at_once = false;
                sees_class = false;
            }
            ScopeKind::Comprehension { .. } | ScopeKind::Class => sees_class = false,
            ScopeKind::TypeParams | ScopeKind::Module => {}
        }
        next = scope.parent;
    }
    failure
}

/// Names that Python puts into a class body, and `__class__` in its functions.
fn belongs_to_class(scopes: &Scopes<'_>, from: ScopeId, name: &str) -> bool {
    match name {
        "__qualname__" | "__module__" | "__firstlineno__" | "__static_attributes__" => {
            scopes.scope(from).kind == ScopeKind::Class
        }
        "__class__" => std::iter::successors(scopes.scope(from).parent, |id| scopes.scope(*id).parent)
            .any(|id| scopes.scope(id).kind == ScopeKind::Class),
        _ => false,
    }
}

/// A near miss among the names that are visible there.
fn suggestion(scopes: &Scopes<'_>, load: &Load, name: &str) -> Option<String> {
    let visible = std::iter::successors(Some(load.scope), |id| scopes.scope(*id).parent);
    let mut candidates: Vec<&str> = visible.flat_map(|id| scopes.bound_in(id)).collect();
    for builtin in builtins::names() {
        candidates.push(builtin);
    }
    candidates.sort_unstable();
    did_you_mean(name, candidates.into_iter().filter(|candidate| *candidate != name))
}
