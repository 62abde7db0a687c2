//! The report as Markdown: for pull request comments and job summaries.

use std::fmt::Write as _;

use super::look::Look;
use super::summary::{self, Tally};
use super::{Report, concise, outputs, snippet, text};
use crate::build::outcome::Action;

/// How many rows a table gets; comments have a size limit.
const ROWS: usize = 100;

pub fn render(report: &Report<'_>) -> String {
    let mut page = format!("### hfgen {}\n\n", report.command);
    let findings = report.sorted();
    match report.outcome {
        Some(outcome) => {
            let _ = writeln!(page, "{}", summary::line(report, outcome, &Look::PLAIN));
        }
        None => {
            let _ = writeln!(page, "{}", Tally::of(findings.iter().copied()).words());
        }
    }
    let rows = findings.iter().map(|finding| {
        let place = finding.place.as_ref().map(|place| code(&snippet::at(place))).unwrap_or_default();
        let help = finding.help.as_ref().map(|help| format!("<br>{}", cell(help))).unwrap_or_default();
        format!("| {} {} | {place} | {}{help} |", concise::word(finding.severity), finding.code, cell(&finding.message))
    });
    table(&mut page, "| finding | place | what |\n|---|---|---|", rows);
    let moved = report.outcome.map_or(&[][..], |outcome| &outcome.outputs);
    let rows = moved.iter().filter(|output| output.action != Action::Unchanged).map(|output| {
        let why = output.why.first().map(|why| cell(why)).unwrap_or_default();
        format!("| {} | {} | {why} |", outputs::done(output.action), code(&output.path))
    });
    table(&mut page, "| what | output | because |\n|---|---|---|", rows);
    page
}

/// A table, where there are rows; the first of very many.
pub(super) fn table(page: &mut String, head: &str, rows: impl Iterator<Item = String>) {
    let mut count = 0;
    for row in rows {
        if count == 0 {
            let _ = write!(page, "\n{head}\n");
        }
        if count < ROWS {
            let _ = writeln!(page, "{row}");
        }
        count += 1;
    }
    if count > ROWS {
        let _ = writeln!(page, "\n... and {} more", text::number(count - ROWS));
    }
}

/// Text that stays text inside a table cell.
pub(super) fn cell(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    let mut inside_code = false;
    for c in text::one_line(words).chars() {
        inside_code ^= c == '`';
        match c {
            '|' => escaped.push_str("\\|"),
            '<' if !inside_code => escaped.push_str("&lt;"),
            '\\' | '*' | '_' | '[' | ']' if !inside_code => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Text as code inside a table cell.
pub(super) fn code(path: &str) -> String {
    format!("`{}`", text::one_line(path).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{CodeId, Finding, Place};

    #[test]
    fn findings_become_rows() {
        let findings = [Finding::error(CodeId(12), "a|b in `x_y` <b>_").at(Place::file("r.toml")).help("do")];
        assert_eq!(
            render(&Report::of_findings("check", &findings)),
            "### hfgen check\n\n1 error\n\n| finding | place | what |\n|---|---|---|\n\
             | error HF012 | `r.toml` | a\\|b in `x_y` &lt;b>\\_<br>do |\n"
        );
    }
}
