//! The flags of the commands about this machine: its hardware, and the Python that tests run in.

use std::num::NonZeroUsize;

use clap::{Args, Subcommand, ValueEnum};

/// `hfgen hardware`.
#[derive(Debug, Clone, Default, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  hfgen hardware                          what this machine has, and what each profile lacks here
  hfgen hardware --require cuda           exit 1 unless tests of this profile would run
  hfgen hardware bench                    time each device, and keep the ranking
  HFGEN_HARDWARE=$(hfgen hardware --format names) pytest generated

Exit codes: 0 fine; 1 a profile of --require is not ready, or nothing could be timed; 2 wrong use."
)]
pub struct HardwareArgs {
    #[command(subcommand)]
    pub command: Option<HardwareCommand>,
    #[command(flatten)]
    pub ask: AskArgs,
    /// Exit 1 unless these profiles are ready
    #[arg(long, value_name = "PROFILE", value_delimiter = ',')]
    pub require: Vec<String>,
    /// How the answer is said
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = HardwareFormat::Human)]
    pub format: HardwareFormat,
}

/// What else can be done with it.
#[derive(Debug, Clone, Subcommand)]
pub enum HardwareCommand {
    /// Time a small fixed load on each device, and keep the ranking
    Bench(BenchArgs),
}

/// `hfgen hardware bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchArgs {
    #[command(flatten)]
    pub ask: AskArgs,
    /// Only devices of these profiles; the kept ranking stays as it is
    #[arg(long, value_name = "PROFILE", value_delimiter = ',')]
    pub hardware: Vec<String>,
    /// Single runs that each median is of
    #[arg(long, value_name = "N", default_value = "15")]
    pub repeats: NonZeroUsize,
    /// How the answer is said
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = MachineFormat::Human)]
    pub format: MachineFormat,
}

/// How Python is asked.
#[derive(Debug, Clone, Default, Args)]
pub struct AskArgs {
    /// The Python to ask [default: of VIRTUAL_ENV, .venv, venv or `hfgen env`, else python3]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    /// Seconds that one library or device may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub timeout: u32,
}

/// `--format` of `hfgen hardware`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum HardwareFormat {
    #[default]
    Human,
    /// One object: the machine, the libraries, the profiles, the ranking
    Json,
    /// The profiles that are ready, fastest first, with commas between them
    Names,
}

/// `--format` of what has no list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum MachineFormat {
    #[default]
    Human,
    /// One object
    Json,
}

/// `hfgen env`.
#[derive(Debug, Clone, Default, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  hfgen env                     whether the Python that commands use can run the tests
  hfgen env create              make one that can; says what it costs and asks
  hfgen env create --cpu --yes  without CUDA, where PyTorch's index can be reached
  . $(hfgen env path)/bin/activate

Exit codes: 0 it can; 1 it can't, or making it failed; 2 wrong use, or nobody said yes."
)]
pub struct EnvArgs {
    #[command(subcommand)]
    pub command: Option<EnvCommand>,
    /// The Python to look at [default: of VIRTUAL_ENV, .venv, venv or `hfgen env`, else python3]
    #[arg(long, value_name = "PYTHON")]
    pub python: Option<String>,
    /// How the answer is said
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = MachineFormat::Human)]
    pub format: MachineFormat,
}

/// What can be done with the environment.
#[derive(Debug, Clone, Subcommand)]
pub enum EnvCommand {
    /// Make it, or finish it
    Create(EnvCreateArgs),
    /// Print its folder; exit 1 if it is not there or not whole
    Path(EnvWhichArgs),
    /// Remove it
    Remove(EnvWhichArgs),
}

/// `hfgen env create`.
#[derive(Debug, Clone, Args)]
pub struct EnvCreateArgs {
    #[command(flatten)]
    pub which: EnvWhichArgs,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Also what these hardware profiles need (their `packages` in registry.toml)
    #[arg(long, value_name = "PROFILE", value_delimiter = ',')]
    pub hardware: Vec<String>,
    /// The Python to make it from
    #[arg(long, value_name = "PYTHON", default_value = "python3")]
    pub python: String,
}

/// Which environment.
#[derive(Debug, Clone, Default, Args)]
pub struct EnvWhichArgs {
    /// The one with PyTorch's build without CUDA
    #[arg(long)]
    pub cpu: bool,
}
