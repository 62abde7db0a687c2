//! The threads that share the work. The thread that asks for them is one of them: as many threads as cores touch less
//! memory than one more, and nobody need be woken for work that its owner comes to itself.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

static JOBS: OnceLock<Option<NonZeroUsize>> = OnceLock::new();

/// Says how many there may be (`None`: one a core). For a program, whose main thread is then one of them as soon as work
/// is shared; without it they are rayon's own. Only the first call in a process has an effect.
pub fn allow(jobs: Option<NonZeroUsize>) {
    let _ = JOBS.set(jobs);
}

/// Starts them, where `allow` was called and they don't run yet.
pub fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    if let Some(jobs) = JOBS.get() {
        STARTED.get_or_init(|| {
            let threads = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, NonZeroUsize::get));
            // Where it can't be made, rayon makes its own or works in this thread.
            let _ = threads.use_current_thread().build_global();
        });
    }
}
