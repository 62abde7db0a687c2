//! Walks a template and its partials as `render` would, on all branches at once and without data, to find what they read.
//!
//! Invariant: this walk and `render` agree on what a name means and which block is shown. It may claim more reads than
//! there are, never fewer.

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::ast::{Arg, Base, Call, Expr, Inline, Node, Path, Slot, Target};
use super::helpers::Helper;
use super::reads::{Read, Reads};
use super::source::Template;

/// Beyond these a template is said to read everything.
const MAX_STEPS: u32 = 500_000;
const MAX_DEPTH: u32 = 250;
/// Reads deeper in the data than this take all below.
const MAX_PATH: u32 = 64;

/// The data that `root` can read when rendered with `closure`.
pub fn reads(root: &Template, closure: &[&Template]) -> Reads {
    let walk = walked(root, closure, None);
    if walk.gave_up { Reads::all() } else { Reads::new(walk.tree(ROOT)) }
}

/// The paths that `root` and `closure` write, with the places in the data that each step of them leads to.
pub(super) fn traces<'a>(root: &'a Template, closure: &[&'a Template]) -> (Vec<Trace<'a>>, Vec<Place<'a>>) {
    let mut walk = walked(root, closure, Some(Vec::new()));
    (walk.traces.take().unwrap_or_default(), walk.places)
}

/// A path, where it stands, and where it leads.
pub(super) struct Trace<'a> {
    pub template: &'a Template,
    pub path: &'a Path,
    /// Before the first step and after each.
    pub steps: Vec<Places>,
    /// How many of the path's segments name a block parameter or an argument, and so make no step.
    pub skipped: usize,
    /// Printed as it is.
    pub bare: bool,
    /// Its last step may be absent.
    pub optional: bool,
}

fn walked<'a>(root: &'a Template, closure: &[&'a Template], traces: Option<Vec<Trace<'a>>>) -> Walk<'a> {
    let mut by_name: FxHashMap<&str, &Template> = FxHashMap::default();
    for template in std::iter::once(root).chain(closure.iter().copied()) {
        by_name.entry(template.name()).or_insert(template);
    }
    let mut walk = Walk {
        by_name,
        places: vec![Place::default()],
        seen: FxHashSet::default(),
        steps: 0,
        depth: 0,
        gave_up: false,
        traces,
    };
    let scope = Scope { this: vec![ROOT], names: Vec::new(), kind: Kind::Partial { own_context: true }, outer: None };
    let mut layers = Vec::new();
    push_layer(&mut layers, root, &root.body().inlines);
    walk.nodes(&root.body().nodes, &Here { template: root, scope: &scope, layers: &layers, block: None });
    walk
}

pub(super) const ROOT: u32 = 0;

/// Where in the data a value may be; none for what is computed.
pub(super) type Places = Vec<u32>;

struct Walk<'a> {
    by_name: FxHashMap<&'a str, &'a Template>,
    places: Vec<Place<'a>>,
    /// Bodies that were walked already with the same names in sight.
    seen: FxHashSet<Vec<usize>>,
    steps: u32,
    depth: u32,
    gave_up: bool,
    traces: Option<Vec<Trace<'a>>>,
}

/// One place in the data: a field of a place, or the items of one.
#[derive(Default)]
pub(super) struct Place<'a> {
    read: Read,
    pub fields: Vec<(&'a str, u32)>,
    pub items: Option<u32>,
    depth: u32,
}

struct Scope<'a, 's> {
    this: Places,
    names: Vec<(&'a str, Places)>,
    kind: Kind,
    outer: Option<&'s Scope<'a, 's>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Block,
    Partial { own_context: bool },
}

struct Here<'a, 's> {
    template: &'a Template,
    scope: &'s Scope<'a, 's>,
    layers: &'s [Layer<'a>],
    block: Option<&'s Shown<'a, 's>>,
}

#[derive(Clone, Copy)]
struct Layer<'a> {
    owner: &'a Template,
    inlines: &'a [Inline],
}

struct Shown<'a, 's> {
    name: &'a str,
    layer: usize,
    layers: &'s [Layer<'a>],
    slot: &'a Slot,
    slot_owner: &'a Template,
    outer: Option<&'s Shown<'a, 's>>,
}

impl<'a> Walk<'a> {
    fn nodes(&mut self, nodes: &'a [Node], here: &Here<'a, '_>) {
        if self.depth == MAX_DEPTH {
            self.gave_up = true;
            return;
        }
        self.depth += 1;
        for node in nodes {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                self.gave_up = true;
            }
            if self.gave_up {
                break;
            }
            match node {
                Node::Text(_) => {}
                Node::Print(print) => {
                    let value = self.eval(&print.expr, here);
                    if matches!(print.expr, Expr::Path(_)) {
                        self.amend(|trace| trace.bare = true);
                    }
                    self.mark(&value, |read| read.whole = true);
                }
                Node::If(node) => {
                    let value = self.eval(&node.cond, here);
                    self.mark(&value, |read| read.truth = true);
                    self.nodes(&node.then, here);
                    self.nodes(&node.otherwise, here);
                }
                Node::Each(node) => {
                    let list = self.eval(&node.list, here);
                    self.mark(&list, |read| read.shape = true);
                    let item = self.items(&list);
                    let mut names = Vec::new();
                    names.extend(node.item.iter().map(|name| (&**name, item.clone())));
                    names.extend(node.key.iter().map(|name| (&**name, Vec::new())));
                    let scope = Scope { this: item, names, kind: Kind::Block, outer: Some(here.scope) };
                    self.nodes(&node.body, &Here { scope: &scope, ..*here });
                    self.nodes(&node.otherwise, here);
                }
                Node::With(node) => {
                    let value = self.eval(&node.value, here);
                    self.mark(&value, |read| read.truth = true);
                    let names = node.name.iter().map(|name| (&**name, value.clone())).collect();
                    let scope = Scope { this: value, names, kind: Kind::Block, outer: Some(here.scope) };
                    self.nodes(&node.body, &Here { scope: &scope, ..*here });
                    self.nodes(&node.otherwise, here);
                }
                Node::Call(call) => self.call(call, here),
                Node::Slot(slot) => self.slot(slot, here),
            }
        }
        self.depth -= 1;
    }

    fn call(&mut self, call: &'a Call, here: &Here<'a, '_>) {
        let scope = self.partial_scope(call.context.as_ref(), &call.args, here);
        match call.target {
            Target::Overridden => return self.overridden(&call.name, None, &scope, here),
            Target::Local(index) => {
                let inner = Here { scope: &scope, block: None, ..*here };
                return self.once(&here.template.body().inlines[index].body, &inner);
            }
            Target::Template => {}
        }
        let Some(template) = self.by_name.get(&*call.name).copied() else { return };
        let mut layers = Vec::new();
        if !call.inherits {
            push_layer(&mut layers, here.template, &call.overrides);
        }
        layers.extend_from_slice(here.layers);
        if call.inherits {
            push_layer(&mut layers, here.template, &call.overrides);
        }
        push_layer(&mut layers, template, &template.body().inlines);
        self.once(&template.body().nodes, &Here { template, scope: &scope, layers: &layers, block: None });
    }

    fn slot(&mut self, slot: &'a Slot, here: &Here<'a, '_>) {
        let given = slot.context.is_some() || !slot.args.is_empty();
        let scope = given.then(|| self.partial_scope(slot.context.as_ref(), &slot.args, here));
        let scope = scope.as_ref().unwrap_or(here.scope);
        if slot.overridden {
            return self.overridden(&slot.name, Some(slot), scope, here);
        }
        let base = Shown {
            name: &slot.name,
            layer: 0,
            layers: here.layers,
            slot,
            slot_owner: here.template,
            outer: here.block,
        };
        self.show_from(0, &base, scope);
    }

    fn overridden(&mut self, name: &str, fallback: Option<&'a Slot>, scope: &Scope<'a, '_>, here: &Here<'a, '_>) {
        let mut shown = here.block;
        while let Some(at) = shown {
            if at.name == name {
                return self.show_from(at.layer + 1, at, scope);
            }
            shown = at.outer;
        }
        if let Some(slot) = fallback {
            self.once(&slot.default, &Here { scope, ..*here });
        }
    }

    fn show_from(&mut self, from: usize, base: &Shown<'a, '_>, scope: &Scope<'a, '_>) {
        let layers = base.layers;
        let found = layers.iter().enumerate().skip(from).find_map(|(index, layer)| {
            Some((index, layer.owner, layer.inlines.iter().find(|inline| *inline.name == *base.name)?))
        });
        match found {
            Some((layer, owner, inline)) => {
                let shown = Shown { layer, ..*base };
                let kind = Kind::Partial { own_context: false };
                let scope = Scope { this: scope.this.clone(), names: Vec::new(), kind, outer: Some(scope) };
                self.once(&inline.body, &Here { template: owner, scope: &scope, layers, block: Some(&shown) });
            }
            None => {
                self.once(&base.slot.default, &Here { template: base.slot_owner, scope, layers, block: base.outer });
            }
        }
    }

    /// Walks a body unless it was walked with the same names, blocks and overrides in sight.
    fn once(&mut self, nodes: &'a [Node], here: &Here<'a, '_>) {
        let mut key = vec![nodes.as_ptr() as usize, nodes.len()];
        let mut in_sight: Vec<&str> = Vec::new();
        let mut only_arguments = false;
        let mut scope = Some(here.scope);
        while let Some(at) = scope {
            if !only_arguments {
                key.push(usize::MAX - at.this.len());
                key.extend(at.this.iter().map(|place| *place as usize));
            }
            for (name, places) in at.names.iter().filter(|_| at.kind != Kind::Block || !only_arguments) {
                if !in_sight.contains(name) {
                    in_sight.push(name);
                    key.extend([name.as_ptr() as usize, usize::MAX - places.len()]);
                    key.extend(places.iter().map(|place| *place as usize));
                }
            }
            only_arguments |= at.kind != Kind::Block;
            scope = if at.kind == (Kind::Partial { own_context: true }) { None } else { at.outer };
        }
        key.push(usize::MAX);
        key.extend(here.layers.iter().map(|layer| layer.inlines.as_ptr() as usize));
        let mut block = here.block;
        while let Some(at) = block {
            key.extend([std::ptr::from_ref(at.slot) as usize, at.layer]);
            block = at.outer;
        }
        if self.seen.insert(key) {
            self.nodes(nodes, here);
        }
    }

    fn partial_scope<'s>(&mut self, context: Option<&'a Expr>, args: &'a [Arg], here: &Here<'a, 's>) -> Scope<'a, 's> {
        let this = match context {
            Some(context) => self.eval(context, here),
            None => here.scope.this.clone(),
        };
        let names = args.iter().map(|arg| (&*arg.name, self.eval(&arg.value, here))).collect();
        Scope { this, names, kind: Kind::Partial { own_context: context.is_some() }, outer: Some(here.scope) }
    }

    fn eval(&mut self, expr: &'a Expr, here: &Here<'a, '_>) -> Places {
        let call = match expr {
            Expr::Literal(..) => return Vec::new(),
            Expr::Path(path) => return self.find(path, here),
            Expr::Helper(call) => call,
        };
        let mut values: Vec<Places> = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            values.push(self.eval(arg, here));
            if call.helper == Helper::Default && values.len() == 1 && matches!(arg, Expr::Path(_)) {
                self.amend(|trace| trace.optional = true);
            }
        }
        let first = values[0].clone();
        match call.helper {
            Helper::And | Helper::Or => {
                for value in &values {
                    self.mark(value, |read| read.truth = true);
                }
                union(values)
            }
            Helper::Default => union(values),
            Helper::First => {
                self.mark(&first, |read| read.truth = true);
                self.items(&first)
            }
            Helper::Lookup => {
                if let Expr::Literal(Value::String(name), _) = &call.args[1] {
                    let found = self.field(&first, name);
                    self.mark(&found, |read| read.kind = true);
                    return found;
                }
                self.mark(&values[1], |read| read.whole = true);
                self.mark(&first, |read| read.shape = true);
                self.items(&first)
            }
            Helper::Not => {
                self.mark(&first, |read| read.truth = true);
                Vec::new()
            }
            Helper::Len | Helper::Keys => {
                self.mark(&first, |read| read.shape = true);
                Vec::new()
            }
            Helper::Has => {
                self.mark(&first, |read| read.members = true);
                match &call.args[1] {
                    Expr::Literal(Value::String(name), _) => {
                        self.field(&first, name);
                    }
                    _ => self.mark(&first, |read| read.shape = true),
                }
                self.mark(&values[1], |read| read.whole = true);
                Vec::new()
            }
            _ => {
                for value in &values {
                    self.mark(value, |read| read.whole = true);
                }
                Vec::new()
            }
        }
    }

    fn find(&mut self, path: &'a Path, here: &Here<'a, '_>) -> Places {
        let scope = here.scope;
        let (mut at, skip) = match path.base {
            Base::Loop(..) => return Vec::new(),
            Base::Root => (vec![ROOT], 0),
            Base::This => (scope.this.clone(), 0),
            Base::Up(levels) => {
                let mut at = Some(scope);
                for _ in 0..levels {
                    at = at.filter(|scope| scope.kind == Kind::Block).and_then(|scope| scope.outer);
                }
                (at.map(|scope| scope.this.clone()).unwrap_or_default(), 0)
            }
            Base::Name => match path.segs.first().and_then(|seg| named(scope, &seg.name)) {
                Some(places) => (places.clone(), 1),
                None => (scope.this.clone(), 0),
            },
        };
        let mut steps = vec![at.clone()];
        for seg in path.segs.iter().skip(skip) {
            at = self.field(&at, &seg.name);
            steps.push(at.clone());
        }
        self.mark(&at, |read| read.kind = true);
        if let Some(traces) = &mut self.traces {
            traces.push(Trace { template: here.template, path, steps, skipped: skip, bare: false, optional: false });
        }
        at
    }

    /// Says more of the path that was found last.
    fn amend(&mut self, how: impl Fn(&mut Trace)) {
        if let Some(trace) = self.traces.as_mut().and_then(|traces| traces.last_mut()) {
            how(trace);
        }
    }

    fn field(&mut self, places: &Places, name: &'a str) -> Places {
        places.iter().map(|place| self.child(*place, Some(name))).collect()
    }

    fn items(&mut self, places: &Places) -> Places {
        places.iter().map(|place| self.child(*place, None)).collect()
    }

    fn child(&mut self, parent: u32, name: Option<&'a str>) -> u32 {
        let at = &mut self.places[parent as usize];
        let known = match name {
            Some(name) => at.fields.iter().find(|(known, _)| *known == name).map(|(_, place)| *place),
            None => at.items,
        };
        if let Some(known) = known {
            return known;
        }
        if at.depth == MAX_PATH {
            at.read.whole = true;
            return parent;
        }
        let depth = at.depth + 1;
        let place = u32::try_from(self.places.len()).unwrap_or(ROOT);
        let at = &mut self.places[parent as usize];
        match name {
            Some(name) => at.fields.push((name, place)),
            None => at.items = Some(place),
        }
        self.places.push(Place { depth, ..Place::default() });
        place
    }

    fn mark(&mut self, places: &Places, how: impl Fn(&mut Read)) {
        for place in places {
            how(&mut self.places[*place as usize].read);
        }
    }

    fn tree(&self, place: u32) -> Read {
        let at = &self.places[place as usize];
        let mut read = at.read.clone();
        if !read.whole {
            read.fields = at.fields.iter().map(|(name, place)| ((*name).into(), self.tree(*place))).collect();
            read.items = at.items.map(|place| Box::new(self.tree(place)));
        }
        read
    }
}

fn named<'s>(scope: &'s Scope, name: &str) -> Option<&'s Places> {
    let mut only_arguments = false;
    let mut scope = Some(scope);
    while let Some(at) = scope {
        if at.kind != Kind::Block || !only_arguments {
            let found = at.names.iter().find(|(known, _)| *known == name);
            if let Some((_, places)) = found {
                return Some(places);
            }
        }
        match at.kind {
            Kind::Partial { own_context: true } => return None,
            Kind::Partial { own_context: false } => only_arguments = true,
            Kind::Block => {}
        }
        scope = at.outer;
    }
    None
}

fn push_layer<'a>(layers: &mut Vec<Layer<'a>>, owner: &'a Template, inlines: &'a [Inline]) {
    if !inlines.is_empty() {
        layers.push(Layer { owner, inlines });
    }
}

fn union(values: Vec<Places>) -> Places {
    let mut all: Places = values.into_iter().flatten().collect();
    all.sort_unstable();
    all.dedup();
    all
}
