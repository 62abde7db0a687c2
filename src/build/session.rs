//! The database of one project and how files get into it. One build makes one; `watch` keeps it between rounds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use salsa::Setter as _;

use super::options::Options;
use super::project::{InputFile, InputSet, Role};
use super::texts::{Read, Texts};
use crate::digest::Digest;
use crate::graph::remembered::Remembered;
use crate::graph::{Database, Source, TemplateSource, Text, Workspace};
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
    /// The inputs that there can be.
    pub set: InputSet,
    /// When they were last stamped and read, in nanoseconds since the epoch.
    pub read_at: i64,
    builtin: Vec<TemplateSource>,
}

/// A lock of more bytes than this is of thousands of models: what they are made of is then parsed where it is wanted,
/// twice in a full build, and not kept.
const MANY: usize = 6 << 20;

impl Session {
    /// With the inputs `texts`. What `trace` remembers only makes it faster.
    pub fn open(system: &dyn System, options: &Options, texts: Texts, trace: &Trace) -> Self {
        let mut session = Self::with(Database::default(), system, options, texts);
        let remembered = Remembered {
            // Templates that were well formed then are so now.
            templates: trace.templates.iter().map(|(_, digest)| *digest).collect(),
            rules: trace.rules.iter().cloned().collect(),
            registry: trace.registry.clone(),
            head: trace.head,
        };
        session.workspace.set_remembered(&mut session.db).to(Arc::new(remembered));
        session
    }

    /// Puts the inputs `texts` into a database that has nothing in it.
    pub fn with(db: Database, system: &dyn System, options: &Options, texts: Texts) -> Self {
        let source = |path: &str, text| Source::new(&db, Arc::from(path), Text::Builtin(text), None);
        let builtin = BUILTIN
            .iter()
            .map(|(relative, text)| TemplateSource {
                relative: Arc::from(*relative),
                layer: 0,
                source: source(&format!("<builtin>/{relative}"), text),
            })
            .collect();
        let output_root = options.output_dir.as_ref().map(|path| Arc::from(path.to_string_lossy().as_ref()));
        let workspace = Workspace::new(
            &db,
            source(super::project::REGISTRY, ""),
            None,
            Vec::new(),
            Vec::new(),
            output_root,
            Arc::default(),
            true,
            Arc::from(today(system.now())),
        );
        let mut session =
            Self { db, workspace, sources: BTreeMap::new(), set: InputSet::default(), read_at: 0, builtin };
        session.refresh(system, texts);
        session
    }

    /// Takes up what is new or changed; everything else keeps its revision, so that nothing is asked for again.
    pub fn refresh(&mut self, system: &dyn System, texts: Texts) {
        self.read_at = texts.at;
        let mut present = BTreeMap::new();
        for (file, read) in texts.set.files.iter().zip(texts.files) {
            let Some(Read { text, digest, stamp }) = read else { continue };
            let source = match self.sources.get(&file.path) {
                Some(known) => {
                    if known.digest != digest {
                        known.source.set_text(&mut self.db).to(Text::from(text));
                        known.source.set_digest(&mut self.db).to(Some(digest));
                    }
                    known.source
                }
                None => Source::new(&self.db, Arc::from(file.path.as_str()), Text::from(text), Some(digest)),
            };
            present.insert(file.path.clone(), Loaded { source, digest, stamp });
        }
        self.sources = present;
        self.set_workspace(&texts.set.files);
        self.set = texts.set;
        let today = today(system.now());
        if **self.workspace.today(&self.db) != *today {
            self.workspace.set_today(&mut self.db).to(Arc::from(today));
        }
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
        let remembers = lock.is_none_or(|lock| lock.text(db).len() <= MANY);
        if *workspace.remembers(db) != remembers {
            workspace.set_remembers(db).to(remembers);
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
