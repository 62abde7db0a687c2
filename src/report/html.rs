//! The report as one HTML page that needs no server and nothing from elsewhere; and the frame that other pages share.

use super::look::Look;
use super::summary::{self, Tally};
use super::{Report, concise, outputs, snippet};
use crate::build::outcome::Action;

const STYLE: &str = include_str!("page.css");

pub fn render(report: &Report<'_>) -> String {
    let findings = report.sorted();
    let sum = match report.outcome {
        Some(outcome) => summary::line(report, outcome, &Look::PLAIN),
        None => Tally::of(findings.iter().copied()).words(),
    };
    let mut body = format!("<p class=\"sum\">{}</p>\n", escape(&sum));
    let rows = findings.iter().map(|finding| {
        let place = finding.place.as_ref().map(snippet::at).unwrap_or_default();
        let help = finding.help.as_deref().unwrap_or_default();
        row(&[&format!("{} {}", concise::word(finding.severity), finding.code), &place, &finding.message, help])
    });
    table(&mut body, &["finding", "place", "what", "help"], rows);
    let moved = report.outcome.map_or(&[][..], |outcome| &outcome.outputs);
    let rows = moved
        .iter()
        .filter(|output| output.action != Action::Unchanged)
        .map(|output| row(&[outputs::done(output.action), &output.path, &output.why.join("; ")]));
    table(&mut body, &["what", "output", "because"], rows);
    page(&format!("hfgen {}", report.command), &body)
}

/// A whole page around `body`, which is HTML.
pub fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
}

/// Text that stays text inside HTML.
pub fn escape(text: &str) -> String {
    let text = super::text::clean(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn row(cells: &[&str]) -> String {
    format!("<tr>{}</tr>\n", cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect::<String>())
}

fn table(body: &mut String, head: &[&str], rows: impl Iterator<Item = String>) {
    let rows: String = rows.collect();
    if !rows.is_empty() {
        let head: String = head.iter().map(|word| format!("<th>{word}</th>")).collect();
        body.push_str(&format!("<table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{CodeId, Finding, Place};

    #[test]
    fn findings_become_rows() {
        let findings = [Finding::error(CodeId(12), "a & b in <b>").at(Place::file("r.toml")).help("do")];
        let page = render(&Report::of_findings("check", &findings));
        let row = "<tr><td>error HF012</td><td>r.toml</td><td>a &amp; b in &lt;b&gt;</td><td>do</td></tr>";
        assert!(page.contains(row) && page.contains("<title>hfgen check</title>"), "{page}");
    }
}
