//! Codes HF700 to HF799: running generated tests, and proving that their checks can fail.

use super::{Code, CodeId};

/// A check stays green under its fault.
pub const FAULT_MISSED: CodeId = CodeId(700);
/// A test fails without any fault.
pub const RED_WITHOUT_FAULT: CodeId = CodeId(701);
/// A fault could not be put in.
pub const FAULT_BROKEN: CodeId = CodeId(702);
/// A test file gave no results.
pub const FILE_NOT_RUN: CodeId = CodeId(703);
/// A blind spot where the fault is caught.
pub const STALE_BLIND_SPOT: CodeId = CodeId(704);
/// A check that names no fault.
pub const CHECK_WITHOUT_FAULT: CodeId = CodeId(705);
/// A check that ran nowhere.
pub const NOTHING_PROVED: CodeId = CodeId(706);
/// Torch or transformers is missing.
pub const LIBRARIES_MISSING: CodeId = CodeId(707);
/// Too many faults are listed as blind spots.
pub const TOO_FEW_CAUGHT: CodeId = CodeId(708);
/// A generated test fails.
pub const TEST_FAILED: CodeId = CodeId(710);
/// A generated test fails and then passes.
pub const FLAKY_TEST: CodeId = CodeId(711);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: FAULT_MISSED,
        name: "fault-missed",
        summary: "a check stays green with its fault inside",
        page: "A check that a broken model passes says nothing. `HFGEN_FAULT=<fault> pytest <file> -k <check>` shows it: \
               make the check sharper, or the fault act where the check looks. \"the fault never acted\" means that the \
               support package did not reach the fault's point in this test.\n\nWhere nobody could see the fault in \
               one model, say so in registry.toml; it is then listed and no failure:\n\n    [[model.x.blind]]\n    check \
               = \"padding\"\n    class = \"XModel\"      # optional\n    fault = \"sees-future\"\n    reason = \"it has \
               one position only\"",
    },
    Code {
        id: RED_WITHOUT_FAULT,
        name: "red-without-fault",
        summary: "a test fails although no fault is in",
        page: "A check that is red anyway can't prove anything by being red. Run the file by itself: `pytest <file>`. \
               Where transformers is at fault, keep it as `[[model.<type>.xfail]]` with a reproduction; where it can't \
               be tested, as `[[model.<type>.skip]]` with the reason.",
    },
    Code {
        id: FAULT_BROKEN,
        name: "fault-broken",
        summary: "a fault could not be put in",
        page: "The function of the fault raised an error, or the test is red although the fault never acted: what made \
               it red is something else. A fault that has nothing to break in a model says so with \
               `faults.not_applicable(reason)`.",
    },
    Code {
        id: FILE_NOT_RUN,
        name: "file-not-run",
        summary: "a test file gave no results",
        page: "It could not be collected (an import that fails, a name that isn't there), or its process was killed: by \
               the system for lack of memory, or because it took longer than `--timeout` allows for all of its tests. \
               `pytest <file>` shows the first kind.",
    },
    Code {
        id: STALE_BLIND_SPOT,
        name: "stale-blind-spot",
        summary: "a fault is caught where the registry says that nobody can see it",
        page: "A blind spot excuses a check that can't see a fault in one model. Here the check was red with the fault inside, \
               in every test that the entry speaks of: an excuse that nothing needs would hide a later miss. Remove the \
               `[[model.<type>.blind]]` entry.",
    },
    Code {
        id: CHECK_WITHOUT_FAULT,
        name: "check-without-fault",
        summary: "a check names no fault",
        page: "Nothing shows that such a check can fail. Declare a fault in the support package \
               (`templates/runtime/faults_<area>.py.hbs`, a function under `@fault(point)`) and name it in the check's \
               `faults` in rules/.",
    },
    Code {
        id: NOTHING_PROVED,
        name: "nothing-proved",
        summary: "a check was skipped everywhere, or has no test",
        page: "Skipped is not passed. The reasons of the skips are told with `-v`; often the hardware or a library is not \
               there, or the selection holds no model that the check applies to.",
    },
    Code {
        id: LIBRARIES_MISSING,
        name: "libraries-missing",
        summary: "torch or transformers is not there, so most checks were skipped",
        page: "Only what needs neither was run: configurations without transformers, the structure of worker modules. A \
               run that could not build one model must not look like a run in which all of them are fine, so it ends \
               with exit code 1. Name a Python that has them with `--python`.",
    },
    Code {
        id: TOO_FEW_CAUGHT,
        name: "too-few-caught",
        summary: "fewer than 99 % of the faults are caught",
        page: "Blind spots are for the few cases where nobody could see a fault. When they are more than one in a hundred, \
               the check or the fault is the wrong one.",
    },
    Code {
        id: TEST_FAILED,
        name: "test-failed",
        summary: "a generated test fails",
        page: "`pytest '<file>::<test>'` shows it alone; `hfgen why <file>` names the template and the facts that it is made \
               from. \"the process died\" and \"timed out\" are results of that one test; they are not kept and run again. \
               \n\nWhere transformers or a runtime is at fault, keep it as `[[model.<type>.xfail]]` with the reason and a \
               reproduction; it is then run all the same, and a pass is a failure.",
    },
    Code {
        id: FLAKY_TEST,
        name: "flaky-test",
        summary: "a generated test failed, and passed when it was tried again",
        page: "With `--retries N` a test that is red is tried again in a process of its own. One that passes then is flaky: \
               told, no failure (exit code 0), never kept, and run again the next time. What made it red may be a \
               random number that is not seeded, a time limit, memory that another process needed, or state that tests \
               share: in the retry it runs without the tests before it.",
    },
];
