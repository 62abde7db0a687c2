//! Everything that can be typed. Only descriptions: no command is run here, and nothing is read but words.
//!
//! Map of the room: `build` holds the flags of build, check, watch and clean; `inspect` those of the commands that only
//! look, `run` those of the commands that run tests, `coverage` those about
//! what they found, `machine` those about this machine; `select` which outputs; `report` how they are told.

pub mod build;
pub mod coverage;
pub mod inspect;
pub mod machine;
pub mod probe;
pub mod report;
pub mod run;
pub mod select;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

pub use self::build::{BuildArgs, CheckArgs, CleanArgs, WatchArgs, WhyArg};
pub use self::coverage::{CoverageArgs, NewsArgs};
pub use self::inspect::{
    AffectedArgs, GraphArgs, GraphFormat, SchemaArgs, SchemaName, StatusArgs, SyncArgs, TemplateCommand, WhyArgs,
};
pub use self::machine::{EnvArgs, HardwareArgs};
pub use self::probe::ProbeArgs;
pub use self::report::{Annotations, ReportArgs};
pub use self::run::{ProveArgs, RunArgs, Shard, TestArgs, TierArg};
pub use self::select::SelectArgs;
use super::completions::CompletionsArgs;
use super::exit::Exit;
use super::explain::ExplainArgs;
use super::hook::{HookInstallArgs, HookStatusArgs, HookUninstallArgs};
use super::hook_run::HookRunArgs;
use super::init::InitArgs;
use crate::report::Color;
use crate::sys::System;

/// The command line.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "hfgen",
    version,
    about = "Generates and keeps current a test suite for every Hugging Face transformers model type",
    long_about = "An incremental build system for test suites. Models, templates, hardware profiles and rules are its \
                  inputs, Python test files its outputs; what an edit cannot reach is never made again.",
    max_term_width = 100,
    disable_help_subcommand = true,
    propagate_version = true
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Make what is out of date
    Build(BuildArgs),
    /// Check registry, rules, templates and outputs; write nothing
    Check(CheckArgs),
    /// Build again whenever an input changes
    Watch(WatchArgs),
    /// Where the project stands, and the next command
    Status(StatusArgs),
    /// Why an output exists, and why it is due or not
    Why(WhyArgs),
    /// The outputs that an input, or a field of it, can reach
    Affected(AffectedArgs),
    /// What is made from what, as DOT, Mermaid or JSON
    Graph(GraphArgs),
    /// List, show and lint templates
    Template {
        #[command(subcommand)]
        command: TemplateCommand,
    },
    /// Read the facts of an installed transformers into registry.lock
    Sync(SyncArgs),
    /// Run the model classes that changed, and keep what was found in registry.lock
    Probe(ProbeArgs),
    /// Run generated tests that are not known to be green
    Test(TestArgs),
    /// Run every check without a fault and under each of its faults
    Prove(ProveArgs),
    /// What passed, failed, is skipped or missing: models x hardware x checks
    Coverage(CoverageArgs),
    /// What is new since a former coverage report, for a chat, a mail or an issue
    Report(NewsArgs),
    /// What this machine has, and what each hardware profile lacks here
    Hardware(HardwareArgs),
    /// The Python environment that the tests run in
    Env(EnvArgs),
    /// Remove what hfgen made
    Clean(CleanArgs),
    /// Start a project: registry.toml and folders for rules and templates
    Init(InitArgs),
    /// The git hook that checks what is staged
    Hook {
        #[command(subcommand)]
        command: HookCommand,
    },
    /// Print the JSON schema of registry.toml or rules/*.toml
    Schema(SchemaArgs),
    /// What a finding's code means, with an example and what to do
    Explain(ExplainArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
}

/// What can be done with the hook.
#[derive(Debug, Clone, Subcommand)]
pub enum HookCommand {
    /// Write the pre-commit hook of this repository
    Install(HookInstallArgs),
    /// Remove it, and put back the hook that stood there before
    Uninstall(HookUninstallArgs),
    /// Say whether it is there, and where
    Status(HookStatusArgs),
    /// Check what is staged; what the hook calls
    Run(HookRunArgs),
}

/// Flags of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// The project's folder [default: the nearest folder upward with a registry.toml]
    #[arg(long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub root: Option<PathBuf>,
    /// When to print colours
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto)]
    pub color: ColorArg,
    /// Say more: list every output and every finding
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Say less; -qq: errors only
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,
}

impl GlobalArgs {
    /// -2 to 2.
    pub fn verbosity(&self) -> i8 {
        let level = |count: u8| i8::try_from(count.min(2)).unwrap_or(2);
        level(self.verbose) - level(self.quiet)
    }
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set; also where `FORCE_COLOR` or `CLICOLOR_FORCE` is
    #[default]
    Auto,
    Always,
    Never,
}

impl From<ColorArg> for Color {
    fn from(color: ColorArg) -> Self {
        match color {
            ColorArg::Auto => Color::Auto,
            ColorArg::Always => Color::Always,
            ColorArg::Never => Color::Never,
        }
    }
}

impl Cli {
    /// The name of the command, as typed.
    pub fn name(&self) -> &'static str {
        match &self.command {
            None => "hfgen",
            Some(Command::Build(_)) => "build",
            Some(Command::Check(_)) => "check",
            Some(Command::Watch(_)) => "watch",
            Some(Command::Status(_)) => "status",
            Some(Command::Why(_)) => "why",
            Some(Command::Affected(_)) => "affected",
            Some(Command::Graph(_)) => "graph",
            Some(Command::Template { .. }) => "template",
            Some(Command::Sync(_)) => "sync",
            Some(Command::Probe(_)) => "probe",
            Some(Command::Test(_)) => "test",
            Some(Command::Prove(_)) => "prove",
            Some(Command::Coverage(_)) => "coverage",
            Some(Command::Report(_)) => "report",
            Some(Command::Hardware(_)) => "hardware",
            Some(Command::Env(_)) => "env",
            Some(Command::Clean(_)) => "clean",
            Some(Command::Schema(_)) => "schema",
            Some(Command::Init(_)) => "init",
            Some(Command::Hook { .. }) => "hook",
            Some(Command::Explain(_)) => "explain",
            Some(Command::Completions(_)) => "completions",
        }
    }

    /// How the command's report was asked for, where it makes one.
    pub fn report_args(&self) -> Option<&ReportArgs> {
        match &self.command {
            Some(Command::Build(args)) => Some(&args.report),
            Some(Command::Check(args)) => Some(&args.report),
            Some(Command::Status(args)) => Some(&args.report),
            Some(Command::Why(args)) => Some(&args.report),
            Some(Command::Affected(args)) => Some(&args.report),
            Some(Command::Sync(args)) => Some(&args.report),
            Some(Command::Test(args)) => Some(&args.report),
            Some(Command::Prove(args)) => Some(&args.report),
            Some(Command::Probe(args)) => Some(&args.report),
            Some(Command::Clean(args)) => Some(&args.report),
            Some(Command::Hook { command: HookCommand::Run(args) }) => Some(&args.report),
            Some(Command::Template {
                command: TemplateCommand::List { report, .. } | TemplateCommand::Lint { report, .. },
            }) => Some(report),
            None | Some(_) => None,
        }
    }
}

/// The parser: what is derived, with a variable for each flag (`--dry-run`: `HFGEN_DRY_RUN`) and the exit codes.
pub fn command() -> clap::Command {
    with_variables(Cli::command()).after_help(exit_codes())
}

/// Reads a command line, or says what is wrong with it.
pub fn parse(arguments: &[OsString], color: clap::ColorChoice) -> Result<Cli, clap::Error> {
    if let Some(cli) = parse_alone(arguments) {
        return Ok(cli);
    }
    let matches = command().color(color).try_get_matches_from(arguments)?;
    Cli::from_arg_matches(&matches)
}

/// Reads a command line that begins with a command's name, with a parser that knows of no other command: to describe all
/// of them takes a sixth of a build with nothing to do. `None` where anything but that command is to be done, such as to
/// tell what is wrong: that is for the parser that knows everything.
fn parse_alone(arguments: &[OsString]) -> Option<Cli> {
    let name = arguments.get(1)?.to_str()?;
    let (name, describe) = ALONE.iter().find(|(known, _)| *known == name)?;
    let alone = GlobalArgs::augment_args(clap::Command::new("hfgen")).subcommand(describe(clap::Command::new(*name)));
    let matches = with_variables(alone).try_get_matches_from(arguments).ok()?;
    Cli::from_arg_matches(&matches).ok()
}

type Describe = fn(clap::Command) -> clap::Command;

/// The commands with what describes their flags.
const ALONE: &[(&str, Describe)] = &[
    ("build", BuildArgs::augment_args),
    ("check", CheckArgs::augment_args),
    ("watch", WatchArgs::augment_args),
    ("status", StatusArgs::augment_args),
    ("why", WhyArgs::augment_args),
    ("affected", AffectedArgs::augment_args),
    ("graph", GraphArgs::augment_args),
    ("template", TemplateCommand::augment_subcommands),
    ("sync", SyncArgs::augment_args),
    ("probe", ProbeArgs::augment_args),
    ("test", TestArgs::augment_args),
    ("prove", ProveArgs::augment_args),
    ("coverage", CoverageArgs::augment_args),
    ("report", NewsArgs::augment_args),
    ("hardware", HardwareArgs::augment_args),
    ("env", EnvArgs::augment_args),
    ("clean", CleanArgs::augment_args),
    ("init", InitArgs::augment_args),
    ("hook", HookCommand::augment_subcommands),
    ("schema", SchemaArgs::augment_args),
    ("explain", ExplainArgs::augment_args),
    ("completions", CompletionsArgs::augment_args),
];

/// A variable for each flag; those of a subcommand when it is asked for: there are hundreds, and a build wants few.
fn with_variables(command: clap::Command) -> clap::Command {
    command.mut_args(with_variable).mut_subcommands(|command| command.defer(with_variables))
}

/// Flags without a variable: what one would be called is a word of the generated tests to pytest, or says nothing.
const ONLY_TYPED: &[&str] = &["help", "version", "hardware", "tier", "fault"];

fn with_variable(arg: clap::Arg) -> clap::Arg {
    let Some(long) = arg.get_long().filter(|long| !ONLY_TYPED.contains(long)) else { return arg };
    let variable = format!("HFGEN_{}", long.to_uppercase().replace('-', "_"));
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
    let arg = arg.env(variable).hide_env(true);
    if is_switch { arg.value_parser(BoolishValueParser::new()) } else { arg }
}

fn exit_codes() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for exit in Exit::ALL {
        text.push_str(&format!("{:>5}  {}\n", exit.code(), exit.meaning()));
    }
    text + "\nFlags have variables: --dry-run is also HFGEN_DRY_RUN=1. HFGEN_HARDWARE, HFGEN_TIER and HFGEN_FAULT are the tests' own."
}

/// `--color` of arguments that may not parse, so that the message about them has the right look.
pub fn color_asked_for(arguments: &[OsString], system: &dyn System) -> Color {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let at = words.iter().rposition(|word| *word == "--color" || word.starts_with("--color="));
    let typed = at.and_then(|at| words[at].strip_prefix("--color=").or_else(|| words.get(at + 1).copied()));
    let set = system.env("HFGEN_COLOR");
    match typed.or(set.as_deref()) {
        Some("always") => Color::Always,
        Some("never") => Color::Never,
        _ => Color::Auto,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_is_sound_and_flags_have_their_variables() {
        command().debug_assert();
        let mut seen = 0;
        let mut whole = command();
        whole.build();
        let mut commands = vec![whole];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            for arg in command.get_arguments().filter(|arg| arg.get_long().is_some()) {
                let long = arg.get_long().unwrap();
                seen += 1;
                assert_eq!(arg.get_env().is_some(), !ONLY_TYPED.contains(&long), "--{long}");
                assert!(arg.get_help().is_some(), "--{long} of {} has no help", command.get_name());
            }
        }
        assert!(seen > 3);
    }

    #[test]
    fn a_command_alone_is_read_as_among_all() {
        let whole = command();
        assert!(whole.get_subcommands().map(clap::Command::get_name).eq(ALONE.iter().map(|(name, _)| *name)));
        for (name, describe) in ALONE {
            with_variables(GlobalArgs::augment_args(describe(clap::Command::new(*name)))).debug_assert();
        }
        for line in [
            "build",
            "build -vv --model bert,gpt2 --family vision --root x --dry-run generated/a.py b",
            "build --color never --jobs 2 --format json",
            "check --deep",
            "test --shard 1/2 --tier full -q",
            "template show base.py",
            "hook run --format concise",
            "explain HF012",
            "why generated/test_hf_bert.py",
        ] {
            let words: Vec<OsString> = ["hfgen"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            let all = command().try_get_matches_from(&words).and_then(|matches| Cli::from_arg_matches(&matches));
            let alone = parse_alone(&words).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(format!("{alone:?}"), format!("{:?}", all.unwrap()), "{line}");
        }
        for line in [
            "",
            "--help",
            "build --help",
            "build --version",
            "build --mdoel bert",
            "buidl",
            "build -v -q",
            "--root x build",
        ] {
            let words: Vec<OsString> = ["hfgen"].into_iter().chain(line.split(' ')).map(OsString::from).collect();
            assert!(parse_alone(&words).is_none(), "{line}");
        }
    }

    #[test]
    fn color_is_found_before_anything_parses() {
        let asked = |words: &[&str]| {
            color_asked_for(&words.iter().map(OsString::from).collect::<Vec<_>>(), &crate::sys::MemorySystem::default())
        };
        assert_eq!(asked(&["hfgen", "--color", "never", "x"]), Color::Never);
        assert_eq!(asked(&["hfgen", "--color=always"]), Color::Always);
        assert_eq!(asked(&["hfgen", "--color"]), Color::Auto);
    }
}
