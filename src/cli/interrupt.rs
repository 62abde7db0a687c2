//! Ctrl-C during long work: a line says what becomes of what was done, then the process ends by its signal.

use super::Context;

/// From now on an interrupt says that what was done is kept, before it ends the process as it always does: shells report
/// the signal as 130. Every write is whole or absent at any moment, so there is nothing to put in order. Where whoever
/// started hfgen had it ignore interrupts, it goes on doing so.
#[cfg(unix)]
pub fn told(context: &Context<'_>, command: &str) {
    use std::io::Write as _;

    use signal_hook::consts::SIGINT;
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    if ignored(context) || context.console.err.verbosity < 0 {
        return;
    }
    let Ok(mut signals) = Signals::new([SIGINT]) else { return };
    let begin = if context.console.live { "\n" } else { "" };
    let words = format!("{begin}interrupted: what was done is kept, `{command}` goes on from there\n");
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = std::io::stderr().lock().write_all(words.as_bytes());
            let _ = emulate_default_handler(SIGINT);
        }
    });
}

#[cfg(not(unix))]
pub fn told(_context: &Context<'_>, _command: &str) {}

/// Whether interrupts are ignored, as shells have it for what scripts start in the background; where the system tells it.
#[cfg(unix)]
fn ignored(context: &Context<'_>) -> bool {
    let status = context.system.read_text("/proc/self/status".as_ref()).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal_hook::consts::SIGINT - 1)) != 0
}
