//! One number as a self-contained SVG. Widths of letters are those of the font that most readers have.

use crate::coverage::map::State;
use crate::coverage::tally::Tally;

/// What stands on the left.
const LABEL: &str = "model tests";

/// The picture.
pub fn render(all: &Tally) -> String {
    let value = all.percent().replace(' ', "");
    let failed = all.count(State::Failed) + all.count(State::Flaky);
    let value = if failed == 0 { value } else { format!("{value}, {failed} failed") };
    let color = match (failed, all.permille()) {
        (1.., _) => "#c93c37",
        (0, 950..) => "#2a8a4a",
        (0, 800..) => "#6b8e23",
        (0, 500..) => "#b08800",
        (0, _) => "#a04100",
    };
    let (left, right) = (width(LABEL) + 12, width(&value) + 12);
    let whole = left + right;
    let (at_left, at_right) = (left * 5, left * 10 + right * 5);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img" aria-label="{LABEL}: {value}">
  <title>{LABEL}: {value}</title>
  <clipPath id="r"><rect width="{whole}" height="20" rx="4"/></clipPath>
  <g clip-path="url(#r)"><rect width="{left}" height="20" fill="#444c56"/><rect x="{left}" width="{right}" height="20" fill="{color}"/></g>
  <g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="110" transform="scale(.1)">
    <text x="{at_left}" y="140">{LABEL}</text>
    <text x="{at_right}" y="140">{value}</text>
  </g>
</svg>
"##
    )
}

/// Of a text at 11 pixels, in pixels.
fn width(text: &str) -> usize {
    let tenths = |c: char| match c {
        'i' | 'l' | 'j' | '.' | ',' | ' ' => 35,
        'f' | 't' | 'r' => 43,
        'm' | 'w' => 100,
        '%' => 118,
        '0'..='9' => 70,
        _ => 66,
    };
    text.chars().map(tenths).sum::<usize>().div_ceil(10)
}
