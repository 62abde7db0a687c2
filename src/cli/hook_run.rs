//! `hfgen hook run`: checks what is staged, as it is staged. It writes nothing, and says in one line why it was enough.

use std::time::Instant;

use clap::Args;

use super::args::ReportArgs;
use super::args::build::EngineArgs;
use super::engine::options;
use super::exit::WouldChange;
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::changed::failure;
use crate::build::outcome::{Action, Outcome, OutputOutcome};
use crate::build::progress::Silent;
use crate::build::project::REGISTRY;
use crate::build::staged;
use crate::build::{self, Failure, Mode, Options};
use crate::finding::codes::output::{EDITED_BY_HAND, FOREIGN_FILE, STAGED_BY_HAND, STAGED_INVALID, STAGED_OUT_OF_DATE};
use crate::finding::codes::registry::BROKEN_REGISTRY;
use crate::finding::{Finding, Place};
use crate::registry::Registry;
use crate::registry::config::Project;
use crate::registry::parse::read;
use crate::registry::pieces;
use crate::report::{Report, text};
use crate::sys::OverlaySystem;
use crate::sys::git::Repository;

/// `hfgen hook run`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Staged contents are read from git's index: a change that is not staged does not count, and the
working tree is not touched.")]
pub struct HookRunArgs {
    #[command(flatten)]
    pub report: ReportArgs,
}

pub fn run(context: &Context<'_>, args: &HookRunArgs) -> Ended {
    let started = Instant::now();
    let options = Options { mode: Mode::Dry, ..options(context, &EngineArgs::default())? };
    let git = Repository::around(context.system, &options.root).map_err(|error| failure(&error))?;
    let status = git.status(&[]).map_err(|error| failure(&error))?;
    let registry = staged::text(context.system, &git, &options.root, &status, REGISTRY)?;
    let project = project(&registry)?;
    let output = format!("{}/", project.output.trim_end_matches('/'));
    let relevant = |path: &str| {
        matches!(path, "registry.toml" | "registry.lock")
            || path.starts_with("rules/")
            || path.starts_with("templates/")
            || path.starts_with(&output)
    };
    let staged = staged::staged(&git, &options.root, &status, &relevant)?;
    if staged.paths.is_empty() {
        context.console.note(&format!("hfgen: nothing staged reaches an output ({})\n", text::time(started.elapsed())));
        context.report(&Report::of_findings(context.command, &[]), &args.report)?;
        return Ok(Exit::Fine);
    }
    let overlay = OverlaySystem { below: context.system, contents: staged.contents };
    let built = build::build(&overlay, &options, &Silent)?;
    let outcome = judged(built, project.commit_outputs);
    let exit = match Exit::of(&outcome, WouldChange::IsFine) {
        Exit::NothingSelected => Exit::Fine,
        exit => exit,
    };
    if exit == Exit::Fine {
        context.console.note(&format!(
            "hfgen: {} staged, {} looked at, all in order ({})\n",
            text::plural(staged.paths.len(), "file"),
            text::plural(outcome.selected, "output"),
            text::time(started.elapsed())
        ));
    }
    let report = Report { exit: exit.code(), ..Report::of_findings(context.command, &outcome.findings) };
    context.report(&report, &args.report)?;
    Ok(exit)
}

/// Without its models, where that can be had: nine tenths of a registry are theirs.
fn project(text: &str) -> Result<Project, Failure> {
    if let Some(rest) = pieces::cut(text).and_then(|cut| pieces::read_rest(&cut.rest)) {
        return Ok(rest.project);
    }
    let registry: Registry =
        read(REGISTRY, text, BROKEN_REGISTRY).map_err(|finding| Failure::Inputs(vec![*finding]))?;
    Ok(registry.project)
}

/// What a build would do, as findings about what is staged. Outputs that are not committed only have to be valid.
fn judged(mut outcome: Outcome, committed: bool) -> Outcome {
    let mut findings = std::mem::take(&mut outcome.findings);
    let mut late: Vec<&OutputOutcome> = Vec::new();
    for output in &outcome.outputs {
        match output.action {
            Action::Invalid => findings.push(
                Finding::error(STAGED_INVALID, format!("`{}` would not be valid", output.path))
                    .help("correct the template or the data that the findings above name, and stage that"),
            ),
            Action::Kept if committed => {
                // Told once, with what is to be done about what is staged.
                let known = |one: &Finding| {
                    one.code == EDITED_BY_HAND && one.place.as_ref().is_some_and(|place| place.path == output.path)
                };
                let edit = findings.iter().position(known).map(|at| findings.remove(at));
                let place = edit.and_then(|edit| edit.place).unwrap_or_else(|| Place::file(&output.path));
                findings.push(
                    Finding::error(STAGED_BY_HAND, format!("`{}` was edited by hand", output.path)).at(place).help(
                        format!(
                            "put the change into its template; `hfgen build --force {0} && git add {0}` drops it",
                            output.path
                        ),
                    ),
                );
            }
            Action::Created | Action::Updated | Action::Restored | Action::Removed if committed => late.push(output),
            _ => {}
        }
    }
    if let Some(first) = late.first() {
        let because = first.why.first().map(|why| format!(" ({why})")).unwrap_or_default();
        let others = match late.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        findings.push(
            Finding::error(STAGED_OUT_OF_DATE, format!("`{}`{others} would change{because}", first.path))
                .at(Place::file(&first.path))
                .help("run `hfgen build`, then stage the outputs too"),
        );
    }
    if !committed {
        findings.retain(|finding| finding.code != EDITED_BY_HAND && finding.code != FOREIGN_FILE);
        outcome.outputs.retain(|output| output.action == Action::Invalid);
    }
    outcome.findings = findings;
    outcome
}
