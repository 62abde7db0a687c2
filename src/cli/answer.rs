//! An answer that is no report of findings: text for people, or the same as JSON.

use serde_json::{Value, json};

use super::Context;
use super::args::ReportArgs;
use super::stop::Stop;
use crate::finding::Finding;
use crate::finding::codes::output::UNKNOWN_SELECTION;
use crate::report::{self, Format, Report};

/// Prints what was found: formats that know findings only get `report`; the others `human`, or `value` with the findings and
/// the exit code. `jsonl` prints the items of `list` a line each.
pub fn answer_with_findings(
    context: &Context<'_>,
    args: &ReportArgs,
    report: &Report<'_>,
    human: impl FnOnce() -> String,
    mut value: Value,
    list: &str,
) -> Result<(), Stop> {
    if !matches!(args.format, Format::Human | Format::Json | Format::Jsonl) {
        return context.report(report, args);
    }
    value["findings"] = report::json::findings(report);
    value["exit"] = report.exit.into();
    answer(context, args, human, value, list)
}

/// Prints `human`, or `value` where a program asked. `jsonl` prints the items of `list` a line each.
pub fn answer(
    context: &Context<'_>,
    args: &ReportArgs,
    human: impl FnOnce() -> String,
    mut value: Value,
    list: &str,
) -> Result<(), Stop> {
    let text = match args.format {
        Format::Human | Format::Concise | Format::Markdown => human(),
        Format::Jsonl => value[list].as_array().into_iter().flatten().map(|item| format!("{item}\n")).collect(),
        Format::Json => {
            if let Value::Object(object) = &mut value {
                object.shift_insert(0, "version".to_owned(), json!(1));
                object.shift_insert(1, "command".to_owned(), json!(context.command));
            }
            format!("{value:#}\n")
        }
        other => {
            let message = format!("`hfgen {}` has no findings to print as {other:?}", context.command).to_lowercase();
            return Err(Finding::error(UNKNOWN_SELECTION, message).help("use --format human, json or jsonl").into());
        }
    };
    if let Some(file) = &args.output {
        context.system.write_atomic(file, text.as_bytes()).map(|_| ()).map_err(|error| Stop::cannot_write(file, &error))
    } else {
        context.console.answer(&text);
        Ok(())
    }
}
