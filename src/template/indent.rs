//! Makes what stands in a block relative to the block's tag, so that it can be shown at another indentation.

use super::ast::{Layout, Node, Span, Text};
use super::source::Source;

/// The newline right behind the opening tag is no part of a block, even where the tag shares its line with another.
pub fn start_on_next_line(nodes: &mut [Node]) {
    if let Some(Node::Text(text)) = nodes.first_mut() {
        let rest = text.text.trim_start_matches([' ', '\t']);
        let skipped = text.text.len() - rest.len();
        if let Some(rest) = rest.strip_prefix('\n') {
            text.start += u32::try_from(skipped + 1).unwrap_or(0);
            text.line += 1;
            text.text = rest.into();
        }
    }
}

/// Takes `indent` off every line, if all of them have it: what stands in a block is relative to the block's tag.
pub fn dedent(nodes: &mut [Node], indent: &str, source: &Source) -> bool {
    let fit =
        |nodes: &mut [Node]| each_text(nodes, source, &mut |text, line_start| lines_have(text, indent, line_start));
    if indent.is_empty() || !layouts_have(nodes, indent, source) || !fit(nodes) {
        return false;
    }
    each_text(nodes, source, &mut |text, line_start| {
        let mut out = String::with_capacity(text.text.len());
        for (index, line) in text.text.split_inclusive('\n').enumerate() {
            let at_start = index > 0 || line_start;
            out.push_str(if at_start { line.strip_prefix(indent).unwrap_or(line) } else { line });
        }
        text.text = out.into_boxed_str();
        true
    });
    strip_layouts(nodes, indent);
    true
}

fn lines_have(text: &Text, indent: &str, line_start: bool) -> bool {
    text.text.split_inclusive('\n').enumerate().all(|(index, line)| {
        (index == 0 && !line_start) || line.trim().is_empty() && line.ends_with('\n') || line.starts_with(indent)
    })
}

/// Whether the calls that start a line do so behind `indent`.
fn layouts_have(nodes: &[Node], indent: &str, source: &Source) -> bool {
    let has = |layout: &Layout, span: Span| {
        let mid_line = layout.indent.is_empty() && !source.text()[..span.start as usize].ends_with('\n');
        mid_line || layout.indent.starts_with(indent)
    };
    nodes.iter().all(|node| match node {
        Node::Text(_) | Node::Print(_) => true,
        Node::If(node) => layouts_have(&node.then, indent, source) && layouts_have(&node.otherwise, indent, source),
        Node::Each(node) => layouts_have(&node.body, indent, source) && layouts_have(&node.otherwise, indent, source),
        Node::With(node) => layouts_have(&node.body, indent, source) && layouts_have(&node.otherwise, indent, source),
        Node::Call(call) => has(&call.layout, call.span),
        Node::Slot(slot) => has(&slot.layout, slot.span),
    })
}

/// Visits the texts below `nodes` until one says no; with each, whether it starts a line.
fn each_text(nodes: &mut [Node], source: &Source, visit: &mut dyn FnMut(&mut Text, bool) -> bool) -> bool {
    nodes.iter_mut().all(|node| match node {
        Node::Text(text) => {
            let start = text.start as usize;
            let line_start = start == 0 || source.text()[..start].ends_with('\n');
            visit(text, line_start)
        }
        Node::If(node) => each_text(&mut node.then, source, visit) && each_text(&mut node.otherwise, source, visit),
        Node::Each(node) => each_text(&mut node.body, source, visit) && each_text(&mut node.otherwise, source, visit),
        Node::With(node) => each_text(&mut node.body, source, visit) && each_text(&mut node.otherwise, source, visit),
        // What stands in a call or a slot was made relative to its own tag already.
        Node::Print(_) | Node::Call(_) | Node::Slot(_) => true,
    })
}

/// Standalone calls keep their indentation in their layout, not in the text before them.
fn strip_layouts(nodes: &mut [Node], indent: &str) {
    let strip = |layout: &mut Layout| {
        if let Some(rest) = layout.indent.strip_prefix(indent) {
            layout.indent = rest.into();
        }
    };
    for node in nodes {
        match node {
            Node::Text(_) | Node::Print(_) => {}
            Node::If(node) => {
                strip_layouts(&mut node.then, indent);
                strip_layouts(&mut node.otherwise, indent);
            }
            Node::Each(node) => {
                strip_layouts(&mut node.body, indent);
                strip_layouts(&mut node.otherwise, indent);
            }
            Node::With(node) => {
                strip_layouts(&mut node.body, indent);
                strip_layouts(&mut node.otherwise, indent);
            }
            Node::Call(call) => strip(&mut call.layout),
            Node::Slot(slot) => strip(&mut slot.layout),
        }
    }
}
