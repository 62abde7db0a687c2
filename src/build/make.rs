//! From a job to its text: why it is due, and what its rendering and validation, or the cache, make of it. Writes nothing
//! but the cache.

use rayon::prelude::*;

use super::job::{Job, Made, Worked};
use super::options::{Mode, Options};
use super::outcome::Counts;
use super::progress::Progress;
use super::reason::{Reason, differences};
use crate::digest::Digest;
use crate::emit::ownership::Standing;
use crate::graph::outputs::{Checked, Prepared, beside, checked, prepared};
use crate::graph::{Database, Workspace, header};
use crate::store::blobs::{Blobs, Fresh};
use crate::store::trace::Trace;
use crate::sys::System;
use crate::validate::Before;

/// Makes outputs.
#[derive(Clone, Copy)]
pub struct Maker<'a> {
    pub system: &'a dyn System,
    pub workspace: Workspace,
    pub options: &'a Options,
    pub trace: &'a Trace,
    pub progress: &'a dyn Progress,
}

impl Maker<'_> {
    /// Says what is due of `jobs`, and renders and validates that or takes it from the cache.
    pub fn make(self, db: &Database, jobs: &[Job<'_, '_>], blobs: &mut Blobs<'_>, counts: &mut Counts) -> Vec<Worked> {
        let known = &*blobs;
        let one = |db: &Database, job: &Job<'_, '_>| {
            let worked = self.one(db, job, known);
            self.progress.advance(1);
            worked
        };
        let worked: Vec<Worked> = if jobs.len() > 4 {
            jobs.par_iter().with_min_len(4).map_with(db.clone(), |db, job| one(db, job)).collect()
        } else {
            jobs.iter().map(|job| one(db, job)).collect()
        };
        let made = || worked.iter().filter_map(|worked| Some((worked, worked.made.as_ref()?)));
        let fresh = || made().filter(|(_, made)| !made.restored);
        counts.restored += made().filter(|(_, made)| made.restored).count() as u64;
        counts.rendered += fresh().filter(|(worked, _)| worked.inputs.is_ok()).count() as u64;
        counts.validated += fresh().filter(|(_, made)| made.text.is_some()).count() as u64;
        if self.options.mode == Mode::Build {
            // What has findings is looked at again: they point into inputs that may have moved.
            let fresh = fresh()
                .filter(|(_, made)| made.findings.is_empty())
                .filter_map(|(_, made)| Some(Fresh { key: made.key, text: made.text.as_deref()?, body: made.body }));
            blobs.keep(&fresh.collect::<Vec<_>>());
        }
        worked
    }

    fn one(&self, db: &Database, job: &Job<'_, '_>, blobs: &Blobs<'_>) -> Worked {
        let (workspace, entry) = (self.workspace, &*job.planned.entry);
        let prepared = prepared(db, workspace, entry);
        let reasons = self.reasons(db, job, prepared.as_ref().ok().map(|(prepared, _)| prepared));
        let edited = matches!(job.standing, Standing::Edited { .. } | Standing::Foreign { .. });
        let due = edited || !reasons.is_empty();
        let (prepared, data) = match prepared {
            Ok(prepared) => prepared,
            Err(findings) => {
                let nothing = |findings| Made {
                    text: None,
                    body: Digest::default(),
                    findings,
                    long: Vec::new(),
                    key: Digest::default(),
                    restored: false,
                    beside: None,
                };
                return Worked { made: due.then(|| nothing(findings.clone())), inputs: Err(findings), reasons };
            }
        };
        let made = due.then(|| {
            let key = prepared.key(&entry.path);
            let restorable = edited || !self.options.force;
            let restored = blobs.find(key).filter(|_| restorable).and_then(|blob| {
                let (text, body) = (Some(blobs.read(blob)?), blob.body);
                Some(Made { text, body, findings: Vec::new(), long: Vec::new(), key, restored: true, beside: None })
            });
            restored.unwrap_or_else(|| {
                let file = self.file_before(job, &prepared);
                let before = match (file.as_deref().and_then(header::below), job.old) {
                    (Some(text), Some(old)) => Before { text, long: &old.long },
                    _ => Before::default(),
                };
                let Checked { text, findings, long, beside } = checked(db, workspace, entry, &prepared, &data, before);
                let text = text.map(String::into_bytes);
                let body = text.as_deref().map_or_else(Digest::default, Digest::of);
                Made { text, body, findings, long, key, restored: false, beside }
            })
        });
        Worked { inputs: Ok(prepared), reasons, made }
    }

    /// The output as it stands, where it was made under the same demands and something is known of its layout.
    fn file_before(&self, job: &Job<'_, '_>, now: &Prepared) -> Option<String> {
        let old = job.old.filter(|old| !self.options.force && !old.long.is_empty() && old.demands == now.demands)?;
        let bytes = self.system.read(&self.options.root.join(&old.entry.path)).ok()?;
        String::from_utf8(bytes).ok().filter(|text| Digest::of(text.as_bytes()) == old.body)
    }

    /// Why a job is due; what is not due after all has no reason. `now`: its inputs, where its template can be used.
    fn reasons(&self, db: &Database, job: &Job<'_, '_>, now: Option<&Prepared>) -> Vec<Reason> {
        let mut reasons = match (now, job.old) {
            (None, None) => vec![Reason::New],
            (None, Some(_)) => vec![Reason::Unusable],
            (Some(_), None) => match self.trace.output(&job.planned.entry.path) {
                Some(before) => vec![Reason::OtherRule { before: before.entry.rule.clone() }],
                None => vec![Reason::New],
            },
            (Some(now), Some(old)) => {
                let beside = || beside(db, self.workspace, &job.planned.entry);
                differences(self.trace, old, now, if old.failed { beside() } else { now.whole })
            }
        };
        if let Some(old) = job.old
            && reasons.is_empty()
        {
            match &job.standing {
                Standing::Missing if old.valid => reasons.push(Reason::Missing),
                Standing::Ours { digest, .. } if old.valid && *digest != old.body => reasons.push(Reason::Replaced),
                _ if old.is_unmade() => reasons.push(Reason::Unmade),
                _ => {}
            }
        }
        if self.options.force {
            reasons.push(Reason::Forced);
        }
        reasons
    }
}
