//! Class names that are looked up in transformers and are not there.

use rustc_hash::FxHashSet;

use super::Issue;
use super::facts::{Facts, FromTransformers};
use crate::finding::codes::python::UNKNOWN_CLASS;
use crate::finding::near_miss;

/// The class names that exist in one version of transformers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassNames {
    known: FxHashSet<Box<str>>,
}

/// As many names as a transformers has, about.
const MANY: usize = 7_000;

impl ClassNames {
    pub fn new(names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        let mut known = FxHashSet::with_capacity_and_hasher(MANY, rustc_hash::FxBuildHasher);
        known.extend(names.into_iter().map(Into::into));
        Self { known }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The name that was probably meant: the same letters in another case, else a near miss.
    pub fn near(&self, name: &str) -> Option<&str> {
        let letters = |name: &str| name.chars().filter(|c| *c != '_').collect::<String>().to_ascii_lowercase();
        let wanted = letters(name);
        let like = |known: &&str| known.len().abs_diff(name.len()) <= name.len() / 3 && same_initial(known, name);
        let mut like: Vec<&str> = self.known.iter().map(|known| &**known).filter(like).collect();
        like.sort_unstable();
        let letter_by_letter = like.iter().copied().find(|known| letters(known) == wanted);
        letter_by_letter.or_else(|| near_miss(name, like.iter().copied()))
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
