//! What there is to say of one template, for `hfgen template list` and `show`. A value; how it is printed is `report`'s.

use std::collections::BTreeSet;

use serde::Serialize;

use super::analyse::reads;
use super::ast::Node;
use super::graph::{TemplateGraph, visit};

/// One template, its neighbours and what it reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    pub name: String,
    pub path: String,
    /// The title of its layer.
    pub layer: String,
    /// Files of lower layers that it replaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
    pub lines: usize,
    /// Templates that it calls itself.
    pub includes: Vec<String>,
    /// Templates that call it themselves.
    pub included_by: Vec<String>,
    /// Rules that use it, directly or through others.
    pub rules: Vec<String>,
    /// Blocks that can be overridden, its own and those of what it calls.
    pub blocks: Vec<String>,
    /// Blocks that it overrides.
    pub overrides: Vec<String>,
    /// The data that it and its partials can read.
    pub reads: Vec<String>,
}

/// Describes template `name`, which stands in `layer`. `rules` are all rules with the names of their templates.
pub fn describe(
    graph: &TemplateGraph,
    name: &str,
    layer: &str,
    replaces: &[String],
    rules: &[(&str, &str)],
) -> Option<Description> {
    let template = graph.get(name)?;
    let closure = graph.closure_templates(name);
    let dependents = graph.dependents(name);
    let (mut blocks, mut overrides) = (BTreeSet::new(), BTreeSet::new());
    for other in std::iter::once(template).chain(closure.iter().copied()) {
        visit(other, &mut |node| match node {
            Node::Slot(slot) => {
                blocks.insert(slot.name.to_string());
            }
            Node::Call(call) if other == template => {
                overrides.extend(call.overrides.iter().map(|inline| inline.name.to_string()));
            }
            _ => {}
        });
    }
    let uses = |used: &str| used == name || dependents.contains(&used);
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    Some(Description {
        name: name.to_owned(),
        path: template.path().to_owned(),
        layer: layer.to_owned(),
        replaces: replaces.to_vec(),
        lines: template.source().lines().count(),
        includes: owned(graph.calls(name)),
        included_by: owned(graph.called_by(name)),
        rules: rules.iter().filter(|(_, used)| uses(used)).map(|(rule, _)| (*rule).to_owned()).collect(),
        blocks: blocks.into_iter().collect(),
        overrides: overrides.into_iter().collect(),
        reads: reads(template, &closure).paths(),
    })
}
