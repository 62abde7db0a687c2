//! What changed since a file's results were kept: what decides whether it runs again is what says why, and what stands
//! behind a test that fails since.

use std::collections::BTreeMap;

use super::kept::Known;
use super::sources::{Snapshots, UNRECORDED};

/// Parts of the key whose values are hashes.
pub const FILE: &str = "file";
pub const SUPPORT: &str = "support package";
pub const RUNNER: &str = "runner";

/// So many names stand in one reason.
const NAMED: usize = 3;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The test file holds another text than the one with this digest.
    File { before: String },
    /// So does the support package.
    Support { before: String },
    /// Files of transformers mean something else.
    Sources { files: Vec<String>, versions: Option<(String, String)> },
    /// A version, a device, or hfgen itself.
    Value { name: String, before: Option<String>, now: Option<String> },
}

/// All differences between what `known` was found with and `parts`, what decides now. `sources`: files of transformers that
/// mean something else now; `version`: the one that is there.
pub fn changes(
    known: &Known,
    parts: &BTreeMap<String, String>,
    sources: Vec<String>,
    version: Option<&String>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for name in known.parts.keys().chain(parts.keys().filter(|name| !known.parts.contains_key(*name))) {
        let (before, now) = (known.parts.get(name), parts.get(name));
        if before == now {
            continue;
        }
        changes.push(match (name.as_str(), before) {
            (FILE, Some(before)) => Change::File { before: before.clone() },
            (SUPPORT, Some(before)) => Change::Support { before: before.clone() },
            _ => Change::Value { name: name.clone(), before: before.cloned(), now: now.cloned() },
        });
    }
    if !sources.is_empty() {
        let versions = known.transformers.as_ref().zip(version).filter(|(before, now)| before != now);
        let versions = versions.map(|(before, now)| (before.clone(), now.clone()));
        changes.push(Change::Sources { files: sources, versions });
    }
    changes
}

impl Change {
    /// In words, without looking any closer.
    pub fn words(&self) -> String {
        match self {
            Self::File { .. } => "file changed".to_owned(),
            Self::Support { .. } => "support package changed".to_owned(),
            Self::Sources { files, versions } => {
                let what = match files.as_slice() {
                    [one] if one == UNRECORDED => UNRECORDED.to_owned(),
                    files => format!("{} changed", listed(files)),
                };
                match versions {
                    Some((before, now)) => format!("transformers {before} is now {now}: {what}"),
                    None => format!("transformers: {what}"),
                }
            }
            Self::Value { name, before: Some(before), now: Some(now) } if name != RUNNER => {
                format!("{name} {before} is now {now}")
            }
            Self::Value { name, before: None, now: Some(now) } if name != RUNNER => format!("{name} {now} is new"),
            Self::Value { name, now: None, .. } => format!("{name} is gone"),
            Self::Value { name, .. } => format!("{name} changed"),
        }
    }

    /// In words that name what stands behind it. `behind` says what made the text of a generated file differ from the one
    /// with a digest.
    pub fn causes(
        &self,
        file: &str,
        package: &BTreeMap<String, String>,
        snapshots: &Snapshots<'_>,
        behind: &dyn Fn(&str, &str) -> Vec<String>,
    ) -> Vec<String> {
        match self {
            Self::File { before } => or(behind(file, before), self),
            Self::Support { before } => {
                let before = snapshots.get(before).unwrap_or_default();
                let other = package.iter().filter(|(path, digest)| before.get(*path) != Some(digest));
                let mut causes = Vec::new();
                for (path, _) in other.filter(|_| !before.is_empty()) {
                    let found = before.get(path).map_or_else(Vec::new, |digest| behind(path, digest));
                    causes.extend(if found.is_empty() { vec![format!("{path} changed")] } else { found });
                }
                causes.extend(
                    before.keys().filter(|path| !package.contains_key(*path)).map(|path| format!("{path} is gone")),
                );
                or(causes, self)
            }
            _ => vec![self.words()],
        }
    }
}

fn or(causes: Vec<String>, change: &Change) -> Vec<String> {
    if causes.is_empty() { vec![change.words()] } else { causes }
}

/// The first names, and how many more there are.
pub fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let first = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MemorySystem;
    use std::path::Path;

    fn parts(parts: &[(&str, &str)]) -> BTreeMap<String, String> {
        parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn each_difference_has_its_words() {
        let known = Known {
            parts: parts(&[(FILE, "a"), (SUPPORT, "b"), ("torch", "2.14.0"), ("scipy", "1"), (RUNNER, "x")]),
            transformers: Some("5.23.0".to_owned()),
            ..Known::default()
        };
        let now = parts(&[(FILE, "c"), (SUPPORT, "b"), ("torch", "2.15.0"), ("cpu", "Z80"), (RUNNER, "y")]);
        let files = ["a.py", "b.py", "c.py", "d.py"].map(str::to_owned).to_vec();
        let found = changes(&known, &now, files, Some(&"5.23.1".to_owned()));
        let words: Vec<String> = found.iter().map(Change::words).collect();
        assert_eq!(
            words,
            [
                "file changed",
                "runner changed",
                "scipy is gone",
                "torch 2.14.0 is now 2.15.0",
                "cpu Z80 is new",
                "transformers 5.23.0 is now 5.23.1: a.py, b.py, c.py and 1 more changed"
            ]
        );
        assert_eq!(changes(&known, &known.parts.clone(), Vec::new(), Some(&"6".to_owned())), []);
    }

    #[test]
    fn what_stands_behind_a_change_is_named_where_it_is_known() {
        let system = MemorySystem::default();
        let snapshots = Snapshots::open(&system, Path::new("/p"));
        let before = snapshots.keep(&parts(&[("g/r/a.py", "1"), ("g/r/b.py", "1"), ("g/r/c.py", "1")])).unwrap();
        let package = parts(&[("g/r/a.py", "2"), ("g/r/b.py", "1")]);
        let behind = |path: &str, digest: &str| match path {
            "g/r/a.py" => vec![format!("templates/runtime/a.py.hbs:3 since {digest}")],
            _ => Vec::new(),
        };
        let causes = |change: Change| change.causes("g/t.py", &package, &snapshots, &behind);
        assert_eq!(causes(Change::Support { before }), ["templates/runtime/a.py.hbs:3 since 1", "g/r/c.py is gone"]);
        assert_eq!(causes(Change::Support { before: "lost".to_owned() }), ["support package changed"]);
        assert_eq!(causes(Change::File { before: "0".to_owned() }), ["file changed"]);
    }
}
