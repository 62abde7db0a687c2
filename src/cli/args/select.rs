//! Which outputs a command works on. Names are not looked up here: who knows the models says what it doesn't know.

use clap::Args;

/// Flags that choose outputs. Those of one kind add up (`--model bert --model gpt2`), different kinds must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectArgs {
    /// Only these outputs: files, or folders that hold them
    #[arg(value_name = "PATH", value_hint = clap::ValueHint::AnyPath)]
    pub paths: Vec<String>,
    /// Only outputs of these model types (bert,gpt2)
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub model: Vec<String>,
    /// Only outputs of models of these families (decoder-only)
    #[arg(long, value_name = "FAMILY", value_delimiter = ',')]
    pub family: Vec<String>,
    /// Only outputs of models with these tasks (text-generation, or CAUSAL_LM)
    #[arg(long, value_name = "TASK", value_delimiter = ',')]
    pub task: Vec<String>,
    /// Only outputs for this hardware (cuda)
    #[arg(long, value_name = "HARDWARE", value_delimiter = ',')]
    pub hardware: Vec<String>,
    /// Only outputs of these rules (target.decoder-only, or decoder-only)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub rule: Vec<String>,
    /// Only outputs that uncommitted changes reach
    #[arg(long, group = "from-git")]
    pub changed: bool,
    /// Only outputs that changes since this git revision reach
    #[arg(long, value_name = "REF", group = "from-git")]
    pub since: Option<String>,
    /// Only outputs that staged changes reach, with their staged contents
    #[arg(long, group = "from-git")]
    pub staged: bool,
}

impl SelectArgs {
    /// Whether nothing was chosen, which means everything.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}
