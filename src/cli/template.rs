//! `hfgen template list | show | lint`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::json;

use super::answer::answer;
use super::args::ReportArgs;
use super::args::build::EngineArgs;
use super::engine::options;
use super::stop::Ended;
use super::{Context, Exit};
use crate::build::inspect::View;
use crate::finding::Finding;
use crate::report::Report;

/// Every template with its layer and what it calls.
pub fn list(context: &Context<'_>, engine: &EngineArgs, report: &ReportArgs) -> Ended {
    let options = options(context, engine)?;
    let view = View::open(context.system, &options)?;
    let described = view.templates();
    let human = || {
        let width = described.iter().map(|template| template.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for template in &described {
            let used = match template.outputs {
                0 => "no output".to_owned(),
                1 => "1 output".to_owned(),
                count => format!("{count} outputs"),
            };
            let _ = writeln!(text, "{:width$}  {:8}  {used}", template.name, template.layer);
        }
        text
    };
    let value = json!({"templates": described});
    answer(context, report, human, value, "templates")?;
    Ok(Exit::Fine)
}

/// The text of a template as the topmost layer has it.
pub fn show(context: &Context<'_>, name: &str, engine: &EngineArgs) -> Ended {
    let options = options(context, engine)?;
    let view = View::open(context.system, &options)?;
    context.console.answer(&view.template_text(name)?);
    Ok(Exit::Fine)
}

/// Unused partials, fields that no model has, branches that no model takes, braces that Handlebars would eat.
pub fn lint(context: &Context<'_>, engine: &EngineArgs, report_args: &ReportArgs) -> Ended {
    let options = options(context, engine)?;
    let view = View::open(context.system, &options)?;
    let findings: Vec<Finding> = view.lint().into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let exit = if findings.is_empty() { Exit::Fine } else { Exit::Findings };
    let report = Report { exit: exit.code(), ..Report::of_findings(context.command, &findings) };
    context.report(&report, report_args)?;
    Ok(exit)
}
