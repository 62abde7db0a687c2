//! `hfgen graph`: what is made from what, as DOT, Mermaid or JSON.

use std::fmt::Write as _;

use petgraph::graphmap::DiGraphMap;
use serde_json::json;

use super::args::{GraphArgs, GraphFormat};
use super::engine::{options, selection};
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::inspect::View;
use crate::build::picture::{Kind, Names, Node, around};
use crate::build::selection::Selected;
use crate::finding::codes::output::UNKNOWN_SELECTION;
use crate::finding::{Finding, did_you_mean};

pub fn run(context: &Context<'_>, args: &GraphArgs) -> Ended {
    let mut options = options(context, &args.engine)?;
    options.selection = selection(context, &args.select, &options.root)?;
    let view = View::open(context.system, &options)?;
    let selected = Selected::resolve(context.system, &options, &view.session, &view.plan)?;
    let outputs: Vec<_> = view.plan.outputs.iter().filter(|planned| selected.holds(&planned.entry)).collect();
    let names = Names::collect(&view, &outputs);
    let mut graph = names.graph();
    if let Some(focus) = &args.focus {
        let focus = find(&graph, focus)?;
        graph = around(&graph, focus, args.reverse);
    }
    let text = match args.format {
        GraphFormat::Dot => dot(&graph),
        GraphFormat::Mermaid => mermaid(&graph),
        GraphFormat::Json => format!("{:#}\n", value(&graph)),
    };
    context.console.answer(&text);
    Ok(Exit::Fine)
}

fn find<'a>(graph: &DiGraphMap<Node<'a>, ()>, focus: &str) -> Result<Node<'a>, Finding> {
    let found = graph.nodes().find(|(_, name)| *name == focus);
    found.ok_or_else(|| {
        let finding = Finding::error(UNKNOWN_SELECTION, format!("the graph has no node `{focus}`"));
        match did_you_mean(focus, graph.nodes().map(|(_, name)| name)) {
            Some(help) => finding.help(help),
            None => finding.help("nodes are outputs, templates, rules, model types, hardware profiles and input files"),
        }
    })
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Input => "input",
        Kind::Template => "template",
        Kind::Rule => "rule",
        Kind::Model => "model",
        Kind::Hardware => "hardware",
        Kind::Output => "output",
    }
}

fn sorted<'a>(graph: &DiGraphMap<Node<'a>, ()>) -> (Vec<Node<'a>>, Vec<(Node<'a>, Node<'a>)>) {
    let mut nodes: Vec<_> = graph.nodes().collect();
    let mut edges: Vec<_> = graph.all_edges().map(|(from, to, ())| (from, to)).collect();
    nodes.sort_unstable();
    edges.sort_unstable();
    (nodes, edges)
}

fn dot(graph: &DiGraphMap<Node<'_>, ()>) -> String {
    let (nodes, edges) = sorted(graph);
    let name = |node: Node<'_>| format!("{:?}", format!("{} {}", word(node.0), node.1));
    let mut text = "digraph hfgen {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for node in nodes {
        let shape = if node.0 == Kind::Output { "note" } else { "box" };
        let _ = writeln!(text, "  {} [label={:?}, shape={shape}];", name(node), node.1);
    }
    for (from, to) in edges {
        let _ = writeln!(text, "  {} -> {};", name(from), name(to));
    }
    text + "}\n"
}

fn mermaid(graph: &DiGraphMap<Node<'_>, ()>) -> String {
    let (nodes, edges) = sorted(graph);
    let id = |node: Node<'_>| format!("n{}", nodes.binary_search(&node).unwrap_or_default());
    let mut text = "graph LR\n".to_owned();
    for node in &nodes {
        let _ = writeln!(text, "  {}[\"{} {}\"]", id(*node), word(node.0), node.1.replace('"', "#quot;"));
    }
    for (from, to) in edges {
        let _ = writeln!(text, "  {} --> {}", id(from), id(to));
    }
    text
}

fn value(graph: &DiGraphMap<Node<'_>, ()>) -> serde_json::Value {
    let (nodes, edges) = sorted(graph);
    let id = |node: &Node<'_>| format!("{}:{}", word(node.0), node.1);
    json!({
        "version": 1,
        "nodes": nodes.iter().map(|node| json!({"id": id(node), "kind": word(node.0), "name": node.1})).collect::<Vec<_>>(),
        "edges": edges.iter().map(|(from, to)| json!({"from": id(from), "to": id(to)})).collect::<Vec<_>>(),
    })
}
