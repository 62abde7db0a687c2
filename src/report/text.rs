//! Small words that several formats share: counts, times, text that cannot steer a terminal.

use std::borrow::Cow;
use std::time::Duration;

/// `1 output`, `2 outputs`, `1,204 outputs`.
pub fn plural(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// A number with its thousands set apart.
pub fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `4 ms`, `1.4 s`, `2 min 5 s`.
pub fn time(elapsed: Duration) -> String {
    let millis = elapsed.as_millis();
    match millis {
        0 => "under 1 ms".to_owned(),
        1..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// `text` without characters that could move the cursor, change colours or turn the reading direction.
///
/// Tabs stay; newlines too where `lines` are allowed.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(steers) { Cow::Owned(text.chars().flat_map(visible).collect()) } else { Cow::Borrowed(text) }
}

/// `clean`, and on one line.
pub fn one_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

fn steers(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn visible(c: char) -> Vec<char> {
    if steers(c) { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(plural(1, "output"), "1 output");
        assert_eq!(plural(0, "output"), "0 outputs");
        assert_eq!(plural(1_234_567, "finding"), "1,234,567 findings");
        assert_eq!(number(804), "804");
        assert_eq!(time(Duration::from_micros(300)), "under 1 ms");
        assert_eq!(time(Duration::from_millis(31)), "31 ms");
        assert_eq!(time(Duration::from_millis(1449)), "1.4 s");
        assert_eq!(time(Duration::from_secs(125)), "2 min 5 s");
    }

    #[test]
    fn text_cannot_steer_a_terminal() {
        assert_eq!(clean("a\tb é"), "a\tb é");
        assert_eq!(clean("a\u{1b}[31mb\r"), "a\\u{1b}[31mb\\r");
        assert_eq!(one_line("a\n\u{202e}b"), "a \\u{202e}b");
    }
}
