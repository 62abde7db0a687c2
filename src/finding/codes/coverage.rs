//! Codes HF760 to HF779: what is covered, and what is new since a former report.

use super::{Code, CodeId};

/// A check that is skipped wherever it could run.
pub const ONLY_SKIPPED: CodeId = CodeId(760);
/// Less passed than `--fail-under` asks for.
pub const TOO_LITTLE: CodeId = CodeId(761);
/// A report that can't be compared with.
pub const NO_REPORT: CodeId = CodeId(762);
/// A further file of results that can't be read.
pub const NO_RESULTS: CodeId = CodeId(763);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: ONLY_SKIPPED,
        name: "check-only-skipped",
        summary: "a check is skipped wherever it could run",
        page: "A check that never runs finds nothing, and its skips look like care. Cells on hardware that is not here, and \
               cells of which no test is made, are left aside: of the rest every one is a skip. The message tells the most \
               frequent reason. Select models (in rules/) that the check can run on, or remove it.",
    },
    Code {
        id: TOO_LITTLE,
        name: "coverage-too-low",
        summary: "fewer cells passed than --fail-under asks for",
        page: "The share is that of cells that passed among all cells but those of which no test is made. Skipped, stale, \
               missing and not run are not passed. `hfgen coverage --missing` lists what has no result; a selection \
               (`--hardware cpu`) says what is meant to be covered here.",
    },
    Code {
        id: NO_REPORT,
        name: "not-a-coverage-report",
        summary: "a file is no report of `hfgen coverage --format json`",
        page: "`hfgen report` compares two files that `hfgen coverage --format json --output FILE` wrote, or one with what is \
               known now. Reports of another version of the format are not read: write the former one again with this \
               hfgen, or compare from the next run on.",
    },
    Code {
        id: NO_RESULTS,
        name: "no-kept-results",
        summary: "a file that --results names holds no results",
        page: "`--results` takes copies of `.hfgen-cache/results.jsonl` from other machines, as `hfgen test` wrote them there. \
               Lines of another version of hfgen's format are passed over; a file without any line that can be read is an \
               error, because it would silently cover nothing.",
    },
];
