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
/// So many failures are told as they come; the others at the end alone.
const FAILURES: usize = 40;

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
    failed: usize,
    /// What has begun and not ended, and when.
    running: Vec<(String, Instant)>,
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
        let state = State {
            started: now,
            begun: now,
            told,
            drawn: false,
            what,
            done: 0,
            total: None,
            failed: 0,
            running: Vec::new(),
        };
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
        let time = match self.left(self.begun.elapsed().as_secs()) {
            Some(left) => format!(" ({seconds} s, about {left} left)"),
            None if seconds > 0 => format!(" ({seconds} s)"),
            None => String::new(),
        };
        let failed = if self.failed > 0 { format!(", {} failed", text::number(self.failed)) } else { String::new() };
        let mut line = match self.total {
            Some(total) => format!("{} {}/{}{failed}{time}", self.what, text::number(self.done), text::number(total)),
            None if self.done > 0 => format!("{} {}{time}", self.what, text::number(self.done)),
            None => format!("{}{time}", self.what),
        };
        for (number, (name, begun)) in self.running.iter().enumerate() {
            line.push_str(if number == 0 { ": " } else { ", " });
            line.push_str(&format!("{name} {} s", begun.elapsed().as_secs()));
        }
        line
    }
}

impl State {
    /// How long the stretch will take, once enough of it is done to say so.
    fn left(&self, since: u64) -> Option<String> {
        let total = self.total.filter(|total| since >= SETTLED && self.done > 0 && self.done < *total)?;
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
            state.failed = 0;
            state.running.clear();
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

    fn begins(&self, name: &str) {
        self.with(|state| state.running.push((text::one_line(name), Instant::now())));
    }

    fn ends(&self, name: &str) {
        self.with(|state| {
            if let Some(at) = state.running.iter().position(|(running, _)| running == name) {
                state.running.remove(at);
            }
        });
    }

    fn fail(&self, text: &str) {
        self.with(|state| {
            state.failed += 1;
            if self.stage == Stage::Off || state.failed > FAILURES {
                return;
            }
            self.wipe(state);
            let mut line: String = text::one_line(text);
            if let Stage::Live(width) = self.stage {
                line = line.chars().take(width.saturating_sub(8)).collect();
            }
            (self.write)(&format!("failed {line}\n"));
            if state.failed == FAILURES {
                (self.write)("further failures are told at the end\n");
            }
            state.told = None;
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
            State {
                started: begun,
                begun,
                told: None,
                drawn: false,
                what: "x".to_owned(),
                done,
                total,
                failed: 0,
                running: Vec::new(),
            }
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
    fn what_runs_and_what_failed_is_shown() {
        let heard = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&heard);
        let teller = Teller::new(Stage::Live(60), Duration::ZERO, move |text| hears.lock().unwrap().push_str(text));
        teller.begin("testing", Some(3));
        for name in ["test_a.py", "test_b.py", "test_c.py"] {
            teller.begins(name);
        }
        teller.ends("test_b.py");
        teller.fail("test_b.py::test_x: assert\n1 == 2, and so on for longer than any terminal is wide");
        teller.advance(1);
        let heard = heard.lock().unwrap().clone();
        assert!(heard.contains("failed test_b.py::test_x: assert 1 == 2, and so on for long\n"), "{heard:?}");
        assert!(heard.ends_with("\u{1b}[Ktesting 1/3, 1 failed: test_a.py 0 s, test_c.py 0 s"), "{heard:?}");
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
