//! What git prints, taken apart: records of `status`, contents of `cat-file`. Text in, values out; no process is run.

use super::{BlobId, Entry, GitError, Status};

/// Adds one record of `status --porcelain=v2` whose path lies below `prefix`; None where it has another form.
pub fn read_record(record: &str, prefix: &str, status: &mut Status) -> Option<()> {
    let (kind, rest) = record.split_once(' ')?;
    let inner = |path: &str| path.strip_prefix(prefix).filter(|path| !path.is_empty()).map(str::to_owned);
    match kind {
        "#" => {}
        "?" => status.untracked.extend(inner(rest).filter(|path| !path.ends_with('/'))),
        "!" => status.ignored.extend(inner(rest)),
        "1" => {
            // XY sub mH mI mW hH hI path
            let [states, _, _, _, _, head, index, path] = split(rest)?;
            let (in_index, in_tree) = states.split_at_checked(1)?;
            status.entries.extend(inner(path).map(|path| Entry {
                path,
                committed: blob(head),
                staged: blob(index),
                is_staged: in_index != ".",
                is_unstaged: in_tree != ".",
                is_conflict: false,
            }));
        }
        "u" => {
            // XY sub m1 m2 m3 mW h1 h2 h3 path; the second stage is ours, which the last commit has.
            let [_, _, _, _, _, _, _, ours, _, path] = split(rest)?;
            status.entries.extend(inner(path).map(|path| Entry {
                path,
                committed: blob(ours),
                staged: None,
                is_staged: true,
                is_unstaged: true,
                is_conflict: true,
            }));
        }
        _ => return None,
    }
    Some(())
}

/// One answer of `cat-file --batch`: a line with id, kind and size, the bytes, a newline; or `NAME missing`.
pub fn content(rest: &mut &[u8], name: &str) -> Result<Option<Vec<u8>>, GitError> {
    let odd = |what: &str| GitError::Odd { command: "cat-file --batch".to_owned(), what: what.to_owned() };
    if let Some(after) = rest.strip_prefix(format!("{name} missing\n").as_bytes()) {
        *rest = after;
        return Ok(None);
    }
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| odd("an answer is missing"))?;
    let line = String::from_utf8_lossy(&rest[..end]).into_owned();
    let (kind, size) = match line.split(' ').collect::<Vec<_>>()[..] {
        [_, kind, size] => (kind, size.parse::<usize>().map_err(|_| odd(&line))?),
        _ => return Err(odd(&line)),
    };
    let from = end + 1;
    let to = from.checked_add(size).filter(|to| *to < rest.len()).ok_or_else(|| odd("contents are cut off"))?;
    let bytes = rest[from..to].to_vec();
    *rest = &rest[to + 1..];
    // A folder or a submodule stands there, which is no file.
    Ok((kind == "blob").then_some(bytes))
}

/// The last field keeps its spaces.
fn split<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.splitn(N, ' ').collect::<Vec<_>>().try_into().ok()
}

/// None for the hash of zeros, which stands for "not there".
fn blob(id: &str) -> Option<BlobId> {
    id.bytes().any(|byte| byte != b'0').then(|| BlobId(id.to_owned()))
}
