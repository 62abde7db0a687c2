//! Sends each command to its file. The one place that knows them all.

use super::args::{self, Cli, Command, HookCommand};
use super::init::Starter;
use super::stop::Ended;
use super::{Context, Exit, completions, explain, hook, init};

/// Runs the command that was typed.
pub fn run(context: &Context<'_>, cli: &Cli) -> Ended {
    let Some(command) = &cli.command else {
        context.console.answer(&args::command().render_help().to_string());
        return Ok(Exit::Fine);
    };
    match command {
        Command::Init(args) => init::run(context, args, &Starter { hardware: init::HARDWARE, files: &[] }),
        Command::Hook { command: HookCommand::Install(args) } => hook::install(context, args),
        Command::Hook { command: HookCommand::Uninstall(args) } => hook::uninstall(context, args),
        Command::Hook { command: HookCommand::Status(args) } => hook::status(context, args),
        Command::Explain(args) => explain::run(context, args),
        Command::Completions(args) => completions::run(context, args),
    }
}
