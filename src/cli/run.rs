//! Sends each command to its file. The one place that knows them all.

use super::args::{Cli, Command, HookCommand, StatusArgs, TemplateCommand};
use super::stop::Ended;
use super::{
    Context, affected, build, check, clean, completions, coverage, env, explain, graph, hardware, hook, hook_run, init,
    news, probe, prove, schema, status, sync, template, test, watch, why,
};

/// Runs the command that was typed; none asks where the project stands.
pub fn run(context: &Context<'_>, cli: &Cli) -> Ended {
    let Some(command) = &cli.command else { return status::run(context, &StatusArgs::default()) };
    match command {
        Command::Build(args) => build::run(context, args),
        Command::Check(args) => check::run(context, args),
        Command::Watch(args) => watch::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Why(args) => why::run(context, args),
        Command::Affected(args) => affected::run(context, args),
        Command::Graph(args) => graph::run(context, args),
        Command::Template { command: TemplateCommand::List { engine, report } } => {
            template::list(context, engine, report)
        }
        Command::Template { command: TemplateCommand::Show { name, engine } } => template::show(context, name, engine),
        Command::Template { command: TemplateCommand::Lint { engine, report } } => {
            template::lint(context, engine, report)
        }
        Command::Sync(args) => sync::run(context, args),
        Command::Probe(args) => probe::run(context, args),
        Command::Test(args) => test::run(context, args),
        Command::Prove(args) => prove::run(context, args),
        Command::Coverage(args) => coverage::run(context, args),
        Command::Report(args) => news::run(context, args),
        Command::Hardware(args) => hardware::run(context, args),
        Command::Env(args) => env::run(context, args),
        Command::Clean(args) => clean::run(context, args),
        Command::Init(args) => init::run(context, args, &init::starter()),
        Command::Hook { command: HookCommand::Install(args) } => hook::install(context, args),
        Command::Hook { command: HookCommand::Uninstall(args) } => hook::uninstall(context, args),
        Command::Hook { command: HookCommand::Status(args) } => hook::status(context, args),
        Command::Hook { command: HookCommand::Run(args) } => hook_run::run(context, args),
        Command::Schema(args) => schema::run(context, args),
        Command::Explain(args) => explain::run(context, args),
        Command::Completions(args) => completions::run(context, args),
    }
}
