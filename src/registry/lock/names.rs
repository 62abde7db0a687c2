//! The table of class names in the head of a lock, read without a TOML parser as `write` writes it. Any other form is
//! left to the parser.

/// The head of a lock, parted at its table of class names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadText<'a> {
    /// What stands before the table.
    pub rest: &'a str,
    /// The table, from its header to the end of the head.
    pub table: &'a str,
}

const HEADER: &str = "\n[class_names]\n";

/// Parts `head`; `None` where the table is not the last one, or is not as `write` writes it.
///
/// Invariant: what is parted here, the parser would read too, and find the same names.
pub fn part(head: &str) -> Option<HeadText<'_>> {
    let at = head.find(HEADER)? + 1;
    let parted = HeadText { rest: &head[..at], table: &head[at..] };
    // A text that goes over lines may hold what looks like a header; and only one place may name it.
    if ["\"\"\"", "'''", "class_names"].iter().any(|stop| parted.rest.contains(stop)) {
        return None;
    }
    let mut before = "";
    for line in parted.lines() {
        let (key, names) = row(line)?;
        // Two rows of one module are an error, which is for the parser to say.
        if key <= before {
            return None;
        }
        before = key;
        let mut left = names;
        while !left.is_empty() {
            left = name(left)?.1;
        }
    }
    Some(parted)
}

impl<'a> HeadText<'a> {
    /// Every name, in the order of the modules.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        self.lines().filter_map(row).flat_map(|(_, names)| {
            let mut left = names;
            std::iter::from_fn(move || {
                let (found, behind) = name(left)?;
                left = behind;
                Some(found)
            })
        })
    }

    fn lines(self) -> impl Iterator<Item = &'a str> {
        self.table[HEADER.len() - 1..].split('\n').filter(|line| !line.is_empty())
    }
}

/// A row's key and what stands between its brackets: `models.bert` and `"A", "B"`.
fn row(line: &str) -> Option<(&str, &str)> {
    let (key, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => line.split_at(line.find(' ')?),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let dotted = line.starts_with('"');
    if key.is_empty() || !key.bytes().all(|byte| plain(byte) || dotted && byte == b'.') {
        return None;
    }
    Some((key, rest.strip_prefix(" = [")?.strip_suffix(']')?))
}

/// The first name of `"A", "B"`, and what stands behind it and its comma.
fn name(list: &str) -> Option<(&str, &str)> {
    let (name, rest) = list.strip_prefix('"')?.split_once('"')?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    if rest.is_empty() {
        return Some((name, rest));
    }
    rest.strip_prefix(", ").filter(|rest| !rest.is_empty()).map(|rest| (name, rest))
}

#[cfg(test)]
mod tests {
    use super::super::{Lock, LockHead, parse_head, split, write};
    use super::part;

    const HEAD: &str =
        "version = 1\ntransformers = \"5\"\n\n[class_names]\na = [\"A\", \"B\"]\n\"b.c\" = [\"C\"]\nd = []\n\n";

    #[test]
    fn what_write_writes_is_read_as_the_parser_reads_it() {
        let names = [("backbone_utils", "BackboneMixin"), ("models.bert", "BertModel"), ("models.bert", "Bert_2")];
        let mut head = LockHead { version: 1, transformers: "5.23.0".to_owned(), ..LockHead::default() };
        for (module, name) in names {
            head.class_names.entry(module.to_owned()).or_default().push(name.to_owned());
        }
        for text in [write(&Lock { head, ..Lock::default() }), HEAD.to_owned()] {
            let parsed = parse_head("registry.lock", &split(&text)).unwrap();
            let parted = part(&text).unwrap();
            assert!(parsed.names().eq(parted.names()), "{text}");
            assert_eq!(format!("{}{}", parted.rest, parted.table), text);
        }
    }

    #[test]
    fn what_is_written_otherwise_is_left_to_the_parser() {
        assert!(part(HEAD).is_some());
        for (from, to) in [
            ("[class_names]", "[ class_names ]"),
            ("a = [", "a=["),
            ("a = [", "b.c = ["),
            ("\"b.c\" = ", "a = "),
            ("\"A\", ", "\"A\",  "),
            ("\"A\"", "'A'"),
            ("\"A\"", "\"A\\\\u0041\""),
            ("\"A\"", "\"A"),
            ("[\"A\", \"B\"]", "[\"A\", \"B\", ]"),
            ("[\"A\", \"B\"]", "[\"A\", \"B\"] # all"),
            ("d = []\n", "d = []\n\n[base_fields]\nx = 1\n"),
            ("\"5\"", "\"\"\"5\"\"\""),
            ("version", "class_names.b = []\nversion"),
        ] {
            let text = HEAD.replacen(from, &to.replace("\\\\", "\\"), 1);
            assert_ne!(text, HEAD);
            assert_eq!(part(&text), None, "{text}");
        }
    }
}
