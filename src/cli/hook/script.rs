//! The text of the git hook: for which projects it runs, and how it finds hfgen. Reads back only what it wrote.

use std::collections::BTreeSet;
use std::path::Path;

/// A hook that was there before, and is run first.
pub const BEFORE: &str = "pre-commit.before-hfgen";

/// The line by which hfgen knows its own hook.
const MARK: &str = "# This hook belongs to hfgen";

/// What the hook does: it runs hfgen for these projects of the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Folders from the top of the repository, quoted for the shell.
    projects: BTreeSet<String>,
}

impl Script {
    /// The script that a hook's text holds; None for somebody else's.
    pub fn read(text: &str) -> Option<Self> {
        text.lines().any(|line| line.starts_with(MARK)).then(|| Self {
            projects: text.lines().filter_map(|line| line.strip_prefix("check ")).map(str::to_owned).collect(),
        })
    }

    pub fn add(&mut self, project: &str) {
        self.projects.insert(quote(project));
    }

    /// Whether the project was there.
    pub fn remove(&mut self, project: &str) -> bool {
        self.projects.remove(&quote(project))
    }

    pub fn has(&self, project: &str) -> bool {
        self.projects.contains(&quote(project))
    }

    pub fn is_empty(&self) -> bool {
        self.projects.is_empty()
    }

    /// The text of the hook; `program` is the hfgen that wrote it, for a shell whose PATH has none.
    pub fn text(&self, program: Option<&Path>) -> String {
        let program = program.map_or_else(|| "''".to_owned(), |program| quote(&program.to_string_lossy()));
        let mut text = format!(
            r#"#!/bin/sh
{MARK}: `hfgen hook install` wrote it, `hfgen hook uninstall` removes it.
# It checks what is staged, without touching a file. `git commit --no-verify` goes without it.

before="$(dirname "$0")/{BEFORE}"
if [ -x "$before" ]; then
    "$before" "$@" || exit $?
fi

hfgen=hfgen
command -v hfgen >/dev/null 2>&1 || hfgen={program}

check() {{
    [ -f "$1/registry.toml" ] || return 0
    if ! command -v "$hfgen" >/dev/null 2>&1; then
        echo "hfgen is not in the PATH, so this commit cannot be checked: install it, or use git commit --no-verify" >&2
        exit 2
    fi
    "$hfgen" --root "$1" hook run || exit $?
}}

"#
        );
        for project in &self.projects {
            text.push_str("check ");
            text.push_str(project);
            text.push('\n');
        }
        text
    }
}

/// One word for a POSIX shell, whatever is in it.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut script = Script::default();
        script.add("suites/o'neil $(x)");
        script.add(".");
        let text = script.text(Some(Path::new("/opt/bin/hfgen")));
        assert!(text.ends_with("check '.'\ncheck 'suites/o'\\''neil $(x)'\n"), "{text}");
        let mut read = Script::read(&text).unwrap();
        assert_eq!(read, script);
        assert!(read.has(".") && read.remove(".") && !read.remove(".") && !read.is_empty());
        assert!(Script::read("#!/bin/sh\ncheck '.'\n").is_none());
    }
}
