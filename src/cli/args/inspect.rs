//! The flags of the commands that only look: status, why, affected, graph, schema, template; and of sync, which reads
//! transformers.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::build::EngineArgs;
use super::{ReportArgs, SelectArgs};

/// `hfgen status`, and `hfgen` alone.
#[derive(Debug, Clone, Default, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hfgen why`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen why generated/test_hf_bert.py        why it exists, why it would be rebuilt or is up to date
  hfgen why generated/test_hf_unknown.py     why there is no such output")]
pub struct WhyArgs {
    /// An output, made or not
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    pub path: String,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hfgen affected`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen affected templates/check/deterministic.py.hbs
  hfgen affected registry.toml#model.bert
  hfgen affected registry.lock#model.bert.config.fields.hidden_size
  hfgen affected --since main                what the branch reaches: the tests to run")]
pub struct AffectedArgs {
    /// Inputs, each with or without the field that changes
    #[arg(value_name = "PATH[#FIELD]", required_unless_present_any = ["changed", "since", "staged"])]
    pub inputs: Vec<String>,
    /// The inputs that uncommitted changes touch
    #[arg(long, group = "from-git")]
    pub changed: bool,
    /// The inputs that changed since this git revision
    #[arg(long, value_name = "REF", group = "from-git")]
    pub since: Option<String>,
    /// The inputs that staged changes touch
    #[arg(long, group = "from-git")]
    pub staged: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// `hfgen graph`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen graph > graph.dot
  hfgen graph --format mermaid --focus templates/base.py.hbs
  hfgen graph --focus templates/check/deterministic.py.hbs --reverse")]
pub struct GraphArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    /// The language of the graph
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = GraphFormat::Dot)]
    pub format: GraphFormat,
    /// Only what this node depends on
    #[arg(long, value_name = "PATH")]
    pub focus: Option<String>,
    /// With --focus: what depends on the node
    #[arg(long, requires = "focus")]
    pub reverse: bool,
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// The languages of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    Dot,
    Mermaid,
    Json,
}

/// `hfgen schema`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen schema registry > schemas/registry.json
  hfgen schema rules > schemas/rules.json")]
pub struct SchemaArgs {
    /// Which file's JSON schema
    #[arg(value_name = "NAME", value_enum)]
    pub name: SchemaName,
}

/// The files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// registry.toml
    Registry,
    /// rules/*.toml
    Rules,
}

/// `hfgen template`.
#[derive(Debug, Clone, Subcommand)]
pub enum TemplateCommand {
    /// Every template with the layer that it comes from
    List {
        #[command(flatten)]
        engine: EngineArgs,
        #[command(flatten)]
        report: ReportArgs,
    },
    /// The text of a template, as the topmost layer has it
    Show {
        /// The template's name, with or without `.py.hbs`
        #[arg(value_name = "TEMPLATE")]
        name: String,
        #[command(flatten)]
        engine: EngineArgs,
    },
    /// Unused partials, fields that no model has, branches that no model takes
    Lint {
        #[command(flatten)]
        engine: EngineArgs,
        #[command(flatten)]
        report: ReportArgs,
    },
}

/// `hfgen sync`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  hfgen sync                                 from the transformers of the Python that tests run in
  hfgen sync --package site-packages/transformers
  hfgen sync --check                         write nothing, exit 1 if model types are new, gone or changed

Nothing is imported and no Python is run: the package's files are read.

Exit codes: 0 done, or nothing differs; 1 --check found something; 2 wrong use, or a package that can't be read.")]
pub struct SyncArgs {
    /// The folder of an installed or unpacked transformers package
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub package: Option<PathBuf>,
    /// The checkout of a worker project, whose hf_<type>.py modules are read
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub worker: Option<PathBuf>,
    /// The Python whose transformers is read [default: of VIRTUAL_ENV, .venv, venv or `hfgen env`]
    #[arg(long, value_name = "PYTHON", conflicts_with = "package")]
    pub python: Option<String>,
    /// Write nothing; say what differs, exit 1 if anything does
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub report: ReportArgs,
}
