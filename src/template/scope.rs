//! What names mean at a point of a rendering: `this`, block parameters, arguments, loops; and walking a path into data.

use std::rc::Rc;

use serde_json::Value;

use super::ast::{Base, LoopVar, Path, Seg};
use super::writer::{NOWHERE, Part, ROOT, Writer};

/// A piece of the data, or something computed.
#[derive(Debug, Clone)]
pub enum Val<'a> {
    Ref(&'a Value),
    Owned(Rc<Value>),
}

/// A value and the path of the data that it is, `NOWHERE` if it is none.
#[derive(Debug, Clone)]
pub struct Bound<'a> {
    pub val: Val<'a>,
    pub path: u32,
}

/// One level of names; the levels around it hang on it.
pub struct Scope<'a, 's> {
    pub this: Bound<'a>,
    /// Block parameters, or arguments of a partial.
    pub names: Vec<(&'a str, Bound<'a>)>,
    pub round: Option<Round<'a>>,
    pub kind: ScopeKind,
    pub outer: Option<&'s Scope<'a, 's>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// `each`, `with`
    Block,
    /// A partial: block parameters and `../` end here.
    Partial {
        /// It was given a context of its own, so arguments of the partials around it end here too.
        own_context: bool,
    },
}

/// A round of a loop.
#[derive(Debug, Clone, Copy)]
pub struct Round<'a> {
    pub index: usize,
    pub key: Option<&'a str>,
    pub last: bool,
}

/// Why a path leads nowhere.
#[derive(Debug)]
pub enum Miss<'a> {
    /// Segment `seg` is not a key of `holder`.
    Absent { seg: usize, holder: Val<'a> },
    /// Segment `seg` is asked of null, a text, a number.
    NoFields { seg: usize, holder: Val<'a> },
    /// `../` with nothing above.
    NothingAbove,
    /// `@index` outside of a loop.
    NoLoop,
}

impl Val<'_> {
    pub fn get(&self) -> &Value {
        match self {
            Self::Ref(value) => value,
            Self::Owned(value) => value,
        }
    }
}

impl<'a> Bound<'a> {
    pub fn computed(value: Value) -> Self {
        Self { val: Val::Owned(Rc::new(value)), path: NOWHERE }
    }

    pub fn get(&self) -> &Value {
        self.val.get()
    }

    /// The item at `index` of a list.
    pub fn item(&self, index: usize, writer: &mut Writer<'a>) -> Option<Self> {
        let val = match &self.val {
            Val::Ref(value) => Val::Ref(value.as_array()?.get(index)?),
            Val::Owned(value) => Val::Owned(Rc::new(value.as_array()?.get(index)?.clone())),
        };
        let path = writer.path(self.path, Part::Index(u32::try_from(index).unwrap_or(u32::MAX)));
        Some(Self { val, path })
    }

    fn field(&self, name: &'a str, writer: &mut Writer<'a>) -> Option<Self> {
        if self.get().is_array() {
            return self.item(name.parse().ok()?, writer);
        }
        let val = match &self.val {
            Val::Ref(value) => Val::Ref(value.as_object()?.get(name)?),
            Val::Owned(value) => Val::Owned(Rc::new(value.as_object()?.get(name)?.clone())),
        };
        Some(Self { val, path: writer.path(self.path, Part::Key(name)) })
    }
}

impl<'a> Scope<'a, '_> {
    pub fn root(data: &'a Value) -> Self {
        Self {
            this: Bound { val: Val::Ref(data), path: ROOT },
            names: Vec::new(),
            round: None,
            kind: ScopeKind::Partial { own_context: true },
            outer: None,
        }
    }

    /// Walks `path` from where it starts.
    pub fn find(&self, path: &'a Path, root: &'a Value, writer: &mut Writer<'a>) -> Result<Bound<'a>, Miss<'a>> {
        let (mut at, skip) = match path.base {
            Base::Loop(var, level) => return self.loop_var(var, level),
            Base::Root => (Bound { val: Val::Ref(root), path: ROOT }, 0),
            Base::This => (self.this.clone(), 0),
            Base::Up(levels) => (self.above(levels).ok_or(Miss::NothingAbove)?.this.clone(), 0),
            Base::Name => match path.segs.first().and_then(|seg| self.named(&seg.name)) {
                Some(bound) => (bound.clone(), 1),
                None => (self.this.clone(), 0),
            },
        };
        for (seg, Seg { name, .. }) in path.segs.iter().enumerate().skip(skip) {
            at = match at.field(name, writer) {
                Some(next) => next,
                None => return Err(miss(seg, at.val)),
            };
        }
        Ok(at)
    }

    /// Block parameters up to the partial that we are in, and arguments of it and of those around it.
    fn named(&self, name: &str) -> Option<&Bound<'a>> {
        let mut only_arguments = false;
        let mut scope = Some(self);
        while let Some(at) = scope {
            let is_partial = matches!(at.kind, ScopeKind::Partial { .. });
            if (is_partial || !only_arguments)
                && let Some((_, bound)) = at.names.iter().find(|(known, _)| *known == name)
            {
                return Some(bound);
            }
            match at.kind {
                ScopeKind::Partial { own_context: true } => return None,
                ScopeKind::Partial { own_context: false } => only_arguments = true,
                ScopeKind::Block => {}
            }
            scope = at.outer;
        }
        None
    }

    /// The names in sight besides the fields of `this`.
    pub fn names_in_sight(&self) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut scope = Some(self);
        while let Some(at) = scope {
            names.extend(at.names.iter().map(|(name, _)| *name));
            scope = if at.kind == (ScopeKind::Partial { own_context: true }) { None } else { at.outer };
        }
        names
    }

    fn above(&self, levels: u32) -> Option<&Self> {
        let mut at = self;
        for _ in 0..levels {
            if at.kind != ScopeKind::Block {
                return None;
            }
            at = at.outer?;
        }
        Some(at)
    }

    fn loop_var(&self, var: LoopVar, level: u32) -> Result<Bound<'a>, Miss<'a>> {
        let mut level = level;
        let mut scope = Some(self);
        while let Some(at) = scope {
            if let Some(round) = &at.round {
                if level == 0 {
                    return Ok(Bound::computed(match var {
                        LoopVar::Index => Value::from(round.index),
                        LoopVar::Key => round.key.map_or_else(|| Value::from(round.index), Value::from),
                        LoopVar::First => Value::Bool(round.index == 0),
                        LoopVar::Last => Value::Bool(round.last),
                    }));
                }
                level -= 1;
            }
            scope = at.outer;
        }
        Err(Miss::NoLoop)
    }
}

fn miss(seg: usize, holder: Val<'_>) -> Miss<'_> {
    match holder.get() {
        Value::Object(_) | Value::Array(_) => Miss::Absent { seg, holder },
        _ => Miss::NoFields { seg, holder },
    }
}
