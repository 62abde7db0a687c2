//! The symbol table of a module: scopes and what they bind and load. It does not walk the tree (`walk`) and judges neither
//! declarations (`declarations`) nor loads (`names`).

use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::Issue;

/// A scope of the table, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ScopeId(u32);

impl ScopeId {
    pub const MODULE: Self = Self(0);
}

/// An interned name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameId(u32);

/// A moment of the walk: what comes later in evaluation order has a greater one.
pub type Moment = u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    Module,
    Class,
    Function {
        is_async: bool,
    },
    Lambda,
    /// `lazy` for a generator expression.
    Comprehension {
        lazy: bool,
        is_async: bool,
    },
    TypeParams,
}

#[derive(Debug, Clone, Copy)]
pub struct Scope {
    pub kind: ScopeKind,
    /// None for the module alone.
    pub parent: Option<ScopeId>,
}

/// What a name is in one scope, as bits.
pub mod is {
    pub const LOCAL: u16 = 1;
    pub const PARAMETER: u16 = 1 << 1;
    pub const IMPORT: u16 = 1 << 2;
    pub const LOADED: u16 = 1 << 3;
    pub const ANNOTATED: u16 = 1 << 4;
    pub const GLOBAL: u16 = 1 << 5;
    pub const NONLOCAL: u16 = 1 << 6;
    pub const TYPE_PARAMETER: u16 = 1 << 7;
    /// Bound by something else than `except ... as name`.
    pub const LASTING: u16 = 1 << 8;
    pub const BOUND: u16 = LOCAL | PARAMETER | IMPORT | TYPE_PARAMETER;
}

/// A name in a scope.
#[derive(Debug, Clone, Copy)]
pub struct Symbol {
    pub flags: u16,
    /// When it was first bound here; `Moment::MAX` if never.
    pub bound: Moment,
    /// Unbound at this point of the walk, by `del` or by the end of an `except ... as`.
    pub unbound: bool,
    /// `except ... as name` blocks that are open.
    pub handlers: u16,
    /// Where it was declared nonlocal or global.
    pub declared: TextRange,
}

/// A use of a name.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub scope: ScopeId,
    pub name: NameId,
    pub range: TextRange,
    pub moment: Moment,
    /// Evaluated later than it stands: an annotation that is not evaluated at once.
    pub later: bool,
    /// In a loop, where what is bound below may be bound already.
    pub repeated: bool,
    /// The name was unbound in its own scope at that moment.
    pub unbound: bool,
}

/// All scopes of a module.
#[derive(Debug)]
pub struct Scopes<'a> {
    table: Vec<Scope>,
    pub loads: Vec<Load>,
    stack: Vec<ScopeId>,
    interned: FxHashMap<&'a str, NameId>,
    /// Private names (`__x`) by the class that mangles them: another class's are other names.
    private: FxHashMap<(&'a str, &'a str), NameId>,
    names: Vec<&'a str>,
    symbols: FxHashMap<(ScopeId, NameId), Symbol>,
    /// Classes around the walk, innermost last.
    classes: Vec<&'a str>,
    now: Moment,
    pub(super) errors: Vec<Issue>,
    pub(super) nonlocals: Vec<(ScopeId, NameId)>,
}

impl Default for Scopes<'_> {
    fn default() -> Self {
        Self {
            table: vec![Scope { kind: ScopeKind::Module, parent: None }],
            stack: vec![ScopeId::MODULE],
            loads: Vec::new(),
            interned: FxHashMap::default(),
            private: FxHashMap::default(),
            names: Vec::new(),
            symbols: FxHashMap::default(),
            classes: Vec::new(),
            now: 0,
            errors: Vec::new(),
            nonlocals: Vec::new(),
        }
    }
}

impl<'a> Scopes<'a> {
    pub fn push(&mut self, kind: ScopeKind) {
        let id = ScopeId(u32::try_from(self.table.len()).expect("Invariant: fewer scopes than bytes of text"));
        self.table.push(Scope { kind, parent: Some(self.current()) });
        self.stack.push(id);
    }

    pub fn pop(&mut self) {
        self.stack.pop();
    }

    /// Enters the body of a class, whose name mangles private names.
    pub fn push_class(&mut self, name: &'a str) {
        self.push(ScopeKind::Class);
        self.classes.push(name);
    }

    pub fn pop_class(&mut self) {
        self.pop();
        self.classes.pop();
    }

    pub fn current(&self) -> ScopeId {
        *self.stack.last().expect("Invariant: the module's scope is never popped")
    }

    /// The kinds of the scopes around the walk, innermost first.
    pub fn around(&self) -> impl Iterator<Item = ScopeKind> + '_ {
        self.stack.iter().rev().map(|id| self.scope(*id).kind)
    }

    pub fn kind(&self) -> ScopeKind {
        self.scope(self.current()).kind
    }

    pub fn scope(&self, id: ScopeId) -> Scope {
        self.table[id.0 as usize]
    }

    pub fn text(&self, name: NameId) -> &'a str {
        self.names[name.0 as usize]
    }

    pub fn symbol(&self, scope: ScopeId, name: NameId) -> Option<&Symbol> {
        self.symbols.get(&(scope, name))
    }

    /// What the module itself binds.
    pub fn module_symbol(&self, text: &str) -> Option<&Symbol> {
        self.symbol(ScopeId::MODULE, *self.interned.get(text)?)
    }

    /// Whether any scope has this name at all.
    pub fn knows(&self, text: &str) -> bool {
        self.interned.contains_key(text)
    }

    /// Every name that is bound in `scope`.
    pub fn bound_in(&self, scope: ScopeId) -> impl Iterator<Item = &'a str> + '_ {
        let here = move |(key, symbol): (&(ScopeId, NameId), &Symbol)| {
            (key.0 == scope && symbol.flags & is::BOUND != 0).then_some(key.1)
        };
        self.symbols.iter().filter_map(here).map(|name| self.text(name))
    }

    pub fn load(&mut self, text: &'a str, range: TextRange, later: bool, repeated: bool) {
        let name = self.intern(text);
        let (scope, moment) = (self.current(), self.tick());
        let symbol = self.entry(scope, name);
        symbol.flags |= is::LOADED;
        let unbound = symbol.unbound;
        self.loads.push(Load { scope, name, range, moment, later, repeated, unbound });
    }

    /// A use that is not to be judged: a missing name is caught.
    pub fn mark_loaded(&mut self, text: &'a str) {
        let name = self.intern(text);
        self.entry(self.current(), name).flags |= is::LOADED;
    }

    /// A name in a quoted annotation: judged, but unknown to CPython's table.
    pub fn load_quoted(&mut self, text: &'a str, range: TextRange) {
        let name = self.intern(text);
        let (scope, moment) = (self.current(), self.tick());
        self.loads.push(Load { scope, name, range, moment, later: true, repeated: false, unbound: false });
    }

    pub fn now(&self) -> Moment {
        self.now
    }

    /// Binds a name in the scope of the walk.
    pub fn bind(&mut self, text: &'a str, how: u16) {
        self.bind_in(self.current(), text, how);
    }

    /// Binds the target of `:=`, which skips the comprehensions around it.
    pub fn bind_named(&mut self, text: &'a str) {
        let past = |id: &&ScopeId| !matches!(self.scope(**id).kind, ScopeKind::Comprehension { .. });
        let scope = *self.stack.iter().rev().find(past).expect("Invariant: the module's scope is never popped");
        self.bind_in(scope, text, is::LOCAL | is::LASTING);
    }

    /// Takes the binding away, from here on.
    pub fn unbind(&mut self, text: &'a str) {
        let name = self.intern(text);
        self.entry(self.current(), name).unbound = true;
    }

    /// The start of `except ... as name`.
    pub fn bind_handler(&mut self, text: &'a str) {
        self.bind(text, is::LOCAL);
        let name = self.intern(text);
        self.entry(self.current(), name).handlers += 1;
    }

    /// Its end. The name is certainly gone only where nothing else bound it so far, and no block around has bound it too.
    pub fn unbind_handler(&mut self, text: &'a str) {
        let name = self.intern(text);
        let symbol = self.entry(self.current(), name);
        symbol.handlers -= 1;
        symbol.unbound |= symbol.handlers == 0 && symbol.flags & is::LASTING == 0;
    }

    fn bind_in(&mut self, scope: ScopeId, text: &'a str, how: u16) {
        let name = self.intern(text);
        let now = self.tick();
        let symbol = self.entry(scope, name);
        symbol.flags |= how;
        symbol.bound = symbol.bound.min(now);
        symbol.unbound = false;
        if symbol.flags & is::GLOBAL != 0 && scope != ScopeId::MODULE {
            // Bound whenever the function runs, which may be before anything that stands at the module's level.
            let module = self.entry(ScopeId::MODULE, name);
            module.flags |= is::LOCAL | is::LASTING;
            module.bound = 0;
        }
    }

    pub(super) fn entry(&mut self, scope: ScopeId, name: NameId) -> &mut Symbol {
        self.symbols.entry((scope, name)).or_insert(Symbol {
            flags: 0,
            bound: Moment::MAX,
            unbound: false,
            handlers: 0,
            declared: TextRange::default(),
        })
    }

    pub(super) fn intern(&mut self, text: &'a str) -> NameId {
        let names = &mut self.names;
        let new = || {
            names.push(text);
            NameId(u32::try_from(names.len() - 1).expect("Invariant: fewer names than bytes of text"))
        };
        let private = text.starts_with("__") && !text.ends_with("__");
        match self.classes.last().filter(|_| private) {
            Some(class) => *self.private.entry((class.trim_start_matches('_'), text)).or_insert_with(new),
            None => *self.interned.entry(text).or_insert_with(new),
        }
    }

    fn tick(&mut self) -> Moment {
        self.now += 1;
        self.now
    }
}
