//! Codes HF500 to HF599: reading transformers and worker projects.

use super::{Code, CodeId};

/// registry.lock can't be read.
pub const LOCK_DAMAGED: CodeId = CodeId(500);
/// registry.lock holds conflict marks.
pub const LOCK_CONFLICT: CodeId = CodeId(501);
/// registry.lock is of another format.
pub const LOCK_FORMAT: CodeId = CodeId(502);
/// Sections of registry.lock are out of order or doubled.
pub const LOCK_ORDER: CodeId = CodeId(503);
/// registry.lock can't be written.
pub const LOCK_UNWRITABLE: CodeId = CodeId(504);
/// There is no transformers package there.
pub const NO_PACKAGE: CodeId = CodeId(510);
/// A file of the package is missing that sync can't do without.
pub const MISSING_FILE: CodeId = CodeId(511);
/// A Python file can't be read or parsed.
pub const UNREADABLE_PYTHON: CodeId = CodeId(512);
/// A mapping that can't be read statically.
pub const UNREADABLE_MAPPING: CodeId = CodeId(513);
/// A mapping names a class that no file defines.
pub const MISSING_CLASS: CodeId = CodeId(514);
/// There is no worker project there.
pub const NO_WORKER: CodeId = CodeId(520);
/// A worker module without the class that its name promises.
pub const WORKER_CLASS: CodeId = CodeId(521);
/// Two worker modules for one model type.
pub const WORKER_TWICE: CodeId = CodeId(522);
/// A worker module of a type that transformers doesn't have.
pub const WORKER_UNKNOWN: CodeId = CodeId(523);

/// The Python that probes can't be talked to.
pub const PROBE_PYTHON: CodeId = CodeId(530);
/// The Python that probes lacks torch or transformers.
pub const PROBE_LIBRARY: CodeId = CodeId(531);
/// A class does not run, and nothing says why.
pub const NOT_PROVEN: CodeId = CodeId(532);
/// A class runs, and the registry says why it can't.
pub const NEEDLESS_CAUSE: CodeId = CodeId(533);
/// Proven facts are of other sources, rules or versions than those of now.
pub const PROVEN_STALE: CodeId = CodeId(534);

/// The codes of this room, in order of number.
pub const CODES: &[Code] = &[
    Code {
        id: LOCK_DAMAGED,
        name: "lock-damaged",
        summary: "a part of registry.lock can't be read",
        page: "`registry.lock` is written by `hfgen sync` and read section by section. A section that was edited by \
               hand, cut off, or mixed up can't be trusted, so nothing is built from it.\n\nThe place names the line. \
               Take the file from version control (`git checkout registry.lock`), or run `hfgen sync`, which writes \
               it anew.\n\nFacts that you want to change belong in `registry.toml`, in `[model.<type>]`.",
    },
    Code {
        id: LOCK_CONFLICT,
        name: "lock-conflict",
        summary: "registry.lock holds the marks of an unfinished merge",
        page: "Two branches changed the same model type, and git left `<<<<<<<` marks in the file. There is no need \
               to merge it by hand: take either side and let the facts be read again.\n\n```sh\ngit checkout --ours \
               registry.lock\nhfgen sync\n```",
    },
    Code {
        id: LOCK_FORMAT,
        name: "lock-format",
        summary: "registry.lock is of a format that this hfgen doesn't read",
        page: "The first field of `registry.lock` is the version of its format. An older one is written anew by \
               `hfgen sync`. A newer one was written by a newer hfgen: use that one, so that two versions don't \
               rewrite the file in turn.",
    },
    Code {
        id: LOCK_ORDER,
        name: "lock-order",
        summary: "sections of registry.lock are out of order, or one stands twice",
        page: "Sections are sorted by model type, each there once. A merge that went through without marks can put a \
               section in twice, and then it is open which of the two holds. Run `hfgen sync`, which writes the file \
               anew.",
    },
    Code {
        id: LOCK_UNWRITABLE,
        name: "lock-unwritable",
        summary: "registry.lock can't be written",
        page: "The disk is full, or the file or its folder is read-only. The file is replaced as a whole, so what stood \
               there before is untouched.",
    },
    Code {
        id: NO_PACKAGE,
        name: "no-transformers",
        summary: "no transformers package was found",
        page: "`hfgen sync` reads the files of a transformers package; Python isn't started. It looks \
               into the environment of `--python` or `HFGEN_PYTHON`; where neither is given into `$VIRTUAL_ENV`, `.venv` and \
               `venv` of the project, and that of `hfgen env`. Name another place, which may be an \
               unpacked wheel:\n\n```sh\npip download --no-deps transformers==5.23.0\nunzip -q transformers-5.23.0-*.whl \
               -d /tmp/tf\nhfgen sync --package /tmp/tf/transformers\n```",
    },
    Code {
        id: MISSING_FILE,
        name: "missing-file",
        summary: "the transformers package lacks a file that sync needs",
        page: "The model types stand in `models/auto/configuration_auto.py`, the tasks in \
               `models/auto/modeling_auto.py`. Without them there are no facts, so nothing is written. The package is \
               cut off, or it isn't transformers: install it again.",
    },
    Code {
        id: UNREADABLE_PYTHON,
        name: "unreadable-python",
        summary: "a Python file can't be read or parsed",
        page: "The file isn't UTF-8 or isn't valid Python. Nothing is written, since the lock would lose the facts of \
               that file. An installed package that was edited or cut off is the usual cause: install it again. In a \
               worker project it is a warning: the file doesn't count as the module of its type.",
    },
    Code {
        id: UNREADABLE_MAPPING,
        name: "unreadable-mapping",
        summary: "an auto mapping has a shape that can't be read without running it",
        page: "The mappings are literal tables, with a few known ways of adding to them (`.update({...})`, \
               `OrderedDict(**{...}, **X)`). This one has another shape and is left out. \
               A new transformers may need a new hfgen.",
    },
    Code {
        id: MISSING_CLASS,
        name: "missing-class",
        summary: "a mapping names a class that no file of the package defines",
        page: "A mapping of transformers names a class, and no file of the package defines it. The model type stays in \
               the lock without that class. Upstream has had such slips; a package that was cut off shows many of them.",
    },
    Code {
        id: NO_WORKER,
        name: "no-worker",
        summary: "the worker project holds no hf_<type>.py",
        page: "`--worker DIR` names a checkout whose model modules are files `hf_<type>.py`, in the folder itself or \
               in a folder `skillset/` below it. None was found.",
    },
    Code {
        id: WORKER_CLASS,
        name: "worker-class",
        summary: "a worker module doesn't define the class that its name promises",
        page: "`hf_bert.py` is loaded for its class `hf_bert`. A file without it can't be loaded by the worker, so it \
               doesn't count as the module of that type.",
    },
    Code {
        id: WORKER_TWICE,
        name: "worker-twice",
        summary: "two worker modules stand for one model type",
        page: "The same `hf_<type>.py` was found in two folders below the checkout. The first in order of path counts. \
               Name the folder that is meant with `--worker`.",
    },
    Code {
        id: WORKER_UNKNOWN,
        name: "worker-unknown",
        summary: "a worker module stands for no model type of this transformers",
        page: "The file's name is `hf_` and a model type, with `-` and `.` as `_`: `hf_gpt_neo.py` for `gpt-neo`. This \
               one fits no type of the transformers that was read. It may be a helper, a type of another version, or a \
               slip in the name.",
    },
    Code {
        id: PROBE_PYTHON,
        name: "probe-python",
        summary: "the Python that probes can't be started, or ended by itself",
        page: "`hfgen probe` starts a Python that imports torch and transformers once and runs each model type in a process of \
its own. This Python did not start, or ended before all was done, or its answer could not be read.\n\n\
**What to do.** Try the Python that the finding names with `python -c \"import torch, transformers\"`. Answers that had \
come are kept; the next `hfgen probe` goes on from there.",
    },
    Code {
        id: PROBE_LIBRARY,
        name: "probe-library",
        summary: "the Python that probes lacks torch or transformers",
        page: "A probe runs real models, so its Python needs torch and transformers.\n\n\
**What to do.** Activate the environment that has them, or name its Python: `hfgen probe --python .venv/bin/python`. \
Building tests needs neither: the facts that were proven stand in `registry.lock`.",
    },
    Code {
        id: NOT_PROVEN,
        name: "not-proven",
        summary: "a class does not run, and nothing says why",
        page: "The probe found no tiny configuration and inputs with which this class runs, and `registry.toml` holds no cause. \
Its tests are generated, and skipped with the error as their reason.\n\n\
**What to do.** Say what it needs: fields under `tiny`, tensors under `inputs`, hints for the search. Where it can't run at \
all, say why for people:\n\n\
```toml\n[[model.dinat.skip]]\ncheck = \"forward\"\nreason = \"needs the compiled kernel natten\"\n```",
    },
    Code {
        id: NEEDLESS_CAUSE,
        name: "needless-cause",
        summary: "a class runs, and the registry says why it can't",
        page: "A `[[model.x.skip]]` or `[[model.x.xfail]]` with `check = \"builds\"` or `\"forward\"` names a class, and the \
probe has run that class. The entry keeps its checks from being run.\n\n\
**What to do.** Take the entry away and build. Where the class runs on this machine only, because a library is here that \
others lack, write a skip with its `hardware`, or let the check say which library it needs.",
    },
    Code {
        id: PROVEN_STALE,
        name: "proven-stale",
        summary: "proven facts are of other sources, rules or versions than those of now",
        page: "What `hfgen probe` finds depends on the sources of a model type (by meaning), on the rules that reach it, on \
its part of `registry.toml`, on the versions of torch and transformers, and on the search itself. One of these has \
changed. The older facts stay in `registry.lock` and tests are built from them: they may be right still, and a test that \
fails says where they aren't.\n\n\
**What to do.** `hfgen probe` probes what is out of date, and nothing else. `hfgen probe --dry-run --why` says what that is \
and why.",
    },
];
