//! Where each line of an output came from: template line, calls and loops around it, data printed on it. Compact; no text.

use std::sync::Arc;

/// The origin of every line of one output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineMap(Arc<Parts>);

/// Where one line of an output came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin<'m> {
    /// Name of the template that the line stands in.
    pub template: &'m str,
    /// Line of it, from 1.
    pub line: u32,
    /// The calls and loops around it, innermost first.
    pub stack: Vec<Step<'m>>,
    /// The data printed on it: `model.tasks[0].mapping`.
    pub data: Vec<&'m str>,
}

/// A call or a loop on the way to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<'m> {
    pub template: &'m str,
    pub line: u32,
    /// For a loop, the item that it was at: `model.tasks[0]`.
    pub item: Option<&'m str>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub lines: Box<[Line]>,
    pub frames: Box<[Frame]>,
    /// Names of templates.
    pub names: Box<[Box<str>]>,
    /// Data paths.
    pub paths: Box<[Box<str>]>,
    /// For each line, in order, indices into `paths`.
    pub printed: Box<[u32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub frame: u32,
    pub line: u32,
    /// Where its part of `printed` ends.
    pub printed_end: u32,
}

/// A template being shown, or a round of a loop in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub template: u32,
    /// Itself for the outermost.
    pub parent: u32,
    /// The line in the parent's template that opened it.
    pub line: u32,
    /// Index into `paths`, or `NO_ITEM`.
    pub item: u32,
}

pub(super) const NO_ITEM: u32 = u32::MAX;

impl LineMap {
    pub(super) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// How many lines the output has.
    pub fn len(&self) -> usize {
        self.0.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.lines.is_empty()
    }

    /// The origin of line `number`, from 1.
    pub fn line(&self, number: u32) -> Option<Origin<'_>> {
        let index = (number as usize).checked_sub(1)?;
        let parts = &*self.0;
        let line = parts.lines.get(index)?;
        let from = if index == 0 { 0 } else { parts.lines[index - 1].printed_end as usize };
        let printed = &parts.printed[from..line.printed_end as usize];
        let mut stack = Vec::new();
        let mut at = line.frame;
        loop {
            let frame = parts.frames[at as usize];
            if frame.parent == at {
                break;
            }
            let template = &*parts.names[parts.frames[frame.parent as usize].template as usize];
            let item = parts.paths.get(frame.item as usize).map(|path| &**path);
            stack.push(Step { template, line: frame.line, item });
            at = frame.parent;
        }
        Some(Origin {
            template: &parts.names[parts.frames[line.frame as usize].template as usize],
            line: line.line,
            stack,
            data: printed.iter().map(|path| &*parts.paths[*path as usize]).collect(),
        })
    }

    /// The origins of all lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = Origin<'_>> {
        (1..=self.len()).filter_map(|number| self.line(u32::try_from(number).ok()?))
    }

    /// Bytes that it holds.
    pub fn size(&self) -> usize {
        let parts = &*self.0;
        let text: usize = parts.names.iter().chain(&parts.paths).map(|text| text.len() + size_of::<Box<str>>()).sum();
        text + size_of_val(&*parts.lines) + size_of_val(&*parts.frames) + size_of_val(&*parts.printed)
    }
}
