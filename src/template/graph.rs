//! Which template calls which: closure, dependents, and what is wrong with it: cycles, missing partials, blocks that
//! nothing shows. Templates are given parsed; names are resolved by `layers`.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::DiGraphMap;
use petgraph::visit::{Dfs, Reversed};

use super::ast::{Call, Inline, Node};
use super::failure::missing_help;
use super::source::{PartialRef, Template};
use crate::finding::codes::template as codes;
use crate::finding::{Finding, did_you_mean};

/// How many calls one template may come to when all of its partials are laid out.
pub const MAX_CALLS: u64 = 100_000;

/// From how many members of a knot the way round is looked for.
const MAX_STARTS: usize = 50;

/// The calls between a set of templates.
#[derive(Debug, Clone, Default)]
pub struct TemplateGraph {
    templates: BTreeMap<String, Template>,
    /// Nodes are places in `names`.
    calls: DiGraphMap<u32, ()>,
    names: Vec<String>,
}

impl TemplateGraph {
    pub fn new<'t>(templates: impl IntoIterator<Item = &'t Template>) -> Self {
        let templates: BTreeMap<String, Template> =
            templates.into_iter().map(|template| (template.name().to_owned(), template.clone())).collect();
        let names: Vec<String> = templates.keys().cloned().collect();
        let mut calls = DiGraphMap::new();
        for (from, template) in (0..).zip(templates.values()) {
            calls.add_node(from);
            for to in template.refs().iter().filter_map(|reference| position(&names, &reference.name)) {
                calls.add_edge(from, to, ());
            }
        }
        Self { templates, calls, names }
    }

    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    pub fn get(&self, name: &str) -> Option<&Template> {
        self.templates.get(name)
    }

    /// The templates that `name` can call, directly or not, sorted, without itself.
    pub fn closure(&self, name: &str) -> Vec<&str> {
        self.reach(name, |graph, node, found| {
            let mut walk = Dfs::new(graph, node);
            while let Some(next) = walk.next(graph) {
                found.insert(next);
            }
        })
    }

    /// The templates that can call `name`, directly or not, sorted, without itself.
    pub fn dependents(&self, name: &str) -> Vec<&str> {
        self.reach(name, |graph, node, found| {
            let reversed = Reversed(graph);
            let mut walk = Dfs::new(reversed, node);
            while let Some(next) = walk.next(reversed) {
                found.insert(next);
            }
        })
    }

    /// The parsed templates of `closure`.
    pub fn closure_templates(&self, name: &str) -> Vec<&Template> {
        self.closure(name).into_iter().filter_map(|name| self.templates.get(name)).collect()
    }

    /// The templates that `name` calls itself, sorted.
    pub fn calls(&self, name: &str) -> Vec<&str> {
        self.neighbours(name, Direction::Outgoing)
    }

    /// The templates that call `name` themselves, sorted.
    pub fn called_by(&self, name: &str) -> Vec<&str> {
        self.neighbours(name, Direction::Incoming)
    }

    /// Everything that makes a set of templates unusable: missing partials, cycles, overrides without a block, expansion.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = self.missing();
        let cycles = self.cycles();
        if cycles.is_empty() {
            findings.extend(self.expansions());
        }
        findings.extend(cycles);
        findings.extend(self.unknown_blocks());
        findings
    }

    /// For each knot of templates that call each other the shortest way round.
    pub fn cycles(&self) -> Vec<Finding> {
        let knots = kosaraju_scc(&self.calls);
        let mut ways: Vec<Vec<u32>> = Vec::new();
        for knot in knots {
            let alone = knot.len() == 1;
            if alone && !self.calls.contains_edge(knot[0], knot[0]) {
                continue;
            }
            let members: BTreeSet<u32> = knot.into_iter().collect();
            // In a large knot a short way is good enough.
            let shortest = members
                .iter()
                .take(MAX_STARTS)
                .filter_map(|start| self.way_round(*start, &members))
                .min_by_key(Vec::len);
            ways.extend(shortest);
        }
        ways.sort();
        ways.iter().map(|way| self.cycle(way)).collect()
    }

    /// Calls of templates that are not there.
    pub fn missing(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for template in self.templates.values() {
            for reference in template.refs().iter().filter(|reference| self.node(&reference.name).is_none()) {
                let message = format!("there is no template `{}`", reference.name);
                findings.push(
                    Finding::error(codes::MISSING_PARTIAL, message)
                        .at(template.place_of(reference))
                        .help(missing_help(&reference.name, self.names.iter().map(String::as_str))),
                );
            }
        }
        findings
    }

    /// Templates that none of `roots` can reach, sorted.
    pub fn unreached<'r>(&self, roots: impl IntoIterator<Item = &'r str>) -> Vec<&Template> {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        for root in roots {
            if let Some((name, _)) = self.templates.get_key_value(root) {
                reached.insert(name);
                reached.extend(self.closure(name));
            }
        }
        self.templates.values().filter(|template| !reached.contains(template.name())).collect()
    }

    /// Templates that come to more calls than `MAX_CALLS` when laid out. Only for graphs without cycles.
    fn expansions(&self) -> Vec<Finding> {
        let mut counts = vec![0_u64; self.names.len()];
        let mut findings = Vec::new();
        // The components come callees first.
        for node in kosaraju_scc(&self.calls).into_iter().flatten() {
            let template = &self.templates[&self.names[node as usize]];
            let below = |reference: &PartialRef| self.node(&reference.name).map_or(0, |callee| counts[callee as usize]);
            let count = template.refs().iter().fold(0_u64, |sum, r| sum.saturating_add(1).saturating_add(below(r)));
            let widest = template.refs().iter().max_by_key(|reference| below(reference));
            if let Some(widest) = widest.filter(|widest| count > MAX_CALLS && below(widest) <= MAX_CALLS) {
                let message =
                    format!("template `{}` comes to more than {MAX_CALLS} calls of partials", template.name());
                findings.push(
                    Finding::error(codes::EXPANDS, message)
                        .at(template.place_of(widest))
                        .help("partials that each call others several times multiply; use a loop"),
                );
            }
            counts[node as usize] = count;
        }
        findings
    }

    /// Overrides of blocks that what they are given to doesn't have.
    fn unknown_blocks(&self) -> Vec<Finding> {
        let slots: BTreeMap<&str, BTreeSet<&str>> =
            self.templates.iter().map(|(name, template)| (name.as_str(), slots_of(template))).collect();
        let mut findings = Vec::new();
        for template in self.templates.values() {
            for call in overriding_calls(template) {
                if !self.templates.contains_key(&*call.name) {
                    continue;
                }
                let own = slots.get(template.name());
                let theirs =
                    std::iter::once(&*call.name).chain(self.closure(&call.name)).filter_map(|name| slots.get(name));
                let known: BTreeSet<&str> = theirs.chain(own).flatten().copied().collect();
                for inline in call.overrides.iter().filter(|inline| !known.contains(&*inline.name)) {
                    findings.push(unknown_block(template, call, inline, &known));
                }
            }
        }
        findings
    }

    fn way_round(&self, start: u32, members: &BTreeSet<u32>) -> Option<Vec<u32>> {
        let mut from: BTreeMap<u32, u32> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            let mut next: Vec<u32> = self.calls.neighbors(at).filter(|node| members.contains(node)).collect();
            next.sort_unstable();
            for node in next {
                if node == start {
                    let mut way = vec![at];
                    while let Some(before) = from.get(way.last().unwrap_or(&start)) {
                        way.push(*before);
                    }
                    way.reverse();
                    return Some(way);
                }
                if let Entry::Vacant(entry) = from.entry(node) {
                    entry.insert(at);
                    queue.push_back(node);
                }
            }
        }
        None
    }

    fn cycle(&self, way: &[u32]) -> Finding {
        let names: Vec<&str> = way.iter().chain(&way[..1]).map(|node| self.names[*node as usize].as_str()).collect();
        let message = format!("templates call each other in a circle: {}", names.join(" -> "));
        let mut finding = Finding::error(codes::CYCLE, message)
            .help("a template can't show itself; pass a loop's items to a partial");
        for (index, pair) in names.windows(2).enumerate() {
            let template = &self.templates[pair[0]];
            let reference: Option<&PartialRef> = template.refs().iter().find(|reference| reference.name == pair[1]);
            let Some(place) = reference.map(|reference| template.place_of(reference)) else { continue };
            finding = if index == 0 {
                finding.at(place)
            } else {
                finding.related(format!("`{}` is called here", pair[1]), place)
            };
        }
        finding
    }

    fn reach(&self, name: &str, walk: impl Fn(&DiGraphMap<u32, ()>, u32, &mut BTreeSet<u32>)) -> Vec<&str> {
        let Some(node) = self.node(name) else { return Vec::new() };
        let mut found = BTreeSet::new();
        walk(&self.calls, node, &mut found);
        found.remove(&node);
        found.into_iter().map(|node| self.names[node as usize].as_str()).collect()
    }

    fn neighbours(&self, name: &str, direction: Direction) -> Vec<&str> {
        let Some(node) = self.node(name) else { return Vec::new() };
        let nodes: BTreeSet<u32> = self.calls.neighbors_directed(node, direction).collect();
        nodes.into_iter().map(|node| self.names[node as usize].as_str()).collect()
    }

    fn node(&self, name: &str) -> Option<u32> {
        position(&self.names, name)
    }
}

fn position(names: &[String], name: &str) -> Option<u32> {
    names.binary_search_by(|known| known.as_str().cmp(name)).ok().and_then(|at| u32::try_from(at).ok())
}

impl PartialEq for TemplateGraph {
    fn eq(&self, other: &Self) -> bool {
        self.templates == other.templates
    }
}

impl Eq for TemplateGraph {}

fn unknown_block(template: &Template, call: &Call, inline: &Inline, known: &BTreeSet<&str>) -> Finding {
    let help = did_you_mean(&inline.name, known.iter().copied()).unwrap_or_else(|| {
        let names: Vec<&str> = known.iter().copied().collect();
        if names.is_empty() {
            format!("`{}` has no blocks; a block is written `{{{{#> name}}}}default{{{{/name}}}}`", call.name)
        } else {
            format!("its blocks are {}", names.join(", "))
        }
    });
    Finding::error(codes::UNKNOWN_BLOCK, format!("`{}` has no block `{}` to override", call.name, inline.name))
        .at(template.place(inline.name_span))
        .help(help)
}

/// The names of the blocks that stand anywhere in a template, those in its overrides too.
fn slots_of(template: &Template) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    visit(template, &mut |node| {
        if let Node::Slot(slot) = node {
            found.insert(&*slot.name);
        }
    });
    found
}

fn overriding_calls(template: &Template) -> Vec<&Call> {
    let mut found = Vec::new();
    visit(template, &mut |node| {
        if let Node::Call(call) = node
            && !call.overrides.is_empty()
        {
            found.push(&**call);
        }
    });
    found
}

/// Every node of a template, in the order of the file except that inline blocks come last.
pub(super) fn visit<'t>(template: &'t Template, each: &mut dyn FnMut(&'t Node)) {
    visit_nodes(&template.body().nodes, each);
    for inline in &template.body().inlines {
        visit_nodes(&inline.body, each);
    }
}

fn visit_nodes<'t>(nodes: &'t [Node], each: &mut dyn FnMut(&'t Node)) {
    for node in nodes {
        each(node);
        match node {
            Node::Text(_) | Node::Print(_) => {}
            Node::If(node) => {
                visit_nodes(&node.then, each);
                visit_nodes(&node.otherwise, each);
            }
            Node::Each(node) => {
                visit_nodes(&node.body, each);
                visit_nodes(&node.otherwise, each);
            }
            Node::With(node) => {
                visit_nodes(&node.body, each);
                visit_nodes(&node.otherwise, each);
            }
            Node::Slot(slot) => visit_nodes(&slot.default, each),
            Node::Call(call) => call.overrides.iter().for_each(|inline| visit_nodes(&inline.body, each)),
        }
    }
}
