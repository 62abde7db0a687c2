//! The graph of inputs and outputs as nodes and edges, whole or around one node. How it is written down is the command's.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graphmap::DiGraphMap;

use super::inspect::View;
use super::plan::Planned;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Input,
    Template,
    Rule,
    Model,
    Hardware,
    Output,
}

/// A node: its kind, and the name that stands for it.
pub type Node<'a> = (Kind, &'a str);

/// Names that nodes borrow.
pub struct Names {
    /// Output, then what it is made from.
    made: Vec<(String, Vec<(Kind, String)>)>,
    /// Template, then what it includes.
    includes: Vec<(String, Vec<String>)>,
}

impl Names {
    /// Everything that `outputs` are made from.
    pub fn collect(view: &View, outputs: &[&Planned]) -> Self {
        let mut made = Vec::new();
        let mut includes: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
        for (planned, prepared) in view.prepared(outputs) {
            let entry = &planned.entry;
            let mut from = vec![(Kind::Rule, entry.rule.clone())];
            from.extend(entry.model.iter().map(|model| (Kind::Model, model.clone())));
            from.extend(entry.hardware.iter().map(|hardware| (Kind::Hardware, hardware.clone())));
            if let Ok(prepared) = &prepared {
                let closure = &prepared.closure;
                from.push((Kind::Template, closure.root.path().to_owned()));
                for template in std::iter::once(&closure.root).chain(&closure.partials) {
                    let all = || std::iter::once(&closure.root).chain(&closure.partials);
                    let below = template.refs().iter().filter_map(|reference| {
                        all().find(|known| known.name() == reference.name).map(|known| known.path().to_owned())
                    });
                    includes.insert((template.path().to_owned(), below.collect()));
                }
            }
            made.push((entry.path.clone(), from));
        }
        Self { made, includes: includes.into_iter().collect() }
    }

    /// Edges go from what is made to what it is made from.
    pub fn graph(&self) -> DiGraphMap<Node<'_>, ()> {
        let mut graph = DiGraphMap::new();
        for (output, from) in &self.made {
            for (kind, name) in from {
                graph.add_edge((Kind::Output, output.as_str()), (*kind, name.as_str()), ());
                let input = match kind {
                    Kind::Model => "registry.lock",
                    Kind::Hardware => "registry.toml",
                    Kind::Rule => "rules",
                    _ => continue,
                };
                graph.add_edge((*kind, name.as_str()), (Kind::Input, input), ());
            }
        }
        for (template, below) in &self.includes {
            graph.add_node((Kind::Template, template.as_str()));
            for other in below {
                graph.add_edge((Kind::Template, template.as_str()), (Kind::Template, other.as_str()), ());
            }
        }
        graph
    }
}

/// What `focus` depends on, or with `reverse` what depends on it, itself included.
pub fn around<'a>(graph: &DiGraphMap<Node<'a>, ()>, focus: Node<'a>, reverse: bool) -> DiGraphMap<Node<'a>, ()> {
    let direction = if reverse { Direction::Incoming } else { Direction::Outgoing };
    let mut part = DiGraphMap::new();
    part.add_node(focus);
    let mut open = vec![focus];
    let mut seen = BTreeSet::from([focus]);
    while let Some(node) = open.pop() {
        for other in graph.neighbors_directed(node, direction) {
            let (from, to) = if reverse { (other, node) } else { (node, other) };
            part.add_edge(from, to, ());
            if seen.insert(other) {
                open.push(other);
            }
        }
    }
    part
}
