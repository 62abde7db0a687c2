"""Runs one generated test file with pytest, once without a fault and once under each that is asked for.

The file is collected once; every run after that is a fork of the process that has it all imported, so that a run costs
what its tests cost, and a crash, a hang or an `os._exit` is the outcome of the one test that did it.

Where forking is not possible (HFGEN_FORK=0, or CUDA is up in this process) the tests run in the process itself, which
notes in a journal what it begins and ends: when a test takes it along, the server starts the job again behind that test.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import io
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

FAULT, HARDWARE, TIER = "HFGEN_FAULT", "HFGEN_HARDWARE", "HFGEN_TIER"
OPTIONS = ("-q", "--tb=short", "--no-header", "-p", "no:cacheprovider", "-p", "no:faulthandler")
LONGEST_OUTPUT = 6_000
POLL = 0.2
ALL = "*"
RED = {"failed", "error", "crashed"}
JOURNAL, DIED, FORK = "HFGEN_JOURNAL", "HFGEN_DIED", "HFGEN_FORK"
KEYS = {"cls": "class"}  # what Python can't have as the name of a field


def run(job: dict[str, Any]) -> dict[str, Any]:
    """The records of every run of one file.

    `job`: `file`, `root` (the folder of the outputs), `runs` (each `{"fault": ID or null, "checks": [...]}`, where `*` is
    every check), `timeout` (seconds a test), `megabytes` (resident memory of a run), and where they are asked for `tier`,
    `hardware`, `green`: the tests that are known to pass, `skip`: tests whose results are known, and `retries`: how often
    a test that is red is tried again. A run under a fault holds only tests that pass without: those, and what passed in
    a run without a fault before it.
    """
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", FAULT: ""}
    if job.get("hardware"):
        environment[HARDWARE] = job["hardware"]
    if job.get("tier"):
        environment[TIER] = job["tier"]
    os.environ.update(environment)
    if job["root"] not in sys.path:
        sys.path.insert(0, job["root"])
    runs = Runs(job)
    said = io.StringIO()
    started = time.monotonic()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = int(pytest.main([*OPTIONS, "--rootdir", job["root"], job["file"]], plugins=[runs]))
    error = None
    if runs.collected is None:
        error = runs.error or last_lines(said.getvalue()) or f"pytest ended with status {status}"
    return {
        "collected": runs.collected or 0,
        "deselected": runs.deselected,
        "error": error,
        "runs": runs.done,
        "collecting": round(runs.collecting - started, 4) if runs.collecting else None,
        "seconds": round(time.monotonic() - started, 4),
        "loaded": sorted((loaded() | runs.loaded) - CORE),
    }


def loaded() -> set[str]:
    """The files of transformers that this process has loaded, relative to the package."""
    root = os.path.dirname(getattr(sys.modules.get("transformers"), "__file__", None) or "")
    modules = [module for name, module in list(sys.modules.items()) if name.split(".")[0] == "transformers"]
    files = {str(getattr(module, "__file__", None) or "") for module in modules}
    return {os.path.relpath(file, root).replace(os.sep, "/") for file in files if root and file.startswith(root)}


def rehearse() -> None:
    """What transformers does once a process, done once before any fork: it compiles the hundreds of patterns by which a
    checkpoint is converted, of whichever model."""
    if "transformers" in sys.modules:
        with contextlib.suppress(Exception):  # a release without that, or one that can't be imported
            from transformers.conversion_mapping import get_checkpoint_conversion_mapping

            get_checkpoint_conversion_mapping("bert")


rehearse()
# What every process has loaded: this module is the last that is imported before the first fork.
CORE = frozenset(loaded())


class Way(getattr(pytest, "Directory", object)):  # type: ignore[misc] # there is none before pytest 8
    """A folder on the way to a file. Of what lies in it only the next step is looked at: pytest would make a node of each
    of hundreds of files before it takes one."""

    file: Path

    def collect(self) -> Iterator[pytest.Collector]:
        """The next folder, or the file."""
        step = self.path / self.file.relative_to(self.path).parts[0]
        if step == self.file:
            yield from self.ihook.pytest_collect_file(file_path=step, parent=self)
        elif (folder := self.ihook.pytest_collect_directory(path=step, parent=self)) is not None:
            yield folder


class Runs:
    """A pytest plugin that stands in for its loop over the tests: every run is a fork."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.collected: int | None = None
        self.deselected = 0
        self.error = ""
        self.collecting = 0.0
        self.done: list[dict[str, Any]] = []
        self.loaded: set[str] = set()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Why a file can't be collected."""
        if report.failed and not self.error:
            self.error = last_lines(str(report.longrepr))

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Goes straight to the file. Packages are pytest's own business."""
        file = Path(self.job["file"]).absolute()
        if path not in file.parents or (path / "__init__.py").is_file():
            return None
        way: Way = Way.from_parent(parent, path=path)
        way.file = file
        return way

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Tests of another tier are left out before any run."""
        self.deselected += len(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """All runs, in their order."""
        if session.testsfailed:
            return None  # pytest says so itself
        self.collecting = time.monotonic()
        self.collected = len(session.items)
        warm(session.items)
        leave_logs(session)
        journal = None if may_fork() else Journal(self.job["timeout"])
        if journal is None:
            gc.collect()
            gc.freeze()
        green, skip = set(self.job.get("green") or []), set(self.job.get("skip") or [])
        for number, asked in enumerate(self.job["runs"]):
            fault = asked["fault"]
            checks = asked["checks"]
            items = [item for item in session.items if ALL in checks or check_of(item) in checks]
            items = [item for item in items if (node_of(item) in green if fault is not None else node_of(item) not in skip)]
            started = time.monotonic()
            records = self.records(items, fault, journal, f"{number}")
            if fault is None:
                for attempt in range(int(self.job.get("retries") or 0)):
                    red = {row["node"] for row in records if row["outcome"] in RED}
                    again = [item for item in items if node_of(item) in red]
                    if not again:
                        break
                    records = settled(records, self.records(again, fault, journal, f"{number}.{attempt}"), attempt + 2)
                green |= {row["node"] for row in records if row["outcome"] == "passed"}
            self.done.append({"fault": fault, "seconds": round(time.monotonic() - started, 4), "records": records})
        return True

    def records(
        self, items: list[pytest.Item], fault: str | None, journal: Journal | None, name: str
    ) -> list[dict[str, Any]]:
        """A record of every test of one run."""
        timeout, size = self.job["timeout"], self.job["megabytes"]
        if journal is not None:
            rows = list(journal.outcomes(items, fault, name))
            self.loaded |= journal.loaded
            return rows
        rows = list(outcomes(items, fault, timeout, size))
        for row in rows:
            self.loaded.update(row.pop("loaded", []))
        return rows


def leave_logs(session: pytest.Session) -> None:
    """Lets pytest gather no logs where nobody asks for them: for that it puts handlers on dozens of loggers three times a
    test. What the loggers of transformers and torch write to standard error is kept all the same."""
    config = session.config
    asked = config.getini("log_cli") or config.getini("log_file") or config.getoption("log_file", None)
    if not asked and not any("caplog" in getattr(item, "fixturenames", ()) for item in session.items):
        config.pluginmanager.unregister(name="logging-plugin")


def may_fork() -> bool:
    """Whether a fork of this process could run the tests."""
    if os.environ.get(FORK) == "0":
        return False
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda is None or not cuda.is_initialized()


def settled(rows: list[dict[str, Any]], again: list[dict[str, Any]], attempts: int) -> list[dict[str, Any]]:
    """The records after another try: what is not red this time is flaky, and keeps what was said of its failure."""
    tried = {row["node"]: row for row in again}
    red = {row["node"] for row in again if row["outcome"] in RED}
    first = {row["node"]: row for row in reversed(rows) if row["node"] in tried and row["outcome"] in RED}
    kept = []
    for row in rows:
        failure = first.get(row["node"])
        if failure is None:
            kept.append(row)
        elif row["node"] in red:
            kept.append({**row, "attempts": attempts} if row["outcome"] in RED else row)
        elif row is failure:
            kept.append({**failure, "outcome": "flaky", "attempts": attempts, "seconds": tried[row["node"]]["seconds"]})
    return kept


def check_of(item: pytest.Item) -> str:
    """The check that a test holds: its function's name without `test_`."""
    return getattr(item, "originalname", item.name).removeprefix("test_")


def node_of(item: pytest.Item) -> str:
    """The id of a test inside its file."""
    return item.nodeid.partition("::")[2]


def warm(items: list[pytest.Item]) -> None:
    """Imports the modules of the classes under test, so that no fork has to."""
    for module in {id(item.module): item.module for item in items if hasattr(item, "module")}.values():
        model = getattr(module, "MODEL", None)
        names = [getattr(model, name, None) for name in ("config_class", "model_class")]
        names += [getattr(cls, "name", None) for cls in getattr(model, "classes", [])]
        transformers = sys.modules.get("transformers")
        for name in filter(None, names):
            # What can't be imported is the finding of the tests that need it.
            with contextlib.suppress(Exception):
                getattr(transformers, str(name))


def outcomes(items: list[pytest.Item], fault: str | None, timeout: float, size: int) -> Iterator[dict[str, Any]]:
    """A record of every test. Where one takes the process with it, the tests behind it run in another fork."""
    left = list(items)
    while left:
        done, why = forked(left, fault, timeout, size)
        yield from done
        left = left[len({row["node"] for row in done}) :]
        if left and why:
            yield crashed(left.pop(0), why, timeout)


def crashed(item: pytest.Item, why: str, timeout: float) -> dict[str, Any]:
    """The record of a test that gave none."""
    seconds = timeout if why.startswith("timed out") else 0.0
    name, _, parameter = item.name.partition("[")
    return {
        "node": node_of(item),
        "file": Path(str(item.path)).name,
        "check": name.removeprefix("test_"),
        **about(item, parameter.rstrip("]")),
        "outcome": "crashed",
        "reason": why,
        "seconds": seconds,
        "acted": None,
    }


def about(item: pytest.Item, parameter: str) -> dict[str, str]:
    """The class and the hardware of a test, or its parameter."""
    callspec = getattr(item, "callspec", None)
    case = callspec.params.get("case") if callspec is not None else None
    with contextlib.suppress(Exception):
        return {"class": case.cls.name, "hardware": case.hardware.name}
    return {"case": parameter}


def forked(items: list[pytest.Item], fault: str | None, timeout: float, size: int) -> tuple[list[dict[str, Any]], str]:
    """The records that a fork gave, and how it ended, which counts where a test is missing."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        in_child(items, fault, writer)
    os.close(writer)
    rows: list[dict[str, Any]] = []
    text = b""
    why = ""
    heard = time.monotonic()
    try:
        while True:
            if not select.select([reader], [], [], POLL)[0]:
                if resident(child) > size:
                    why = f"took more than {size} MB of memory"
                elif time.monotonic() - heard > timeout:
                    why = f"timed out after {timeout:g} s"
                if why:
                    break
                continue
            heard = time.monotonic()
            chunk = os.read(reader, 1 << 16)
            if not chunk:
                break
            *lines, text = (text + chunk).split(b"\n")
            rows += [json.loads(line) for line in lines]
    finally:
        os.close(reader)
        if why:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return rows, why or died(status)


def resident(pid: int) -> int:
    """The resident memory of a process in MB; 0 where the system does not say."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() >> 20
    return 0


def died(status: int) -> str:
    """How a process ended before its last test had."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else "unknown"
        return f"killed by signal {number} ({name})"
    return f"ended the process with exit status {os.WEXITSTATUS(status)}"


def in_child(items: list[pytest.Item], fault: str | None, writer: int) -> NoReturn:
    """Runs the tests under a fault and writes a line for each; never returns."""
    code = 1
    try:
        die_with_parent()
        os.environ[FAULT] = fault or ""
        before, count = loaded(), len(sys.modules)
        with os.fdopen(writer, "w", encoding="utf-8") as out:
            for row in ran(items):
                if len(sys.modules) != count:
                    files, count = loaded(), len(sys.modules)
                    row["loaded"] = sorted(files - before)
                    before = files
                out.write(json.dumps(row) + "\n")
                out.flush()
        code = 0
    except BaseException as error:  # noqa: BLE001 - nothing may get back into the loop of the parent
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        os._exit(code)


def ran(items: list[pytest.Item]) -> Iterator[dict[str, Any]]:
    """Runs tests in this process: a record of each, or of each phase that failed."""
    for number, item in enumerate(items):
        yield from ran_one(item, items[number + 1] if number + 1 < len(items) else None)


def ran_one(item: pytest.Item, following: pytest.Item | None) -> Iterator[dict[str, Any]]:
    """Runs one test in this process; what it shares with the following one stays."""
    from hfgen_runtime import faults, records

    recorder, captured = records.Recorder(), Captured()
    plugins = (recorder, captured)
    before = faults.acted()
    for plugin in plugins:
        item.config.pluginmanager.register(plugin)
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    for plugin in plugins:
        item.config.pluginmanager.unregister(plugin)
    for record in recorder.records:
        fields = {KEYS.get(name, name): value for name, value in dataclasses.asdict(record).items()}
        more = {"node": node_of(item), "acted": faults.acted() - before}
        yield {**fields, **more, "output": captured.of(item.nodeid)}


class Journal:
    """Runs tests in this process, and notes each in a file that outlives it."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.path = Path(os.environ[JOURNAL])
        self.begun: dict[str, list[str]] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.loaded: set[str] = set()  # by the processes before this one
        self.run = ""  # the one whose tests this process runs
        for line in self.path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            self.loaded.update(entry.get("loaded", []))
            if "row" in entry:
                self.rows.setdefault(entry["run"], []).append(entry["row"])
            elif "begun" in entry:
                self.begun.setdefault(entry["run"], []).append(entry["begun"])

    def outcomes(self, items: list[pytest.Item], fault: str | None, run: str) -> Iterator[dict[str, Any]]:
        """A record of every test: those that the journal holds, one for the test that took the process along, the rest."""
        rows, begun = self.rows.get(run, []), set(self.begun.get(run, []))
        yield from rows
        told = {row["node"] for row in rows}
        for item in items:
            if node_of(item) in begun - told:
                row = crashed(item, self.why(), self.timeout)
                self.note({"run": run, "row": row})
                yield row
        os.environ[FAULT] = fault or ""
        left = [item for item in items if node_of(item) not in begun]
        if left and self.run not in ("", run):
            # What the tests of one run have built must not reach another: the server goes on in a process that is new.
            self.note({"run": run})
            os._exit(0)
        self.run = run if left else self.run
        for number, item in enumerate(left):
            self.note({"run": run, "begun": node_of(item)})
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, self.timeout)
            for row in ran_one(item, left[number + 1] if number + 1 < len(left) else None):
                self.note({"run": run, "row": row, "loaded": sorted(loaded() - CORE - self.loaded)})
                self.loaded |= loaded()
                yield row
            signal.setitimer(signal.ITIMER_REAL, 0)
        os.environ[FAULT] = ""

    def why(self) -> str:
        """How the process ended that ran before this one."""
        died = os.environ.get(DIED, "")
        return f"timed out after {self.timeout:g} s" if died == "killed by SIGALRM" else died

    def note(self, entry: dict[str, Any]) -> None:
        """Adds a line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


class Captured:
    """A pytest plugin that keeps what pytest shows of a failure."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The traceback and what the test printed."""
        if report.failed:
            sections = "".join(f"\n--- {title} ---\n{text}" for title, text in report.sections)
            self.texts[report.nodeid] = (report.longreprtext + sections)[-LONGEST_OUTPUT:]

    def of(self, node: str) -> str:
        """What is shown of one test; nothing where it did not fail."""
        return self.texts.pop(node, "")


def die_with_parent() -> None:
    """Lets the kernel end this process when its parent goes; elsewhere than on Linux the time limit does."""
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def last_lines(text: str, count: int = 12) -> str:
    """The end of a text that may be long."""
    return "\n".join(text.strip().splitlines()[-count:])[-LONGEST_OUTPUT:]
