//! One finding for people, as rustc prints its errors: message, place with the line and a caret, further places, help.

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::look::Look;
use super::text;
use crate::finding::{Finding, Place, Severity};

/// The finding as text, ending in a newline. `notes` are further lines under it ("and 83 more like it").
pub fn render(finding: &Finding, notes: &[String], look: &Look) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(text::clean(&finding.message)).id(finding.code.to_string());
    let mut first = Group::with_title(title);
    if let Some(place) = &finding.place {
        first = first.element(show(place));
    }
    first = first.elements(notes.iter().map(|note| Level::NOTE.message(text::clean(note))));
    // A help line belongs under the only place; after several it stands for itself.
    let places = usize::from(finding.place.is_some()) + finding.related.len() + usize::from(finding.output.is_some());
    if places == 1 {
        first = first.elements(finding.help.iter().map(|help| Level::HELP.message(text::clean(help))));
    }
    let mut groups = vec![first];
    for (words, place) in &finding.related {
        groups.push(Group::with_title(Level::NOTE.secondary_title(text::clean(words))).element(show(place)));
    }
    if let Some(place) = &finding.output {
        groups.push(Group::with_title(Level::NOTE.secondary_title("it shows in this output")).element(show(place)));
    }
    if places > 1 {
        groups
            .extend(finding.help.iter().map(|help| Group::with_title(Level::HELP.secondary_title(text::clean(help)))));
    }
    let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
    let mut rendered = renderer.term_width(look.width.unwrap_or(DEFAULT_TERM_WIDTH)).render(&groups);
    rendered.push('\n');
    if places == 0 {
        rendered.extend(finding.help.iter().map(|help| format!("{}: {}\n", look.cool("help"), text::clean(help))));
    }
    rendered
}

/// `path:line:column`, as far as it is known.
pub fn at(place: &Place) -> String {
    let path = text::one_line(&place.path);
    if knows_line(place) { format!("{path}:{}:{}", place.line, place.column) } else { path }
}

/// Whether a place is more than the name of a file.
pub fn knows_line(place: &Place) -> bool {
    place.snippet.is_some() || place.width > 0 || place.line > 1 || place.column > 1
}

fn show(place: &Place) -> Element<'_> {
    let path = text::clean(&place.path);
    let Some(line) = &place.snippet else {
        let origin = Origin::path(path);
        return if knows_line(place) {
            origin.line(place.line as usize).char_column(place.column as usize).into()
        } else {
            origin.into()
        };
    };
    let (start, end) = marked(line, place);
    Snippet::source(line.as_str())
        .line_start(place.line as usize)
        .path(path)
        .annotation(AnnotationKind::Primary.span(start..end))
        .into()
}

/// The bytes of `line` that the place marks; the whole text of the line where only the line is known.
fn marked(line: &str, place: &Place) -> (usize, usize) {
    let byte_of = |characters: usize| line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at);
    let from = place.column.saturating_sub(1) as usize;
    if place.width == 0 && place.column <= 1 {
        let start = line.len() - line.trim_start().len();
        return (start, line.trim_end().len().max(start));
    }
    (byte_of(from), byte_of(from.saturating_add(place.width as usize)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::CodeId;

    fn check(finding: &Finding, expected: &str) {
        let rendered = render(finding, &[], &Look::PLAIN);
        assert_eq!(rendered.trim_end(), expected.trim_matches('\n'), "\n{rendered}");
    }

    #[test]
    fn a_place_is_shown_with_a_caret() {
        let text = "first\nname = \"gpt-neo\"\n";
        let finding = Finding::error(CodeId(12), "unknown model `gpt-neo`")
            .at(Place::in_text("registry.toml", text, 13, 22))
            .help("did you mean `gpt_neo`?");
        check(
            &finding,
            r#"
error[HF012]: unknown model `gpt-neo`
 --> registry.toml:2:8
  |
2 | name = "gpt-neo"
  |        ^^^^^^^^^
  |
  = help: did you mean `gpt_neo`?
"#,
        );
    }

    #[test]
    fn further_places_and_the_output_follow() {
        let finding = Finding::warning(CodeId(7), "two rules make one output")
            .at(Place::line_of("rules/a.toml", "[target.a]", 1))
            .related("the other one", Place::line_of("rules/b.toml", "\n[target.b]", 2))
            .shown_at(Place { width: 0, ..Place::line_of("generated/x.py", "  x = 1", 1) })
            .help("give one of them a `variant`");
        check(
            &finding,
            r"
warning[HF007]: two rules make one output
 --> rules/a.toml:1:1
  |
1 | [target.a]
  | ^^^^^^^^^^
  |
note: the other one
 --> rules/b.toml:2:1
  |
2 | [target.b]
  | ^^^^^^^^^^
note: it shows in this output
 --> generated/x.py:1:3
  |
1 |   x = 1
  |   ^
help: give one of them a `variant`
",
        );
    }

    #[test]
    fn files_without_lines_odd_columns_and_odd_text_are_shown() {
        check(
            &Finding::error(CodeId(1), "not \u{1b}[31mUTF-8").at(Place::file("rules/a.toml")),
            "error[HF001]: not \\u{1b}[31mUTF-8\n--> rules/a.toml",
        );
        let past_the_end = Place { column: 90, width: 5, ..Place::line_of("a.toml", "é = 1", 1) };
        check(
            &Finding::error(CodeId(1), "x").at(past_the_end),
            "error[HF001]: x\n --> a.toml:1:6\n  |\n1 | é = 1\n  |      ^",
        );
        check(&Finding::error(CodeId(1), "no place").help("do"), "error[HF001]: no place\nhelp: do");
    }
}
