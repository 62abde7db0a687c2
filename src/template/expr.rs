//! Parses what stands inside a tag: paths, literals, helper calls, arguments by name, block parameters.

use serde_json::Value;

use super::ast::{Arg, Base, Expr, HelperCall, LoopVar, Path, Seg, Span};
use super::helpers::Helper;
use super::source::{Fail, Source};
use crate::finding::codes::template as codes;
use crate::finding::{CodeId, did_you_mean};

/// Subexpressions may nest this deep.
const MAX_DEPTH: u32 = 32;
/// Paths may have this many parts.
const MAX_SEGMENTS: usize = 32;

/// The inside of one tag.
pub struct Cursor<'s> {
    source: &'s Source,
    text: &'s str,
    at: usize,
    end: usize,
    depth: u32,
}

/// What follows a tag's name.
#[derive(Default)]
pub struct Arguments {
    pub positional: Vec<Expr>,
    pub named: Vec<Arg>,
    /// `as |item key|`
    pub block_params: Vec<Box<str>>,
}

impl<'s> Cursor<'s> {
    pub fn new(source: &'s Source, inner: Span) -> Self {
        Self { source, text: source.text(), at: inner.start as usize, end: inner.end as usize, depth: 0 }
    }

    /// The whole of a `{{...}}`: a path, a helper with its arguments, or a subexpression.
    pub fn printed(&mut self, tag: Span) -> Result<Expr, Fail> {
        self.space();
        if self.at_end() {
            return Err(self.syntax("this tag is empty", tag));
        }
        if self.peek() == Some('(') {
            let expr = self.value()?;
            self.expect_end()?;
            return Ok(expr);
        }
        let expr = self.call_or_path()?;
        self.expect_end()?;
        Ok(expr)
    }

    /// A bare word: the name of a block helper or of a closing tag.
    pub fn word(&mut self) -> Option<(&'s str, Span)> {
        self.space();
        let start = self.at;
        self.take_while(is_symbol);
        (self.at > start).then(|| (&self.text[start..self.at], Span::new(start, self.at)))
    }

    /// The name of a partial: `family/base`, quoted or bare.
    pub fn partial_name(&mut self, tag: Span) -> Result<(Box<str>, Span), Fail> {
        self.space();
        let start = self.at;
        if self.peek() == Some('(') {
            return Err(self
                .source
                .error(codes::DYNAMIC_PARTIAL, "the name of a partial must stand in the template", Span::new(start, self.end))
                .help("a computed name hides what an output depends on; choose with `{{#if}}` between partials that are named"));
        }
        if matches!(self.peek(), Some('"' | '\'')) {
            let Expr::Literal(Value::String(name), span) = self.value()? else {
                return Err(self.syntax("the name of a partial is missing", tag));
            };
            return Ok((name.into(), span));
        }
        if self.peek() == Some('[') {
            let close = self.text[self.at..self.end].find(']').map(|offset| self.at + offset);
            let Some(close) = close else { return Err(self.syntax("`[` is never closed", tag)) };
            self.at = close + 1;
            return Ok((self.text[start + 1..close].into(), Span::new(start, self.at)));
        }
        self.take_while(|c| is_symbol(c) || "@/.".contains(c));
        if self.at == start {
            return Err(self.syntax("the name of a partial is missing", tag));
        }
        Ok((self.text[start..self.at].into(), Span::new(start, self.at)))
    }

    /// Arguments up to the end of the tag.
    pub fn arguments(&mut self) -> Result<Arguments, Fail> {
        let mut found = Arguments::default();
        loop {
            self.space();
            if self.at_end() {
                return Ok(found);
            }
            if let Some(params) = self.block_params()? {
                found.block_params = params;
                self.expect_end()?;
                return Ok(found);
            }
            match self.named()? {
                Some(arg) => found.named.push(arg),
                None => found.positional.push(self.value()?),
            }
        }
    }

    pub fn expect_end(&mut self) -> Result<(), Fail> {
        self.space();
        if self.at_end() {
            return Ok(());
        }
        let rest = &self.text[self.at..self.end];
        let width = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let shown = &rest[..width];
        Err(self.syntax(format!("`{shown}` is not expected here"), Span::new(self.at, self.at + width)))
    }

    pub fn syntax(&self, message: impl Into<String>, span: Span) -> Fail {
        self.source
            .error(codes::SYNTAX, message, span)
            .help("for braces that should reach the output, as in an f-string or a dict, write `\\{{`")
    }

    fn call_or_path(&mut self) -> Result<Expr, Fail> {
        let start = self.at;
        let helper = self.word().and_then(|(word, span)| {
            let ends = self.at_end() || self.peek().is_some_and(char::is_whitespace) || self.peek() == Some(')');
            ends.then_some((word, span))
        });
        let Some((word, span)) = helper else {
            self.at = start;
            return self.value();
        };
        self.space();
        let alone = self.at_end() || self.peek() == Some(')');
        match Helper::named(word) {
            Some(helper) => self.helper(helper, span),
            None if alone => {
                self.at = start;
                self.value()
            }
            None => {
                let finding = self.source.error(codes::UNKNOWN_HELPER, format!("there is no helper `{word}`"), span);
                Err(finding.help(
                    did_you_mean(word, Helper::names()).unwrap_or_else(|| {
                        format!("the helpers are {}", Helper::names().collect::<Vec<_>>().join(", "))
                    }),
                ))
            }
        }
    }

    fn helper(&mut self, helper: Helper, name: Span) -> Result<Expr, Fail> {
        let mut args = Vec::new();
        loop {
            self.space();
            if self.at_end() || self.peek() == Some(')') {
                break;
            }
            if let Some(arg) = self.named()? {
                return Err(self.error(
                    codes::HELPER_ARGUMENTS,
                    format!("`{}` takes no arguments by name", helper.name()),
                    arg.span,
                ));
            }
            args.push(self.value()?);
        }
        let (least, most) = helper.arity();
        if args.len() < least || args.len() > most {
            let usage = helper.usage();
            let message = format!(
                "`{}` was given {} argument{}",
                helper.name(),
                args.len(),
                if args.len() == 1 { "" } else { "s" }
            );
            let mut help = format!("write `{{{{{usage}}}}}`");
            if args.is_empty() {
                help = format!("{help}; a field of this name is `this.{}`", helper.name());
            }
            return Err(self.error(codes::HELPER_ARGUMENTS, message, name).help(help));
        }
        let end = args.last().map_or(name.end, |arg| arg.span().end);
        Ok(Expr::Helper(Box::new(HelperCall { helper, args, span: Span { start: name.start, end } })))
    }

    /// `name=value`
    fn named(&mut self) -> Result<Option<Arg>, Fail> {
        let start = self.at;
        if let Some((word, span)) = self.word()
            && self.peek() == Some('=')
        {
            self.at += 1;
            self.space();
            let value = self.value()?;
            return Ok(Some(Arg { name: word.into(), value, span }));
        }
        self.at = start;
        Ok(None)
    }

    /// `as |a b|`
    fn block_params(&mut self) -> Result<Option<Vec<Box<str>>>, Fail> {
        let start = self.at;
        let Some(("as", _)) = self.word() else {
            self.at = start;
            return Ok(None);
        };
        self.space();
        if self.peek() != Some('|') {
            self.at = start;
            return Ok(None);
        }
        self.at += 1;
        let mut names = Vec::new();
        while let Some((name, _)) = self.word() {
            names.push(name.into());
        }
        self.space();
        if self.peek() != Some('|') || names.is_empty() || names.len() > 2 {
            return Err(
                self.syntax("block parameters are written `as |item|` or `as |item key|`", Span::new(start, self.end))
            );
        }
        self.at += 1;
        Ok(Some(names))
    }

    fn value(&mut self) -> Result<Expr, Fail> {
        self.space();
        let start = self.at;
        match self.peek() {
            Some('(') => self.subexpression(),
            Some('"' | '\'') => self.string(),
            Some('{') => self.json(b'{', b'}'),
            Some('[') if self.looks_like_array() => self.json(b'[', b']'),
            Some(c) if c == '-' || c.is_ascii_digit() => match self.number() {
                Some(number) => Ok(number),
                None => self.path(),
            },
            Some(_) => {
                let constant = match self.word() {
                    Some(("null", span)) => Some((Value::Null, span)),
                    Some(("true", span)) => Some((Value::Bool(true), span)),
                    Some(("false", span)) => Some((Value::Bool(false), span)),
                    _ => None,
                };
                let ends = self.peek().is_none_or(|c| c.is_whitespace() || c == ')') || self.at_end();
                if let Some((value, span)) = constant
                    && ends
                {
                    return Ok(Expr::Literal(value, span));
                }
                self.at = start;
                self.path()
            }
            None => Err(self.syntax("a value is missing", Span::new(start, start + 1))),
        }
    }

    fn subexpression(&mut self) -> Result<Expr, Fail> {
        let start = self.at;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("parentheses nest deeper than {MAX_DEPTH}");
            return Err(self.error(codes::TOO_DEEP, message, Span::new(start, start + 1)));
        }
        self.at += 1;
        self.space();
        let mut expr = self.call_or_path()?;
        self.space();
        if self.peek() != Some(')') {
            return Err(self.syntax("`(` is never closed", Span::new(start, start + 1)));
        }
        self.at += 1;
        self.depth -= 1;
        if let Expr::Helper(call) = &mut expr {
            call.span = Span::new(start, self.at);
        }
        Ok(expr)
    }

    fn string(&mut self) -> Result<Expr, Fail> {
        let start = self.at;
        let quote = self.text.as_bytes()[start];
        let mut at = start + 1;
        while at < self.end && self.text.as_bytes()[at] != quote {
            at += if self.text.as_bytes()[at] == b'\\' { 2 } else { 1 };
        }
        if at >= self.end {
            return Err(self.syntax("this string is never closed", Span::new(start, self.end)));
        }
        self.at = at + 1;
        let span = Span::new(start, self.at);
        let raw = &self.text[start + 1..at];
        let json = if quote == b'\'' {
            // A quote of the other kind needs a backslash in JSON, and may have one here.
            format!("\"{}\"", raw.replace("\\'", "'").replace("\\\"", "\"").replace('"', "\\\""))
        } else {
            self.text[start..self.at].to_owned()
        };
        serde_json::from_str(&json)
            .map(|value| Expr::Literal(value, span))
            .map_err(|_| self.error(codes::SYNTAX, "this string has an escape that JSON doesn't have", span))
    }

    fn number(&mut self) -> Option<Expr> {
        let start = self.at;
        let end = self.text[start..self.end]
            .find(|c: char| c.is_whitespace() || c == ')' || c == '}')
            .map_or(self.end, |offset| start + offset);
        let value: Value = serde_json::from_str(&self.text[start..end]).ok()?;
        self.at = end;
        value.is_number().then(|| Expr::Literal(value, Span::new(start, end)))
    }

    fn looks_like_array(&self) -> bool {
        let rest = self.text[self.at + 1..self.end].trim_start();
        rest.starts_with(|c: char| "[]\"{-".contains(c) || c.is_ascii_digit())
            || ["true", "false", "null"].iter().any(|word| rest.starts_with(word))
    }

    /// An array or an object, as JSON.
    fn json(&mut self, open: u8, close: u8) -> Result<Expr, Fail> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let (mut depth, mut at, mut quoted) = (0_u32, start, false);
        while at < self.end {
            match bytes[at] {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                byte if !quoted && byte == open => depth += 1,
                byte if !quoted && byte == close => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
            at += 1;
        }
        let end = (at + 1).min(self.end);
        let span = Span::new(start, end);
        self.at = end;
        serde_json::from_str(&self.text[start..end])
            .map(|value| Expr::Literal(value, span))
            .map_err(|_| self.syntax("this is neither a path nor JSON", span))
    }

    fn path(&mut self) -> Result<Expr, Fail> {
        let start = self.at;
        let mut base = Base::Name;
        let mut up = 0;
        if self.eat("@root") {
            base = Base::Root;
            if !self.path_goes_on() {
                return Ok(Expr::Path(Path { base, segs: Vec::new(), span: Span::new(start, self.at) }));
            }
            self.at += 1;
        } else if self.eat("@") {
            return self.loop_var(start);
        } else if self.eat("./") {
            base = Base::This;
        }
        while self.eat("../") {
            up += 1;
        }
        if up > 0 {
            if base == Base::Root {
                return Err(self.syntax("there is nothing above `@root`", Span::new(start, self.at)));
            }
            base = Base::Up(up);
        }
        let mut segs = Vec::new();
        loop {
            let seg = self.segment(start)?;
            if &*seg.name == "this" {
                if segs.is_empty() && base == Base::Name {
                    base = Base::This;
                }
            } else {
                segs.push(seg);
            }
            if !self.path_goes_on() {
                break;
            }
            if segs.len() == MAX_SEGMENTS {
                let message = format!("a path may have {MAX_SEGMENTS} parts");
                return Err(self.error(codes::TOO_DEEP, message, Span::new(start, self.at)));
            }
            self.at += 1;
        }
        if !self.at_end() && !self.peek().is_some_and(|c| c.is_whitespace() || c == ')' || c == '|') {
            let at = Span::new(self.at, self.at + self.peek().map_or(1, char::len_utf8));
            return Err(self.syntax(format!("`{}` can't stand in a path", at.text(self.text)), at));
        }
        Ok(Expr::Path(Path { base, segs, span: Span::new(start, self.at) }))
    }

    fn segment(&mut self, path: usize) -> Result<Seg, Fail> {
        let start = self.at;
        if self.peek() == Some('[') {
            let Some(close) = self.text[start..self.end].find(']').map(|offset| start + offset) else {
                return Err(self.syntax("`[` is never closed", Span::new(start, start + 1)));
            };
            self.at = close + 1;
            return Ok(Seg { name: self.text[start + 1..close].into(), span: Span::new(start, self.at) });
        }
        self.take_while(is_symbol);
        if self.at == start {
            let end = self.text[start..self.end].chars().next().map_or(self.end, |c| start + c.len_utf8());
            let end = end.max((start + 1).min(self.end)).max(path);
            return Err(self.syntax("a name is missing here", Span::new(start.min(end), end)));
        }
        Ok(Seg { name: self.text[start..self.at].into(), span: Span::new(start, self.at) })
    }

    fn loop_var(&mut self, start: usize) -> Result<Expr, Fail> {
        let mut level = 0;
        while self.eat("../") {
            level += 1;
        }
        let word = self.word().map_or("", |(word, _)| word);
        let span = Span::new(start, self.at);
        let var = match word {
            "index" => LoopVar::Index,
            "key" => LoopVar::Key,
            "first" => LoopVar::First,
            "last" => LoopVar::Last,
            _ => {
                let help = did_you_mean(word, ["index", "key", "first", "last", "root", "partial-block"])
                    .unwrap_or_else(|| "there are `@root`, `@index`, `@key`, `@first` and `@last`".to_owned());
                return Err(self
                    .error(codes::SYNTAX, format!("there is no `{}`", span.text(self.text)), span)
                    .help(help));
            }
        };
        Ok(Expr::Path(Path { base: Base::Loop(var, level), segs: Vec::new(), span }))
    }

    fn path_goes_on(&self) -> bool {
        matches!(self.peek(), Some('.' | '/'))
    }

    fn error(&self, code: CodeId, message: impl Into<String>, span: Span) -> Fail {
        self.source.error(code, message, span)
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.text[self.at..self.end].starts_with(word)
            && (word != "@root" || !self.text[self.at + word.len()..self.end].starts_with(is_symbol));
        if found {
            self.at += word.len();
        }
        found
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..self.end].chars().next()
    }

    fn at_end(&self) -> bool {
        self.at >= self.end
    }

    fn space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..self.end];
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
    }
}

fn is_symbol(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '$' || c == ':' || !c.is_ascii()
}
