//! Why an output is due. The comparison that decides is the one that explains.

use std::fmt;

use crate::digest::Digest;
use crate::graph::outputs::Prepared;
use crate::store::trace::{OutputTrace, Trace};

/// One difference between what an output was made from and what it would be made from now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No build has made it yet.
    New,
    /// Another rule made it.
    OtherRule { before: String },
    TemplateChanged { path: String },
    TemplateAdded { path: String },
    TemplateGone { path: String },
    /// A data path that the template reads holds another value.
    FieldChanged { path: String },
    /// The template reads a path that it did not read.
    FieldAdded { path: String },
    /// Contract, lowest Python, line length or the class names of transformers.
    DemandsChanged,
    /// The file is gone.
    Missing,
    /// The file holds an older build's text, or another branch's.
    Replaced,
    Forced,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => write!(f, "it is new"),
            Self::OtherRule { before } => write!(f, "rule {before} made it before"),
            Self::TemplateChanged { path } => write!(f, "template {path} changed"),
            Self::TemplateAdded { path } => write!(f, "template {path} is included now"),
            Self::TemplateGone { path } => write!(f, "template {path} is no longer included"),
            Self::FieldChanged { path } => write!(f, "{path} changed"),
            Self::FieldAdded { path } => write!(f, "{path} is read now"),
            Self::DemandsChanged => write!(f, "what validation demands changed"),
            Self::Missing => write!(f, "the file is missing"),
            Self::Replaced => write!(f, "the file holds another build's text"),
            Self::Forced => write!(f, "--force"),
        }
    }
}

/// What made an output differ from what would make it now; empty when nothing does.
pub fn differences(trace: &Trace, old: &OutputTrace, now: &Prepared) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let before: Vec<(&str, Digest)> =
        trace.templates_of(old).map(|(path, digest)| (path.as_str(), *digest)).collect();
    let after: Vec<(&str, Digest)> = now.templates().collect();
    if before != after {
        for (path, digest) in &after {
            match before.iter().find(|(known, _)| known == path) {
                None => reasons.push(Reason::TemplateAdded { path: (*path).to_owned() }),
                Some((_, known)) if known != digest => {
                    reasons.push(Reason::TemplateChanged { path: (*path).to_owned() });
                }
                Some(_) => {}
            }
        }
        let gone = before.iter().filter(|(path, _)| !after.iter().any(|(known, _)| known == path));
        reasons.extend(gone.map(|(path, _)| Reason::TemplateGone { path: (*path).to_owned() }));
    }
    let none = Vec::new();
    let paths = trace.reads.get(old.reads as usize).unwrap_or(&none);
    let same_paths = *paths == *now.closure.paths;
    if !(same_paths && old.held == now.held) {
        for (index, (path, held)) in now.closure.paths.iter().zip(&now.held).enumerate() {
            let known = if same_paths { Some(index) } else { paths.iter().position(|known| known == path) };
            match known.and_then(|at| old.held.get(at)) {
                Some(known) if known == held => {}
                Some(_) => reasons.push(Reason::FieldChanged { path: path.clone() }),
                None => reasons.push(Reason::FieldAdded { path: path.clone() }),
            }
        }
    }
    if old.demands != now.demands {
        reasons.push(Reason::DemandsChanged);
    }
    reasons
}
