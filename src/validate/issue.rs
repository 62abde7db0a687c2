//! One thing that is wrong with a generated text, at its bytes. It knows nothing of templates or files.

use std::ops::Range;

use ruff_text_size::TextRange;

use crate::finding::{CodeId, Severity};

/// What is wrong, and where in the raw text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub code: CodeId,
    pub severity: Severity,
    /// One sentence without a full stop, naming the thing.
    pub message: String,
    /// Bytes of the raw text.
    pub range: Range<usize>,
    /// What to do, in one sentence.
    pub help: Option<String>,
}

impl Issue {
    pub fn error(code: CodeId, range: TextRange, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, message: message.into(), range: range.into(), help: None }
    }

    pub fn warning(code: CodeId, range: TextRange, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, range, message) }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
