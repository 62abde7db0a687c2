//! Progress for people, on standard error: one live line on a terminal, plain lines elsewhere, nothing for what is over
//! in a moment.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::text;
use crate::build::progress::Progress;

/// What runs shorter than this is never told.
const QUIET: Duration = Duration::from_millis(200);
/// How often a live line is drawn again.
const TICK: Duration = Duration::from_millis(100);
/// How often a line is added where nothing can be drawn again.
const LINE: Duration = Duration::from_secs(10);

/// Before so many seconds nobody can say how long it will take.
const SETTLED: u64 = 5;

/// Where progress can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A terminal of so many columns: the line is drawn over itself.
    Live(usize),
    /// A log: a line now and then.
    Log,
    /// Nowhere (`-q`).
    Off,
}

/// Tells how far a build is.
pub struct Teller {
    stage: Stage,
    quiet: Duration,
    write: Box<dyn Fn(&str) + Send + Sync>,
    state: Mutex<State>,
}

struct State {
    started: Instant,
    /// When the stretch began.
    begun: Instant,
    told: Option<Instant>,
    drawn: bool,
    what: String,
    done: usize,
    total: Option<usize>,
}

impl Teller {
    /// Tells on standard error; a closed one is no reason to stop.
    pub fn on_stderr(stage: Stage) -> Self {
        Self::new(stage, QUIET, |text| {
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        })
    }

    fn new(stage: Stage, quiet: Duration, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let now = Instant::now();
        let (told, what) = (None, String::new());
        let state = State { started: now, begun: now, told, drawn: false, what, done: 0, total: None };
        Self { stage, quiet, write: Box::new(write), state: Mutex::new(state) }
    }

    fn tell(&self, state: &mut State) {
        let pause = if self.stage == Stage::Log { LINE } else { TICK };
        let early = state.total == Some(0)
            || state.started.elapsed() < self.quiet
            || state.told.is_some_and(|told| told.elapsed() < pause);
        if early || state.what.is_empty() {
            return;
        }
        let line = state.line();
        match self.stage {
            Stage::Off => return,
            Stage::Log => (self.write)(&format!("{line}\n")),
            Stage::Live(width) => {
                let line: String = line.chars().take(width.saturating_sub(1)).collect();
                (self.write)(&format!("\r\u{1b}[K{line}"));
                state.drawn = true;
            }
        }
        state.told = Some(Instant::now());
    }

    fn wipe(&self, state: &mut State) {
        if std::mem::take(&mut state.drawn) {
            (self.write)("\r\u{1b}[K");
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn line(&self) -> String {
        let seconds = self.started.elapsed().as_secs();
        let time = match self.left(seconds) {
            Some(left) => format!(" ({seconds} s, about {left} left)"),
            None if seconds > 0 => format!(" ({seconds} s)"),
            None => String::new(),
        };
        match self.total {
            Some(total) => format!("{} {}/{}{time}", self.what, text::number(self.done), text::number(total)),
            None if self.done > 0 => format!("{} {}{time}", self.what, text::number(self.done)),
            None => format!("{}{time}", self.what),
        }
    }
}

impl State {
    /// How long the stretch will take, once enough of it is done to say so.
    fn left(&self, seconds: u64) -> Option<String> {
        let total = self.total.filter(|total| seconds >= SETTLED && self.done > 0 && self.done < *total)?;
        let since = self.begun.elapsed().as_secs();
        let left = since * (total - self.done) as u64 / self.done as u64;
        Some(if left < 90 { format!("{left} s") } else { format!("{} min", left.div_ceil(60)) })
    }
}

impl Progress for Teller {
    fn begin(&self, what: &str, total: Option<usize>) {
        self.with(|state| {
            what.clone_into(&mut state.what);
            state.begun = Instant::now();
            state.done = 0;
            state.total = total;
            self.tell(state);
        });
    }

    fn advance(&self, count: usize) {
        self.with(|state| {
            state.done += count;
            self.tell(state);
        });
    }

    fn end(&self) {
        self.with(|state| {
            self.wipe(state);
            state.what.clear();
        });
    }

    fn note(&self, text: &str) {
        if self.stage != Stage::Off {
            self.with(|state| {
                self.wipe(state);
                (self.write)(&format!("{}\n", text::clean(text)));
            });
        }
    }
}

/// Whatever happens, no half line stays on the terminal.
impl Drop for Teller {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn told(stage: Stage, quiet: Duration) -> String {
        let heard = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&heard);
        let teller = Teller::new(stage, quiet, move |text| hears.lock().unwrap().push_str(text));
        teller.begin("rendering", Some(1200));
        teller.advance(1);
        teller.note("waiting");
        drop(teller);
        heard.lock().unwrap().clone()
    }

    #[test]
    fn what_is_over_in_a_moment_is_not_told() {
        assert_eq!(told(Stage::Live(80), QUIET), "waiting\n");
        assert_eq!(told(Stage::Off, Duration::ZERO), "");
    }

    #[test]
    fn what_is_left_is_told_once_it_is_known() {
        let state = |done, total| {
            let begun = Instant::now().checked_sub(Duration::from_secs(60)).unwrap_or_else(Instant::now);
            State { started: begun, begun, told: None, drawn: false, what: "x".to_owned(), done, total }
        };
        assert_eq!(state(10, Some(20)).left(60).as_deref(), Some("60 s"));
        assert_eq!(state(10, Some(100)).left(60).as_deref(), Some("9 min"));
        for early in [state(0, Some(20)), state(20, Some(20)), state(5, None)] {
            assert_eq!(early.left(60), None);
        }
        assert_eq!(state(10, Some(20)).left(4), None);
        assert_eq!(state(10, Some(20)).line(), "x 10/20 (60 s, about 60 s left)");
    }

    #[test]
    fn a_terminal_gets_one_line_and_a_log_gets_lines() {
        assert_eq!(told(Stage::Live(80), Duration::ZERO), "\r\u{1b}[Krendering 0/1,200\r\u{1b}[Kwaiting\n");
        assert_eq!(
            told(Stage::Live(10), Duration::ZERO),
            "\r\u{1b}[Krendering\r\u{1b}[Kwaiting\n".replace("rendering", "rendering"[..9].as_ref())
        );
        assert_eq!(told(Stage::Log, Duration::ZERO), "rendering 0/1,200\nwaiting\n");
    }
}
