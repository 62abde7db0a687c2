//! `hfgen report`: what is new since a former coverage report, as a body for those who send it. Nothing is sent.

use std::path::Path;

use super::args::SelectArgs;
use super::args::coverage::{NewsArgs, NewsFormat};
use super::coverage::{From, made};
use super::engine::options;
use super::stop::{Ended, Stop};
use super::{Context, Exit};
use crate::coverage::compare::{Kind, compare};
use crate::coverage::map::{Asked, Map};
use crate::finding::Finding;
use crate::finding::codes::coverage::NO_REPORT;
use crate::report::Look;
use crate::report::coverage::json;
use crate::report::news::News;

pub fn run(context: &Context<'_>, args: &NewsArgs) -> Ended {
    let before = read(context, &args.before)?;
    let now = if let Some(file) = &args.now {
        read(context, file)?
    } else {
        let options = options(context, &args.engine)?;
        if let Some(changed) = &before.asked.changed {
            let message = format!("`{}` is of a selection that git made ({changed})", args.before.display());
            return Err(Finding::error(NO_REPORT, message).help("name the report to compare with it").into());
        }
        let from = From { results: &args.results, python: args.python.as_deref() };
        made(context, &options, &select(&before.asked), &before.asked.checks, &from)?
    };
    for (file, map) in [(Some(&args.before), &before), (args.now.as_ref(), &now)] {
        if let (Some(file), Some(only)) = (file, &map.asked.only) {
            let finding = Finding::error(NO_REPORT, format!("`{}` holds {only} cells only", file.display()));
            return Err(finding.help("write it again without --missing").into());
        }
    }
    // A cell that only one of them was asked about is no news.
    let same = before.asked == now.asked;
    let holds = |map: &Map, model: &str, check: &str, hardware: &str| {
        map.models.iter().any(|one| &*one.key == model)
            && (map.asked.checks.is_empty() || map.asked.checks.iter().any(|one| one == check))
            && (map.asked.hardware.is_empty() || map.asked.hardware.iter().any(|one| one == hardware))
    };
    let mut changes = compare(&before, &now, &|cell| same || holds(&now, &cell.model, &cell.check, &cell.hardware));
    if !same {
        changes.retain(|change| holds(&before, &change.model, &change.check, &change.hardware));
        context.console.note("note: the reports are of different selections; only what both hold is compared\n");
    }
    let failing = changes.iter().any(|change| change.kind == Kind::NewlyFailing);
    let news = News::new(&before, &now, changes);
    let render = |format: NewsFormat, look: &Look| match format {
        NewsFormat::Human => news.human(look),
        NewsFormat::Json => news.json(),
        NewsFormat::Slack => news.webhook("text"),
        NewsFormat::Discord => news.webhook("content"),
        NewsFormat::Email => news.email(),
        NewsFormat::Github => news.github(),
    };
    match &args.output {
        Some(file) => {
            let written = context.system.write_atomic(file, render(args.format, &Look::PLAIN).as_bytes());
            written.map_err(|error| Stop::cannot_write(file, &error))?;
            context.console.answer(&render(NewsFormat::Human, &context.console.out));
        }
        None => context.console.answer(&render(args.format, &context.console.out)),
    }
    Ok(if failing { Exit::Findings } else { Exit::Fine })
}

fn read(context: &Context<'_>, file: &Path) -> Result<Map, Stop> {
    let bytes = context.system.read(file).map_err(|error| Stop::cannot_read(file, &error))?;
    json::read(&bytes).map_err(|why| unreadable(&file.display().to_string(), &why))
}

/// A file that is no report.
pub fn unreadable(file: &str, why: &str) -> Stop {
    let finding = Finding::error(NO_REPORT, format!("`{file}` can't be compared with: {why}"));
    finding.help("write it with `hfgen coverage --format json --output FILE`").into()
}

fn select(asked: &Asked) -> SelectArgs {
    SelectArgs {
        paths: asked.paths.clone(),
        model: asked.models.clone(),
        family: asked.families.clone(),
        task: asked.tasks.clone(),
        hardware: asked.hardware.clone(),
        rule: asked.rules.clone(),
        ..SelectArgs::default()
    }
}
