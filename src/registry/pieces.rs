//! registry.toml cut at its headers: what stands under `[model.<type>]`, type by type, and the rest. The whole is what its
//! pieces are, so that after an edit only the piece that it fell into need be parsed.
//!
//! A cut through a string or an array leaves a piece that is no TOML, and one at a header that is written in an uncommon way
//! leaves a piece that holds more than it should: both are noticed where the piece is read, and the whole is read instead.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;

use super::config::{Override, Registry};

/// The text of a registry in pieces.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pieces<'a> {
    /// Everything that is no model's.
    pub rest: String,
    /// What stands under the headers of each model type; the types in the order of the text.
    pub models: IndexMap<&'a str, Cow<'a, str>>,
}

/// Cuts `text`; `None` where its headers don't tell enough.
pub fn cut(text: &str) -> Option<Pieces<'_>> {
    let mut pieces = Pieces::default();
    // Where the piece begins that is not ended, and whose it is.
    let (mut from, mut open) = (0, Owner::Rest);
    for at in headers(text) {
        let owner = owner(&text[at..])?;
        if owner != open {
            pieces.end(open, &text[from..at]);
            (from, open) = (at, owner);
        }
    }
    pieces.end(open, &text[from..]);
    Some(pieces)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner<'a> {
    Model(&'a str),
    Rest,
}

impl<'a> Pieces<'a> {
    fn end(&mut self, owner: Owner<'a>, piece: &'a str) {
        match owner {
            // What stands apart belongs together all the same.
            Owner::Model(model) => *self.models.entry(model).or_default() += piece,
            Owner::Rest => self.rest.push_str(piece),
        }
    }
}

/// A model's piece; `None` where it is not only that, or wrong.
pub fn read_model(model: &str, piece: &str) -> Option<Override> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Piece {
        model: IndexMap<String, Override>,
    }
    let Piece { model: mut models } = toml::from_str(piece).ok()?;
    models.swap_remove(model).filter(|_| models.is_empty())
}

/// The rest; `None` where a model stands in it, or something is wrong.
pub fn read_rest(rest: &str) -> Option<Registry> {
    toml::from_str(rest).ok().filter(|registry: &Registry| registry.model.is_empty())
}

/// Where lines begin with a bracket.
fn headers(text: &str) -> impl Iterator<Item = usize> {
    let first = text.starts_with('[').then_some(0);
    first.into_iter().chain(memchr::memmem::find_iter(text.as_bytes(), b"\n[").map(|at| at + 1))
}

/// Whose header this is; `None` where that can't be told.
fn owner(header: &str) -> Option<Owner<'_>> {
    let path = header.trim_start_matches('[');
    let Some(name) = path.strip_prefix("model.") else {
        return ["project", "hardware", "custom"].iter().any(|other| path.starts_with(other)).then_some(Owner::Rest);
    };
    let (name, after) = match name.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').filter(|(name, _)| !name.contains(['\\', '\n']))?,
        None => name.split_at(name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))?),
    };
    (after.starts_with(['.', ']']) && !name.is_empty()).then_some(Owner::Model(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::parse::read;

    const HEAD: &str = "[project]\nname = \"a\"\noutput = \"o\"\npython = \"3.10\"\n";

    /// As [`cut`] and the readers of its pieces say; `None` where the whole must be read.
    fn in_pieces(text: &str) -> Option<Registry> {
        let pieces = cut(text)?;
        let mut registry = read_rest(&pieces.rest)?;
        for (model, piece) in pieces.models {
            registry.model.insert(model.to_owned(), read_model(model, &piece)?);
        }
        Some(registry)
    }

    fn whole(text: &str) -> Option<Registry> {
        read(" ", text, crate::finding::codes::registry::BROKEN_REGISTRY).ok()
    }

    #[test]
    fn pieces_are_read_as_the_whole_is() {
        let skip = |model: &str, reason: &str| format!("[[model.{model}.skip]]\ncheck = \"x\"\nreason = {reason}\n");
        for (models, count) in [
            (String::new(), 0),
            ("# a remark\n[model.b]\nreason = \"r\"\n\n[model.a]\n".to_owned(), 2),
            (skip("b", "\"1\"") + &skip("b", "\"2\"") + &skip("\"a.b\"", "\"3\""), 2),
            (
                skip("b", "\"[model.c]\"")
                    + "[hardware.x]\ntitle=\"\"\nbackend=\"\"\ndevice=\"\"\nruntime=\"\"\n[model.c]\n",
                2,
            ),
        ] {
            for text in [format!("{HEAD}{models}"), format!("{models}{HEAD}")] {
                let expected = whole(&text);
                assert_eq!(expected.as_ref().map(|registry| registry.model.len()), Some(count), "{text}");
                let read = in_pieces(&text);
                assert_eq!(read, expected, "{text}");
                let keys = |registry: Option<Registry>| registry.map(|it| it.model.into_keys().collect::<Vec<_>>());
                assert_eq!(keys(read), keys(expected), "{text}");
            }
        }
    }

    #[test]
    fn the_registry_of_this_project_is_read_in_pieces() {
        let text = include_str!("../../registry.toml");
        let pieces = cut(text).unwrap();
        assert!(pieces.models.len() > 300 && pieces.rest.len() * 8 < text.len(), "{}", pieces.rest.len());
        assert_eq!(in_pieces(text), whole(text));
    }

    #[test]
    fn what_headers_do_not_tell_is_left_to_the_whole() {
        let long = "[[model.a.skip]]\ncheck = \"x\"\nreason = \"\"\"\n";
        for (models, valid) in [
            // Cut through a string, an array.
            (format!("{long}[model.b]\n\"\"\"\n"), true),
            (format!("{long}[project]\n\"\"\"\n[model.b]\n"), true),
            ("[model.a]\ntags = [\n[\n'x']]\n".to_owned(), false),
            ("[model.a]\ntags = [\n'x'\n]\n".to_owned(), true),
            // Headers that are no plain ones.
            ("[model.'a.b']\n".to_owned(), true),
            ("[ model.a ]\n".to_owned(), true),
            ("[model . a]\n".to_owned(), true),
            ("[model.\"a\\u0062\"]\n".to_owned(), true),
            ("[model.a]\n  [model.b]\n".to_owned(), true),
            ("[model]\na = {}\n".to_owned(), true),
            // Twice, here or there.
            ("[model.a]\n[model.b]\n[model.a]\n".to_owned(), false),
            ("[model.a]\n[model.a]\n".to_owned(), false),
            // Wrong.
            ("[model.a]\nnone = 1\n".to_owned(), false),
            ("[model.a\n".to_owned(), false),
            ("[other]\n".to_owned(), false),
            ("[model.]\n".to_owned(), false),
        ] {
            let text = format!("{HEAD}{models}");
            assert_eq!(whole(&text).is_some(), valid, "{text}");
            let read = in_pieces(&text);
            assert!(read.is_none() || read == whole(&text), "{text}: {read:?}");
        }
        assert_eq!(in_pieces(&format!("model.a = {{}}\n{HEAD}")), None);
    }
}
