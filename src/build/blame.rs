//! What stands behind the difference between the text of an output now and one that it had: lines of templates, and the
//! fields of the registry that they print. The former text is looked for among the kept blobs.

use similar::{ChangeTag, TextDiff};

use super::inspect::View;
use super::options::{Failure, Options};
use crate::graph::outputs::{LineOrigin, origins};
use crate::store::Layout;
use crate::store::blobs::Blobs;
use crate::sys::System;

/// So many lines are named for one output.
const NAMED: usize = 3;

/// A project whose outputs are asked about.
pub struct Blame<'a> {
    system: &'a dyn System,
    options: &'a Options,
    view: View,
    layout: Layout,
}

impl<'a> Blame<'a> {
    pub fn open(system: &'a dyn System, options: &'a Options) -> Result<Self, Failure> {
        let layout = Layout::new(&options.root, options.output_dir.as_deref());
        Ok(Self { system, options, view: View::open(system, options)?, layout })
    }

    /// What made the output at `path` differ from the text with the digest `before`; nothing where nobody knows.
    pub fn behind(&self, path: &str, before: &str) -> Vec<String> {
        // Why the last build that wrote it did: it knows the fields that changed.
        let last = self.view.remembered(path).map(|old| old.why.clone()).unwrap_or_default();
        let lines = self.lines(path, before, &last);
        if lines.is_empty() { last } else { lines }
    }

    fn lines(&self, path: &str, before: &str, last: &[String]) -> Vec<String> {
        let blobs = Blobs::open(self.system, &self.layout);
        let old = blobs.with_body(before).and_then(|blob| String::from_utf8(blobs.read(blob)?).ok());
        let now = self.system.read_text(&self.options.root.join(path)).ok();
        let (Some(old), Some(now), Some(planned)) = (old, now, self.view.planned(path)) else { return Vec::new() };
        let session = &self.view.session;
        let origins = origins(&session.db, session.workspace, &planned.entry);
        let mut named: Vec<String> = Vec::new();
        for line in changed(&old, &now) {
            // What is no line of a template is part of the header.
            let Some(origin) = origins.get(&line) else { continue };
            let words = words(origin, last);
            if !named.contains(&words) {
                named.push(words);
            }
        }
        let more = named.len().saturating_sub(NAMED);
        named.truncate(NAMED);
        if more > 0 {
            named.push(format!("{more} more lines of {path}"));
        }
        named
    }
}

/// The numbers of the lines of `now` that are not in `old`; where lines are gone, of the one that follows them.
fn changed(old: &str, now: &str) -> Vec<u32> {
    let diff = TextDiff::from_lines(old, now);
    let mut at = 1;
    let mut lines = Vec::new();
    for change in diff.iter_all_changes() {
        if change.tag() != ChangeTag::Equal {
            lines.push(at);
        }
        if change.tag() != ChangeTag::Delete {
            at += 1;
        }
    }
    lines.dedup();
    lines
}

/// A field where one changed that is printed on the line, else the line of the template.
fn words(origin: &LineOrigin, last: &[String]) -> String {
    let place = format!("{}:{}", origin.template, origin.line);
    let has_changed = |field: &&String| {
        let of = |why: &String| {
            why.split_once(' ').is_some_and(|(path, what)| {
                let below = |long: &str, short: &str| {
                    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                (what == "changed" || what == "is read now") && (below(field, path) || below(path, field))
            })
        };
        last.iter().any(of)
    };
    match origin.data.iter().find(has_changed) {
        Some(field) => format!("{field}, which {place} prints"),
        None => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_are_those_of_the_text_that_is_there_now() {
        assert_eq!(changed("a\nb\nc\n", "a\nB\nc\nd\n"), [2, 4]);
        assert_eq!(changed("a\nb\nc\n", "a\nc\n"), [2]);
        assert_eq!(changed("a\n", "a\n"), [0; 0]);
    }

    #[test]
    fn a_field_that_changed_is_named_before_the_line_that_prints_it() {
        let origin = LineOrigin {
            template: "templates/a.hbs".to_owned(),
            line: 7,
            data: vec!["model.type".to_owned(), "model.tiny.hidden_size".to_owned()],
        };
        let last = |words: &str| vec![words.to_owned()];
        assert_eq!(words(&origin, &last("template templates/a.hbs changed")), "templates/a.hbs:7");
        assert_eq!(
            words(&origin, &last("model.tiny changed")),
            "model.tiny.hidden_size, which templates/a.hbs:7 prints"
        );
        assert_eq!(words(&origin, &last("model.tin changed")), "templates/a.hbs:7");
    }
}
