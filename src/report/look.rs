//! How a report may look where it is printed: colours, width, how much is said. Decided once, from flags and environment.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::sys::System;

/// What was asked for with `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// Colours on a terminal, none elsewhere; `NO_COLOR`, `FORCE_COLOR` and `CLICOLOR_FORCE` are heard.
    #[default]
    Auto,
    Always,
    Never,
}

/// The look of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub color: bool,
    /// Columns to fit into, where the place has any.
    pub width: Option<usize>,
    /// -2: only errors, -1: no lists, 0: normal, 1: everything in full.
    pub verbosity: i8,
}

impl Look {
    /// No colours, no width: files, pipes, tests.
    pub const PLAIN: Look = Look { color: false, width: None, verbosity: 0 };

    pub fn decide(system: &dyn System, color: Color, is_terminal: bool, verbosity: i8) -> Self {
        let width = system.env("COLUMNS").and_then(|columns| columns.parse().ok()).filter(|width| *width >= 20);
        Self { color: wants_color(system, color, is_terminal), width, verbosity }
    }

    /// `text` in `style`, where colours are wanted.
    pub fn paint(&self, style: Style, text: &str) -> String {
        let mut painted = String::with_capacity(text.len() + 8);
        if self.color {
            let _ = write!(painted, "{style}{text}{style:#}");
        } else {
            painted.push_str(text);
        }
        painted
    }

    pub fn good(&self, text: &str) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    pub fn bad(&self, text: &str) -> String {
        self.paint(AnsiColor::Red.on_default(), text)
    }

    pub fn soft(&self, text: &str) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    pub fn cool(&self, text: &str) -> String {
        self.paint(AnsiColor::Cyan.on_default(), text)
    }

    pub fn strong(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    pub fn dim(&self, text: &str) -> String {
        self.paint(Style::new().dimmed(), text)
    }
}

/// The flag beats the environment, `NO_COLOR` beats the two that force, those beat what the stream is.
fn wants_color(system: &dyn System, color: Color, is_terminal: bool) -> bool {
    let set = |name: &str| system.env(name).is_some_and(|value| !value.is_empty() && value != "0");
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if system.env("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
        Color::Auto if set("FORCE_COLOR") || set("CLICOLOR_FORCE") => true,
        Color::Auto => is_terminal && system.env("TERM").is_none_or(|term| term != "dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::MemorySystem;

    #[test]
    fn the_flag_beats_the_environment_and_no_color_beats_force() {
        let color = |env: &[(&str, &str)], flag, terminal| {
            let system = MemorySystem::default();
            for (name, value) in env {
                system.set_env(name, value);
            }
            Look::decide(&system, flag, terminal, 0).color
        };
        assert!(color(&[], Color::Auto, true));
        assert!(!color(&[], Color::Auto, false));
        assert!(!color(&[("TERM", "dumb")], Color::Auto, true));
        assert!(!color(&[("NO_COLOR", "1")], Color::Auto, true));
        assert!(color(&[("NO_COLOR", "")], Color::Auto, true));
        assert!(color(&[("FORCE_COLOR", "1")], Color::Auto, false));
        assert!(color(&[("CLICOLOR_FORCE", "1")], Color::Auto, false));
        assert!(!color(&[("CLICOLOR_FORCE", "0")], Color::Auto, false));
        assert!(!color(&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], Color::Auto, false));
        assert!(color(&[("NO_COLOR", "1")], Color::Always, false));
        assert!(!color(&[("FORCE_COLOR", "1")], Color::Never, true));
    }
}
