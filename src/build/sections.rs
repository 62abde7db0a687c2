//! What the sections of the lock hash to. Where the last build hashed the same text, its digests are taken over.

use rustc_hash::FxHashMap;

use crate::digest::Digest;
use crate::registry::lock::{LockText, Section};
use crate::store::trace::{Block, Trace};

/// How many sections are hashed in one piece.
const BLOCK: usize = 16;

/// Digests of all sections.
#[derive(Debug, Default, PartialEq)]
pub struct Sections<'a> {
    /// By model type.
    pub digests: FxHashMap<&'a str, Digest>,
    pub blocks: Vec<Block>,
}

/// Hashes the sections of the lock `whole`, cut as `cut`. `same`: it is the lock that `trace` remembers.
pub fn sections<'a>(whole: &str, cut: &'a LockText<'_>, trace: &Trace, same: bool) -> Sections<'a> {
    let before: FxHashMap<&str, Digest> = trace.models.iter().map(|model| (&*model.key, model.section)).collect();
    let digest = |section: &'a Section<'_>, known: bool| {
        let found = before.get(&*section.key).copied().filter(|_| known);
        (&*section.key, found.unwrap_or_else(|| Digest::of(section.text.as_bytes())))
    };
    let all = &cut.sections[..];
    if same {
        let digests = all.iter().map(|section| digest(section, true)).collect();
        return Sections { digests, blocks: trace.blocks.clone() };
    }
    // Edits leave blocks of few sections behind; once they are many, all are made anew.
    let scattered = trace.blocks.len() > 8 + all.len() / (BLOCK / 4);
    let blocks: FxHashMap<&str, &Block> =
        trace.blocks.iter().filter(|_| !scattered).map(|block| (&*block.first, block)).collect();
    let mut found = Sections::default();
    // Sections from `open` to `at` are in no block yet.
    let (mut open, mut at) = (0, 0);
    while let Some(section) = all.get(at) {
        let known = blocks.get(&*section.key).and_then(|block| {
            let sections = all.get(at..at + block.count as usize)?;
            (block_of(whole, sections).as_ref() == Some(*block)).then_some(sections)
        });
        let Some(known) = known else {
            let (key, digest) = digest(section, false);
            found.digests.insert(key, digest);
            at += 1;
            if at - open == BLOCK {
                found.blocks.extend(block_of(whole, &all[open..at]));
                open = at;
            }
            continue;
        };
        found.blocks.extend(block_of(whole, &all[open..at]));
        found.blocks.push((*blocks[&*section.key]).clone());
        found.digests.extend(known.iter().map(|section| digest(section, true)));
        at += known.len();
        open = at;
    }
    found.blocks.extend(block_of(whole, &all[open..]));
    found
}

/// The block of these neighbours; `None` where there are none.
fn block_of(whole: &str, sections: &[Section<'_>]) -> Option<Block> {
    let (first, last) = (sections.first()?, sections.last()?);
    let text = &whole[first.offset()..last.offset() + last.text.len()];
    let count = u32::try_from(sections.len()).unwrap_or(u32::MAX);
    Some(Block { first: first.key.to_string(), count, digest: Digest::of(text.as_bytes()) })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use super::*;
    use crate::registry::lock::split;
    use crate::store::trace::ModelTrace;

    fn lock(models: impl IntoIterator<Item = (usize, &'static str)>) -> String {
        models.into_iter().fold("version = 1\n".to_owned(), |mut text, (number, module)| {
            let _ = write!(text, "\n[model.m{number:03}]\nmodule = \"{module}\"\n");
            text
        })
    }

    fn traced(text: &str, before: &Trace) -> Trace {
        let cut = split(text);
        let found = sections(text, &cut, before, false);
        for section in &cut.sections {
            assert_eq!(found.digests[&*section.key], Digest::of(section.text.as_bytes()), "{}", section.key);
        }
        assert_eq!(found.digests.len(), cut.sections.len());
        let counted: u32 = found.blocks.iter().map(|block| block.count).sum();
        assert_eq!(counted as usize, cut.sections.len());
        let model = |section: &Section<'_>| {
            let (key, section) = (section.key.to_string(), found.digests[&*section.key]);
            Arc::new(ModelTrace { key, section, ..ModelTrace::default() })
        };
        let models: Vec<_> = cut.sections.iter().map(model).collect();
        Trace { models, blocks: found.blocks, ..Trace::default() }
    }

    #[test]
    fn every_section_has_its_own_digest_whatever_was_remembered() {
        let mut trace = traced(&lock([]), &Trace::default());
        let all = || (0..100).map(|number| (number, "a"));
        for text in [
            lock(all()),
            lock(all().map(|(number, module)| (number, if number == 40 { "b" } else { module }))),
            lock(all().filter(|(number, _)| *number != 3 && *number != 64)),
            lock(all().take(33)),
            lock(all()),
            lock([]),
        ] {
            trace = traced(&text, &trace);
            let cut = split(&text);
            let same = sections(&text, &cut, &trace, true);
            let anew = sections(&text, &cut, &trace, false);
            assert_eq!((same.digests, same.blocks), (anew.digests, anew.blocks));
        }
    }

    #[test]
    fn blocks_that_fell_to_pieces_are_made_anew() {
        let text = lock((0..100).map(|number| (number, "a")));
        let cut = split(&text);
        let mut trace = traced(&text, &Trace::default());
        assert_eq!(trace.blocks.len(), 7);
        trace.blocks =
            cut.sections.iter().filter_map(|section| block_of(&text, std::slice::from_ref(section))).collect();
        assert_eq!(traced(&text, &trace).blocks.len(), 7);
    }
}
