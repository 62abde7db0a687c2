//! What can be told once a whole file is parsed: which calls are of its own inline blocks, and whether it inherits.

use super::ast::{Node, Target};

/// Points calls of the file's own inline blocks at them.
pub fn resolve(nodes: &mut [Node], names: &[Box<str>]) {
    for node in nodes {
        match node {
            Node::Text(_) | Node::Print(_) => {}
            Node::If(node) => {
                resolve(&mut node.then, names);
                resolve(&mut node.otherwise, names);
            }
            Node::Each(node) => {
                resolve(&mut node.body, names);
                resolve(&mut node.otherwise, names);
            }
            Node::With(node) => {
                resolve(&mut node.body, names);
                resolve(&mut node.otherwise, names);
            }
            Node::Slot(slot) => resolve(&mut slot.default, names),
            Node::Call(call) => {
                if call.target == Target::Template
                    && call.overrides.is_empty()
                    && let Some(index) = names.iter().position(|name| *name == call.name)
                {
                    call.target = Target::Local(index);
                }
                for inline in &mut call.overrides {
                    resolve(&mut inline.body, names);
                }
            }
        }
    }
}

/// A file that is nothing but `{{#> base}}...{{/base}}` inherits from it.
pub fn mark_inheritance(nodes: &mut [Node]) {
    let mut shown = nodes.iter_mut().filter(|node| !matches!(node, Node::Text(text) if text.text.trim().is_empty()));
    if let (Some(Node::Call(call)), None) = (shown.next(), shown.next()) {
        call.inherits = call.target == Target::Template;
    }
}
