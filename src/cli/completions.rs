//! `hfgen completions SHELL`: the script that completes hfgen's commands and flags.

use clap::Args;
use clap_complete::Shell;

use super::stop::Ended;
use super::{Context, Exit, args};

/// The shell to complete in.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  hfgen completions bash > ~/.local/share/bash-completion/completions/hfgen
  hfgen completions zsh > ~/.zfunc/_hfgen
  hfgen completions fish > ~/.config/fish/completions/hfgen.fish")]
pub struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub shell: Shell,
}

pub fn run(context: &Context<'_>, args: &CompletionsArgs) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "hfgen", &mut script);
    context.console.answer(&String::from_utf8_lossy(&script));
    Ok(Exit::Fine)
}
