//! Codes HF400 to HF499: outputs on disk, builds, the cache, git and hooks, wrong use.

use super::{Code, CodeId};
use crate::finding::Finding;
use crate::sys::git::GitError;

pub const EDITED_BY_HAND: CodeId = CodeId(400);
pub const FOREIGN_FILE: CodeId = CodeId(401);
pub const OUTSIDE_ROOT: CodeId = CodeId(402);
pub const THROUGH_SYMLINK: CodeId = CodeId(403);
pub const STALE_KEPT: CodeId = CodeId(404);
pub const NOT_WRITABLE: CodeId = CodeId(405);
pub const DISK_FULL: CodeId = CodeId(406);
pub const NOT_A_FILE: CodeId = CodeId(407);
pub const OUT_OF_DATE: CodeId = CodeId(409);
pub const CACHE_DAMAGED: CodeId = CodeId(420);
pub const CACHE_OTHER_VERSION: CodeId = CodeId(421);
pub const CACHE_NOT_WRITABLE: CodeId = CodeId(422);
pub const NOTHING_SELECTED: CodeId = CodeId(430);
pub const UNKNOWN_SELECTION: CodeId = CodeId(431);
pub const NO_PROJECT: CodeId = CodeId(432);
pub const UNKNOWN_CODE: CodeId = CodeId(433);
pub const NOT_READABLE: CodeId = CodeId(434);
pub const UNKNOWN_OUTPUT: CodeId = CodeId(435);
pub const NO_REPOSITORY: CodeId = CodeId(450);
pub const UNKNOWN_REVISION: CodeId = CodeId(451);
pub const GIT_FAILED: CodeId = CodeId(452);
pub const FOREIGN_HOOK: CodeId = CodeId(453);
pub const SHARED_HOOKS_FOLDER: CodeId = CodeId(454);
pub const STAGED_OUT_OF_DATE: CodeId = CodeId(455);
pub const STAGED_BY_HAND: CodeId = CodeId(456);
pub const STAGED_INVALID: CodeId = CodeId(457);
pub const UNKNOWN_PYTHON: CodeId = CodeId(470);
pub const DOES_NOT_COMPILE: CodeId = CodeId(471);
pub const NOT_COLLECTED: CodeId = CodeId(472);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: EDITED_BY_HAND,
        name: "edited-by-hand",
        summary: "an output was edited by hand and is left as it is",
        page: "\
hfgen knows the contents that it wrote. This file has others, so somebody changed it, and a build would throw that work
away. The file stays as it is and the build exits 3.

## Example

    $ hfgen build
    error[HF400]: `generated/test_hf_bert.py` was edited by hand
    $ hfgen build --diff generated/test_hf_bert.py

## What to do

- If the edit should stay, make it where the file comes from: a template, a rule or registry.toml. `hfgen why FILE` names
  them. Then run `hfgen build --force`.
- If it should go, run `hfgen build --force FILE`. The edit is kept as a patch in `.hfgen-cache/edits/`.",
    },
    Code {
        id: FOREIGN_FILE,
        name: "foreign-file",
        summary: "a file that hfgen did not make stands where an output belongs",
        page: "\
A rule makes an output whose path is taken by a file without hfgen's header. hfgen only ever touches files that it made,
so the file stays and the build exits 3.

## Example

    error[HF401]: `generated/test_hf_bert.py` was not made by hfgen

## What to do

Move the file away, or give the rule another `output`, or set another output root in registry.toml. If the file may be
lost, `hfgen build --force FILE` replaces it and keeps its text as a patch in `.hfgen-cache/edits/`.",
    },
    Code {
        id: OUTSIDE_ROOT,
        name: "outside-root",
        summary: "an output would lie outside the output root",
        page: "\
Outputs live below one folder, the `output` of `[project]` in registry.toml, so that hfgen can remove stale ones and
nothing else. This path leaves it, or is absolute.

## Example

    [target.decoder-only]
    output = \"../tests/test_hf_{ident}.py\"      # leaves the output root

## What to do

Name a path below the output root, or set a wider root with `[project] output`.",
    },
    Code {
        id: THROUGH_SYMLINK,
        name: "through-symlink",
        summary: "the path of an output leads through a symlink",
        page: "\
A symlink on the way to an output, or in its place, could lead out of the output root, where hfgen must not write. It is
never followed and never replaced.

## Example

    error[HF403]: `generated/vision` is a symlink, so `generated/vision/test_hf_vit.py` is not written

## What to do

Replace the symlink by a real folder. To have the outputs elsewhere, name that place: `[project] output` in
registry.toml, or `hfgen build --output-dir DIR`.",
    },
    Code {
        id: STALE_KEPT,
        name: "stale-kept",
        summary: "an output that no rule makes any more was edited by hand, and stays",
        page: "\
The model or the rule of this output is gone, so it should be removed; but it was edited by hand, and only files that are
as hfgen wrote them are removed. The build exits 3.

## Example

    error[HF404]: `generated/test_hf_old.py` has no rule any more, but was edited by hand

## What to do

Delete the file, or run `hfgen build --force`, which keeps it as a patch in `.hfgen-cache/edits/`. If you want to keep it
as your own, delete its first two lines (hfgen's header).",
    },
    Code {
        id: NOT_WRITABLE,
        name: "not-writable",
        summary: "a file could not be written",
        page: "\
The system refused to write or remove a file: it is read-only, belongs to somebody else, or lies on a read-only disk.
What could be written is written whole; what could not is as it was.

## Example

    error[HF405]: cannot write `generated/test_hf_bert.py`: Permission denied (os error 13)

## What to do

Look at the file and at its folder (`ls -ld`): writing replaces the file, so the folder must be writable too. In a
container, mount the output root writable, or use `--output-dir`.",
    },
    Code {
        id: DISK_FULL,
        name: "disk-full",
        summary: "the disk is full",
        page: "\
There was no room for an output or for the cache. Nothing is half-written: each file is the old one or the new one. The
next build goes on where this one stopped.

## Example

    error[HF406]: no room left for `generated/test_hf_bert.py`

## What to do

Make room and build again. `hfgen clean --cache` frees the cache.",
    },
    Code {
        id: NOT_A_FILE,
        name: "not-a-file",
        summary: "something that is no file stands where an output belongs",
        page: "\
A folder, a device or a socket has the path of an output. hfgen does not remove such things.

## Example

    error[HF407]: `generated/test_hf_bert.py` is a folder

## What to do

Move it away and build again.",
    },
    Code {
        id: OUT_OF_DATE,
        name: "out-of-date",
        summary: "an output is not what its inputs make now",
        page: "\
`--check` makes everything in memory and compares. This output would be written, restored or removed by a build, so the
command exits 1.

## Example

    $ hfgen build --check
    would rebuild 1 of 804 in 9 ms (803 unchanged, 0 findings)

## What to do

Run `hfgen build` and commit what it writes. `hfgen why FILE` says which input moved.",
    },
    Code {
        id: CACHE_DAMAGED,
        name: "cache-damaged",
        summary: "the cache was damaged and is made anew",
        page: "\
`.hfgen-cache` holds only what can be made again, with checksums. One did not fit, after a crash of the machine or an edit
by hand, so that part was thrown away. The result of the build is right; it only took longer.

## Example

    note[HF420]: the cache was damaged and is made anew

## What to do

Nothing. If it comes again and again, look at the disk.",
    },
    Code {
        id: CACHE_OTHER_VERSION,
        name: "cache-other-version",
        summary: "the cache was written by another version of hfgen and is made anew",
        page: "\
What an engine made says nothing about what another version of it would make, so the cache of another version is not
read. The result of the build is right; it only took longer.

## Example

    note[HF421]: the cache is from another version of hfgen and is made anew

## What to do

Nothing. If two versions take turns on one project, set `required-hfgen` in registry.toml.",
    },
    Code {
        id: CACHE_NOT_WRITABLE,
        name: "cache-not-writable",
        summary: "the cache could not be written",
        page: "\
The outputs are right, but what was learnt about them could not be kept in `.hfgen-cache`, so the next build does
everything again.

## Example

    warning[HF422]: cannot write `.hfgen-cache/trace.bin`: Read-only file system (os error 30)

## What to do

Make the project's folder writable, or accept slower builds.",
    },
    Code {
        id: NOTHING_SELECTED,
        name: "nothing-selected",
        summary: "the selection holds no output",
        page: "\
Each flag of the selection is fine, but no output fits all of them. Flags of one kind add up, different kinds must all
hold. The command exits 4, so that a script notices.

## Example

    $ hfgen build --family vision --model gpt2
    error[HF430]: nothing is selected: no output fits --family vision and --model gpt2

## What to do

Leave a flag out. `hfgen build --dry-run --force` with fewer flags lists what there is.",
    },
    Code {
        id: UNKNOWN_SELECTION,
        name: "unknown-selection",
        summary: "the selection names something that the project does not have",
        page: "\
A model type, family, task, hardware, rule or path in the selection is unknown. The nearest name is suggested.

## Example

    $ hfgen build --model gtp2
    error[HF431]: no model type is named `gtp2`
      = help: did you mean `gpt2`?

## What to do

Correct the name. Model types are spelt as transformers spells them (`gpt-neo`, not `gpt_neo`).",
    },
    Code {
        id: NO_PROJECT,
        name: "no-project",
        summary: "there is no registry.toml here or above",
        page: "\
A project is a folder with a registry.toml. hfgen looks in the folder where you stand and in those above it.

## Example

    $ hfgen build
    error[HF432]: no registry.toml in `/home/me` or in any folder above it

## What to do

Change into the project, name it with `--root DIR`, or start one with `hfgen init`.",
    },
    Code {
        id: UNKNOWN_CODE,
        name: "unknown-code",
        summary: "there is no finding with this code",
        page: "\
`hfgen explain` takes a code as findings print it (HF400), its number (400), or its name (edited-by-hand).

## Example

    $ hfgen explain edited-by-hnd
    error[HF433]: no finding has the code `edited-by-hnd`

## What to do

`hfgen explain` without a code lists them all.",
    },
    Code {
        id: NOT_READABLE,
        name: "not-readable",
        summary: "a file could not be read",
        page: "\
The system refused to read a file that the command needs, or the file is not UTF-8 text.

## Example

    error[HF434]: cannot read `registry.toml`: Permission denied (os error 13)

## What to do

Look at the file's permissions and at its encoding (`file registry.toml`).",
    },
    Code {
        id: UNKNOWN_OUTPUT,
        name: "unknown-output",
        summary: "no rule makes an output with this path",
        page: "\
The path is no output of this project: no rule, model and hardware together make it.

## Example

    $ hfgen why generated/test_hf_brt.py
    error[HF435]: no rule makes `generated/test_hf_brt.py`

## What to do

`hfgen build --dry-run --force` lists every output. If one is missing that you expect, look at the `select` of the rule
that should make it.",
    },
    Code {
        id: NO_REPOSITORY,
        name: "no-repository",
        summary: "the project is not in a git repository",
        page: "\
`--changed`, `--since`, `--staged` and the hook ask git what changed. The project's folder is not in a repository, or git
does not trust it because it belongs to somebody else.

## Example

    $ hfgen build --changed
    error[HF450]: `/tmp/suite` is not in a git repository

## What to do

Run `git init`, or leave the flag out: a plain `hfgen build` needs no git. If git calls the ownership dubious, follow its
advice (`git config --global --add safe.directory DIR`).",
    },
    Code {
        id: UNKNOWN_REVISION,
        name: "unknown-revision",
        summary: "git does not know this revision",
        page: "\
`--since` takes anything that names a commit: a branch, a tag, a hash, `HEAD~3`, `origin/main`.

## Example

    $ hfgen build --since mian
    error[HF451]: git knows no revision `mian`

## What to do

Correct the name. In CI the checkout is often shallow: fetch the base branch first (`fetch-depth: 0`).",
    },
    Code {
        id: GIT_FAILED,
        name: "git-failed",
        summary: "git could not be run, or failed",
        page: "\
The message holds what git said. hfgen runs the `git` of the PATH.

## Example

    error[HF452]: `git` is not installed or not in the PATH

## What to do

Install git (2.25 or later), or mend what it complains about.",
    },
    Code {
        id: FOREIGN_HOOK,
        name: "foreign-hook",
        summary: "another pre-commit hook is already there",
        page: "\
git runs one hook a name. There is one that hfgen did not write, and it is not overwritten.

## Example

    $ hfgen hook install
    error[HF453]: `.git/hooks/pre-commit` is somebody else's hook

## What to do

- Add the line `hfgen hook run || exit $?` to that hook, or
- run `hfgen hook install --force`: the hook is kept as `pre-commit.before-hfgen`, and hfgen's runs it first, or
- with the pre-commit framework, lefthook or husky, let them run `hfgen hook run`: see docs/hooks.md.",
    },
    Code {
        id: SHARED_HOOKS_FOLDER,
        name: "shared-hooks-folder",
        summary: "git's hooks folder lies outside this repository",
        page: "\
`core.hooksPath` names a folder that other repositories may use too. A hook written there would run in all of them.

## Example

    error[HF454]: `core.hooksPath` is `/home/me/.githooks`, outside this repository

## What to do

Give this repository its own folder (`git config core.hooksPath .githooks`), or run `hfgen hook install --force`: hfgen's
hook does nothing in a repository without a registry.toml.",
    },
    Code {
        id: STAGED_OUT_OF_DATE,
        name: "staged-out-of-date",
        summary: "what is staged makes other outputs than those that are staged",
        page: "\
The hook builds from the staged inputs, in memory, and compares with the staged outputs. They differ, so the commit would
hold inputs and outputs that don't belong together.

## Example

    error[HF455]: `generated/test_hf_bert.py` is out of date with what is staged

## What to do

    hfgen build && git add registry.toml rules templates generated

and commit again.",
    },
    Code {
        id: STAGED_BY_HAND,
        name: "staged-by-hand",
        summary: "a staged output was edited by hand",
        page: "\
The staged contents of this output are not what hfgen wrote: the next build would stop at it, on every machine.

## Example

    error[HF456]: the staged `generated/test_hf_bert.py` was edited by hand

## What to do

Make the edit in the template, rule or registry (`hfgen why FILE` names them), run `hfgen build --force FILE`, and stage
the result.",
    },
    Code {
        id: STAGED_INVALID,
        name: "staged-invalid",
        summary: "what is staged makes an output with errors",
        page: "\
The hook rendered this output from the staged inputs, and the result has errors. The findings beside this one say where.

## Example

    error[HF457]: `generated/test_hf_bert.py` has errors when made from what is staged

## What to do

Mend the input, run `hfgen build`, stage both, and commit again.",
    },
    Code {
        id: UNKNOWN_PYTHON,
        name: "unknown-python",
        summary: "the Python to be used cannot be run, or lacks a library",
        page: "\
`hfgen check --deep`, `test`, `probe` and `prove` run a real Python. The one that they found or were given is not there,
does not start, or has no pytest, torch or transformers.

## Example

    error[HF470]: `python3.14` can't be started: No such file or directory (os error 2)

## What to do

Name one that has them with `--python`, or activate its environment; `hfgen env create` makes one. A build and a plain
`hfgen check` need no Python.",
    },
    Code {
        id: DOES_NOT_COMPILE,
        name: "does-not-compile",
        summary: "Python does not compile an output",
        page: "\
`python -m py_compile` refused this output although hfgen's own check passed it. The message holds what Python said.

## Example

    error[HF471]: python3.10 does not compile `generated/test_hf_bert.py`

## What to do

Mend the template. If the output is right for the `python` of registry.toml, please report it: hfgen should have agreed
with Python.",
    },
    Code {
        id: NOT_COLLECTED,
        name: "not-collected",
        summary: "pytest does not collect an output",
        page: "\
`pytest --collect-only` failed on this output, or found no test in it. The message holds what pytest said.

## Example

    error[HF472]: pytest can't collect `generated/test_hf_bert.py`: no test was collected

## What to do

Run `pytest --collect-only FILE` to see all of it. Errors at import usually mean a name that the installed transformers
does not have.",
    },
];

/// What git could not answer, as a finding.
impl From<&GitError> for Finding {
    fn from(error: &GitError) -> Self {
        match error {
            GitError::NoRepository { .. } => Finding::error(NO_REPOSITORY, error.to_string())
                .help("run `git init`, or leave out what asks git: a plain build needs none"),
            GitError::UnknownRevision { revision, .. } if revision == "HEAD" => {
                Finding::error(UNKNOWN_REVISION, "this repository has no commit yet, so nothing can have changed since")
                    .help("leave out --changed, or commit once")
            }
            GitError::UnknownRevision { .. } => Finding::error(UNKNOWN_REVISION, error.to_string())
                .help("name a branch, tag or commit; in CI, fetch it first"),
            GitError::Missing | GitError::Failed { .. } | GitError::Odd { .. } | GitError::Io(_) => {
                Finding::error(GIT_FAILED, error.to_string())
            }
        }
    }
}
