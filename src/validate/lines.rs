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
        let (old, new) = (Visible::of(raw), Visible::of(formatted));
        let mut back = vec![0; new.lines as usize + 1];
        let mut forth = vec![0; old.lines as usize + 1];
        for (i, j) in Pairs::new(&old.chars, &new.chars) {
            let (from, to) = (old.chars[i].line, new.chars[j].line);
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

/// A character that a formatter keeps, and its line.
#[derive(Debug, Clone, Copy)]
struct Char {
    byte: u8,
    line: u32,
}

/// The characters of a text that a formatter keeps, in order.
struct Visible {
    chars: Vec<Char>,
    lines: u32,
}

impl Visible {
    fn of(text: &str) -> Self {
        let mut chars = Vec::with_capacity(text.len());
        let mut line = 1;
        for byte in text.bytes() {
            match byte {
                b'\n' => line += 1,
                b' ' | b'\t' | b'\r' | b'\x0c' | b'(' | b')' | b',' | b';' | b'"' | b'\'' | b'\\' => {}
                _ => chars.push(Char { byte: byte.to_ascii_lowercase(), line }),
            }
        }
        Self { chars, lines: line }
    }
}

/// Walks both texts in step; where they part, it looks for the nearest place where they agree again.
struct Pairs<'a> {
    old: &'a [Char],
    new: &'a [Char],
    i: usize,
    j: usize,
}

/// How far to look for a place where both agree again, and how many characters must.
const WINDOW: usize = 256;
const AGREE: usize = 8;

impl<'a> Pairs<'a> {
    fn new(old: &'a [Char], new: &'a [Char]) -> Self {
        Self { old, new, i: 0, j: 0 }
    }

    fn agree(&self, i: usize, j: usize) -> bool {
        let (old, new) = (&self.old[i.min(self.old.len())..], &self.new[j.min(self.new.len())..]);
        let length = AGREE.min(old.len()).min(new.len());
        length > 0 && old[..length].iter().zip(&new[..length]).all(|(a, b)| a.byte == b.byte)
    }

    /// Skips as few characters as possible, of either text first, then of both.
    fn meet_again(&mut self) -> bool {
        for skip in 1..WINDOW {
            if self.agree(self.i + skip, self.j) {
                self.i += skip;
                return true;
            }
            if self.agree(self.i, self.j + skip) {
                self.j += skip;
                return true;
            }
            if self.agree(self.i + skip, self.j + skip) {
                (self.i, self.j) = (self.i + skip, self.j + skip);
                return true;
            }
        }
        false
    }
}

impl Iterator for Pairs<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            let (old, new) = (self.old.get(self.i)?, self.new.get(self.j)?);
            if old.byte == new.byte || self.meet_again() {
                let pair = (self.i, self.j);
                (self.i, self.j) = (self.i + 1, self.j + 1);
                return Some(pair);
            }
            (self.i, self.j) = (self.i + WINDOW, self.j + WINDOW);
        }
    }
}
