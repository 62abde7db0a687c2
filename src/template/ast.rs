//! The tree of a template: what stands in it and where. Types only; `parser` makes it, `render` and `analyse` walk it.

use serde_json::Value;

use super::helpers::Helper;

/// A range of bytes of a template's source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// What stands between two tags, or in a whole file.
#[derive(Debug, Default)]
pub struct Body {
    pub nodes: Vec<Node>,
    /// Inline blocks defined at this level; they are visible in the whole of it, whatever the order.
    pub inlines: Vec<Inline>,
}

#[derive(Debug)]
pub enum Node {
    Text(Text),
    Print(Print),
    If(Box<If>),
    Each(Box<Each>),
    With(Box<With>),
    Call(Box<Call>),
    Slot(Box<Slot>),
}

/// Literal text, whitespace control already applied.
#[derive(Debug)]
pub struct Text {
    pub text: Box<str>,
    /// Template line (from 1) of its first character.
    pub line: u32,
    /// Where it starts in the source.
    pub start: u32,
}

/// `{{x}}`, `{{helper x}}`.
#[derive(Debug)]
pub struct Print {
    pub expr: Expr,
    pub span: Span,
    pub line: u32,
    /// Written with three braces.
    pub triple: bool,
}

/// `{{#if}}` and `{{#unless}}`.
#[derive(Debug)]
pub struct If {
    pub cond: Expr,
    pub negated: bool,
    pub include_zero: bool,
    pub then: Vec<Node>,
    pub otherwise: Vec<Node>,
    /// `{{else}}` was written, even if nothing stands behind it.
    pub has_else: bool,
    pub span: Span,
}

/// `{{#each list as |item key|}}`.
#[derive(Debug)]
pub struct Each {
    pub list: Expr,
    pub item: Option<Box<str>>,
    pub key: Option<Box<str>>,
    pub body: Vec<Node>,
    pub otherwise: Vec<Node>,
    pub has_else: bool,
    pub span: Span,
    pub line: u32,
}

/// `{{#with value as |name|}}`.
#[derive(Debug)]
pub struct With {
    pub value: Expr,
    pub name: Option<Box<str>>,
    pub body: Vec<Node>,
    pub otherwise: Vec<Node>,
    pub has_else: bool,
    pub span: Span,
}

/// `{{> name}}`, and `{{#> name}}` with inline blocks that override those of the called template.
#[derive(Debug)]
pub struct Call {
    pub name: Box<str>,
    pub target: Target,
    pub context: Option<Expr>,
    pub args: Vec<Arg>,
    pub overrides: Vec<Inline>,
    /// The whole template is this call: its blocks give way to those of a template further out, as in inheritance.
    pub inherits: bool,
    pub layout: Layout,
    pub span: Span,
    pub name_span: Span,
    pub line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A template of that name.
    Template,
    /// An inline block of the same file, by its place in the file's `inlines`.
    Local(usize),
    /// Inside an override of the block of that name: what it overrides.
    Overridden,
}

/// `{{#> name}}default{{/name}}`: a block that templates further out can override.
#[derive(Debug)]
pub struct Slot {
    pub name: Box<str>,
    pub default: Vec<Node>,
    /// The default is written relative to the tag; else it keeps the indentation that it has in the file.
    pub relative: bool,
    /// Stands inside an override of the same block: shows what that overrides.
    pub overridden: bool,
    pub context: Option<Expr>,
    pub args: Vec<Arg>,
    pub layout: Layout,
    pub span: Span,
    pub name_span: Span,
    pub line: u32,
}

/// `{{#*inline "name"}}...{{/inline}}`.
#[derive(Debug)]
pub struct Inline {
    pub name: Box<str>,
    pub body: Vec<Node>,
    pub name_span: Span,
}

#[derive(Debug)]
pub struct Arg {
    pub name: Box<str>,
    pub value: Expr,
    pub span: Span,
}

/// How what is called stands on the page.
#[derive(Debug, Default)]
pub struct Layout {
    /// Put before every line of it.
    pub indent: Box<str>,
    /// The tag has a line of its own, so what is called ends with one.
    pub whole_line: bool,
}

#[derive(Debug)]
pub enum Expr {
    Path(Path),
    Literal(Value, Span),
    Helper(Box<HelperCall>),
}

#[derive(Debug)]
pub struct HelperCall {
    pub helper: Helper,
    pub args: Vec<Expr>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Path {
    pub base: Base,
    pub segs: Vec<Seg>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Seg {
    pub name: Box<str>,
    pub span: Span,
}

/// What a path starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// A name: a block parameter or argument in sight, else a field of `this`.
    Name,
    /// `this.x`, `./x`.
    This,
    /// `../x`, so many times.
    Up(u32),
    /// `@root.x`.
    Root,
    /// `@index` and its like, so many loops up.
    Loop(LoopVar, u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopVar {
    Index,
    Key,
    First,
    Last,
}

impl Expr {
    pub fn span(&self) -> Span {
        match self {
            Self::Path(path) => path.span,
            Self::Literal(_, span) => *span,
            Self::Helper(call) => call.span,
        }
    }
}

impl Span {
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end) }
    }

    pub fn text(self, source: &str) -> &str {
        source.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}
