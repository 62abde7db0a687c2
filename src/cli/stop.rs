//! A command that could not do what was asked: the findings that say why, and the exit code.

use std::io;
use std::path::Path;

use super::args::ReportArgs;
use super::{Context, Exit};
use crate::finding::Finding;
use crate::finding::codes::output::{NOT_READABLE, NOT_WRITABLE};
use crate::report::{Format, Report, human};
use crate::sys::git::GitError;

/// Why a command ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub exit: Exit,
    pub findings: Vec<Finding>,
}

/// What a command returns.
pub type Ended = Result<Exit, Stop>;

impl Stop {
    pub fn new(exit: Exit, finding: Finding) -> Self {
        Self { exit, findings: vec![finding] }
    }

    /// `path` could not be read.
    pub fn cannot_read(path: &Path, error: &io::Error) -> Self {
        Finding::error(NOT_READABLE, format!("cannot read `{}`: {error}", path.display())).into()
    }

    /// `path` could not be written.
    pub fn cannot_write(path: &Path, error: &io::Error) -> Self {
        Finding::error(NOT_WRITABLE, format!("cannot write `{}`: {error}", path.display())).into()
    }

    /// Tells people on standard error, and machines on standard output in the format that they asked for.
    pub fn print(&self, context: &Context<'_>, report_args: Option<&ReportArgs>) -> Exit {
        let report = Report { exit: self.exit.code(), ..Report::of_findings(context.command, &self.findings) };
        match report_args {
            Some(args) if args.format != Format::Human => {
                if let Err(stop) = context.report(&report, args) {
                    stop.complain(context);
                }
            }
            _ => self.complain(context),
        }
        self.exit
    }

    fn complain(&self, context: &Context<'_>) {
        let sorted = Report::of_findings(context.command, &self.findings).sorted();
        let text = human::findings(&sorted, &context.console.err);
        context.console.complain(&format!("{}\n", text.trim_end()));
    }
}

/// Broken input or wrong use, unless said otherwise.
impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::new(Exit::Broken, finding)
    }
}

impl From<Vec<Finding>> for Stop {
    fn from(findings: Vec<Finding>) -> Self {
        Self { exit: Exit::Broken, findings }
    }
}

impl From<GitError> for Stop {
    fn from(error: GitError) -> Self {
        Finding::from(&error).into()
    }
}
