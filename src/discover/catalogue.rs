//! What a file of transformers means by itself, and what a file that lists all models (`models/auto/`) means for one of
//! them: its code, and the entries of that model alone, so that a new model in the list changes nothing for the others.

use std::collections::BTreeMap;

use ruff_python_ast::{Expr, ModModule, Stmt};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged as _, TextRange, TextSize};

use super::meaning::{meaning, meaning_without, too_deep};
use crate::digest::Digest;

/// What `source` means, without comments, docstrings and layout. A text that is no Python means its bytes.
pub fn meaning_of(source: &str) -> Digest {
    parsed(source)
        .map_or_else(|| Digest::of(source.as_bytes()), |parsed| Digest::of_hash(*meaning(source, &parsed).as_bytes()))
}

/// A file that lists models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    rest: Digest,
    /// By the word that an entry begins with: `bert`.
    entries: BTreeMap<String, Vec<Digest>>,
}

impl Catalogue {
    /// Whether a file, relative to the package, lists models or names the version.
    pub fn is_one(path: &str) -> bool {
        path == "__init__.py" || path == "models/__init__.py" || path.starts_with("models/auto/")
    }

    /// Reads `source`, the text of the file at `path`.
    pub fn of(path: &str, source: &str) -> Self {
        let Some(parsed) = parsed(source) else {
            return Self { rest: Digest::of(source.as_bytes()), entries: BTreeMap::new() };
        };
        let mut reader = Reader { source, left_out: Vec::new(), entries: BTreeMap::new() };
        for statement in parsed.suite() {
            reader.statement(statement, path.starts_with("models/auto/"));
        }
        let rest = meaning_without(source, &parsed, &reader.left_out);
        Self { rest: Digest::of_hash(*rest.as_bytes()), entries: reader.entries }
    }

    /// What it means for a model type; of all of them where none is named.
    pub fn meaning(&self, model: Option<&str>) -> Digest {
        match model {
            Some(model) => Digest::of_value(&(self.rest, self.entries.get(model))),
            None => Digest::of_value(&(self.rest, &self.entries)),
        }
    }
}

fn parsed(source: &str) -> Option<Parsed<ModModule>> {
    let parsed = ruff_python_parser::parse_unchecked_source(source, ruff_python_ast::PySourceType::Python);
    if too_deep(&parsed) {
        // Freeing such a tree could run out of stack, so it is left to the end of the process.
        std::mem::forget(parsed);
        return None;
    }
    parsed.errors().is_empty().then_some(parsed)
}

struct Reader<'a> {
    source: &'a str,
    left_out: Vec<TextRange>,
    entries: BTreeMap<String, Vec<Digest>>,
}

impl Reader<'_> {
    fn statement(&mut self, statement: &Stmt, lists: bool) {
        match statement {
            Stmt::Assign(assign) if matches!(&*assign.targets, [Expr::Name(name)] if name.id == "__version__") => {
                self.left_out.push(assign.range());
            }
            // What only type checkers read.
            Stmt::If(choice) if matches!(&*choice.test, Expr::Name(name) if name.id == "TYPE_CHECKING") => {
                self.left_out.extend(choice.body.iter().map(ruff_text_size::Ranged::range));
            }
            Stmt::Assign(assign) if lists => self.value(&assign.value),
            Stmt::AnnAssign(assign) if lists => assign.value.iter().for_each(|value| self.value(value)),
            Stmt::Expr(expr) if lists => self.value(&expr.value),
            _ => {}
        }
    }

    fn value(&mut self, value: &Expr) {
        match value {
            Expr::Call(call) => {
                call.arguments.args.iter().for_each(|argument| self.value(argument));
                call.arguments.keywords.iter().for_each(|keyword| self.value(&keyword.value));
            }
            Expr::List(list) => list.elts.iter().for_each(|item| self.item(item)),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|item| self.item(item)),
            Expr::Set(set) => set.elts.iter().for_each(|item| self.item(item)),
            Expr::Dict(dict) => {
                for item in &dict.items {
                    match &item.key {
                        Some(Expr::StringLiteral(key)) => {
                            self.entry(key.value.to_str(), TextRange::new(key.start(), item.value.end()));
                        }
                        _ => self.value(&item.value),
                    }
                }
            }
            _ => {}
        }
    }

    /// `("bert", "BertModel")`, or `"bert"` in a list of names.
    fn item(&mut self, item: &Expr) {
        match item {
            Expr::Tuple(tuple) => match tuple.elts.first() {
                Some(Expr::StringLiteral(key)) => self.entry(key.value.to_str(), item.range()),
                _ => self.value(item),
            },
            Expr::StringLiteral(key) => self.entry(key.value.to_str(), item.range()),
            other => self.value(other),
        }
    }

    fn entry(&mut self, key: &str, range: TextRange) {
        let words: String = self.source[range].split_whitespace().collect::<Vec<_>>().join(" ");
        self.entries.entry(key.to_owned()).or_default().push(Digest::of(words.as_bytes()));
        let rest = &self.source[range.end().to_usize()..];
        let blank = rest.len() - rest.trim_start().len();
        let comma = usize::from(rest[blank..].starts_with(','));
        let end = range.end() + TextSize::try_from(comma * (blank + 1)).unwrap_or_default();
        self.left_out.push(TextRange::new(range.start(), end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTO: &str = "models/auto/modeling_auto.py";
    const TEXT: &str = "from collections import OrderedDict\nM = OrderedDict([(\"bert\", \"BertModel\"), (\"t5\", (\"A\",\n\"B\"))])\n\
                        N = OrderedDict(**{\"gpt-sw3\": \"C\"}, **M)\n\ndef f(x):\n    return x\n";

    fn same(before: &str, after: &str, model: Option<&str>) -> bool {
        Catalogue::of(AUTO, before).meaning(model) == Catalogue::of(AUTO, after).meaning(model)
    }

    #[test]
    fn another_models_entry_means_nothing_for_a_model() {
        let more = TEXT
            .replace("(\"t5\"", "(\"new\", \"NewModel\"),\n    (\"t5\"")
            .replace("\"gpt-sw3\": \"C\"", "\"gpt-sw3\": \"D\"");
        assert!(same(TEXT, &more, Some("bert")));
        assert!(same(TEXT, &more, Some("t5")));
        assert!(!same(TEXT, &more, Some("gpt-sw3")));
        assert!(!same(TEXT, &more, Some("new")));
        assert!(!same(TEXT, &more, None));
        let last = TEXT.replace("\"B\"))])", "\"B\")), (\"z\", \"Z\")])");
        assert!(same(TEXT, &last, Some("t5")) && !same(TEXT, &last, Some("z")));
    }

    #[test]
    fn its_own_entry_and_the_code_do() {
        assert!(!same(TEXT, &TEXT.replace("BertModel", "OtherModel"), Some("bert")));
        for model in ["bert", "t5"] {
            assert!(!same(TEXT, &TEXT.replace("return x", "return not x"), Some(model)));
            assert!(same(TEXT, &TEXT.replace("def f(x):", "# said\ndef f(x):\n    \"\"\"Says.\"\"\""), Some(model)));
        }
    }

    #[test]
    fn a_version_and_what_only_type_checkers_read_mean_nothing() {
        let init = "__version__ = \"5.23.0\"\nif TYPE_CHECKING:\n    from .bert import *\nelse:\n    x = 1\n";
        let of = |text: &str| Catalogue::of("models/__init__.py", text).meaning(Some("bert"));
        assert_eq!(of(init), of(&init.replace("5.23.0", "5.24.0").replace(".bert import", ".b import")));
        assert_ne!(of(init), of(&init.replace("x = 1", "x = 2")));
        assert_ne!(meaning_of("x = 1"), meaning_of("x = 2"));
        assert_eq!(meaning_of("x = 1  # one\n"), meaning_of("x = 1\n"));
        assert_ne!(meaning_of("x = ("), meaning_of("x = (("));
    }
}
