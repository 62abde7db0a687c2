//! One rule book of all files of `rules/`, in order of name. Names defined twice, and names that lead nowhere, are findings.

use indexmap::IndexMap;

use super::contract::Contract;
use super::file::{Check, Family, Input, Label, RuleFile, Tag, Target, Tiny};
use super::selector::Selector;
use crate::finding::codes::registry::UNKNOWN_NAME;
use crate::finding::codes::rules::{BROKEN_RULES, DEFINED_TWICE};
use crate::finding::{Finding, Place, did_you_mean};
use crate::registry::parse::{place_of, read};

/// All rules together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleBook {
    pub family: IndexMap<String, Family>,
    pub tag: IndexMap<String, Tag>,
    pub tiny: Vec<Tiny>,
    pub input: Vec<Input>,
    pub label: Vec<Label>,
    pub check: IndexMap<String, Check>,
    pub contract: IndexMap<String, Contract>,
    pub target: IndexMap<String, Target>,
    /// File of each section, by `target.bert`, `family.vision` ...
    pub origin: IndexMap<String, String>,
    /// Files with their rules that have no names (`tiny`, `input`, `label`), in order: how many of each kind.
    lists: Vec<(String, [usize; 3])>,
}

/// A file of `rules/`: its path and text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub path: &'a str,
    pub text: &'a str,
}

/// Reads one file.
pub fn read_file(source: &Source<'_>) -> Result<RuleFile, Box<Finding>> {
    read(source.path, source.text, BROKEN_RULES)
}

impl RuleBook {
    /// Reads all files; what can't be read is left out and found. `known`: what a source holds, where that is known already.
    pub fn merge(sources: &[Source<'_>], known: impl Fn(usize) -> Option<RuleFile>) -> (Self, Vec<Finding>) {
        let mut book = Self::default();
        let mut findings = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            match known(index).map_or_else(|| read_file(source), Ok) {
                Ok(file) => book.add(file, source, sources, &mut findings),
                Err(finding) => findings.push(*finding),
            }
        }
        // What a file that can't be read defines is unknown: names that seem to lead nowhere would hide the cause.
        if findings.iter().all(|finding| finding.code == DEFINED_TWICE) {
            book.names(sources, &mut findings);
        }
        (book, findings)
    }

    fn add(&mut self, file: RuleFile, source: &Source<'_>, sources: &[Source<'_>], findings: &mut Vec<Finding>) {
        let mut origin = std::mem::take(&mut self.origin);
        let mut first = |kind: &str, name: &str| {
            let key = format!("{kind}.{name}");
            if let Some(before) = origin.get(&key) {
                let other = sources.iter().find(|known| known.path == before);
                let mut finding = Finding::error(DEFINED_TWICE, format!("{kind} `{name}` is defined twice"))
                    .at(place_of(source.path, source.text, &[kind, name]))
                    .help("rename one of them, or put both into one section");
                if let Some(other) = other {
                    finding = finding.related("first defined here", place_of(other.path, other.text, &[kind, name]));
                }
                findings.push(finding);
                return false;
            }
            origin.insert(key, source.path.to_owned());
            true
        };
        self.family.extend(file.family.into_iter().filter(|(name, _)| first("family", name)));
        self.tag.extend(file.tag.into_iter().filter(|(name, _)| first("tag", name)));
        self.check.extend(file.check.into_iter().filter(|(name, _)| first("check", name)));
        self.contract.extend(file.contract.into_iter().filter(|(name, _)| first("contract", name)));
        self.target.extend(file.target.into_iter().filter(|(name, _)| first("target", name)));
        self.lists.push((source.path.to_owned(), [file.tiny.len(), file.input.len(), file.label.len()]));
        self.tiny.extend(file.tiny);
        self.input.extend(file.input);
        self.label.extend(file.label);
        self.origin = origin;
    }

    /// Where a section of the rule book stands.
    pub fn place(&self, sources: &[Source<'_>], kind: &str, name: &str, rest: &[&str]) -> Place {
        let origin = self.origin.get(&format!("{kind}.{name}"));
        match origin.and_then(|path| sources.iter().find(|source| source.path == path)) {
            Some(source) => {
                let keys: Vec<&str> = [kind, name].into_iter().chain(rest.iter().copied()).collect();
                place_of(source.path, source.text, &keys)
            }
            None => Place::file("rules"),
        }
    }

    /// The selectors of rules that have no names, each with its place.
    fn selects_of_lists<'a>(&'a self, sources: &'a [Source<'_>]) -> impl Iterator<Item = (Place, &'a Selector)> {
        let tiny = self.tiny.iter().map(|rule| rule.select.as_ref()).enumerate().map(|rule| ("tiny", 0, rule));
        let input = self.input.iter().map(|rule| rule.select.as_ref()).enumerate().map(|rule| ("input", 1, rule));
        let label = self.label.iter().map(|rule| rule.select.as_ref()).enumerate().map(|rule| ("label", 2, rule));
        tiny.chain(input).chain(label).filter_map(|(kind, which, (mut at, select))| {
            let select = select?;
            let (path, _) = self.lists.iter().find(|(_, counts)| {
                let here = at < counts[which];
                at -= if here { 0 } else { counts[which] };
                here
            })?;
            let source = sources.iter().find(|source| source.path == path)?;
            Some((place_of(source.path, source.text, &[kind, &at.to_string(), "select"]), select))
        })
    }

    /// Every name that a rule mentions must be defined.
    fn names(&self, sources: &[Source<'_>], findings: &mut Vec<Finding>) {
        let mut unknown = |what: &str, name: &str, known: &mut dyn Iterator<Item = &str>, place: &dyn Fn() -> Place| {
            let known: Vec<&str> = known.collect();
            if !known.contains(&name) {
                let help = did_you_mean(name, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
                    [] => format!("define it: there is no {what} in rules/"),
                    known => format!("define it, or use one of: {}", known.join(", ")),
                });
                findings.push(Finding::error(UNKNOWN_NAME, format!("unknown {what} `{name}`")).at(place()).help(help));
            }
        };
        let mut names_in = |selector: &Selector, place: &dyn Fn(&str) -> Place| {
            selector.each(&mut |one| {
                for family in &one.family {
                    unknown("family", family, &mut self.family.keys().map(String::as_str), &|| place("family"));
                }
                for tag in &one.tag {
                    unknown("tag", tag, &mut self.tag.keys().map(String::as_str), &|| place("tag"));
                }
                let kinds = ["tokenizer", "processor", "image_processor", "video_processor", "feature_extractor"];
                for processor in &one.processor {
                    unknown("kind of processor", processor, &mut kinds.into_iter(), &|| place("processor"));
                }
            });
        };
        let mut selector = |kind: &str, name: &str, key: &str, selector: &Selector| {
            names_in(selector, &|rest: &str| self.place(sources, kind, name, &[key, rest]));
        };
        for (name, family) in &self.family {
            family.when.iter().for_each(|when| selector("family", name, "when", when));
        }
        self.tag.iter().for_each(|(name, tag)| selector("tag", name, "when", &tag.when));
        for (name, check) in &self.check {
            check.select.iter().for_each(|select| selector("check", name, "select", select));
        }
        for (name, target) in &self.target {
            target.select.iter().for_each(|select| selector("target", name, "select", select));
        }
        self.selects_of_lists(sources).for_each(|(place, select)| names_in(select, &|_: &str| place.clone()));
        for (name, target) in &self.target {
            if let Some(contract) = &target.contract {
                unknown("contract", contract, &mut self.contract.keys().map(String::as_str), &|| {
                    self.place(sources, "target", name, &["contract"])
                });
            }
        }
        self.asked_too_early(sources, findings);
    }

    /// Families are decided before there are families and tags, and tags before there are tags.
    fn asked_too_early(&self, sources: &[Source<'_>], findings: &mut Vec<Finding>) {
        let families = self.family.iter().filter_map(|(name, family)| Some(("family", name, family.when.as_ref()?)));
        let tags = self.tag.iter().map(|(name, tag)| ("tag", name, &tag.when));
        for (kind, name, when) in families.chain(tags) {
            when.each(&mut |one| {
                let early = [("family", &one.family), ("tag", &one.tag)];
                let early =
                    early.iter().filter(|(key, asked)| !asked.is_empty() && (kind == "family" || *key == "tag"));
                for (key, _) in early {
                    let message = format!("{kind} `{name}` asks for a {key}, which is not decided yet: it never holds");
                    findings.push(
                        Finding::error(BROKEN_RULES, message)
                            .at(self.place(sources, kind, name, &["when", key]))
                            .help("select by facts: `class`, `mapping`, `field`, `main_input` ..."),
                    );
                }
            });
        }
    }
}
