//! What is wrong or useless in templates that do render: looks at the trees, and at renderings over all the data there is.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ast::{Expr, Node, Print, Span};
use super::graph::{TemplateGraph, visit};
use super::render::{Branches, ELSE_TAKEN, RenderInput, TAKEN, render_counted};
use super::source::Template;
use super::track::{Found, kinds};
use crate::finding::codes::template as codes;
use crate::finding::{Finding, Place, Severity, did_you_mean};

/// A template that a rule uses, with all the data that it is rendered with.
pub struct Use<'a> {
    pub template: &'a str,
    /// One value an output.
    pub data: Vec<&'a Value>,
}

/// Looks at all templates of `graph`. Renderings that fail are not reported: `hfgen build` says so with all details.
pub fn lint(graph: &TemplateGraph, uses: &[Use]) -> Vec<Finding> {
    let mut findings = graph.check();
    let broken = findings.iter().any(Finding::is_error);
    for template in graph.templates() {
        findings.extend(braces(template));
        findings.extend(hidden(template, graph));
        findings.extend(unused_inlines(template, graph));
    }
    findings.extend(unused(graph, uses));
    if !broken {
        findings.extend(fields(graph, uses));
        findings.extend(branches(graph, uses));
    }
    findings.sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));
    findings.dedup();
    findings
}

/// Templates that no rule reaches. Without any use there is nothing to say.
fn unused(graph: &TemplateGraph, uses: &[Use]) -> Vec<Finding> {
    if uses.is_empty() {
        return Vec::new();
    }
    let unreached = graph.unreached(uses.iter().map(|used| used.template));
    let finding = |template: &Template| {
        let callers = graph.called_by(template.name());
        let message = format!("template `{}` is used by no rule", template.name());
        let help = match callers.first() {
            Some(caller) => {
                format!("`{caller}` calls it, but no rule uses that either; name one in a rule or delete both")
            }
            None => "name it in a rule, call it with `{{> ...}}`, or delete it".to_owned(),
        };
        Finding::warning(codes::UNUSED_PARTIAL, message).at(Place::file(template.path())).help(help)
    };
    // A template of the binary that this project has no use for is nobody's mistake.
    unreached.into_iter().filter(|template| !template.path().starts_with("<builtin>")).map(finding).collect()
}

/// Python braces that Handlebars reads as its own.
fn braces(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    visit(template, &mut |node| {
        let Node::Print(print) = node else { return };
        let in_f_string = stands_in_f_string(template.source(), print.span);
        if !print.triple && !in_f_string {
            return;
        }
        let inner = print.expr.span().text(template.source());
        let (message, help) = if print.triple {
            (
                format!("three braces print `{inner}` and are gone from the output"),
                format!(
                    "write `{{{{{inner}}}}}`; where Python needs a brace around the value, `{{ {{{{{inner}}}}} }}`"
                ),
            )
        } else {
            (
                format!(
                    "in an f-string `{{{{{inner}}}}}` prints the data's `{inner}` when the file is made, not when Python runs"
                ),
                format!(
                    "if Python's braces are meant write `\\{{{{{inner}}}}}`, else print with `{{{{py ...}}}}` outside of the f-string"
                ),
            )
        };
        if print.triple || is_plain_name(print) {
            findings.push(Finding::warning(codes::PYTHON_BRACES, message).at(template.place(print.span)).help(help));
        }
    });
    findings
}

/// `x`, not `model.x` or a helper: more likely Python's than the data's.
fn is_plain_name(print: &Print) -> bool {
    matches!(&print.expr, Expr::Path(path) if path.segs.len() == 1)
}

/// Whether the tag stands between the quotes of an f-string that starts on its line.
fn stands_in_f_string(source: &str, span: Span) -> bool {
    let start = span.start as usize;
    let line = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = &source[line..start];
    let mut open: Option<(char, bool)> = None;
    let mut word = String::new();
    for c in before.chars() {
        match open {
            Some((quote, _)) if c == quote => open = None,
            None if c == '"' || c == '\'' => {
                let prefix = word.to_ascii_lowercase();
                open = Some((c, matches!(prefix.as_str(), "f" | "fr" | "rf")));
            }
            _ => {}
        }
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            word.clear();
        }
    }
    open.is_some_and(|(_, formatted)| formatted)
}

/// Blocks named as templates are: a reader, and Handlebars elsewhere, would take one for the other.
fn hidden(template: &Template, graph: &TemplateGraph) -> Vec<Finding> {
    let mut findings = Vec::new();
    visit(template, &mut |node| {
        if let Node::Slot(slot) = node
            && graph.get(&slot.name).is_some()
        {
            findings.push(
                Finding::warning(
                    codes::BLOCK_HIDES_TEMPLATE,
                    format!("this block has the name of template `{}`", slot.name),
                )
                .at(template.place(slot.name_span))
                .help(format!(
                    "to show the template write `{{{{> {}}}}}`; to keep the block give it another name",
                    slot.name
                )),
            );
        }
    });
    findings
}

/// Inline blocks at the top of a file that nothing shows.
fn unused_inlines(template: &Template, graph: &TemplateGraph) -> Vec<Finding> {
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    let below = graph.closure_templates(template.name());
    for other in std::iter::once(template).chain(below) {
        visit(other, &mut |node| match node {
            Node::Slot(slot) => {
                shown.insert(&slot.name);
            }
            Node::Call(call) if other.name() == template.name() => {
                shown.insert(&call.name);
            }
            _ => {}
        });
    }
    let unshown = template.body().inlines.iter().filter(|inline| !shown.contains(&*inline.name));
    unshown
        .map(|inline| {
            let help = did_you_mean(&inline.name, shown.iter().copied()).unwrap_or_else(|| "delete it".to_owned());
            Finding::warning(codes::UNKNOWN_BLOCK, format!("nothing shows block `{}`", inline.name))
                .at(template.place(inline.name_span))
                .help(help)
        })
        .collect()
}

/// Fields that no data has, and bare values that are no texts in some data, wherever the branch is taken or not.
fn fields(graph: &TemplateGraph, uses: &[Use]) -> Vec<Finding> {
    let mut seen: BTreeMap<(String, u32), Found> = BTreeMap::new();
    for used in uses {
        let Some(root) = graph.get(used.template) else { continue };
        let closure = graph.closure_templates(used.template);
        for found in kinds(root, &closure, &used.data) {
            let key = (found.template.path().to_owned(), found.path.span.start);
            match seen.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(found);
                }
                Entry::Occupied(mut entry) => {
                    let known = entry.get_mut();
                    known.optional &= found.optional;
                    known.kinds.add(&found.kinds);
                }
            }
        }
    }
    seen.values().filter_map(Found::finding).collect()
}

impl Found<'_> {
    fn finding(&self) -> Option<Finding> {
        let source = self.template.source();
        if let Some(seg) = self.kinds.absent.and_then(|index| self.path.segs.get(index)) {
            // `set` is free: a template asks for what a project may give.
            let free = self.path.segs.iter().any(|seg| &*seg.name == "set");
            if self.optional && free {
                return None;
            }
            let severity = if self.optional { Severity::Note } else { Severity::Error };
            let shown = Span { start: self.path.span.start, end: seg.span.end }.text(source);
            let help = did_you_mean(&seg.name, self.kinds.siblings.iter().map(String::as_str));
            let help = help.unwrap_or_else(|| "delete it, or add the field to the data".to_owned());
            let finding = Finding::new(codes::NEVER_THERE, severity, format!("no data has a field `{shown}`"));
            return Some(finding.at(self.template.place(seg.span)).help(help));
        }
        let shown = self.path.span.text(source);
        if self.bare && self.kinds.no_text > 0 {
            let message = format!(
                "`{shown}` is not always a text: it is {} in {} of {}",
                self.kinds.example, self.kinds.no_text, self.kinds.present
            );
            return Some(
                Finding::warning(codes::BARE_VALUE, message)
                    .at(self.template.place(self.path.span))
                    .help(format!("print it as a Python literal: `{{{{py {shown}}}}}`")),
            );
        }
        None
    }
}

/// Branches that no data takes.
fn branches(graph: &TemplateGraph, uses: &[Use]) -> Vec<Finding> {
    let mut taken = Branches::default();
    let mut rendered: BTreeSet<&str> = BTreeSet::new();
    for used in uses {
        let Some(root) = graph.get(used.template) else { continue };
        let partials = graph.closure_templates(used.template);
        for data in &used.data {
            if render_counted(&RenderInput { root, partials: &partials, data }, &mut taken).is_err() {
                // What stands behind the failure was not reached, and nothing can be said of it.
                return Vec::new();
            }
            rendered.insert(root.name());
            rendered.extend(partials.iter().map(|partial| partial.name()));
        }
    }
    let mut findings = Vec::new();
    for template in graph.templates().filter(|template| rendered.contains(template.name())) {
        visit(template, &mut |node| findings.extend(dead(template, node, &taken)));
    }
    findings
}

fn dead(template: &Template, node: &Node, taken: &Branches) -> Option<Finding> {
    let (span, has_else, negated, what) = match node {
        Node::If(node) => (node.span, node.has_else, node.negated, node.cond.span()),
        Node::Each(node) => (node.span, node.has_else, false, node.list.span()),
        Node::With(node) => (node.span, node.has_else, false, node.value.span()),
        _ => return None,
    };
    // Not reached at all: the branch around it says so.
    let bits = taken.get(&(template.path().into(), span.start)).copied()?;
    let what = what.text(template.source());
    let (true_word, false_word) = if negated { ("false", "true") } else { ("true", "false") };
    let (message, help) = if bits & TAKEN == 0 {
        (
            format!("no data takes this branch: `{what}` is never {true_word}"),
            "delete the branch, or check the condition",
        )
    } else if bits & ELSE_TAKEN == 0 && has_else {
        (
            format!("no data takes the `{{{{else}}}}` of this: `{what}` is never {false_word}"),
            "delete the `{{else}}`, or check the condition",
        )
    } else if bits & ELSE_TAKEN == 0 && matches!(node, Node::If(_)) {
        (
            format!("this condition decides nothing: `{what}` is always {true_word}"),
            "delete the condition and keep what stands in it",
        )
    } else {
        return None;
    };
    Some(Finding::warning(codes::DEAD_BRANCH, message).at(template.place(span)).help(help))
}
