"""Runs one generated test file with pytest, once without a fault and once under each that is asked for.

The file is collected once; every run after that is a fork of the process that has it all imported, so that a run costs
what its tests cost, and a crash, a hang or an `os._exit` is the outcome of the one test that did it.
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
KEYS = {"cls": "class"}  # what Python can't have as the name of a field


def run(job: dict[str, Any]) -> dict[str, Any]:
    """The records of every run of one file.

    `job`: `file`, `root` (the folder of the outputs), `runs` (each `{"fault": ID or null, "checks": [...]}`, where `*` is
    every check), `timeout` (seconds a test), `megabytes` (resident memory of a run), and where they are asked for `tier`,
    `hardware` and `green`: the tests that are known to pass. A run under a fault holds only tests that pass without:
    those, and what passed in a run without a fault before it.
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
    }


class Runs:
    """A pytest plugin that stands in for its loop over the tests: every run is a fork."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.collected: int | None = None
        self.deselected = 0
        self.error = ""
        self.collecting = 0.0
        self.done: list[dict[str, Any]] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Why a file can't be collected."""
        if report.failed and not self.error:
            self.error = last_lines(str(report.longrepr))

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
        gc.collect()
        gc.freeze()
        green = set(self.job.get("green") or [])
        for asked in self.job["runs"]:
            fault = asked["fault"]
            checks = asked["checks"]
            items = [item for item in session.items if ALL in checks or check_of(item) in checks]
            if fault is not None:
                items = [item for item in items if node_of(item) in green]
            started = time.monotonic()
            records = list(outcomes(items, fault, self.job["timeout"], self.job["megabytes"]))
            if fault is None:
                green |= {row["node"] for row in records if row["outcome"] == "passed"}
            self.done.append({"fault": fault, "seconds": round(time.monotonic() - started, 4), "records": records})
        return True


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
        from hfgen_runtime import faults, records

        recorder = records.Recorder()
        captured = Captured()
        for plugin in (recorder, captured):
            items[0].config.pluginmanager.register(plugin)
        with os.fdopen(writer, "w", encoding="utf-8") as out:
            for number, item in enumerate(items):
                before, told = faults.acted(), len(recorder.records)
                following = items[number + 1] if number + 1 < len(items) else None
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                more = {"node": node_of(item), "acted": faults.acted() - before}
                for record in recorder.records[told:]:
                    fields = {KEYS.get(name, name): value for name, value in dataclasses.asdict(record).items()}
                    row = {**fields, **more, "output": captured.of(item.nodeid)}
                    out.write(json.dumps(row) + "\n")
                out.flush()
        code = 0
    except BaseException as error:  # noqa: BLE001 - nothing may get back into the loop of the parent
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        os._exit(code)


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
