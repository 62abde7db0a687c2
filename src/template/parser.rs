//! Builds the tree of a template from its pieces: blocks, partials, inline blocks. It resolves no other template.

use serde_json::Value;

use super::ast::{Arg, Body, Call, Each, Expr, If, Inline, Layout, Node, Print, Slot, Span, Target, Text, With};
use super::expr::{Arguments, Cursor};
use super::helpers::Helper;
use super::indent::{dedent, start_on_next_line};
use super::lexer::{Piece, Tag, TagKind, lex};
use super::resolve::{mark_inheritance, resolve};
use super::source::{Fail, PartialRef, RefKind, Source};
use crate::finding::codes::template as codes;
use crate::finding::{CodeId, Finding, Place, did_you_mean};

/// Blocks may nest this deep; `{{else if}}` counts as nesting.
pub const MAX_DEPTH: u32 = 100;

/// The blocks that templates can write.
const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];

pub fn parse(source: &Source, trusted: bool) -> Result<(Body, Vec<PartialRef>), Fail> {
    let pieces = lex(source)?;
    let mut parser = Parser { source, pieces, at: 0, depth: 0, overriding: Vec::new(), refs: Vec::new() };
    let mut body = Body::default();
    parser.nodes(&mut body, true)?;
    if let Some(tag) = parser.peek_tag() {
        return Err(parser.stray(tag));
    }
    let names: Vec<Box<str>> = body.inlines.iter().map(|inline| inline.name.clone()).collect();
    resolve(&mut body.nodes, &names);
    for inline in &mut body.inlines {
        resolve(&mut inline.body, &names);
    }
    mark_inheritance(&mut body.nodes);
    let refs = std::mem::take(&mut parser.refs);
    let refs = refs
        .into_iter()
        .filter(|r| r.kind == RefKind::Extends || !names.iter().any(|name| **name == *r.name))
        .collect();
    if !trusted {
        agrees_with_handlebars(source)?;
    }
    Ok((body, refs))
}

struct Parser<'s> {
    source: &'s Source,
    pieces: Vec<Piece>,
    at: usize,
    depth: u32,
    /// The inline blocks that we stand in, outermost first.
    overriding: Vec<Box<str>>,
    refs: Vec<PartialRef>,
}

impl Parser<'_> {
    /// Nodes up to a closing tag, an `{{else}}` or the end. `inlines`: inline blocks may be defined here.
    fn nodes(&mut self, body: &mut Body, inlines: bool) -> Result<(), Fail> {
        while let Some(piece) = self.pieces.get_mut(self.at) {
            match piece {
                Piece::Text { text, start } => {
                    let (text, start) = (std::mem::take(text), *start);
                    body.nodes.push(Node::Text(Text { text, line: self.source.line(start), start }));
                    self.at += 1;
                }
                Piece::Tag(tag) => {
                    let tag = *tag;
                    match tag.kind {
                        TagKind::Close | TagKind::Else => return Ok(()),
                        TagKind::Comment => self.at += 1,
                        TagKind::Print | TagKind::PrintTriple => {
                            self.at += 1;
                            body.nodes.push(self.print(tag)?);
                        }
                        TagKind::Partial => {
                            self.at += 1;
                            body.nodes.push(self.partial(tag)?);
                        }
                        TagKind::PartialOpen => body.nodes.push(self.nested(tag, |p| p.partial_block(tag))?),
                        TagKind::Open => body.nodes.push(self.nested(tag, |p| p.block(tag))?),
                        TagKind::InlineOpen => {
                            if !inlines {
                                return Err(self
                                    .error(codes::SYNTAX, "an inline block can't be defined inside another block", tag.span)
                                    .help("define it at the top of the file or directly in `{{#> base}}`; put the condition inside it"));
                            }
                            let inline = self.nested(tag, |p| p.inline(tag))?;
                            if let Some(first) = body.inlines.iter().find(|other| other.name == inline.name) {
                                return Err(self
                                    .error(
                                        codes::BLOCK_TWICE,
                                        format!("block `{}` is defined twice", inline.name),
                                        inline.name_span,
                                    )
                                    .related("first defined here", self.source.place(first.name_span)));
                            }
                            body.inlines.push(inline);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn print(&mut self, tag: Tag) -> Result<Node, Fail> {
        let expr = Cursor::new(self.source, tag.inner).printed(tag.span)?;
        let triple = tag.kind == TagKind::PrintTriple;
        Ok(Node::Print(Print { expr, span: tag.span, line: self.source.line(tag.span.start), triple }))
    }

    fn partial(&mut self, tag: Tag) -> Result<Node, Fail> {
        let mut cursor = Cursor::new(self.source, tag.inner);
        let (name, name_span) = cursor.partial_name(tag.span)?;
        self.reject_partial_block(&name, name_span)?;
        let (context, args) = self.partial_arguments(cursor.arguments()?)?;
        let overridden = self.overriding.contains(&name);
        if !overridden {
            self.reference(&name, name_span, RefKind::Include);
        }
        Ok(Node::Call(Box::new(Call {
            name,
            target: if overridden { Target::Overridden } else { Target::Template },
            context,
            args,
            overrides: Vec::new(),
            inherits: false,
            layout: self.layout(tag),
            span: tag.span,
            name_span,
            line: self.source.line(tag.span.start),
        })))
    }

    /// `{{#> name}}`: a call that overrides blocks if inline blocks stand in it, else a block with its default.
    fn partial_block(&mut self, tag: Tag) -> Result<Node, Fail> {
        let mut cursor = Cursor::new(self.source, tag.inner);
        let (name, name_span) = cursor.partial_name(tag.span)?;
        self.reject_partial_block(&name, name_span)?;
        let (context, args) = self.partial_arguments(cursor.arguments()?)?;
        let mut body = Body::default();
        self.nodes(&mut body, true)?;
        let closing = self.close(tag, &name)?;
        // What follows the block follows its closing tag.
        let layout = Layout { whole_line: closing.whole_line, ..self.layout(tag) };
        let line = self.source.line(tag.span.start);
        if body.inlines.is_empty() {
            let overridden = self.overriding.contains(&name);
            start_on_next_line(&mut body.nodes);
            let relative = dedent(&mut body.nodes, &layout.indent, self.source);
            let default = body.nodes;
            let slot =
                Slot { name, default, relative, overridden, context, args, layout, span: tag.span, name_span, line };
            return Ok(Node::Slot(Box::new(slot)));
        }
        if let Some(stray) = body.nodes.iter().find_map(Self::shown) {
            return Err(self
                .error(
                    codes::STRAY_CONTENT,
                    format!("this stands in `{{{{#> {name}}}}}` but in none of its blocks, so nothing shows it"),
                    stray,
                )
                .help("put it into an `{{#*inline \"block\"}}`, or outside"));
        }
        self.reference(&name, name_span, RefKind::Extends);
        Ok(Node::Call(Box::new(Call {
            name,
            target: Target::Template,
            context,
            args,
            overrides: body.inlines,
            inherits: false,
            layout,
            span: tag.span,
            name_span,
            line,
        })))
    }

    fn inline(&mut self, tag: Tag) -> Result<Inline, Fail> {
        let mut cursor = Cursor::new(self.source, tag.inner);
        let usage = "write `{{#*inline \"name\"}}...{{/inline}}`";
        match cursor.word() {
            Some(("inline", _)) => {}
            _ => return Err(self.error(codes::SYNTAX, "the only decorator is `inline`", tag.span).help(usage)),
        }
        let arguments = cursor.arguments()?;
        let (name, name_span) = match arguments.positional.into_iter().next() {
            Some(Expr::Literal(Value::String(name), span)) if arguments.named.is_empty() => (name, span),
            _ => return Err(self.error(codes::SYNTAX, "an inline block is named by a string", tag.span).help(usage)),
        };
        let mut body = Body::default();
        self.overriding.push(name.as_str().into());
        self.nodes(&mut body, false)?;
        self.overriding.pop();
        self.close(tag, "inline")?;
        start_on_next_line(&mut body.nodes);
        dedent(&mut body.nodes, self.layout(tag).indent.as_ref(), self.source);
        Ok(Inline { name: name.into(), body: body.nodes, name_span })
    }

    fn block(&mut self, tag: Tag) -> Result<Node, Fail> {
        let mut cursor = Cursor::new(self.source, tag.inner);
        let Some((word, span)) = cursor.word() else {
            return Err(self.error(codes::SYNTAX, "the name of the block is missing", tag.span));
        };
        let (kind, arguments) = (word.to_owned(), self.block_arguments(word, span, &mut cursor)?);
        let node = self.block_content(&kind, arguments, tag, &kind)?;
        self.close(tag, &kind)?;
        Ok(node)
    }

    /// The branches of a block up to, but without, its closing tag, which an `{{else if}}` shares with its head.
    fn block_content(&mut self, kind: &str, arguments: Arguments, tag: Tag, head: &str) -> Result<Node, Fail> {
        let mut then = Body::default();
        self.nodes(&mut then, false)?;
        let mut otherwise = Vec::new();
        let mut has_else = false;
        if let Some(else_tag) = self.peek_tag().filter(|tag| tag.kind == TagKind::Else) {
            has_else = true;
            self.at += 1;
            let mut cursor = Cursor::new(self.source, else_tag.inner);
            if let Some((word, span)) = cursor.word() {
                let (inner, arguments) = (word.to_owned(), self.block_arguments(word, span, &mut cursor)?);
                self.deeper(else_tag)?;
                otherwise.push(self.block_content(&inner, arguments, else_tag, head)?);
                self.depth -= 1;
            } else {
                cursor.expect_end()?;
                let mut body = Body::default();
                self.nodes(&mut body, false)?;
                otherwise = body.nodes;
                if let Some(second) = self.peek_tag().filter(|tag| tag.kind == TagKind::Else) {
                    return Err(self
                        .error(codes::SYNTAX, format!("`{{{{#{head}}}}}` already had its `{{{{else}}}}`"), second.span)
                        .related("the first one", self.source.place(else_tag.span)));
                }
            }
        }
        let then = then.nodes;
        let span = tag.span;
        let mut positional = arguments.positional.into_iter();
        let value =
            positional.next().ok_or_else(|| self.error(codes::SYNTAX, "the block's argument is missing", span))?;
        let mut params = arguments.block_params.into_iter();
        Ok(match kind {
            "each" => Node::Each(Box::new(Each {
                list: value,
                item: params.next(),
                key: params.next(),
                body: then,
                otherwise,
                has_else,
                span,
                line: self.source.line(span.start),
            })),
            "with" => Node::With(Box::new(With { value, name: params.next(), body: then, otherwise, has_else, span })),
            _ => Node::If(Box::new(If {
                cond: value,
                negated: kind == "unless",
                include_zero: arguments
                    .named
                    .iter()
                    .any(|arg| matches!(arg.value, Expr::Literal(Value::Bool(true), _))),
                then,
                otherwise,
                has_else,
                span,
            })),
        })
    }

    fn block_arguments(&self, word: &str, span: Span, cursor: &mut Cursor) -> Result<Arguments, Fail> {
        if !BLOCKS.contains(&word) {
            let finding = self.error(codes::UNKNOWN_HELPER, format!("there is no block `{word}`"), span);
            let help = did_you_mean(word, BLOCKS).unwrap_or_else(|| {
                if Helper::named(word).is_some() {
                    format!("a helper is used inside one: `{{{{#if ({word} ...)}}}}`")
                } else {
                    format!("write `{{{{#if {word}}}}}`, `{{{{#each {word}}}}}` or `{{{{#with {word}}}}}`")
                }
            });
            return Err(finding.help(help));
        }
        let arguments = cursor.arguments()?;
        if arguments.positional.len() != 1 {
            let message = format!("`{word}` takes one value and was given {}", arguments.positional.len());
            return Err(self
                .error(codes::HELPER_ARGUMENTS, message, span)
                .help(format!("a computed value stands in parentheses: `{{{{#{word} (eq a b)}}}}`")));
        }
        let zero = |arg: &Arg| &*arg.name == "includeZero" && matches!(arg.value, Expr::Literal(Value::Bool(_), _));
        if let Some(arg) = arguments.named.iter().find(|arg| !(matches!(word, "if" | "unless") && zero(arg))) {
            let message = format!("`{word}` takes no argument `{}`", arg.name);
            return Err(self.error(codes::HELPER_ARGUMENTS, message, arg.span));
        }
        let most = match word {
            "each" => 2,
            "with" => 1,
            _ => 0,
        };
        if arguments.block_params.len() > most {
            let message = format!("`{word}` gives {most} block parameters, not {}", arguments.block_params.len());
            return Err(self.error(codes::HELPER_ARGUMENTS, message, span));
        }
        Ok(arguments)
    }

    fn partial_arguments(&self, arguments: Arguments) -> Result<(Option<Expr>, Vec<Arg>), Fail> {
        let mut positional = arguments.positional.into_iter();
        let context = positional.next();
        if let Some(second) = positional.next() {
            return Err(self
                .error(codes::HELPER_ARGUMENTS, "a partial takes one context", second.span())
                .help("further values are given by name: `{{> partial context name=value}}`"));
        }
        let named = &arguments.named;
        let is_second = |(index, arg): &(usize, &Arg)| named[..*index].iter().any(|other| other.name == arg.name);
        if let Some((_, arg)) = named.iter().enumerate().find(is_second) {
            return Err(self.error(codes::HELPER_ARGUMENTS, format!("`{}` is given twice", arg.name), arg.span));
        }
        Ok((context, arguments.named))
    }

    /// Takes the closing tag of `open`, whose name is `name`.
    fn close(&mut self, open: Tag, name: &str) -> Result<Tag, Fail> {
        let Some(tag) = self.peek_tag() else {
            return Err(self
                .error(codes::UNCLOSED, format!("`{name}` is opened here and never closed"), open.span)
                .help(format!("close it with `{{{{/{name}}}}}`")));
        };
        if tag.kind == TagKind::Else {
            return Err(self.stray(tag));
        }
        let inner = tag.inner.text(self.source.text()).trim();
        if inner != name && !(inner.is_empty() && matches!(open.kind, TagKind::PartialOpen | TagKind::InlineOpen)) {
            return Err(self
                .error(codes::UNCLOSED, format!("`{{{{/{inner}}}}}` closes nothing; `{name}` is open"), tag.span)
                .related("opened here", self.source.place(open.span))
                .help(format!("write `{{{{/{name}}}}}`")));
        }
        self.at += 1;
        Ok(tag)
    }

    fn stray(&self, tag: Tag) -> Fail {
        let text = tag.span.text(self.source.text());
        if tag.kind == TagKind::Else {
            return self.error(codes::UNCLOSED, format!("`{text}` belongs to no block"), tag.span);
        }
        self.error(codes::UNCLOSED, format!("`{text}` closes a block that is not open"), tag.span)
    }

    fn nested<T>(&mut self, tag: Tag, parse: impl FnOnce(&mut Self) -> Result<T, Fail>) -> Result<T, Fail> {
        self.at += 1;
        self.deeper(tag)?;
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    fn deeper(&mut self, tag: Tag) -> Result<(), Fail> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("blocks nest deeper than {MAX_DEPTH}");
            return Err(self.error(codes::TOO_DEEP, message, tag.span).help("move the inner part to a partial"));
        }
        Ok(())
    }

    fn reject_partial_block(&self, name: &str, span: Span) -> Result<(), Fail> {
        if name == "@partial-block" {
            return Err(self
                .error(codes::PARTIAL_BLOCK, "`@partial-block` loses the indentation of what is passed", span)
                .help(
                    "name the block: `{{#> body}}default{{/body}}` here and `{{#*inline \"body\"}}` where it is filled",
                ));
        }
        Ok(())
    }

    fn reference(&mut self, name: &str, span: Span, kind: RefKind) {
        let (line, column) = self.source.line_column(span.start);
        self.refs.push(PartialRef { name: name.to_owned(), line, column, kind });
    }

    fn layout(&self, tag: Tag) -> Layout {
        Layout { indent: tag.indent.text(self.source.text()).into(), whole_line: tag.whole_line }
    }

    /// The place of something that would be seen in the output.
    fn shown(node: &Node) -> Option<Span> {
        match node {
            Node::Text(text) => {
                let lead = text.text.len() - text.text.trim_start().len();
                let line = text.text.trim_start().lines().next()?;
                let start = text.start as usize + lead;
                Some(Span::new(start, start + line.len()))
            }
            Node::Print(print) => Some(print.span),
            Node::If(node) => Some(node.span),
            Node::Each(node) => Some(node.span),
            Node::With(node) => Some(node.span),
            Node::Call(call) => Some(call.span),
            Node::Slot(slot) => Some(slot.span),
        }
    }

    fn peek_tag(&self) -> Option<Tag> {
        match self.pieces.get(self.at) {
            Some(Piece::Tag(tag)) => Some(*tag),
            _ => None,
        }
    }

    fn error(&self, code: CodeId, message: impl Into<String>, span: Span) -> Fail {
        self.source.error(code, message, span)
    }
}

/// The language is Handlebars: what the `handlebars` crate can't parse is no template, whatever we think of it.
fn agrees_with_handlebars(source: &Source) -> Result<(), Fail> {
    let Err(error) = handlebars::Template::compile(source.text()) else { return Ok(()) };
    let line = error.pos().map_or(1, |(line, _)| u32::try_from(line).unwrap_or(u32::MAX));
    let reason = error.reason().to_string();
    let reason = reason.trim_end_matches('.');
    let place = Place::line_of(source.path(), source.text(), line);
    Err(Fail::new(Finding::error(codes::SYNTAX, format!("this is not Handlebars: {reason}")).at(place)))
}
