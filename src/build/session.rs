//! The database of one project and how files get into it. One build makes one; `watch` keeps it between rounds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use salsa::Setter as _;

use super::options::{Failure, Options};
use super::project::{InputFile, InputSet, Role};
use crate::digest::Digest;
use crate::graph::{Database, Source, TemplateSource, Workspace};
use crate::store::trace::Trace;
use crate::sys::{Stamp, System};

/// Templates that the binary carries: path below `templates/`, text.
pub const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// An input file in the database.
#[derive(Debug, Clone, Copy)]
pub struct Loaded {
    source: Source,
    pub digest: Digest,
    /// Taken before the file was read.
    pub stamp: Option<Stamp>,
}

/// A database with its inputs.
pub struct Session {
    pub db: Database,
    pub workspace: Workspace,
    /// Every input by path.
    sources: BTreeMap<String, Loaded>,
    /// When the inputs were last stamped and read, in nanoseconds since the epoch.
    pub read_at: i64,
    builtin: Vec<TemplateSource>,
}

impl Session {
    /// Reads all inputs of `set`. What `trace` remembers only makes it faster.
    pub fn open(system: &dyn System, options: &Options, set: &InputSet, trace: &Trace) -> Result<Self, Failure> {
        let mut session = Self::with(Database::default(), system, options, set)?;
        let accepted = trace.templates.iter().map(|(_, digest)| *digest).collect();
        session.workspace.set_accepted(&mut session.db).to(Arc::new(accepted));
        Ok(session)
    }

    /// Reads all inputs of `set` into a database that has nothing in it.
    pub fn with(db: Database, system: &dyn System, options: &Options, set: &InputSet) -> Result<Self, Failure> {
        let source = |path: &str, text: &str| Source::new(&db, Arc::from(path), Arc::from(text));
        let builtin = BUILTIN
            .iter()
            .map(|(relative, text)| TemplateSource {
                relative: Arc::from(*relative),
                layer: 0,
                source: source(&format!("<builtin>/{relative}"), text),
            })
            .collect();
        let output_root = options.output_dir.as_ref().map(|path| Arc::from(path.to_string_lossy().as_ref()));
        let empty = source(super::project::REGISTRY, "");
        let accepted = Arc::default();
        let workspace = Workspace::new(
            &db,
            empty,
            None,
            Vec::new(),
            Vec::new(),
            output_root,
            accepted,
            Arc::from(today(system.now())),
        );
        let mut session = Self { db, workspace, sources: BTreeMap::new(), read_at: 0, builtin };
        session.refresh(system, options, set)?;
        Ok(session)
    }

    /// Reads what is new or changed; everything else keeps its revision, so that nothing is asked for again.
    pub fn refresh(&mut self, system: &dyn System, options: &Options, set: &InputSet) -> Result<(), Failure> {
        self.read_at = system.now();
        let mut present = BTreeMap::new();
        for file in &set.files {
            let path = options.root.join(&file.path);
            let stamp = system.stat(&path).ok();
            let text = match system.read_text(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.role != Role::Registry => continue,
                Err(error) => return Err(Failure::io(file.path.clone())(error)),
            };
            let digest = Digest::of(text.as_bytes());
            let source = match self.sources.get(&file.path) {
                Some(known) => {
                    if known.digest != digest {
                        known.source.set_text(&mut self.db).to(Arc::from(text));
                    }
                    known.source
                }
                None => Source::new(&self.db, Arc::from(file.path.as_str()), Arc::from(text)),
            };
            present.insert(file.path.clone(), Loaded { source, digest, stamp });
        }
        self.sources = present;
        self.set_workspace(&set.files);
        let today = today(system.now());
        if **self.workspace.today(&self.db) != *today {
            self.workspace.set_today(&mut self.db).to(Arc::from(today));
        }
        Ok(())
    }

    /// Every input file that is there, sorted by path.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, Loaded)> {
        self.sources.iter().map(|(path, loaded)| (path.as_str(), *loaded))
    }

    fn set_workspace(&mut self, files: &[InputFile]) {
        let mut rules = Vec::new();
        let mut templates = self.builtin.clone();
        let mut registry = *self.workspace.registry(&self.db);
        let mut lock = None;
        for file in files {
            let Some(Loaded { source, .. }) = self.sources.get(&file.path) else { continue };
            match &file.role {
                Role::Registry => registry = *source,
                Role::Lock => lock = Some(*source),
                Role::Rules => rules.push(*source),
                Role::Template { relative, layer } => templates.push(TemplateSource {
                    relative: Arc::from(relative.as_str()),
                    layer: *layer,
                    source: *source,
                }),
            }
        }
        let (db, workspace) = (&mut self.db, self.workspace);
        if *workspace.registry(db) != registry {
            workspace.set_registry(db).to(registry);
        }
        if *workspace.lock(db) != lock {
            workspace.set_lock(db).to(lock);
        }
        if *workspace.rules(db) != rules {
            workspace.set_rules(db).to(rules);
        }
        if *workspace.templates(db) != templates {
            workspace.set_templates(db).to(templates);
        }
    }
}

/// The digest of what decides, beside the files, what is built.
pub fn options_digest(options: &Options) -> Digest {
    let layers: Vec<String> = options.templates.iter().map(|layer| layer.to_string_lossy().into_owned()).collect();
    Digest::of_value(&(layers, options.output_dir.as_deref().map(Path::to_string_lossy)))
}

/// The day of an instant (nanoseconds since the epoch), in UTC: `2026-11-21`.
pub fn today(nanos: i64) -> String {
    // Days to a date, by the 400-year cycle of the Gregorian calendar, with years that begin in March.
    let days = nanos.div_euclid(86_400_000_000_000) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::today;

    #[test]
    fn days_are_those_of_the_calendar() {
        let check = |seconds: i64, day: &str| assert_eq!(today(seconds * 1_000_000_000), day);
        check(0, "1970-01-01");
        check(951_782_400, "2000-02-29");
        check(951_868_800, "2000-03-01");
        check(1_795_219_199, "2026-11-20");
        check(1_795_219_200, "2026-11-21");
        check(4_107_542_400, "2100-03-01");
    }
}
