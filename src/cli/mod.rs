//! Words in: the command line. One file a command; what it finds goes out through `context` and `report/`.
//!
//! Map of the room: `args` is everything that can be typed; `run` sends each command to its file; `context` is what a
//! command is given; `exit`, `stop` and `interrupt` are how it ends; `console` and `bug` print; `explain`, `completions`,
//! `hook` and `init` are commands.

pub mod affected;
pub mod answer;
pub mod args;
pub mod bug;
pub mod build;
pub mod check;
pub mod clean;
pub mod completions;
pub mod console;
pub mod context;
pub mod coverage;
pub mod engine;
pub mod env;
pub mod exit;
pub mod explain;
pub mod graph;
pub mod hardware;
pub mod hook;
pub mod hook_run;
pub mod init;
pub mod interrupt;
pub mod machine;
pub mod news;
pub mod probe;
pub mod prove;
pub mod run;
pub mod running;
pub mod schema;
pub mod status;
pub mod stop;
pub mod sync;
pub mod template;
pub mod test;
pub mod watch;
pub mod why;

use std::ffi::OsString;
use std::io::IsTerminal as _;

pub use context::Context;
pub use exit::Exit;
pub use stop::Stop;

use self::args::GlobalArgs;
use self::console::Console;
use crate::report::{Color, Look};
use crate::sys::{OsSystem, System};

/// The whole program, from its arguments to its exit code.
pub fn main() -> Exit {
    bug::guard(|| with_arguments(&OsSystem, &std::env::args_os().collect::<Vec<_>>()))
}

fn with_arguments(system: &dyn System, arguments: &[OsString]) -> Exit {
    let color = args::color_asked_for(arguments, system);
    let colored = Look::decide(system, color, std::io::stdout().is_terminal(), 0).color;
    let cli = match args::parse(arguments, if colored { clap::ColorChoice::Always } else { clap::ColorChoice::Never }) {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that went away is no reason to complain.
            let _ = error.print();
            return if error.exit_code() == 0 { Exit::Fine } else { Exit::Broken };
        }
    };
    let mut context = Context::new(system, console(system, &cli.global), cli.global.clone(), cli.name());
    context.program = std::env::current_exe().ok();
    let exit = run::run(&context, &cli).unwrap_or_else(|stop| stop.print(&context, cli.report_args()));
    context.console.finish(exit)
}

fn console(system: &dyn System, global: &GlobalArgs) -> Console {
    let verbosity = global.verbosity();
    let color: Color = global.color.into();
    let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let look = |is_terminal| Look::decide(system, color, is_terminal, verbosity);
    Console::new(look(out), look(err), err)
}
