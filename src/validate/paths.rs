//! Paths that only one machine has.

/// Folders of the root that hold people's and machines' own files. `/dev`, `/proc`, `/sys`, `/usr`, `/bin` and `/etc` are the same
/// everywhere.
const FOLDERS: &[&str] = &[
    "/home/",
    "/Users/",
    "/root/",
    "/tmp/",
    "/var/",
    "/opt/",
    "/mnt/",
    "/media/",
    "/srv/",
    "/private/",
    "/workspace/",
    "/content/",
    "/scratch/",
];

/// Whether a path may start at `at`: not in the middle of a word, a URL or another path.
pub fn boundary(bytes: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|at| bytes[at]) else { return true };
    if bytes[at] == b'/' && bytes[..at].ends_with(b"file://") {
        return true;
    }
    matches!(
        before,
        b' ' | b'\t' | b'\n' | b'"' | b'\'' | b'`' | b'=' | b'(' | b'[' | b'{' | b',' | b':' | b'<' | b'>' | b'|'
    )
}

/// The length of the absolute path that `text` starts with.
pub fn absolute(text: &str) -> Option<usize> {
    let folder = if text.starts_with('/') {
        FOLDERS.iter().find(|folder| text.starts_with(**folder))?.len()
    } else {
        drive(text)?
    };
    let rest = &text[folder..];
    let end = rest.find(|c: char| c.is_whitespace() || "\"'`,;:)]}<>|".contains(c)).unwrap_or(rest.len());
    Some(folder + end)
}

/// `C:\` or `C:/`, and something behind it.
fn drive(text: &str) -> Option<usize> {
    match text.as_bytes() {
        [letter, b':', b'\\' | b'/', next, ..] if letter.is_ascii_alphabetic() && next.is_ascii_alphanumeric() => {
            Some(3)
        }
        _ => None,
    }
}
