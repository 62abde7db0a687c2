//! Renders a template with its data: strict, without escaping, bounded in depth, steps and size. Pure; no templates are
//! looked for beyond those given.
//!
//! The `handlebars` crate defines the language (see `parser`), but its renderer is not used: it can't be made strict in
//! conditions and arguments, aborts the process on recursion, and lets the middle of three levels of inheritance win.

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::ast::{Call, Each, Expr, If, Inline, Layout, Node, Print, Slot, Span, Target, With};
use super::eval;
use super::failure;
use super::helpers::{self, Helper};
use super::linemap::{LineMap, NO_ITEM};
use super::python;
use super::scope::{Bound, Round, Scope, ScopeKind, Val};
use super::source::{Fail, Template};
use super::writer::{NOWHERE, Part, Writer};
use crate::finding::Finding;
use crate::finding::codes::template as codes;

/// Blocks and calls may nest this deep while rendering.
const MAX_DEPTH: u32 = 250;
/// Nodes that one rendering may visit.
const MAX_STEPS: u64 = 5_000_000;

/// What one rendering needs.
#[derive(Clone, Copy)]
pub struct RenderInput<'a> {
    pub root: &'a Template,
    /// The closure of `root`; more does no harm.
    pub partials: &'a [&'a Template],
    pub data: &'a Value,
}

/// An output and where its lines came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    pub map: LineMap,
}

/// Renders the text alone.
pub fn render(input: &RenderInput) -> Result<String, Finding> {
    run(input, false, None).map(|rendered| rendered.text)
}

/// Renders the same text, and notes for each line where it came from.
pub fn render_with_map(input: &RenderInput) -> Result<Rendered, Finding> {
    run(input, true, None)
}

/// Which branches were taken: template path and start of the tag, then a bit for the first branch and one for the other.
pub(super) type Branches = FxHashMap<(Box<str>, u32), u8>;
pub(super) const TAKEN: u8 = 1;
pub(super) const ELSE_TAKEN: u8 = 2;

/// Renders and notes the branches that were taken.
pub(super) fn render_counted(input: &RenderInput, branches: &mut Branches) -> Result<String, Finding> {
    run(input, false, Some(branches)).map(|rendered| rendered.text)
}

pub(super) struct Run<'a, 'b> {
    /// The root first, then the others by name.
    templates: Vec<&'a Template>,
    by_name: FxHashMap<&'a str, usize>,
    pub data: &'a Value,
    pub writer: Writer<'a>,
    depth: u32,
    steps: u64,
    /// The tag being evaluated prints, so the data that it reads belongs to the line.
    pub printing: bool,
    branches: Option<&'b mut Branches>,
}

/// Where a rendering is.
pub(super) struct Here<'a, 's> {
    pub template: &'a Template,
    pub scope: &'s Scope<'a, 's>,
    layers: &'s [Layer<'a>],
    block: Option<&'s Shown<'a, 's>>,
    frame: u32,
    /// The tag that called this template, and where that stood.
    pub caller: Option<(&'s Here<'a, 's>, Span)>,
}

/// Inline blocks of one template that are in force; of several layers the first that has a block wins.
#[derive(Clone, Copy)]
struct Layer<'a> {
    owner: &'a Template,
    inlines: &'a [Inline],
}

/// An override being shown, and what is needed to show what it overrides.
struct Shown<'a, 's> {
    name: &'a str,
    layer: usize,
    layers: &'s [Layer<'a>],
    slot: &'a Slot,
    slot_owner: &'a Template,
    outer: Option<&'s Shown<'a, 's>>,
}

fn run(input: &RenderInput, with_map: bool, branches: Option<&mut Branches>) -> Result<Rendered, Finding> {
    let mut templates = Vec::with_capacity(input.partials.len() + 1);
    let mut by_name = FxHashMap::default();
    for template in std::iter::once(input.root).chain(input.partials.iter().copied()) {
        by_name.entry(template.name()).or_insert_with(|| {
            templates.push(template);
            templates.len() - 1
        });
    }
    let mut run = Run {
        templates,
        by_name,
        data: input.data,
        writer: Writer::new(with_map),
        depth: 0,
        steps: 0,
        printing: false,
        branches,
    };
    let scope = Scope::root(input.data);
    let mut layers = Vec::new();
    push_layer(&mut layers, input.root, &input.root.body().inlines);
    let here = Here { template: input.root, scope: &scope, layers: &layers, block: None, frame: 0, caller: None };
    run.nodes(&input.root.body().nodes, &here)?;
    let (text, map) = run.writer.finish(run.templates.iter().map(|template| template.name()));
    Ok(Rendered { text, map })
}

impl<'a> Run<'a, '_> {
    fn nodes(&mut self, nodes: &'a [Node], here: &Here<'a, '_>) -> Result<(), Fail> {
        for node in nodes {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(here.fail(codes::EXPANDS, "this expands without end", span_of(node)).help(
                    "a loop or partials that include each other many times over; an output may take five million steps",
                ));
            }
            match node {
                Node::Text(text) => {
                    if !self.writer.write(&text.text, here.frame, text.line) {
                        return Err(too_long(here, span_of(node)));
                    }
                }
                Node::Print(print) => self.print(print, here)?,
                Node::If(node) => self.deeper(here, node.span, |run| run.condition(node, here))?,
                Node::Each(node) => self.deeper(here, node.span, |run| run.each(node, here))?,
                Node::With(node) => self.deeper(here, node.span, |run| run.with(node, here))?,
                Node::Call(call) => self.deeper(here, call.span, |run| run.call(call, here))?,
                Node::Slot(slot) => self.deeper(here, slot.span, |run| run.slot(slot, here))?,
            }
        }
        Ok(())
    }

    fn deeper(&mut self, here: &Here, span: Span, go: impl FnOnce(&mut Self) -> Result<(), Fail>) -> Result<(), Fail> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(here
                .fail(codes::EXPANDS, format!("templates and blocks nest deeper than {MAX_DEPTH} here"), span)
                .help("a partial or a block that shows itself, directly or through others, never ends"));
        }
        let result = go(self);
        self.depth -= 1;
        result
    }

    fn print(&mut self, print: &'a Print, here: &Here<'a, '_>) -> Result<(), Fail> {
        self.printing = self.writer.records();
        let bound = self.eval(&print.expr, here)?;
        self.printing = false;
        let helper = match &print.expr {
            Expr::Helper(call) => Some(call.helper),
            _ => None,
        };
        let fits = match bound.get() {
            Value::String(text) if !text.contains('\n') => self.writer.write(text, here.frame, print.line),
            Value::String(text) if helper.is_some_and(Helper::reflows) => {
                self.writer.write_value(text, here.frame, print.line, true)
            }
            Value::String(text) if helper == Some(Helper::Py) => {
                self.writer.write_value(text, here.frame, print.line, false)
            }
            Value::Number(number) => self.writer.write(&python::number(number), here.frame, print.line),
            value => return Err(failure::bare(here, print, value)),
        };
        if fits { Ok(()) } else { Err(too_long(here, print.span)) }
    }

    fn condition(&mut self, node: &'a If, here: &Here<'a, '_>) -> Result<(), Fail> {
        let bound = self.eval(&node.cond, here)?;
        let taken = eval::truth(bound.get(), node.include_zero, &node.cond, here)? != node.negated;
        self.count(here, node.span, taken);
        self.nodes(if taken { &node.then } else { &node.otherwise }, here)
    }

    fn each(&mut self, node: &'a Each, here: &Here<'a, '_>) -> Result<(), Fail> {
        let list = self.eval(&node.list, here)?;
        let rounds = self.rounds(&list, node, here)?;
        self.count(here, node.span, !rounds.is_empty());
        if rounds.is_empty() {
            return self.nodes(&node.otherwise, here);
        }
        let count = rounds.len();
        for (index, (key, item)) in rounds.into_iter().enumerate() {
            let mut names = Vec::new();
            if let Some(name) = &node.item {
                names.push((&**name, item.clone()));
            }
            if let Some(name) = &node.key {
                names.push((&**name, Bound::computed(key.map_or_else(|| Value::from(index), Value::from))));
            }
            let frame = match item.path {
                NOWHERE => here.frame,
                path => self.writer.frame(self.index_of(here.template), here.frame, node.line, path),
            };
            let round = Some(Round { index, key, last: index + 1 == count });
            let scope = Scope { this: item, names, round, kind: ScopeKind::Block, outer: Some(here.scope) };
            self.nodes(&node.body, &Here { scope: &scope, frame, ..*here })?;
            self.steps += 1;
        }
        Ok(())
    }

    fn rounds(
        &mut self,
        list: &Bound<'a>,
        node: &Each,
        here: &Here,
    ) -> Result<Vec<(Option<&'a str>, Bound<'a>)>, Fail> {
        if let Some(reason) = python::unread(list.get()) {
            return Err(failure::helper(here, node.list.span(), helpers::unread(&reason)));
        }
        match (&list.val, list.get()) {
            (_, Value::Null) => Ok(Vec::new()),
            (_, Value::Array(items)) => {
                Ok((0..items.len()).filter_map(|index| Some((None, list.item(index, &mut self.writer)?))).collect())
            }
            (Val::Ref(Value::Object(fields)), _) if python::source_of(list.get()).is_none() => Ok(fields
                .iter()
                .map(|(name, value)| {
                    let path = self.writer.path(list.path, Part::Key(name));
                    (Some(name.as_str()), Bound { val: Val::Ref(value), path })
                })
                .collect()),
            (Val::Owned(_), Value::Object(_)) => Err(here
                .fail(codes::WRONG_KIND, "`each` can't go over an object that a template made", node.list.span())
                .help("give it a list, or an object from the data")),
            (_, value) => Err(here.fail(
                codes::WRONG_KIND,
                format!("`each` goes over a list or an object, and this is {}", helpers::kind(value)),
                node.list.span(),
            )),
        }
    }

    fn with(&mut self, node: &'a With, here: &Here<'a, '_>) -> Result<(), Fail> {
        let value = self.eval(&node.value, here)?;
        let taken = eval::truth(value.get(), false, &node.value, here)?;
        self.count(here, node.span, taken);
        if !taken {
            return self.nodes(&node.otherwise, here);
        }
        let names = node.name.iter().map(|name| (&**name, value.clone())).collect();
        let scope = Scope { this: value, names, round: None, kind: ScopeKind::Block, outer: Some(here.scope) };
        self.nodes(&node.body, &Here { scope: &scope, ..*here })
    }

    fn call(&mut self, call: &'a Call, here: &Here<'a, '_>) -> Result<(), Fail> {
        let scope = self.partial_scope(call.context.as_ref(), &call.args, here)?;
        match call.target {
            Target::Overridden => {
                return self.overridden(&call.name, None, &call.layout, call.line, &scope, call.span, here);
            }
            Target::Local(index) => {
                let inline = &here.template.body().inlines[index];
                let frame = self.writer.frame(self.index_of(here.template), here.frame, call.line, NO_ITEM);
                let inner = Here { scope: &scope, frame, block: None, caller: Some((here, call.span)), ..*here };
                return self.laid_out(&call.layout, inner.frame, call.line, |run| run.nodes(&inline.body, &inner));
            }
            Target::Template => {}
        }
        let Some(index) = self.by_name.get(&*call.name).copied() else {
            return Err(failure::missing_partial(here, call, self.by_name.keys().copied()));
        };
        let template = self.templates[index];
        let own = &template.body().inlines;
        let mut layers = Vec::new();
        let layers = if call.overrides.is_empty() && own.is_empty() {
            here.layers
        } else {
            if !call.inherits {
                push_layer(&mut layers, here.template, &call.overrides);
            }
            layers.extend_from_slice(here.layers);
            if call.inherits {
                push_layer(&mut layers, here.template, &call.overrides);
            }
            push_layer(&mut layers, template, own);
            &layers
        };
        let frame = self.writer.frame(index, here.frame, call.line, NO_ITEM);
        let inner = Here { template, scope: &scope, layers, block: None, frame, caller: Some((here, call.span)) };
        self.laid_out(&call.layout, frame, call.line, |run| run.nodes(&template.body().nodes, &inner))
    }

    fn slot(&mut self, slot: &'a Slot, here: &Here<'a, '_>) -> Result<(), Fail> {
        let given = slot.context.is_some() || !slot.args.is_empty();
        let scope = if given { Some(self.partial_scope(slot.context.as_ref(), &slot.args, here)?) } else { None };
        let scope = scope.as_ref().unwrap_or(here.scope);
        if slot.overridden {
            return self.overridden(&slot.name, Some(slot), &slot.layout, slot.line, scope, slot.span, here);
        }
        let base = Shown {
            name: &slot.name,
            layer: 0,
            layers: here.layers,
            slot,
            slot_owner: here.template,
            outer: here.block,
        };
        self.show_from(0, &base, &slot.layout, slot.line, scope, slot.span, here)
    }

    /// Shows what the override that we are in overrides.
    #[expect(
        clippy::too_many_arguments,
        reason = "one call site a shape of tag; a struct would be filled to be emptied"
    )]
    fn overridden(
        &mut self,
        name: &'a str,
        fallback: Option<&'a Slot>,
        layout: &'a Layout,
        line: u32,
        scope: &Scope<'a, '_>,
        span: Span,
        here: &Here<'a, '_>,
    ) -> Result<(), Fail> {
        let mut shown = here.block;
        while let Some(at) = shown {
            if at.name == name {
                return self.show_from(at.layer + 1, at, layout, line, scope, span, here);
            }
            shown = at.outer;
        }
        match fallback {
            Some(slot) => {
                let inner = Here { scope, ..*here };
                self.laid_out(layout, here.frame, line, |run| run.nodes(&slot.default, &inner))
            }
            None => Err(here
                .fail(codes::NOTHING_OVERRIDDEN, format!("block `{name}` shows itself"), span)
                .help("inside an override its own name stands for what it overrides, and here that is nothing")),
        }
    }

    /// Shows the first override from layer `from` on, or the block's default.
    #[expect(clippy::too_many_arguments, reason = "as above")]
    fn show_from(
        &mut self,
        from: usize,
        base: &Shown<'a, '_>,
        layout: &'a Layout,
        line: u32,
        scope: &Scope<'a, '_>,
        span: Span,
        here: &Here<'a, '_>,
    ) -> Result<(), Fail> {
        let layers = base.layers;
        let found = layers.iter().enumerate().skip(from).find_map(|(index, layer)| {
            Some((index, layer.owner, layer.inlines.iter().find(|inline| *inline.name == *base.name)?))
        });
        let caller = Some((here, span));
        if let Some((layer, owner, inline)) = found {
            let frame = self.writer.frame(self.index_of(owner), here.frame, line, NO_ITEM);
            let shown = Shown { layer, outer: base.outer, ..*base };
            let kind = ScopeKind::Partial { own_context: false };
            let scope = Scope { this: scope.this.clone(), names: Vec::new(), round: None, kind, outer: Some(scope) };
            let inner = Here { template: owner, scope: &scope, layers, block: Some(&shown), frame, caller };
            return self.laid_out(layout, frame, line, |run| run.nodes(&inline.body, &inner));
        }
        let in_place = std::ptr::eq(base.slot_owner, here.template) && from == 0;
        let frame = if in_place {
            here.frame
        } else {
            self.writer.frame(self.index_of(base.slot_owner), here.frame, line, NO_ITEM)
        };
        let caller = if in_place { here.caller } else { caller };
        let inner = Here { template: base.slot_owner, scope, layers, block: base.outer, frame, caller };
        let indent = if base.slot.relative { &*layout.indent } else { "" };
        self.indented(indent, layout.whole_line, frame, line, |run| run.nodes(&base.slot.default, &inner))
    }

    /// Indents what `go` writes as its tag stands, and ends its last line if the tag has a line of its own.
    fn laid_out(
        &mut self,
        layout: &Layout,
        frame: u32,
        line: u32,
        go: impl FnOnce(&mut Self) -> Result<(), Fail>,
    ) -> Result<(), Fail> {
        self.indented(&layout.indent, layout.whole_line, frame, line, go)
    }

    fn indented(
        &mut self,
        indent: &str,
        whole_line: bool,
        frame: u32,
        line: u32,
        go: impl FnOnce(&mut Self) -> Result<(), Fail>,
    ) -> Result<(), Fail> {
        let before = self.writer.push_indent(indent);
        let result = go(self);
        self.writer.pop_indent(before);
        if whole_line {
            self.writer.finish_line(frame, line);
        }
        result
    }

    fn count(&mut self, here: &Here, span: Span, taken: bool) {
        if let Some(branches) = &mut self.branches {
            let bits = branches.entry((here.template.path().into(), span.start)).or_insert(0);
            *bits |= if taken { TAKEN } else { ELSE_TAKEN };
        }
    }

    /// For the map's frames.
    fn index_of(&self, template: &Template) -> usize {
        if !self.writer.records() {
            return 0;
        }
        self.by_name.get(template.name()).copied().unwrap_or(0)
    }
}

fn push_layer<'a>(layers: &mut Vec<Layer<'a>>, owner: &'a Template, inlines: &'a [Inline]) {
    if !inlines.is_empty() {
        layers.push(Layer { owner, inlines });
    }
}

fn too_long(here: &Here, span: Span) -> Fail {
    here.fail(codes::EXPANDS, "the output grows beyond 8 MiB here", span)
        .help("a loop over too much, or partials that include each other many times over")
}

fn span_of(node: &Node) -> Span {
    match node {
        Node::Text(text) => Span { start: text.start, end: text.start },
        Node::Print(print) => print.span,
        Node::If(node) => node.span,
        Node::Each(node) => node.span,
        Node::With(node) => node.span,
        Node::Call(call) => call.span,
        Node::Slot(slot) => slot.span,
    }
}
