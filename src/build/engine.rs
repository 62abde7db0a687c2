//! One round: scan, plan, find what is due, render and validate that, write it, remember it.

use std::sync::Arc;

use rayon::prelude::*;

use super::job::{Job, Made, Sorted};
use super::options::{Failure, Mode, Options};
use super::outcome::{Action, Counts, Outcome, OutputOutcome};
use super::plan::{self, Plan, Planned};
use super::progress::Progress;
use super::project::{self, InputSet};
use super::reason::{Reason, differences};
use super::scan::{Scan, Seen, scan};
use super::selection::Selected;
use super::session::{Session, options_digest};
use super::{apply, memory};
use crate::digest::Digest;
use crate::emit::ownership::{Standing, look};
use crate::graph::outputs::{Output, beside, checked, prepared};
use crate::store::blobs::Blobs;
use crate::store::frame::Unread;
use crate::store::trace::{OutputTrace, Trace};
use crate::store::{FOLDER, Layout};
use crate::sys::System;

/// Builds, or with `Mode::Dry` says what a build would do.
pub fn build(system: &dyn System, options: &Options, progress: &dyn Progress) -> Result<Outcome, Failure> {
    round(system, options, progress, &mut None)
}

/// One round with a session that may be kept for the next.
pub fn round(
    system: &dyn System,
    options: &Options,
    progress: &dyn Progress,
    session: &mut Option<Session>,
) -> Result<Outcome, Failure> {
    let layout = Layout::new(&options.root, options.output_dir.as_deref());
    let digest = options_digest(options);
    let first = scan(system, &options.root, &layout, digest);
    let wants_more = options.force || options.show_unchanged || !options.selection.is_everything();
    if first.nothing_to_do && !wants_more {
        return Ok(quiet(&first, options));
    }
    let lock = match options.mode {
        Mode::Build => Some(memory::take(system, &layout, progress)?),
        Mode::Dry => None,
    };
    // Somebody has built while the lock was waited for. (Somebody who was done before it was asked for only makes this
    // round write the same bytes again.)
    let waited = lock.as_ref().is_some_and(|lock| lock.waited);
    let first = if waited { scan(system, &options.root, &layout, digest) } else { first };
    if first.nothing_to_do && !wants_more {
        return Ok(quiet(&first, options));
    }
    if first.unread == Some(Unread::Damaged) {
        progress.note(&format!("the cache in {FOLDER} was damaged; building from nothing"));
    }
    let trace = memory::load(system, &layout);
    let forgotten = first.unread.is_some() || trace.is_none();
    let trace = trace.unwrap_or_default();
    let set = project::inputs(system, &options.root, &options.templates).map_err(Failure::io("listing the inputs"))?;
    match session {
        Some(session) => session.refresh(system, options, &set)?,
        None => *session = Some(Session::open(system, options, &set, &trace)?),
    }
    let Some(session) = session else { unreachable!("set above") };
    Round::new(system, options, progress, &layout, session, &trace, &set, &first, forgotten).run()
}

fn quiet(scan: &Scan, options: &Options) -> Outcome {
    Outcome {
        dry: options.mode == Mode::Dry,
        selected: scan.planned,
        planned: scan.planned,
        counts: scan.counts,
        ..Outcome::default()
    }
}

struct Round<'a> {
    system: &'a dyn System,
    options: &'a Options,
    progress: &'a dyn Progress,
    layout: &'a Layout,
    session: &'a Session,
    trace: &'a Trace,
    set: &'a InputSet,
    scan: &'a Scan,
    /// The last build's memory could not be read: files of ours may lie around that nobody remembers.
    forgotten: bool,
    /// For each template of the trace, whether it is still in force with the same contents.
    same_templates: Vec<bool>,
    counts: Counts,
}

impl<'a> Round<'a> {
    #[expect(clippy::too_many_arguments, reason = "everything that a round works with, named once")]
    fn new(
        system: &'a dyn System,
        options: &'a Options,
        progress: &'a dyn Progress,
        layout: &'a Layout,
        session: &'a Session,
        trace: &'a Trace,
        set: &'a InputSet,
        scan: &'a Scan,
        forgotten: bool,
    ) -> Self {
        let now = crate::graph::templates::digests(&session.db, session.workspace);
        let same = |(path, digest): &(String, Digest)| now.get(path.as_str()) == Some(digest);
        let same_templates = trace.templates.iter().map(same).collect();
        Self {
            system,
            options,
            progress,
            layout,
            session,
            trace,
            set,
            scan,
            forgotten,
            same_templates,
            counts: scan.counts,
        }
    }

    fn run(mut self) -> Result<Outcome, Failure> {
        let plan = plan::plan(self.session, self.trace);
        self.counts.parsed += plan.parsed;
        let broken = plan.broken();
        if !broken.is_empty() {
            return Err(Failure::Inputs(plan.findings));
        }
        let selected = Selected::resolve(self.system, self.options, self.session, &plan)?;
        let shared = plan.shared_digest();
        let Sorted { mut jobs, kept, unselected_due } = self.sort(&plan, &selected, shared)?;
        self.decide(&mut jobs);
        let made = self.make(&jobs);
        let mut given = apply::Given {
            system: self.system,
            options: self.options,
            progress: self.progress,
            plan: &plan,
            trace: self.trace,
            forgotten: self.forgotten,
            selected: &selected,
            counts: self.counts,
            jobs: jobs
                .iter()
                .zip(made)
                .map(|(job, made)| apply::Due {
                    entry: &job.planned.entry,
                    old: job.old,
                    standing: &job.standing,
                    reasons: &job.reasons,
                    made,
                })
                .collect(),
        };
        let result = apply::apply(&mut given)?;
        self.counts = given.counts;
        let outcome = self.told(result.outcome, &plan, &selected, &kept);
        if self.options.mode == Mode::Build {
            let records = jobs.iter().zip(result.records).filter_map(|(job, written)| {
                Some(memory::Record { prepared: job.prepared.clone()?, model: job.planned.model, written })
            });
            let mut gone = result.still_there;
            if !selected.is_everything() {
                // A part was asked for: what is stale stays, and is remembered.
                gone.extend(self.trace.outputs.iter().filter(|old| !plan.holds(&old.entry.path)).cloned());
            }
            // What was not selected has its say in the next build.
            let told = kept.iter().any(|old| !old.findings.is_empty());
            let quiet = outcome.findings.is_empty() && outcome.count(Action::Kept) == 0 && !told;
            memory::save(&memory::Memory {
                system: self.system,
                layout: self.layout,
                options: options_digest(self.options),
                root: &self.options.root,
                session: self.session,
                set: self.set,
                plan: &plan,
                shared,
                old: self.trace,
                scan: self.scan,
                kept,
                records: records.collect(),
                quiet: quiet && !unselected_due && gone.is_empty(),
                gone,
                complete: selected.is_everything() || !self.forgotten,
            })?;
        }
        Ok(outcome)
    }

    /// Parts what may be due from what is not.
    fn sort<'p>(&mut self, plan: &'p Plan, selected: &Selected, shared: Digest) -> Result<Sorted<'a, 'p>, Failure> {
        let mut sorted = Sorted::default();
        for planned in &plan.outputs {
            let remembered = self.trace.output(&planned.entry.path);
            let old = remembered.filter(|old| old.entry == planned.entry);
            let suspect = self.is_suspect(planned, old, shared);
            if !selected.holds(&planned.entry) {
                sorted.unselected_due |= suspect;
                sorted.kept.extend(remembered);
                continue;
            }
            let standing = self.standing(&planned.entry.path, plan, old)?;
            let in_place =
                matches!(&standing, Standing::Ours { digest, .. } if old.is_some_and(|old| old.body == *digest));
            let was_valid = old.is_some_and(|old| old.valid);
            if suspect || !in_place && was_valid || self.options.force {
                sorted.jobs.push(Job { planned, old, standing, reasons: Vec::new(), prepared: None });
            } else {
                sorted.kept.extend(old);
            }
        }
        Ok(sorted)
    }

    /// Completes what applying has to tell: what was not touched, findings that still hold, counts.
    fn told(&self, mut outcome: Outcome, plan: &Plan, selected: &Selected, kept: &[&OutputTrace]) -> Outcome {
        let untouched = || kept.iter().filter(|old| selected.holds(&old.entry));
        // What could not be made is told again until it can.
        let shown = untouched().filter(|old| self.options.show_unchanged || !old.valid);
        outcome.outputs.extend(shown.map(|old| untouched_outcome(old)));
        outcome.outputs.sort_by(|a, b| a.path.cmp(&b.path));
        outcome.selected = selected.count(plan);
        outcome.planned = plan.outputs.len();
        outcome.findings.extend(untouched().flat_map(|old| old.findings.iter().cloned()));
        outcome.findings.extend(plan.findings.iter().cloned());
        outcome.findings.sort_by(|a, b| (a.severity, &a.place, a).cmp(&(b.severity, &b.place, b)));
        outcome.findings.dedup();
        outcome.dry = self.options.mode == Mode::Dry;
        outcome.counts = self.counts;
        outcome
    }

    /// Whether anything that `planned` depends on has moved, as far as can be told without looking at fields.
    fn is_suspect(&self, planned: &Planned, old: Option<&OutputTrace>, shared: Digest) -> bool {
        let Some(old) = old else { return true };
        // An output that is made once only minds its models if it lists them, or failed and could list them.
        let minds_models = planned.entry.model.is_some() || old.of_all || old.failed;
        if old.shared != shared || minds_models && old.model != planned.model {
            return true;
        }
        !old.templates.iter().all(|index| self.same_templates.get(*index as usize).copied().unwrap_or(false))
    }

    /// What stands on disk; read only where the scan does not know it.
    fn standing(&mut self, path: &str, plan: &Plan, old: Option<&OutputTrace>) -> Result<Standing, Failure> {
        if let Some(Seen { stamp: Some(stamp), digest }) = self.scan.known.get(path) {
            return Ok(Standing::Ours { digest: *digest, stamp: *stamp });
        }
        self.counts.stated += 1;
        let full = self.options.root.join(path);
        let standing = look(self.system, &full, below(path, &plan.output_root), old.map(|old| old.body))
            .map_err(Failure::io(format!("looking at {path}")))?;
        if !matches!(standing, Standing::Missing) {
            self.counts.hashed += 1;
        }
        Ok(standing)
    }

    /// Looks at the fields of every job and says why it is due; what is not due after all ends with no reason.
    fn decide(&self, jobs: &mut [Job<'_, '_>]) {
        let (db, workspace) = (&self.session.db, self.session.workspace);
        let decide = |db: &crate::graph::Database, job: &mut Job<'_, '_>| {
            let prepared = prepared(db, workspace, Output::new(db, job.planned.entry.clone())).clone();
            job.reasons = match (&*prepared, job.old) {
                (Err(_), None) => vec![Reason::New],
                (Err(_), Some(_)) => vec![Reason::DemandsChanged],
                (Ok(_), None) => match self.trace.output(&job.planned.entry.path) {
                    Some(before) => vec![Reason::OtherRule { before: before.entry.rule.clone() }],
                    None => vec![Reason::New],
                },
                (Ok(now), Some(old)) => {
                    let whole = if old.failed { beside(db, workspace, &job.planned.entry) } else { now.whole };
                    differences(self.trace, old, now, whole)
                }
            };
            if let Some(old) = job.old
                && old.valid
                && job.reasons.is_empty()
            {
                match &job.standing {
                    Standing::Missing => job.reasons.push(Reason::Missing),
                    Standing::Ours { digest, .. } if *digest != old.body => job.reasons.push(Reason::Replaced),
                    _ => {}
                }
            }
            if let Some(old) = job.old
                && old.is_unmade()
                && job.reasons.is_empty()
            {
                job.reasons.push(Reason::Unmade);
            }
            if self.options.force {
                job.reasons.push(Reason::Forced);
            }
            job.prepared = Some(prepared);
        };
        if jobs.len() > 4 {
            jobs.par_iter_mut().with_min_len(4).for_each_with(db.clone(), |db, job| decide(db, job));
        } else {
            for job in jobs {
                decide(db, job);
            }
        }
    }

    /// Renders and validates what is due, or takes it from the cache.
    fn make(&mut self, jobs: &[Job<'_, '_>]) -> Vec<Option<Made>> {
        let (db, workspace) = (&self.session.db, self.session.workspace);
        let mut blobs = Blobs::open(self.system, self.layout);
        let known = |job: &Job<'_, '_>| -> Option<Option<Made>> {
            let edited = matches!(job.standing, Standing::Edited { .. } | Standing::Foreign { .. });
            if job.reasons.is_empty() && !edited {
                return Some(None);
            }
            let Some(Ok(prepared)) = job.prepared.as_deref() else { return None };
            let key = prepared.key(&job.planned.entry.path);
            if self.options.force && !edited {
                return None;
            }
            let blob = blobs.find(key)?;
            let text = blobs.read(blob)?;
            Some(Some(Made {
                text: Some(text.into()),
                findings: blob.findings.clone(),
                key,
                restored: true,
                beside: None,
            }))
        };
        let mut made: Vec<Option<Option<Made>>> = jobs.iter().map(known).collect();
        let open: Vec<usize> = (0..jobs.len()).filter(|index| made[*index].is_none()).collect();
        self.progress.begin("rendering", Some(open.len()));
        let render = |db: &crate::graph::Database, index: usize| -> (usize, Made) {
            let entry = &jobs[index].planned.entry;
            let checked = checked(db, workspace, Output::new(db, entry.clone()));
            self.progress.advance(1);
            let key = match jobs[index].prepared.as_deref() {
                Some(Ok(prepared)) => prepared.key(&entry.path),
                _ => Digest::default(),
            };
            let text = checked.text.as_ref().map(|text| Arc::from(text.as_bytes()));
            (index, Made { text, findings: checked.findings.clone(), key, restored: false, beside: checked.beside })
        };
        let results: Vec<(usize, Made)> = if open.len() > 2 {
            open.par_iter().with_min_len(4).map_with(db.clone(), |db, index| render(db, *index)).collect()
        } else {
            open.iter().map(|index| render(db, *index)).collect()
        };
        let rendered = |(index, _): &&(usize, Made)| matches!(jobs[*index].prepared.as_deref(), Some(Ok(_)));
        self.counts.rendered += results.iter().filter(rendered).count() as u64;
        self.counts.validated += results.iter().filter(|(_, made)| made.text.is_some()).count() as u64;
        for (index, result) in results {
            if let Some(text) = &result.text
                && self.options.mode == Mode::Build
            {
                blobs.keep(result.key, text, &result.findings);
            }
            made[index] = Some(Some(result));
        }
        self.counts.restored += made.iter().flatten().flatten().filter(|made| made.restored).count() as u64;
        if self.options.mode == Mode::Build
            && let Err(error) = blobs.save()
        {
            // Only speed is lost.
            self.progress.note(&format!("the cache could not be written: {error}"));
        }
        made.into_iter().map(Option::flatten).collect()
    }
}

/// The path below the output root.
pub fn below<'p>(path: &'p str, root: &str) -> &'p str {
    path.strip_prefix(root).map_or(path, |rest| rest.trim_start_matches('/'))
}

fn untouched_outcome(old: &OutputTrace) -> OutputOutcome {
    OutputOutcome {
        path: old.entry.path.clone(),
        rule: old.entry.rule.clone(),
        model: old.entry.model.clone(),
        hardware: old.entry.hardware.clone(),
        action: if old.valid { Action::Unchanged } else { Action::Invalid },
        why: Vec::new(),
        diff: None,
    }
}
