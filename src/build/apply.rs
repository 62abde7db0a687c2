//! From what was made to what is on disk: written, restored, kept, removed; or, in a dry run, only said.

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::diff::unified;
use super::engine::below;
use super::job::Made;
use super::memory::{self, Written};
use super::options::{Failure, Mode, Options};
use super::outcome::{Action, Counts, Outcome, OutputOutcome};
use super::plan::Plan;
use super::progress::Progress;
use super::reason::Reason;
use super::selection::Selected;
use crate::digest::Digest;
use crate::emit::files::{WriteError, Writer};
use crate::emit::ownership::{Standing, look};
use crate::finding::codes::output::{
    DISK_FULL, EDITED_BY_HAND, FOREIGN_FILE, NOT_WRITABLE, STALE_KEPT, THROUGH_SYMLINK,
};
use crate::finding::{Finding, Place};
use crate::graph::header::{Mark, mark};
use crate::rules::plan::Entry;
use crate::store::trace::{OutputTrace, Trace};
use crate::store::{FOLDER, Layout};
use crate::sys::{Stamp, System};

/// An output that was looked at, with what was made of it.
pub struct Due<'a> {
    pub entry: &'a Arc<Entry>,
    pub old: Option<&'a Arc<OutputTrace>>,
    pub standing: &'a Standing,
    pub reasons: &'a [Reason],
    /// `None`: nothing was due after all.
    pub made: Option<&'a Made>,
}

/// Everything that applying needs.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub system: &'a dyn System,
    pub options: &'a Options,
    pub progress: &'a dyn Progress,
    pub plan: &'a Plan,
    pub trace: &'a Trace,
    /// The last build's memory could not be read: files of ours may lie around that nobody remembers.
    pub forgotten: bool,
    pub selected: &'a Selected,
}

/// What came of it.
pub struct Applied {
    pub outcome: Outcome,
    /// Stale outputs that were kept.
    pub still_there: Vec<Arc<OutputTrace>>,
}

/// Applies what is made, some outputs at a time: texts need not be held until all are made.
pub struct Applying<'a> {
    given: Given<'a>,
    writer: Option<Writer<'a>>,
    stale: Vec<Arc<OutputTrace>>,
    outcome: Outcome,
}

/// What is to happen to one output.
struct Decided<'a> {
    due: &'a Due<'a>,
    action: Action,
    /// Bytes to write.
    write: bool,
    findings: Vec<Finding>,
}

impl<'a> Applying<'a> {
    pub fn begin(given: Given<'a>) -> Result<Self, Failure> {
        let stale = stale(&given)?;
        let mut applying = Self { given, writer: None, stale, outcome: Outcome::default() };
        if given.forgotten || !applying.stale.is_empty() {
            applying.open()?;
        }
        Ok(applying)
    }

    /// Applies some outputs; one record each.
    pub fn some(&mut self, due: &[Due<'_>], counts: &mut Counts) -> Result<Vec<Written>, Failure> {
        let given = self.given;
        let decided: Vec<Decided<'_>> = due.iter().map(|due| decide(due, &given)).collect();
        if decided.iter().any(|decided| decided.write) {
            self.open()?;
        }
        let stamps = match &self.writer {
            Some(writer) => write(&given, writer, &decided)?,
            None => vec![None; decided.len()],
        };
        counts.written += stamps.iter().flatten().count() as u64;
        let mut records = Vec::with_capacity(decided.len());
        for (decided, stamp) in decided.iter().zip(stamps) {
            counts.bytes_written += stamp.map_or(0, |stamp| stamp.size);
            self.outcome.findings.extend(decided.findings.iter().cloned());
            if decided.action != Action::Unchanged || given.options.show_unchanged {
                self.outcome.outputs.push(said(decided, &given));
            }
            records.push(record(decided, stamp));
        }
        Ok(records)
    }

    /// Removes what is stale.
    pub fn finish(mut self, counts: &mut Counts) -> Result<Applied, Failure> {
        let mut still_there = Vec::new();
        for old in std::mem::take(&mut self.stale) {
            remove(&self.given, self.writer.as_ref(), old, &mut self.outcome, &mut still_there)?;
        }
        counts.removed += self.outcome.count(Action::Removed) as u64;
        self.outcome.outputs.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Applied { outcome: self.outcome, still_there })
    }

    /// Before the first write.
    fn open(&mut self) -> Result<(), Failure> {
        let given = &self.given;
        if self.writer.is_some() || given.options.mode == Mode::Dry {
            return Ok(());
        }
        memory::begin(given.system, &Layout::new(&given.options.root, given.options.output_dir.as_deref()));
        let output = given.options.root.join(&given.plan.output_root);
        let writer = Writer::open(given.system, &given.options.root, &output, given.options.output_dir.is_none())
            .map_err(|error| failure(error, &given.options.root))?;
        if given.forgotten {
            writer.sweep();
        }
        self.writer = Some(writer);
        Ok(())
    }
}

fn decide<'a>(due: &'a Due<'a>, given: &Given<'_>) -> Decided<'a> {
    let unchanged = Decided { due, action: Action::Unchanged, write: false, findings: Vec::new() };
    let old_findings = || due.old.map(|old| old.findings.clone()).unwrap_or_default();
    let Some(made) = due.made else {
        // Not due after all: it is what it was.
        let action = if due.old.is_none_or(|old| old.valid) { Action::Unchanged } else { Action::Invalid };
        return Decided { action, findings: old_findings(), ..unchanged };
    };
    let mut findings = made.findings.clone();
    // Its errors say enough: a line an output would drown them when a template breaks hundreds.
    let Some(text) = made.text.as_ref().filter(|_| made.is_valid()) else {
        return Decided { due, action: Action::Invalid, write: false, findings };
    };
    let restored = |action| if made.restored { Action::Restored } else { action };
    let (action, write) = match due.standing {
        Standing::Missing => (restored(Action::Created), true),
        Standing::Ours { digest, .. } if *digest == made.body => (Action::Unchanged, false),
        Standing::Ours { .. } => (restored(Action::Updated), true),
        Standing::Edited { bytes } if **bytes == **text => (Action::Unchanged, false),
        Standing::Edited { .. } if given.options.force => (Action::Updated, true),
        Standing::Edited { bytes } => {
            findings.push(edited(&due.entry.path, bytes, text));
            (Action::Kept, false)
        }
        Standing::Foreign { what } => {
            findings.push(
                Finding::error(FOREIGN_FILE, format!("`{}` is {what}", due.entry.path))
                    .at(Place::file(&due.entry.path))
                    .help("hfgen only touches files that it made: move it away, or let the rule's `output` differ"),
            );
            (Action::Kept, false)
        }
    };
    Decided { due, action, write, findings }
}

/// A hand edit, at its first changed line.
fn edited(path: &str, bytes: &[u8], text: &[u8]) -> Finding {
    let (theirs, ours) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(text));
    let first = theirs.lines().zip(ours.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or_else(|| theirs.lines().count().min(ours.lines().count()));
    Finding::error(EDITED_BY_HAND, format!("`{path}` was edited by hand"))
        .at(Place::line_of(path, &theirs, u32::try_from(line + 1).unwrap_or(u32::MAX)))
        .help(
            "put the change into its template (`hfgen why` names it); `hfgen build --force` overwrites the file and \
             keeps the edit as a patch",
        )
}

/// Writes what is to be written, in parallel; hand edits are kept as patches first.
fn write(given: &Given<'_>, writer: &Writer<'_>, decided: &[Decided<'_>]) -> Result<Vec<Option<Stamp>>, Failure> {
    let root = &given.options.root;
    let layout = Layout::new(root, None);
    for decided in decided.iter().filter(|decided| decided.write) {
        if let (Standing::Edited { bytes }, Some(text)) = (decided.due.standing, text_of(decided)) {
            keep_patch(given, &layout, &decided.due.entry.path, bytes, text)?;
        }
    }
    let count = decided.iter().filter(|decided| decided.write).count();
    let one = |decided: &Decided<'_>| -> Result<Option<Stamp>, Failure> {
        let Some(text) = text_of(decided).filter(|_| decided.write) else { return Ok(None) };
        let stamp = writer.write(&root.join(&decided.due.entry.path), text).map_err(|error| failure(error, root))?;
        Ok(Some(stamp))
    };
    if count > 8 { decided.par_iter().map(one).collect() } else { decided.iter().map(one).collect() }
}

/// Keeps an edit as a patch from `ours`; as it is where it is no text, for a patch would not bring it back.
fn keep_patch(given: &Given<'_>, layout: &Layout, path: &str, theirs: &[u8], ours: &[u8]) -> Result<(), Failure> {
    let (kept, ending) = match (std::str::from_utf8(ours), std::str::from_utf8(theirs)) {
        (Ok(ours), Ok(theirs)) => (unified(path, ours, theirs).into_bytes(), "patch"),
        _ => (theirs.to_vec(), "edited"),
    };
    let flat = path.replace(['/', '\\'], "__");
    // File names end at 255 bytes.
    let start = flat.char_indices().map(|(at, _)| at).find(|at| flat.len() - at <= 200).unwrap_or(0);
    let name = format!("{}.{}.{ending}", &flat[start..], &Digest::of(theirs).to_string()[..8]);
    let file = layout.edits().join(name);
    given.system.write_atomic(&file, &kept).map_err(Failure::io("keeping a hand edit"))?;
    given.progress.note(&format!("kept the hand edit of {path} in {}", relative(&file, &given.options.root)));
    Ok(())
}

fn text_of<'a>(decided: &'a Decided<'_>) -> Option<&'a [u8]> {
    decided.due.made?.text.as_deref()
}

fn said(decided: &Decided<'_>, given: &Given<'_>) -> OutputOutcome {
    let entry = decided.due.entry;
    let wanted = given.options.diff && !matches!(decided.action, Action::Unchanged | Action::Invalid)
        || decided.action == Action::Kept;
    let diff = text_of(decided).filter(|_| wanted).map(|text| {
        let before = match decided.due.standing {
            Standing::Edited { bytes } => bytes.clone(),
            Standing::Ours { .. } => given.system.read(&given.options.root.join(&entry.path)).unwrap_or_default(),
            _ => Vec::new(),
        };
        // What a hand edit did is its own change; otherwise the change is what the build does.
        let (from, to) = match decided.action {
            Action::Kept => (text, &*before),
            _ => (&*before, text),
        };
        unified(&entry.path, &String::from_utf8_lossy(from), &String::from_utf8_lossy(to))
    });
    OutputOutcome {
        path: entry.path.clone(),
        rule: entry.rule.clone(),
        model: entry.model.clone(),
        hardware: entry.hardware.clone(),
        action: decided.action,
        why: decided.due.reasons.iter().map(ToString::to_string).collect(),
        diff,
    }
}

fn record(decided: &Decided<'_>, stamp: Option<Stamp>) -> Written {
    let due = decided.due;
    let standing = match due.standing {
        Standing::Ours { digest, stamp } => Some((*digest, *stamp)),
        _ => None,
    };
    let old_body = due.old.map_or_else(Digest::default, |old| old.body);
    let text = text_of(decided);
    let made = due.made.map_or_else(Digest::default, |made| made.body);
    let (body, stamp) = match decided.action {
        Action::Kept => (old_body, None),
        Action::Invalid => (standing.map_or(old_body, |(digest, _)| digest), standing.map(|(_, stamp)| stamp)),
        _ => match (text, stamp, standing) {
            (Some(_), Some(stamp), _) => (made, Some(stamp)),
            (_, None, Some((digest, stamp))) => (digest, Some(stamp)),
            (Some(_), None, None) => (made, None),
            (None, _, None) | (None, Some(_), Some(_)) => (old_body, None),
        },
    };
    let why = if decided.write || due.old.is_none() {
        due.reasons.iter().map(ToString::to_string).collect()
    } else {
        due.old.map(|old| old.why.clone()).unwrap_or_default()
    };
    let own = |finding: &&Finding| !matches!(finding.code, EDITED_BY_HAND | FOREIGN_FILE);
    Written {
        entry: due.entry.clone(),
        body,
        len: text.map_or(0, |text| text.len() as u64),
        long: match due.made {
            Some(made) => Some(&made.long).filter(|_| made.body == body),
            None => due.old.filter(|old| old.body == body).map(|old| &old.long),
        }
        .cloned()
        .unwrap_or_default(),
        stamp,
        valid: decided.action != Action::Invalid,
        findings: decided.findings.iter().filter(own).cloned().collect(),
        why,
        beside: match due.made {
            Some(made) => made.beside,
            None => due.old.filter(|old| old.failed).map(|old| old.whole),
        },
    }
}

/// Outputs of the last build, or genuine files that nobody remembers, that the plan no longer holds.
fn stale(given: &Given<'_>) -> Result<Vec<Arc<OutputTrace>>, Failure> {
    if !given.selected.is_everything() {
        return Ok(Vec::new());
    }
    let planned = |path: &str| given.plan.holds(path);
    let mut stale = Vec::new();
    if !given.plan.is_of(given.trace.outputs.iter().map(|old| &old.entry)) {
        stale.extend(given.trace.outputs.iter().filter(|old| !planned(&old.entry.path)).cloned());
    }
    if given.forgotten {
        let root = given.options.root.join(&given.plan.output_root);
        for file in given.system.walk(&root).map_err(Failure::io("listing the outputs"))? {
            let below = file.to_string_lossy().replace('\\', "/");
            let path = format!("{}/{below}", given.plan.output_root);
            if planned(&path) || given.trace.output(&path).is_some() {
                continue;
            }
            let Ok(bytes) = given.system.read(&root.join(&file)) else { continue };
            if mark(&below, &bytes) == Mark::Genuine {
                stale.push(Arc::new(OutputTrace::of_file(path, Digest::of(&bytes))));
            }
        }
    }
    Ok(stale)
}

fn remove(
    given: &Given<'_>,
    writer: Option<&Writer<'_>>,
    old: Arc<OutputTrace>,
    outcome: &mut Outcome,
    still_there: &mut Vec<Arc<OutputTrace>>,
) -> Result<(), Failure> {
    let path = &old.entry.path;
    let full = given.options.root.join(path);
    let standing = look(given.system, &full, below(path, &given.plan.output_root), Some(old.body))
        .map_err(Failure::io(format!("looking at {path}")))?;
    let said = |action, why: &str| OutputOutcome {
        path: path.clone(),
        rule: old.entry.rule.clone(),
        model: old.entry.model.clone(),
        hardware: old.entry.hardware.clone(),
        action,
        why: vec![why.to_owned()],
        diff: None,
    };
    let why = "no rule makes it any more";
    match standing {
        Standing::Missing => {}
        Standing::Edited { .. } if !given.options.force => {
            outcome.findings.push(
                Finding::error(STALE_KEPT, format!("`{path}` is no output any more, but was edited by hand"))
                    .at(Place::file(path))
                    .help("take what you need from it and delete it, or run `hfgen build --force`"),
            );
            outcome.outputs.push(said(Action::Kept, why));
            still_there.push(old);
        }
        Standing::Ours { .. } | Standing::Edited { .. } => {
            if let (Standing::Edited { bytes }, Some(_)) = (&standing, writer) {
                keep_patch(given, &Layout::new(&given.options.root, None), path, bytes, b"")?;
            }
            if let Some(writer) = writer {
                writer.remove(&full).map_err(|error| failure(error, &given.options.root))?;
            }
            outcome.outputs.push(said(Action::Removed, why));
        }
        // Somebody put another file there: it is theirs.
        Standing::Foreign { .. } => {}
    }
    Ok(())
}

fn failure(error: WriteError, root: &Path) -> Failure {
    match error {
        WriteError::Outside(message) => Failure::Inputs(vec![
            Finding::error(THROUGH_SYMLINK, message).help("outputs stay below the output root: remove the link"),
        ]),
        WriteError::Io { path, source } => {
            let (code, help) = match source.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    (DISK_FULL, format!("free some space and build again; {FOLDER} may be deleted"))
                }
                _ => (NOT_WRITABLE, "make the folder writable and build again".to_owned()),
            };
            let path = relative(&path, root);
            Failure::Inputs(vec![
                Finding::error(code, format!("`{path}` could not be written: {source}; what stood there is unharmed"))
                    .at(Place::file(path))
                    .help(help),
            ])
        }
    }
}

fn relative(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
