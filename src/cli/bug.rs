//! What happens when hfgen itself is wrong: a panic becomes a message that says what to report, and exit code 101.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use super::Exit;

/// Runs `body`; a panic in it, on any thread that it waits for, ends in [`Exit::Bug`].
pub fn guard(body: impl FnOnce() -> Exit) -> Exit {
    panic::set_hook(Box::new(|info| complain(&message(info))));
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or(Exit::Bug)
}

fn complain(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let what = info.payload_as_str().unwrap_or("a panic without words");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let backtrace = Backtrace::capture();
    let trace = match backtrace.status() {
        BacktraceStatus::Captured => format!("\n{backtrace}"),
        _ => "  with RUST_BACKTRACE=1 set, a backtrace is printed here: please add it\n".to_owned(),
    };
    format!(
        "\nerror: this is a bug in hfgen, not in your project. Nothing was left half-written.\n\
         Please report these lines, and the files that the command was reading if you can:\n\n  \
         {what}\n  at {place}\n  hfgen {version} on {os} {arch}\n  command: hfgen {command}\n{trace}",
        version = env!("CARGO_PKG_VERSION"),
        os = std::env::consts::OS,
        arch = std::env::consts::ARCH,
        command = arguments.join(" "),
    )
}
