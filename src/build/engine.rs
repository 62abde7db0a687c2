//! One round: scan, plan, find what is due, render and validate that, write it, remember it.

use std::any::Any;
use std::sync::Arc;

use super::apply::{Applied, Applying, Due, Given};
use super::job::{Job, Sorted};
use super::make::Maker;
use super::memory;
use super::options::{Failure, Mode, Options};
use super::outcome::{Action, Counts, Outcome, OutputOutcome};
use super::plan::{self, Plan, Planned};
use super::progress::Progress;
use super::record::Recorded;
use super::scan::{self, Look, Scan, Seen};
use super::selection::Selected;
use super::session::{Session, options_digest};
use super::texts::Texts;
use crate::digest::Digest;
use crate::emit::ownership::{Standing, look};
use crate::store::blobs::Blobs;
use crate::store::frame::Unread;
use crate::store::trace::{OutputTrace, Trace};
use crate::store::{FOLDER, Layout};
use crate::sys::{System, threads};

/// Builds, or with `Mode::Dry` says what a build would do.
pub fn build(system: &dyn System, options: &Options, progress: &dyn Progress) -> Result<Outcome, Failure> {
    let (mut session, mut used) = (None, Used::new());
    let outcome = round_with(system, options, progress, &mut session, &mut used);
    // What asked for the build ends soon after it: to give back a hundred thousand small values one by one would only take
    // time. `watch` goes another way.
    std::mem::forget((session, used));
    outcome
}

/// What a round is done with, for its owner to drop.
type Used = Vec<Box<dyn Any>>;

/// One round with a session that may be kept for the next.
pub fn round(
    system: &dyn System,
    options: &Options,
    progress: &dyn Progress,
    session: &mut Option<Session>,
) -> Result<Outcome, Failure> {
    round_with(system, options, progress, session, &mut Used::new())
}

fn round_with(
    system: &dyn System,
    options: &Options,
    progress: &dyn Progress,
    session: &mut Option<Session>,
    used: &mut Used,
) -> Result<Outcome, Failure> {
    let layout = Layout::new(&options.root, options.output_dir.as_deref());
    let digest = options_digest(options);
    let wants_more = options.force || options.show_unchanged || !options.selection.is_everything();
    let remembered = scan::remembered(system, &layout);
    let mut look = Look::at_inputs(system, &options.root, &layout, digest, remembered.as_deref());
    if !wants_more && look.nothing_to_do() {
        return Ok(quiet(&look.ended(), options));
    }
    let lock = match options.mode {
        Mode::Build => Some(memory::take(system, &layout, progress)?),
        Mode::Dry => None,
    };
    // Somebody has built while the lock was waited for. (Somebody who was done before it was asked for only makes this
    // round write the same bytes again.)
    let again;
    if lock.as_ref().is_some_and(|lock| lock.waited) {
        again = scan::remembered(system, &layout);
        look = Look::at_inputs(system, &options.root, &layout, digest, again.as_deref());
        if !wants_more && look.nothing_to_do() {
            return Ok(quiet(&look.ended(), options));
        }
    }
    threads::start();
    // Neither needs the other.
    let read = || {
        let mut first = look.ended();
        (Texts::read(system, options, &mut first), first)
    };
    let ((texts, first), trace) = rayon::join(read, || memory::load_for_plan(system, &layout));
    if first.unread == Some(Unread::Damaged) {
        progress.note(&format!("the cache in {FOLDER} was damaged; building from nothing"));
    }
    let (texts, forgotten) = (texts?, first.unread.is_some() || trace.is_none());
    let trace = trace.unwrap_or_default();
    match session {
        Some(session) => session.refresh(system, texts),
        None => *session = Some(Session::open(system, options, texts, &trace)),
    }
    let Some(session) = session else { unreachable!("set above") };
    let outcome = Round::new(system, options, progress, &layout, session, &trace, &first, forgotten).run(used);
    used.extend([Box::new(trace) as Box<dyn Any>, Box::new(first)]);
    outcome
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

/// How many outputs are made before they are written. Enough to keep all cores busy; few enough to lie in memory.
const AT_ONCE: usize = 256;

struct Round<'a> {
    system: &'a dyn System,
    options: &'a Options,
    progress: &'a dyn Progress,
    layout: &'a Layout,
    session: &'a Session,
    trace: &'a Trace,
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
        scan: &'a Scan,
        forgotten: bool,
    ) -> Self {
        let now = crate::graph::templates::digests(&session.db, session.workspace);
        let same = |(path, digest): &(String, Digest)| now.get(path.as_str()) == Some(digest);
        let same_templates = trace.templates.iter().map(same).collect();
        Self { system, options, progress, layout, session, trace, scan, forgotten, same_templates, counts: scan.counts }
    }

    fn run(mut self, used: &mut Used) -> Result<Outcome, Failure> {
        let plan = plan::plan(self.session, self.trace);
        self.counts.parsed += plan.parsed;
        let broken = plan.broken();
        if !broken.is_empty() {
            return Err(Failure::Inputs(plan.findings));
        }
        let selected = Selected::resolve(self.system, self.options, self.session, &plan)?;
        let shared = plan.shared_digest();
        let Sorted { jobs, kept, unselected_due } = self.sort(&plan, &selected, shared)?;
        let mut recorded = Recorded::of(self.trace, &kept);
        let applied = self.work(&plan, &selected, &jobs, shared, &mut recorded)?;
        let outcome = self.told(applied.outcome, &plan, &selected, &kept);
        if self.options.mode == Mode::Build {
            let mut gone: Vec<&Arc<OutputTrace>> = applied.still_there.iter().collect();
            if !selected.is_everything() {
                // A part was asked for: what is stale stays, and is remembered.
                gone.extend(self.trace.outputs.iter().filter(|old| !plan.holds(&old.entry.path)));
            }
            recorded.keep(self.trace, &gone);
            // What was not selected has its say in the next build.
            let told = kept.iter().any(|old| !old.findings.is_empty());
            let quiet = outcome.findings.is_empty() && outcome.count(Action::Kept) == 0 && !told;
            let memory = memory::Memory {
                system: self.system,
                layout: self.layout,
                options: options_digest(self.options),
                root: &self.options.root,
                session: self.session,
                plan: &plan,
                scan: self.scan,
                quiet: quiet && !unselected_due && gone.is_empty(),
                complete: selected.is_everything() || !self.forgotten,
            };
            used.push(Box::new(memory::save(&memory, recorded)?));
        }
        used.push(Box::new(plan));
        Ok(outcome)
    }

    /// Makes what is due, writes it and records it, some outputs at a time, so that the texts of all never fill the
    /// memory at once.
    fn work(
        &mut self,
        plan: &Plan,
        selected: &Selected,
        jobs: &[Job<'_, '_>],
        shared: Digest,
        recorded: &mut Recorded,
    ) -> Result<Applied, Failure> {
        let mut applying = Applying::begin(Given {
            system: self.system,
            options: self.options,
            progress: self.progress,
            plan,
            trace: self.trace,
            forgotten: self.forgotten,
            selected,
        })?;
        let mut blobs = Blobs::open(self.system, self.layout);
        let maker = Maker {
            system: self.system,
            workspace: self.session.workspace,
            options: self.options,
            trace: self.trace,
            progress: self.progress,
        };
        if !jobs.is_empty() {
            self.progress.begin("rendering", Some(jobs.len()));
        }
        let mut apply = || -> Result<(), Failure> {
            for jobs in jobs.chunks(AT_ONCE) {
                let worked = maker.make(&self.session.db, jobs, &mut blobs, &mut self.counts);
                let due: Vec<Due<'_>> = jobs
                    .iter()
                    .zip(&worked)
                    .map(|(job, worked)| Due {
                        entry: &job.planned.entry,
                        old: job.old,
                        standing: &job.standing,
                        reasons: &worked.reasons,
                        made: worked.made.as_ref(),
                    })
                    .collect();
                let written = applying.some(&due, &mut self.counts)?;
                for ((job, worked), written) in jobs.iter().zip(&worked).zip(written) {
                    recorded.add(&worked.inputs, shared, job.planned.model, written);
                }
            }
            Ok(())
        };
        let applied = apply();
        if self.options.mode == Mode::Build
            && let Err(error) = blobs.save()
        {
            // Only speed is lost.
            self.progress.note(&format!("the cache could not be written: {error}"));
        }
        applied?;
        applying.finish(&mut self.counts)
    }

    /// Parts what may be due from what is not.
    fn sort<'p>(&mut self, plan: &'p Plan, selected: &Selected, shared: Digest) -> Result<Sorted<'a, 'p>, Failure> {
        let mut sorted = Sorted::default();
        // Both are sorted by path.
        let mut before = self.trace.outputs.iter().peekable();
        for planned in &plan.outputs {
            while before.next_if(|old| old.entry.path < planned.entry.path).is_some() {}
            let remembered = before.peek().copied().filter(|old| old.entry.path == planned.entry.path);
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
                sorted.jobs.push(Job { planned, old, standing });
            } else {
                sorted.kept.extend(old);
            }
        }
        Ok(sorted)
    }

    /// Completes what applying has to tell: what was not touched, findings that still hold, counts.
    fn told(&self, mut outcome: Outcome, plan: &Plan, selected: &Selected, kept: &[&Arc<OutputTrace>]) -> Outcome {
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
    fn is_suspect(&self, planned: &Planned, old: Option<&Arc<OutputTrace>>, shared: Digest) -> bool {
        let Some(old) = old else { return true };
        // An output that is made once only minds its models if it lists them, or failed and could list them.
        let minds_models = planned.entry.model.is_some() || old.of_all || old.failed;
        if old.shared != shared || minds_models && old.model != planned.model {
            return true;
        }
        !old.templates.iter().all(|index| self.same_templates.get(*index as usize).copied().unwrap_or(false))
    }

    /// What stands on disk; read only where the scan does not know it.
    fn standing(&mut self, path: &str, plan: &Plan, old: Option<&Arc<OutputTrace>>) -> Result<Standing, Failure> {
        if let Some(Seen { stamp: Some(stamp), digest, .. }) = self.scan.known.get(path) {
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
