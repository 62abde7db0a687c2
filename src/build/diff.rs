//! Unified diffs between two texts of one file.

use similar::TextDiff;

/// From `before` to `after`, with three lines of context; empty when they are equal.
pub fn unified(path: &str, before: &str, after: &str) -> String {
    let (old, new) = (format!("a/{path}"), format!("b/{path}"));
    TextDiff::from_lines(before, after).unified_diff().context_radius(3).header(&old, &new).to_string()
}
