//! Codes HF820 to HF839: what this machine has, and how fast it is.

use super::{Code, CodeId};

/// A profile's detector is not known.
pub const UNKNOWN_DETECTOR: CodeId = CodeId(820);
/// A profile that was asked for can't be used here.
pub const PROFILE_NOT_READY: CodeId = CodeId(821);
/// A device could not be timed.
pub const NOT_TIMED: CodeId = CodeId(822);
/// There is nothing to time.
pub const NOTHING_TO_TIME: CodeId = CodeId(823);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: UNKNOWN_DETECTOR,
        name: "unknown-detector",
        summary: "a hardware profile is detected by a word that means nothing",
        page: "`set.detect` of a profile in registry.toml names how its device is found: cpu, cuda, rocm, mps, openvino \
               or qnn. With another word the profile counts as absent, and its tests are skipped everywhere.\n\n    \
               [hardware.cuda]\n    set = { detect = \"cuda\" }",
    },
    Code {
        id: PROFILE_NOT_READY,
        name: "profile-not-ready",
        summary: "a hardware profile that was demanded can't be used here",
        page: "`hfgen hardware --require cuda` ends with 1 unless tests of the profile would run. The message says what is \
               missing: the device, its driver, or a library that is built for it. In continuous integration this tells \
               a broken runner from tests that were skipped.",
    },
    Code {
        id: NOT_TIMED,
        name: "device-not-timed",
        summary: "a device could not be timed",
        page: "`hfgen hardware bench` runs the same small load on each device, in a process of its own. This one ended \
               early, took longer than `--timeout`, or has no program for the load. It stands last in the ranking, and \
               `--hardware auto` treats it as no faster than the CPU.",
    },
    Code {
        id: NOTHING_TO_TIME,
        name: "nothing-to-time",
        summary: "no hardware profile is ready, so there is nothing to time",
        page: "Timing needs a Python with torch and transformers. `hfgen hardware` says what each profile lacks; \
               `hfgen env create` makes an environment that has all that tests need.",
    },
];
