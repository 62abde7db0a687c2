//! How hfgen ends: the exit codes are part of its interface. Nothing is printed here.

use std::process::{ExitCode, Termination};

use crate::build::outcome::{Action, Outcome};

/// The exit status of every command. Scripts rely on these numbers; none is ever given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done, nothing to complain about (warnings and notes don't count).
    Fine = 0,
    /// There are errors among the findings, or `--check` found that something would change.
    Findings = 1,
    /// Wrong use, broken rules, registry or templates, or the machine said no (disk, permissions, git).
    Broken = 2,
    /// Outputs that were edited by hand, or files that hfgen did not make, stand in the way and were left alone.
    HandEdits = 3,
    /// The selection holds no output.
    NothingSelected = 4,
    /// A bug in hfgen.
    Bug = 101,
    /// Stopped by Ctrl-C. The process ends by its signal, which shells report as 130; nothing is put in order before,
    /// because every write is whole or absent at any moment.
    Interrupted = 130,
}

/// Whether a command fails when outputs are, or were, out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WouldChange {
    /// `--check`, and `--exit-non-zero-on-write`: exit 1.
    Fails,
    /// A build writes them, a dry run only lists them.
    IsFine,
}

impl Exit {
    pub const ALL: [Exit; 7] = [
        Exit::Fine,
        Exit::Findings,
        Exit::Broken,
        Exit::HandEdits,
        Exit::NothingSelected,
        Exit::Bug,
        Exit::Interrupted,
    ];

    pub fn code(self) -> u8 {
        self as u8
    }

    /// The line that stands in the help and in the manual.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Fine => "fine",
            Exit::Findings => "errors were found, or --check found that something would change",
            Exit::Broken => "wrong use, broken rules or registry, or the disk or git said no",
            Exit::HandEdits => "hand-edited or foreign files stand in the way",
            Exit::NothingSelected => "nothing is selected",
            Exit::Bug => "a bug in hfgen",
            Exit::Interrupted => "interrupted",
        }
    }

    /// How a build, check or dry run ends. Hand edits weigh more than findings, because `--force` is the answer to them.
    pub fn of(outcome: &Outcome, would_change: WouldChange) -> Exit {
        if outcome.selected == 0 && outcome.outputs.is_empty() && outcome.errors() == 0 {
            return Exit::NothingSelected;
        }
        if outcome.count(Action::Kept) > 0 {
            return Exit::HandEdits;
        }
        let changes = would_change == WouldChange::Fails && outcome.moved() > 0;
        if outcome.errors() > 0 || outcome.count(Action::Invalid) > 0 || changes {
            return Exit::Findings;
        }
        Exit::Fine
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::outcome::OutputOutcome;
    use crate::finding::{CodeId, Finding};

    fn outcome(actions: &[Action]) -> Outcome {
        let outputs = actions
            .iter()
            .enumerate()
            .map(|(number, action)| OutputOutcome {
                path: format!("generated/{number}.py"),
                rule: "target.x".to_owned(),
                model: None,
                hardware: None,
                action: *action,
                why: Vec::new(),
                diff: None,
            })
            .collect();
        Outcome { selected: 3, planned: 3, outputs, ..Outcome::default() }
    }

    #[test]
    fn each_outcome_ends_in_its_own_way() {
        let of = |actions: &[Action], dry, would_change| Exit::of(&Outcome { dry, ..outcome(actions) }, would_change);
        assert_eq!(of(&[], false, WouldChange::IsFine), Exit::Fine);
        assert_eq!(of(&[Action::Updated], false, WouldChange::Fails), Exit::Findings);
        assert_eq!(of(&[Action::Updated], false, WouldChange::IsFine), Exit::Fine);
        assert_eq!(of(&[Action::Updated], true, WouldChange::IsFine), Exit::Fine);
        assert_eq!(of(&[Action::Removed], true, WouldChange::Fails), Exit::Findings);
        assert_eq!(of(&[Action::Unchanged], true, WouldChange::Fails), Exit::Fine);
        assert_eq!(of(&[Action::Invalid], false, WouldChange::IsFine), Exit::Findings);
        assert_eq!(of(&[Action::Invalid, Action::Kept], true, WouldChange::Fails), Exit::HandEdits);
        assert_eq!(Exit::of(&Outcome::default(), WouldChange::IsFine), Exit::NothingSelected);
        let broken = Outcome { findings: vec![Finding::error(CodeId(1), "x")], ..Outcome::default() };
        assert_eq!(Exit::of(&broken, WouldChange::IsFine), Exit::Findings);
        let warned = Outcome { findings: vec![Finding::warning(CodeId(1), "x")], ..outcome(&[]) };
        assert_eq!(Exit::of(&warned, WouldChange::IsFine), Exit::Fine);
    }

    #[test]
    fn the_numbers_never_move() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4, 101, 130]);
    }
}
