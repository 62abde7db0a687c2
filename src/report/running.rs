//! What all commands that run something tell people alike: why it runs.

use indexmap::IndexMap;

use super::look::Look;
use super::text::{number, one_line};
use crate::run::session::Gathered;

/// Why files run.
pub fn why(gathered: &Gathered, full: bool, look: &Look) -> String {
    reasons(&gathered.ran, full, look)
}

/// The reasons, most frequent first, or each thing (file, model type) with its own.
pub fn reasons(ran: &[(String, String)], full: bool, look: &Look) -> String {
    if full {
        let line = |(file, why): &(String, String)| format!("  {file}  {}\n", look.dim(&one_line(why)));
        return ran.iter().map(line).collect();
    }
    let mut groups: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (file, why) in ran {
        groups.entry(why).or_default().push(file);
    }
    groups.sort_by(|a, x, b, y| y.len().cmp(&x.len()).then_with(|| a.cmp(b)));
    let line = |(why, files): (&&str, &Vec<&str>)| {
        let first = files.first().copied().unwrap_or_default();
        format!("{} because {}  {}\n", look.strong(&number(files.len())), one_line(why), look.dim(first))
    };
    groups.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_grouped() {
        let ran = [("a.py", "torch changed"), ("b.py", "it never ran"), ("c.py", "torch changed")];
        let ran = ran.map(|(file, why)| (file.to_owned(), why.to_owned())).into();
        let gathered = Gathered { ran, ..Gathered::default() };
        assert_eq!(
            why(&gathered, false, &Look::PLAIN),
            "2 because torch changed  a.py\n1 because it never ran  b.py\n"
        );
        assert_eq!(why(&gathered, true, &Look::PLAIN).lines().count(), 3);
    }
}
