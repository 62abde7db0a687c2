//! Takes the text of an output piece by piece: indents lines, leaves blank lines empty, notes where each line came from.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use super::linemap::{Frame, Line, LineMap, NO_ITEM, Parts};

/// Outputs beyond this are refused.
pub const MAX_OUTPUT: usize = 8 << 20;

/// An output in the making.
pub struct Writer<'a> {
    out: String,
    /// Where the current line starts in `out`.
    line_start: usize,
    /// Nothing but whitespace stands on the current line.
    blank: bool,
    indent: String,
    map: Option<Recorder<'a>>,
}

/// A part of a data path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part<'a> {
    Key(&'a str),
    Index(u32),
}

/// Stands for data that has no path, such as what a helper made.
pub const NOWHERE: u32 = u32::MAX;
/// The whole of the data.
pub const ROOT: u32 = 0;

/// Collects what becomes the line map.
#[derive(Default)]
struct Recorder<'a> {
    lines: Vec<Line>,
    frames: Vec<Frame>,
    printed: Vec<u32>,
    /// Each with its parent; the first is the root.
    nodes: Vec<(u32, Option<Part<'a>>)>,
    /// Frame and template line of the first visible thing on the current line.
    origin: Option<(u32, u32)>,
}

impl<'a> Writer<'a> {
    pub fn new(with_map: bool) -> Self {
        let map = with_map.then(|| {
            let frame = Frame { template: 0, parent: 0, line: 0, item: NO_ITEM };
            Recorder { frames: vec![frame], nodes: vec![(ROOT, None)], ..Recorder::default() }
        });
        Self { out: String::with_capacity(8 << 10), line_start: 0, blank: true, indent: String::new(), map }
    }

    /// Writes `text`, whose first line is line `line` of the template shown in `frame`. False when there is too much of it.
    #[must_use]
    pub fn write(&mut self, text: &str, frame: u32, line: u32) -> bool {
        let mut line = line;
        for part in text.split_inclusive('\n') {
            let (content, ended) = match part.strip_suffix('\n') {
                Some(content) => (content, true),
                None => (part, false),
            };
            if !content.is_empty() {
                if self.out.len() == self.line_start {
                    self.out.push_str(&self.indent);
                }
                self.out.push_str(content);
                if self.blank && content.bytes().any(|byte| !byte.is_ascii_whitespace()) {
                    self.blank = false;
                    self.note(frame, line);
                }
            }
            if ended {
                self.end_line(frame, line);
                line += 1;
            }
        }
        self.out.len() <= MAX_OUTPUT
    }

    /// Writes a value of several lines, all of which come from line `line`. `reflow`: they stand where the first one does.
    #[must_use]
    pub fn write_value(&mut self, text: &str, frame: u32, line: u32, reflow: bool) -> bool {
        let written = &self.out[self.line_start..];
        let lead = &written[..written.len() - written.trim_start().len()];
        let extra =
            if reflow { lead.strip_prefix(self.indent.as_str()).unwrap_or("").to_owned() } else { String::new() };
        let before = self.push_indent(&extra);
        let mut fits = true;
        let printed = self.printed_on_this_line();
        for (index, part) in text.split_inclusive('\n').enumerate() {
            if index > 0
                && let Some(map) = &mut self.map
            {
                map.printed.extend_from_slice(&printed);
            }
            fits = fits && self.write(part, frame, line);
        }
        self.pop_indent(before);
        fits
    }

    /// Indents what follows by `more`; give the result to `pop_indent`.
    pub fn push_indent(&mut self, more: &str) -> usize {
        let before = self.indent.len();
        self.indent.push_str(more);
        before
    }

    pub fn pop_indent(&mut self, before: usize) {
        self.indent.truncate(before);
    }

    /// Ends the current line if something stands on it.
    pub fn finish_line(&mut self, frame: u32, line: u32) {
        if self.out.len() > self.line_start {
            self.end_line(frame, line);
        }
    }

    pub fn records(&self) -> bool {
        self.map.is_some()
    }

    /// Opens a frame for a template that is called at `line` of the one in `parent`, or for a round of a loop there.
    pub fn frame(&mut self, template: usize, parent: u32, line: u32, item: u32) -> u32 {
        let Some(map) = &mut self.map else { return 0 };
        let template = u32::try_from(template).unwrap_or(0);
        map.frames.push(Frame { template, parent, line, item });
        u32::try_from(map.frames.len() - 1).unwrap_or(0)
    }

    /// The path of a part of the data at `parent`.
    pub fn path(&mut self, parent: u32, part: Part<'a>) -> u32 {
        match &mut self.map {
            Some(map) if parent != NOWHERE => {
                map.nodes.push((parent, Some(part)));
                u32::try_from(map.nodes.len() - 1).unwrap_or(NOWHERE)
            }
            _ => NOWHERE,
        }
    }

    /// Notes that the data at `path` is printed on the current line.
    pub fn printed(&mut self, path: u32) {
        if let Some(map) = &mut self.map
            && path != NOWHERE
            && path != ROOT
        {
            map.printed.push(path);
        }
    }

    /// The text and, if asked for, its map, in which `names` are the templates that frames speak of.
    pub fn finish(mut self, names: impl Iterator<Item = &'a str>) -> (String, LineMap) {
        let unterminated = self.out.len() > self.line_start;
        if unterminated {
            if self.blank {
                self.out.truncate(self.line_start);
            } else {
                self.end_line(0, 1);
                self.out.pop();
            }
        }
        let map = self.map.map_or_else(LineMap::default, |map| map.finish(names));
        (self.out, map)
    }

    fn end_line(&mut self, frame: u32, line: u32) {
        if self.blank {
            self.out.truncate(self.line_start);
            self.note(frame, line);
        }
        self.out.push('\n');
        self.line_start = self.out.len();
        self.blank = true;
        if let Some(map) = &mut self.map {
            let (frame, line) = map.origin.take().unwrap_or((frame, line));
            let printed_end = u32::try_from(map.printed.len()).unwrap_or(u32::MAX);
            map.lines.push(Line { frame, line, printed_end });
        }
    }

    fn printed_on_this_line(&self) -> Vec<u32> {
        let Some(map) = &self.map else { return Vec::new() };
        let from = map.lines.last().map_or(0, |line| line.printed_end as usize);
        map.printed[from..].to_vec()
    }

    fn note(&mut self, frame: u32, line: u32) {
        if let Some(map) = &mut self.map {
            map.origin = Some((frame, line));
        }
    }
}

impl Recorder<'_> {
    fn finish<'n>(self, names: impl Iterator<Item = &'n str>) -> LineMap {
        let mut paths: Vec<Box<str>> = Vec::new();
        let mut known: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let nodes = &self.nodes;
        let mut spelled = String::new();
        let mut intern = |node: u32| {
            spelled.clear();
            spell(nodes, node, &mut spelled);
            if let Some(known) = known.get(spelled.as_str()) {
                return *known;
            }
            let index = u32::try_from(paths.len()).unwrap_or(0);
            paths.push(spelled.as_str().into());
            known.insert(spelled.as_str().into(), index);
            index
        };
        let mut lines = self.lines;
        let mut printed: Vec<u32> = Vec::with_capacity(self.printed.len());
        let mut from = 0;
        for line in &mut lines {
            let first = printed.len();
            for node in &self.printed[from..line.printed_end as usize] {
                let path = intern(*node);
                if !printed[first..].contains(&path) {
                    printed.push(path);
                }
            }
            from = line.printed_end as usize;
            line.printed_end = u32::try_from(printed.len()).unwrap_or(u32::MAX);
        }
        let mut frames = self.frames;
        for frame in &mut frames {
            if frame.item != NO_ITEM {
                frame.item = intern(frame.item);
            }
        }
        LineMap::new(Parts {
            lines: lines.into(),
            frames: frames.into(),
            names: names.map(Into::into).collect(),
            paths: paths.into(),
            printed: printed.into(),
        })
    }
}

/// Writes the path of a node. Its depth is that of the data.
fn spell(nodes: &[(u32, Option<Part>)], node: u32, out: &mut String) {
    let Some((parent, Some(part))) = nodes.get(node as usize) else { return };
    spell(nodes, *parent, out);
    match part {
        Part::Key(name) => {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(name);
        }
        Part::Index(index) => {
            let written = write!(out, "[{index}]");
            debug_assert!(written.is_ok());
        }
    }
}
