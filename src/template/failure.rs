//! What a rendering says when it stops: unknown fields, bare values, missing partials, each at its tag with the way there.

use serde_json::Value;

use super::ast::{Base, Call, Expr, Path, Print, Span};
use super::helpers::{self, HelperError};
use super::python;
use super::render::Here;
use super::scope::{Miss, Scope, ScopeKind};
use super::source::Fail;
use crate::finding::codes::template as codes;
use crate::finding::{CodeId, Finding, did_you_mean};

/// How many of the calls on the way are shown.
const MAX_CALLS: usize = 8;

impl Here<'_, '_> {
    /// A finding at `span` of this template, with the tags that led here.
    pub fn fail(&self, code: CodeId, message: impl Into<String>, span: Span) -> Fail {
        let mut finding = Finding::error(code, message).at(self.template.place(span));
        let mut caller = self.caller;
        while let Some((here, span)) = caller {
            if finding.related.len() == MAX_CALLS {
                break;
            }
            finding = finding.related("called here", here.template.place(span));
            caller = here.caller;
        }
        Fail::new(finding)
    }
}

/// A path that leads nowhere.
pub fn path(here: &Here, path: &Path, miss: &Miss) -> Fail {
    let source = here.template.source();
    match miss {
        Miss::NothingAbove => {
            let message = format!("there is nothing above `this` for `{}`", path.span.text(source));
            here.fail(codes::UNKNOWN_FIELD, message, path.span)
                .help("`../` leaves `each` and `with`, not a partial; data is reached from `@root`")
        }
        Miss::NoLoop => {
            here.fail(codes::UNKNOWN_FIELD, format!("`{}` stands in no loop", path.span.text(source)), path.span)
        }
        Miss::Absent { seg, holder } | Miss::NoFields { seg, holder } => {
            let span = path.segs.get(*seg).map_or(path.span, |seg| seg.span);
            let name = path.segs.get(*seg).map_or("", |seg| &*seg.name);
            let way = spell(path, *seg);
            if matches!(miss, Miss::NoFields { .. }) {
                let way = if way.is_empty() { "this".to_owned() } else { way };
                let message = format!("`{way}` is {} and has no field `{name}`", helpers::kind(holder.get()));
                let fail = here.fail(codes::NO_FIELDS, message, span);
                return if holder.get().is_null() {
                    fail.help(format!("guard it with `{{{{#if {way}}}}}`"))
                } else {
                    fail
                };
            }
            if let Some(reason) = python::unread(holder.get()) {
                return helper(here, span, helpers::unread(&reason));
            }
            let whole = if way.is_empty() { name.to_owned() } else { format!("{way}.{name}") };
            let help = near(here.scope, path, *seg, name, holder.get());
            here.fail(codes::UNKNOWN_FIELD, format!("unknown field `{whole}`"), span).help(help)
        }
    }
}

/// A value that has no form of its own in the output.
pub fn bare(here: &Here, print: &Print, value: &Value) -> Fail {
    let shown = print.expr.span().text(here.template.source());
    if let Some(reason) = python::unread(value) {
        return helper(here, print.expr.span(), helpers::unread(&reason));
    }
    if value.is_string() {
        let way = ways_to_print(&print.expr, shown, &["py", "comment", "doc", "lines"]);
        return here
            .fail(codes::MULTI_LINE, format!("`{shown}` has more than one line"), print.expr.span())
            .help(format!("print it as a literal, a comment, a docstring or indented lines: {way}"));
    }
    let message = format!("`{shown}` is {}, which has no text of its own", helpers::kind(value));
    let way = ways_to_print(&print.expr, shown, &["py"]);
    here.fail(codes::BARE_VALUE, message, print.expr.span()).help(format!("print it as a Python literal: {way}"))
}

/// What a helper says of its values.
pub fn helper(here: &Here, span: Span, error: HelperError) -> Fail {
    let code = if error.unread { codes::UNREAD } else { codes::WRONG_KIND };
    let fail = here.fail(code, error.message, span);
    match error.help {
        Some(help) => fail.help(help),
        None => fail,
    }
}

/// A partial that is in no layer.
pub fn missing_partial<'n>(here: &Here, call: &Call, names: impl Iterator<Item = &'n str>) -> Fail {
    here.fail(codes::MISSING_PARTIAL, format!("there is no template `{}`", call.name), call.name_span)
        .help(missing_help(&call.name, names))
}

/// What to do about a template that isn't there.
pub fn missing_help<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> String {
    did_you_mean(name, names)
        .unwrap_or_else(|| format!("a block for others to fill is written `{{{{#> {name}}}}}default{{{{/{name}}}}}`"))
}

fn ways_to_print(expr: &Expr, shown: &str, helpers: &[&str]) -> String {
    let inner = match expr {
        Expr::Helper(_) if !shown.starts_with('(') => format!("({shown})"),
        _ => shown.to_owned(),
    };
    helpers.iter().map(|helper| format!("`{{{{{helper} {inner}}}}}`")).collect::<Vec<_>>().join(", ")
}

/// The near miss: among the fields there, the names in sight, then the fields further out.
fn near(scope: &Scope, path: &Path, seg: usize, name: &str, holder: &Value) -> String {
    let empty = serde_json::Map::new();
    let fields = holder.as_object().unwrap_or(&empty);
    let in_sight = if seg == 0 && path.base == Base::Name { scope.names_in_sight() } else { Vec::new() };
    if let Some(help) = did_you_mean(name, fields.keys().map(String::as_str).chain(in_sight)) {
        return help;
    }
    if seg == 0 && matches!(path.base, Base::Name | Base::This) {
        let mut at = scope;
        let mut ups = String::new();
        while let Some(outer) = at.outer {
            let leaves = at.kind == ScopeKind::Block;
            at = outer;
            if leaves {
                ups.push_str("../");
            } else {
                ups.clear();
            }
            if at.this.get().get(name).is_some() {
                let from_root = if at.outer.is_none() || ups.is_empty() { "@root." } else { ups.as_str() };
                return format!("inside `each`, `with` and partials `this` is another; write `{from_root}{name}`");
            }
        }
    }
    if holder.is_array() {
        return "this is a list: go over it with `{{#each}}`, or take `{{first list}}`".to_owned();
    }
    let names: Vec<&str> = fields.keys().map(String::as_str).take(12).collect();
    if names.is_empty() {
        return "there are no fields here".to_owned();
    }
    let more = if fields.len() > names.len() { " ..." } else { "" };
    format!(
        "the fields here are {}{more}; `{{{{default field fallback}}}}` takes one that may be absent",
        names.join(", ")
    )
}

/// The first `count` segments of a path, as written.
fn spell(path: &Path, count: usize) -> String {
    let mut out = match path.base {
        Base::Root => "@root".to_owned(),
        Base::Up(levels) => "../".repeat(levels as usize),
        _ => String::new(),
    };
    for seg in &path.segs[..count] {
        if !out.is_empty() && !out.ends_with('/') {
            out.push('.');
        }
        out.push_str(&seg.name);
    }
    out.trim_end_matches('/').to_owned()
}
