//! What became of the outputs, for people: lists, reasons, diffs. Findings are `snippet`'s, the sum is `summary`'s.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::look::Look;
use super::text;
use crate::build::outcome::{Action, OutputOutcome};

/// `created`, as in "is created" and "would be created".
pub fn done(action: Action) -> &'static str {
    match action {
        Action::Created => "created",
        Action::Updated => "updated",
        Action::Restored => "restored",
        Action::Unchanged => "unchanged",
        Action::Removed => "removed",
        Action::Kept => "kept",
        Action::Invalid => "invalid",
    }
}

/// How many outputs a list names before it says "and 12 more".
const LISTED: usize = 20;

/// One line an output: `  updated generated/test_hf_bert.py`, with its first reason where `reasons` are wanted.
pub fn list<'a>(outputs: impl Iterator<Item = &'a OutputOutcome>, reasons: bool, all: bool, look: &Look) -> String {
    let mut text = String::new();
    let mut left_out = 0;
    for (at, output) in outputs.enumerate() {
        if !all && at >= LISTED {
            left_out += 1;
            continue;
        }
        let path = text::one_line(&output.path);
        let _ = write!(text, "  {} {path}", paint(output.action, look));
        if let Some(why) = output.why.first().filter(|_| reasons) {
            let _ = write!(text, "  {}", look.dim(&text::one_line(why)));
        }
        text.push('\n');
    }
    if left_out > 0 {
        let _ = writeln!(text, "  {}", look.dim(&format!("... and {} more (-v lists all)", text::number(left_out))));
    }
    text
}

/// `84 because template templates/base.py.hbs changed`, most frequent first.
pub fn why_grouped<'a>(outputs: impl Iterator<Item = &'a OutputOutcome>, look: &Look) -> String {
    let mut groups: IndexMap<&str, Vec<&OutputOutcome>> = IndexMap::new();
    for output in outputs {
        groups.entry(output.why.first().map_or("no reason is recorded", String::as_str)).or_default().push(output);
    }
    groups.sort_by(|a, x, b, y| y.len().cmp(&x.len()).then_with(|| a.cmp(b)));
    let width = groups.values().map(|group| text::number(group.len()).len()).max().unwrap_or(0);
    let mut text = String::new();
    for (why, group) in &groups {
        let count = format!("{:>width$}", text::number(group.len()));
        let _ = write!(text, "{} because {}", look.strong(&count), text::one_line(why));
        if let [only] = group.as_slice() {
            let _ = write!(text, "  {}", look.dim(&text::one_line(&only.path)));
        }
        text.push('\n');
    }
    text
}

/// Every output with all of its reasons.
pub fn why_full<'a>(outputs: impl Iterator<Item = &'a OutputOutcome>, look: &Look) -> String {
    let mut text = String::new();
    for output in outputs {
        let _ = writeln!(text, "{} {}", paint(output.action, look), text::one_line(&output.path));
        for why in &output.why {
            let _ = writeln!(text, "    because {}", text::one_line(why));
        }
    }
    text
}

/// The diffs that the outcome carries, one after another; as they are where nothing is coloured, so that they apply.
pub fn diffs<'a>(outputs: impl Iterator<Item = &'a OutputOutcome>, look: &Look) -> String {
    let mut text = String::new();
    for diff in outputs.filter_map(|output| output.diff.as_deref()) {
        if look.color {
            diff.lines().for_each(|line| text.extend([diff_line(line, look).as_str(), "\n"]));
        } else {
            text.push_str(diff);
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

fn diff_line(line: &str, look: &Look) -> String {
    let line = text::clean(line);
    match line.as_bytes() {
        [b'+', b'+', b'+', b' ', ..] | [b'-', b'-', b'-', b' ', ..] => look.strong(&line),
        [b'+', ..] => look.good(&line),
        [b'-', ..] => look.bad(&line),
        [b'@', b'@', ..] => look.cool(&line),
        _ => line.into_owned(),
    }
}

fn paint(action: Action, look: &Look) -> String {
    let word = format!("{:>9}", done(action));
    match action {
        Action::Created | Action::Updated | Action::Restored => look.good(&word),
        Action::Removed | Action::Kept => look.soft(&word),
        Action::Invalid => look.bad(&word),
        Action::Unchanged => look.dim(&word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(path: &str, why: &[&str]) -> OutputOutcome {
        OutputOutcome {
            path: path.to_owned(),
            rule: "target.x".to_owned(),
            model: None,
            hardware: None,
            action: Action::Updated,
            why: why.iter().map(|&why| why.to_owned()).collect(),
            diff: None,
        }
    }

    #[test]
    fn reasons_are_counted_and_sorted() {
        let outputs = [
            output("generated/a.py", &["model a: fields.x changed", "template t changed"]),
            output("generated/b.py", &["template t changed"]),
            output("generated/c.py", &["template t changed"]),
        ];
        assert_eq!(
            why_grouped(outputs.iter(), &Look::PLAIN),
            "2 because template t changed\n1 because model a: fields.x changed  generated/a.py\n"
        );
        assert_eq!(
            why_full(outputs[..1].iter(), &Look::PLAIN),
            "  updated generated/a.py\n    because model a: fields.x changed\n    because template t changed\n"
        );
    }

    #[test]
    fn long_lists_are_cut_unless_asked_for() {
        let outputs: Vec<_> = (0..25).map(|n| output(&format!("generated/{n:02}.py"), &["x"])).collect();
        let cut = list(outputs.iter(), true, false, &Look::PLAIN);
        assert!(cut.starts_with("    updated generated/00.py  x\n"), "{cut}");
        assert!(cut.ends_with("  ... and 5 more (-v lists all)\n"), "{cut}");
        assert_eq!(list(outputs.iter(), false, true, &Look::PLAIN).lines().count(), 25);
    }

    #[test]
    fn plain_diffs_stay_as_they_are_and_coloured_ones_cannot_steer() {
        let mut changed = output("a.py", &[]);
        changed.diff = Some("--- a.py\n+++ a.py\n@@ -1 +1 @@\n-\u{1b}x\n+y\n\\ No newline at end of file".to_owned());
        let plain = diffs([&changed].into_iter(), &Look::PLAIN);
        assert_eq!(Some(plain.as_str()), changed.diff.clone().map(|diff| diff + "\n").as_deref());
        let colored = diffs([&changed].into_iter(), &Look { color: true, ..Look::PLAIN });
        assert!(colored.contains("\u{1b}[31m-\\u{1b}x\u{1b}[0m\n\u{1b}[32m+y\u{1b}[0m\n"), "{colored:?}");
    }
}
