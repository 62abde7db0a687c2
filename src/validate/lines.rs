//! Which line of the raw text a formatted line came from, and back. Built by laying both texts side by side: a formatter
//! keeps the visible characters in their order, but for brackets, commas, quotes and their kin.
//!
//! Finer than a map of statements: each line of a call that was split over ten lines finds its own place.

/// Lines count from 1. The default is the identity, for a text that did not change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineShift {
    /// For each formatted line its raw line; empty for the identity.
    raw: Vec<u32>,
    /// For each raw line the first formatted line that shows it.
    formatted: Vec<u32>,
}

impl LineShift {
    /// The shift from `raw` to `formatted`, which lays the same code out otherwise.
    pub fn between(raw: &str, formatted: &str) -> Self {
        if raw == formatted {
            return Self::default();
        }
        let mut back = vec![0; lines(formatted) + 1];
        let mut forth = vec![0; lines(raw) + 1];
        for (from, to) in (Pairs { old: Side::new(raw), new: Side::new(formatted) }) {
            set_if_unset(&mut back[to as usize], from);
            set_if_unset(&mut forth[from as usize], to);
        }
        fill(&mut back);
        fill(&mut forth);
        Self { raw: back, formatted: forth }
    }

    /// The raw line that the formatted line `line` shows.
    pub fn to_raw(&self, line: u32) -> u32 {
        look_up(&self.raw, line)
    }

    /// The first formatted line that shows the raw line `line`.
    pub fn to_formatted(&self, line: u32) -> u32 {
        look_up(&self.formatted, line)
    }
}

fn look_up(map: &[u32], line: u32) -> u32 {
    match map {
        [] => line,
        [.., last] => map.get(line as usize).copied().unwrap_or(*last).max(1),
    }
}

fn set_if_unset(slot: &mut u32, line: u32) {
    if *slot == 0 {
        *slot = line;
    }
}

/// Lines without a pair of their own (blank lines, lone brackets) take the one above, so that the map never goes back.
fn fill(map: &mut [u32]) {
    let mut above = 1;
    for slot in map.iter_mut().skip(1) {
        above = above.max(*slot);
        if *slot == 0 {
            *slot = above;
        }
    }
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count() + 1
}

/// A text and a place in it.
#[derive(Debug, Clone, Copy)]
struct Side<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    /// Nothing that a formatter keeps stands between the start of this line and `at`.
    first: bool,
}

impl<'a> Side<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, first: true }
    }

    /// Goes to the next character that a formatter keeps.
    fn skip(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b'\n' => (self.line, self.first) = (self.line + 1, true),
                b' ' | b'\t' | b'\r' | b'\x0c' | b'(' | b')' | b',' | b';' | b'"' | b'\'' | b'\\' => {}
                byte => return Some(byte.to_ascii_lowercase()),
            }
            self.at += 1;
        }
    }

    fn step(&mut self) {
        self.at += 1;
        self.first = false;
    }

    /// What stands from here to the end of the line.
    fn rest_of_line(&self) -> &'a [u8] {
        let rest = &self.text.as_bytes()[self.at..];
        &rest[..rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())]
    }

    /// The side after so many kept characters more.
    fn ahead(mut self, count: usize) -> Option<Self> {
        for _ in 0..count {
            self.skip()?;
            self.step();
        }
        self.skip()?;
        Some(self)
    }
}

/// Walks both texts in step and gives pairs of lines; where the texts part, it looks for the nearest place where they
/// agree again.
struct Pairs<'a> {
    old: Side<'a>,
    new: Side<'a>,
}

/// How far to look for a place where both agree again.
const WINDOW: usize = 256;

/// How many characters must agree behind a gap: the wider the gap, the more.
fn enough(skip: usize) -> usize {
    match skip {
        1..=2 => 3,
        3..=8 => 6,
        _ => 12,
    }
}

fn agree(mut old: Side<'_>, mut new: Side<'_>, enough: usize) -> bool {
    for matched in 0..enough {
        match (old.skip(), new.skip()) {
            (Some(one), Some(other)) if one == other => {}
            // At the end of a text less is enough, but not nothing.
            (None, _) | (_, None) => return matched > 0,
            _ => return false,
        }
        old.step();
        new.step();
    }
    true
}

impl Pairs<'_> {
    /// Skips as few characters as possible, of either text first, then of both.
    fn meet_again(&mut self) {
        let (mut old, mut new) = (Some(self.old), Some(self.new));
        for skip in 1..WINDOW {
            let enough = enough(skip);
            (old, new) = (old.and_then(|side| side.ahead(1)), new.and_then(|side| side.ahead(1)));
            let pairs = [(old, Some(self.new)), (Some(self.old), new), (old, new)];
            if let Some((old, new)) =
                pairs.into_iter().find_map(|(old, new)| Some((old?, new?)).filter(|(o, n)| agree(*o, *n, enough)))
            {
                (self.old, self.new) = (old, new);
                return;
            }
        }
        // Nothing near: go on behind it.
        let end = |side: Side<'_>| side.ahead(WINDOW).map_or(side.text.len(), |ahead| ahead.at);
        let (old, new) = (end(self.old), end(self.new));
        while self.old.at < old && self.old.skip().is_some() {
            self.old.step();
        }
        while self.new.at < new && self.new.skip().is_some() {
            self.new.step();
        }
    }
}

impl Iterator for Pairs<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        loop {
            if self.old.skip()? != self.new.skip()? {
                self.meet_again();
                continue;
            }
            let pair = (self.old.line, self.new.line);
            if self.old.first && self.new.first {
                let (old, new) = (self.old.rest_of_line(), self.new.rest_of_line());
                if old == new {
                    self.old.at += old.len();
                    self.new.at += new.len();
                    return Some(pair);
                }
            }
            self.old.step();
            self.new.step();
            return Some(pair);
        }
    }
}
