//! Class names that are looked up in transformers and are not there.

use super::Issue;
use super::facts::{Facts, FromTransformers};
use crate::finding::codes::python::UNKNOWN_CLASS;
use crate::finding::near_miss;

/// The class names that exist in one version of transformers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassNames {
    sorted: Vec<String>,
}

impl ClassNames {
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut sorted: Vec<String> = names.into_iter().map(Into::into).collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self { sorted }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.sorted.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The name that was probably meant: the same letters in another case, else a near miss.
    pub fn near(&self, name: &str) -> Option<&str> {
        let letters = |name: &str| name.chars().filter(|c| *c != '_').collect::<String>().to_ascii_lowercase();
        let wanted = letters(name);
        let like = |known: &&String| known.len().abs_diff(name.len()) <= name.len() / 3 && same_initial(known, name);
        let candidates = || self.sorted.iter().filter(like).map(String::as_str);
        candidates().find(|known| letters(known) == wanted).or_else(|| near_miss(name, candidates()))
    }
}

pub fn check(facts: &Facts<'_>, names: &ClassNames, issues: &mut Vec<Issue>) {
    for FromTransformers { name, range } in &facts.from_transformers {
        if looks_like_a_class(name) && !names.contains(name) {
            let issue = Issue::error(UNKNOWN_CLASS, *range, format!("transformers has no class `{name}`"));
            issues.push(match names.near(name) {
                Some(near) => issue.help(format!("did you mean `{near}`?")),
                None => issue
                    .help("take class names from the model's facts: `model.classes`, `model.primary`, `model.tasks`"),
            });
        }
    }
}

/// `BertModel` is, `MODEL_MAPPING`, `is_torch_available` and `Any_Constant`'s all-capital kin are not.
fn looks_like_a_class(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase())
}

fn same_initial(one: &str, other: &str) -> bool {
    one.bytes().next().map(|byte| byte.to_ascii_lowercase())
        == other.bytes().next().map(|byte| byte.to_ascii_lowercase())
}
