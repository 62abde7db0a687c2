//! Why an output is due. The comparison that decides is the one that explains.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::digest::Digest;
use crate::graph::outputs::Prepared;
use crate::store::trace::{OutputTrace, Trace};

/// One difference between what an output was made from and what it would be made from now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No build has made it yet.
    New,
    /// Another rule made it.
    OtherRule {
        before: String,
    },
    TemplateChanged {
        path: String,
    },
    TemplateAdded {
        path: String,
    },
    TemplateGone {
        path: String,
    },
    /// A data path that the template reads holds another value.
    FieldChanged {
        path: String,
    },
    /// A path is read that was not there, or not read.
    FieldAdded {
        path: String,
    },
    FieldGone {
        path: String,
    },
    /// The same fields in another order; or, where rendering failed, a field beside them.
    OrderChanged,
    /// A template that it needs is missing or broken.
    Unusable,
    /// Contract, lowest Python, line length or the class names of transformers.
    DemandsChanged,
    /// The file is gone.
    Missing,
    /// The file holds an older build's text, or another branch's.
    Replaced,
    /// It could not be rendered before. The finding that says so names fields beside those that are read.
    Unmade,
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
            Self::FieldGone { path } => write!(f, "{path} is no longer read"),
            Self::OrderChanged => write!(f, "the order of its fields, or a field beside them, changed"),
            Self::Unusable => write!(f, "its template can't be used"),
            Self::DemandsChanged => write!(f, "what validation demands changed"),
            Self::Missing => write!(f, "the file is missing"),
            Self::Replaced => write!(f, "the file holds another build's text"),
            Self::Unmade => write!(f, "it could not be made before"),
            Self::Forced => write!(f, "--force"),
        }
    }
}

/// What made an output differ from what would make it now; empty when nothing does.
/// `whole`: the digest of its data now, of the same data that `old.whole` stands for.
pub fn differences(trace: &Trace, old: &OutputTrace, now: &Prepared, whole: Digest) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let before: Vec<(&str, Digest)> = trace.templates_of(old).map(|(path, digest)| (path.as_str(), *digest)).collect();
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
    if old.whole != whole {
        let before: FxHashMap<&str, u32> = trace.reads_of(old).collect();
        for (path, held) in &now.held {
            match before.get(path.as_str()) {
                Some(known) if *known == held.short() => {}
                Some(_) => reasons.push(Reason::FieldChanged { path: path.clone() }),
                None => reasons.push(Reason::FieldAdded { path: path.clone() }),
            }
        }
        let after: FxHashSet<&str> = now.held.iter().map(|(path, _)| path.as_str()).collect();
        let gone = trace.reads_of(old).map(|(path, _)| path).filter(|path| !after.contains(path));
        reasons.extend(gone.map(|path| Reason::FieldGone { path: path.to_owned() }));
        if reasons.is_empty() {
            reasons.push(Reason::OrderChanged);
        }
    }
    if old.demands != now.demands {
        reasons.push(Reason::DemandsChanged);
    }
    reasons
}
