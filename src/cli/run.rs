//! Sends each command to its file. The one place that knows them all.

use super::args::{self, Cli, Command};
use super::stop::Ended;
use super::{Context, Exit, completions, explain};

/// Runs the command that was typed.
pub fn run(context: &Context<'_>, cli: &Cli) -> Ended {
    let Some(command) = &cli.command else {
        context.console.answer(&args::command().render_help().to_string());
        return Ok(Exit::Fine);
    };
    match command {
        Command::Explain(args) => explain::run(context, args),
        Command::Completions(args) => completions::run(context, args),
    }
}
