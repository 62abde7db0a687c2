//! `hfgen affected`: the outputs that inputs, or fields of them, can reach.

use std::collections::BTreeSet;

use serde_json::json;

use super::answer::answer;
use super::args::AffectedArgs;
use super::engine::{below_root, options};
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::build::affected::{Input, affected};
use crate::build::changed::reached;
use crate::build::inspect::View;
use crate::build::{Changed, Failure};

pub fn run(context: &Context<'_>, args: &AffectedArgs) -> Ended {
    let options = options(context, &args.engine)?;
    let view = View::open(context.system, &options)?;
    let mut paths = BTreeSet::new();
    let mut findings = Vec::new();
    let here = context.folder()?;
    for text in &args.inputs {
        let mut input = Input::parse(text);
        if !input.path.starts_with('<') {
            input.path = below_root(&here, &input.path, &options.root);
        }
        match affected(&view, &input) {
            Ok(reached) => paths.extend(reached),
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(Stop::from(Failure::Selection(findings)));
    }
    let changed = match (&args.since, args.changed, args.staged) {
        (Some(revision), ..) => Some(Changed::Since(revision.clone())),
        (None, true, _) => Some(Changed::Since("HEAD".to_owned())),
        (None, false, true) => Some(Changed::Staged),
        (None, false, false) => None,
    };
    if let Some(changed) = changed {
        paths.extend(reached(context.system, &options, &changed, &view.session, &view.plan)?);
    }
    let human = || paths.iter().map(|path| format!("{path}\n")).collect();
    answer(context, &args.report, human, json!({"outputs": paths}), "outputs")?;
    context.console.note(&format!("{} of {} outputs\n", paths.len(), view.plan.outputs.len()));
    Ok(Exit::Fine)
}
