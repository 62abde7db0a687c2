//! The project of another git revision: its graph, and the report that it committed. What ran then is known only where a report was
//! committed: results are kept in the cache, which is in no revision.

use std::collections::BTreeMap;

use super::applies::{Narrow, Wanted};
use super::cells::map;
use super::map::Map;
use super::results::Index;
use crate::build::changed::failure;
use crate::build::project::{LOCK, REGISTRY};
use crate::build::{Failure, Options, Selection};
use crate::run::files::Suite;
use crate::sys::git::Repository;
use crate::sys::{OverlaySystem, System};

/// The report that a revision may hold, relative to the project root.
pub const COMMITTED: &str = "coverage.json";

fn is_input(path: &str) -> bool {
    path == REGISTRY || path == LOCK || path.starts_with("rules/") || path.starts_with("templates/")
}

/// A revision, as far as it can be known.
pub struct Then {
    /// The commit, in short.
    pub commit: String,
    /// What there should have been: every cell without a result, unless the graph says what becomes of it.
    pub wanted: Map,
    /// What had passed and failed, where the revision says.
    pub report: Option<Vec<u8>>,
}

impl Then {
    /// The project of `revision`, or of where the current branch left it.
    pub fn open(system: &dyn System, options: &Options, revision: &str, narrow: &Narrow) -> Result<Self, Failure> {
        let git = Repository::around(system, &options.root).map_err(|error| failure(&error))?;
        let commit = git.base(revision).map_err(|error| failure(&error))?;
        let changed = git.changed_since(&commit, &[]).map_err(|error| failure(&error))?;
        let mut paths: Vec<&str> = changed.iter().map(String::as_str).filter(|path| is_input(path)).collect();
        paths.push(COMMITTED);
        let mut contents = git.at(&commit, &paths).map_err(|error| failure(&error))?;
        let report = contents.pop().flatten();
        let contents: BTreeMap<_, _> =
            paths.iter().zip(contents).map(|(path, bytes)| (options.root.join(path), bytes)).collect();
        let overlay = OverlaySystem { below: system, contents };
        Ok(Self {
            commit: commit.to_string().chars().take(10).collect(),
            wanted: graph(&overlay, options, narrow)?,
            report,
        })
    }
}

/// The map of a project of which nothing has run.
pub fn graph(system: &dyn System, options: &Options, narrow: &Narrow) -> Result<Map, Failure> {
    // Names that a revision does not have select nothing of it.
    let everything = Options { selection: Selection::default(), ..options.clone() };
    let suite = Suite::open(system, &everything)?;
    let wanted = Wanted::open(system, &everything, &suite.files, narrow)?;
    Ok(map(wanted, &Index::new(&[], &suite)))
}
