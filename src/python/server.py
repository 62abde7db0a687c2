"""A prefork server: imports once, then answers each job in a forked child of its own.

Standard input: a line of settings, a line for each job, and a last line `end`; an end of input without it means that
hfgen has died. Standard output: a line that says what was imported, then a line for each job that begins and each answer.
Whatever jobs print goes to a file of the child's own, whose end comes back with the answer.

Where forking is not possible (macOS; a library that has CUDA up already; HFGEN_FORK=0), jobs run in batches: workers, each
a Python of its own, run one job after the other, and one that a job takes along is replaced.

A job may write to the file that HFGEN_JOURNAL names. Where it has, and its process died, it is given once more, with
HFGEN_DIED saying how: it goes on behind what it has written. As long as it gets further each time it may die again.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.metadata
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from typing import Any, NoReturn

ENDINGS = {signal.SIGTERM, signal.SIGHUP}
POLL = 0.1
TAIL = 4000
GRACE = 5.0
PAGE = resource.getpagesize()
BATCH = 40  # jobs that one worker runs: what a library never frees goes with it
JOURNAL, DIED, FORK = "HFGEN_JOURNAL", "HFGEN_DIED", "HFGEN_FORK"


class Child:
    """A job in its forked process."""

    def __init__(self, order: dict[str, Any], before: float = 0.0) -> None:
        self.scratch = tempfile.mkdtemp(prefix="hfgen-")  # what it leaves behind, however it ends, goes with this folder
        self.order = {**order, "env": {**(order.get("env") or {}), "TMPDIR": self.scratch}}
        self.before = before  # seconds that earlier tries took
        self.said = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed when its end was read
        self.start = time.monotonic()
        self.answer = bytearray()
        self.outcome: str | None = None  # set where it was killed: "time" or "memory"
        self.peak = 0
        self.status: int | None = None  # of wait, once it has ended
        self.usage: resource.struct_rusage | None = None
        self.pipe, self.pid = -1, 0
        self.begin()

    def begin(self) -> None:
        """Forks."""
        server, order = os.getpid(), self.order
        self.pipe, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            work(order, server, self.said.fileno(), writing)
        os.close(writing)
        with contextlib.suppress(OSError):  # the child does it too; whoever comes first
            os.setpgid(self.pid, self.pid)
        os.set_blocking(self.pipe, False)

    def over(self) -> bool:
        """Whether it has answered, has ended or was killed. It is looked at as a process, too: what it has started may
        hold its pipe open for longer than it lives."""
        ended = self.ended()
        if self.read() or ended:
            return True
        self.peak = max(self.peak, resident(self.pid))
        if time.monotonic() - self.start > self.order["seconds"]:
            self.kill("time")
        elif self.peak > self.order["megabytes"]:
            self.kill("memory")
        return self.outcome is not None

    def read(self) -> bool:
        """Takes what the child has written; whether that is all. An answer ends with a line feed."""
        while True:
            try:
                chunk = os.read(self.pipe, 1 << 16)
            except BlockingIOError:
                return self.answer.endswith(b"\n")
            if not chunk:
                return True
            self.answer += chunk

    def ended(self) -> bool:
        """Whether the process is there no more."""
        if self.status is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.status, self.usage = status, usage
        return self.status is not None

    def kill(self, outcome: str) -> None:
        """Ends the child and all that it started."""
        self.outcome = self.outcome or outcome
        for end in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                end(self.pid, signal.SIGKILL)

    def done(self) -> dict[str, Any]:
        """What came of it, once it is over. Nothing of it is left behind."""
        grace = time.monotonic() + GRACE
        while not self.ended():
            if time.monotonic() > grace:  # it has answered and stays
                self.kill("time")
            if time.monotonic() > grace + GRACE:  # the system itself does not end it
                break
            time.sleep(0.002)
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)  # what it has started and left
        self.read()
        os.close(self.pipe)
        return self.told()

    def told(self) -> dict[str, Any]:
        """The answer, once the process is gone or has said it."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        status = self.status or 0
        peak = self.usage.ru_maxrss if self.usage else 0
        scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
        answer: dict[str, Any] = {
            "id": self.order["id"],
            "seconds": round(time.monotonic() - self.start + self.before, 3),
            "megabytes": max(self.peak, peak // scale),
            "said": self.tail(),
        }
        if self.answer.endswith(b"\n"):  # whatever became of the process: it was done
            with contextlib.suppress(ValueError):
                return {**answer, **json.loads(self.answer)}
        if self.outcome is not None:
            return {**answer, "outcome": self.outcome}
        if os.WIFSIGNALED(status):
            return {**answer, "outcome": "signal", "signal": signal_name(os.WTERMSIG(status))}
        return {**answer, "outcome": "exit", "status": os.waitstatus_to_exitcode(status)}

    def tail(self) -> str:
        """The end of what the child printed."""
        with contextlib.suppress(OSError, ValueError):
            size = self.said.seek(0, os.SEEK_END)
            self.said.seek(max(0, size - TAIL))
            text = self.said.read().decode(errors="replace")
            self.said.close()
            return text
        return ""


class Lent(Child):
    """A job in a worker."""

    def __init__(self, order: dict[str, Any], workers: Workers, before: float = 0.0) -> None:
        self.workers = workers
        super().__init__(order, before)

    def begin(self) -> None:
        """Hands the job to a worker that has none."""
        self.worker = self.workers.take()
        self.pid, self.pipe = self.worker.process.pid, self.worker.output.fileno()
        line = json.dumps({**self.order, "said": self.said.name}) + "\n"
        with contextlib.suppress(OSError):  # one that has died is found out by reading
            os.write(self.worker.input.fileno(), line.encode())

    def ended(self) -> bool:
        """Whether the worker is there no more."""
        if self.status is None:
            super().ended()
            if self.status is not None:
                self.worker.process.returncode = self.status  # nobody else waits for it
        return self.status is not None

    def done(self) -> dict[str, Any]:
        """What came of it. The worker gets the next job, unless it has gone."""
        self.read()
        if self.answer.endswith(b"\n") and self.outcome is None and self.status is None:
            self.workers.give(self.worker)
            return self.told()
        self.kill("time" if self.answer.endswith(b"\n") else self.outcome or "")
        self.outcome = self.outcome or None
        while not self.ended():
            time.sleep(0.002)
        self.worker.close()
        return self.told()


class Worker:
    """A Python that runs one job after the other."""

    def __init__(self, settings: dict[str, Any]) -> None:
        command = [sys.executable, "-u", "-c", settings["text"]]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=2, bufsize=0, start_new_session=True
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.input, self.output = self.process.stdin, self.process.stdout
        self.jobs = 0
        self.input.write((json.dumps({**settings, "worker": True}) + "\n").encode())
        line = bytearray()
        while not line.endswith(b"\n") and (byte := os.read(self.output.fileno(), 1 << 16)):
            line += byte
        self.ready: dict[str, Any] = json.loads(line) if line else {}
        os.set_blocking(self.output.fileno(), False)

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.input.close()
        self.output.close()


class Workers:
    """Those that wait for a job."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.idle: list[Worker] = []

    def take(self) -> Worker:
        """One that waits, or a new one."""
        return self.idle.pop() if self.idle else Worker(self.settings)

    def give(self, worker: Worker) -> None:
        """Takes one back; it ends where it has done its share."""
        worker.jobs += 1
        if worker.jobs < BATCH:
            self.idle.append(worker)
        else:
            worker.close()

    def close(self) -> None:
        """Ends all that wait."""
        for worker in self.idle:
            worker.close()


def signal_name(number: int) -> str:
    """`SIGSEGV`; the number where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def resident(pid: int) -> int:
    """The resident memory of a process in MB; 0 where the system does not say."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE >> 20
    except (OSError, IndexError, ValueError):
        return 0


def work(order: dict[str, Any], server: int, said: int, writing: int) -> NoReturn:
    """The child: runs the job, writes its answer, and ends without the clean-up of the parent's things."""
    status = 0
    try:
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
        end_with(server)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(said, 1)
        os.dup2(said, 2)
        # Memory is limited as what is resident, by the parent's watch: address space says nothing where a library reserves
        # gigabytes that it never touches. The limit on data is only there so that one runaway allocation fails at once
        # instead of starving the machine between two looks.
        limit = (order["megabytes"] << 20) * 4
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        text = answered(order)
        with os.fdopen(writing, "w") as file:
            file.write(text + "\n")
    except BaseException:  # noqa: BLE001 - the status is all that is left to say it with
        status = 70
    os._exit(status)


def answered(order: dict[str, Any]) -> str:
    """Does a job; its answer as JSON."""
    os.environ.update(order.get("env") or {})
    tempfile.tempdir = None  # it is asked for again, and found in TMPDIR
    if order.get("folder"):
        os.chdir(order["folder"])
    module, _, name = order["entry"].partition(":")
    try:
        answer = {"outcome": "done", "value": getattr(importlib.import_module(module), name)(order["job"])}
        text = json.dumps(answer)
    except BaseException as error:  # noqa: BLE001 - whatever a job raises is its outcome
        traceback.print_exc()
        kind = type(error).__name__
        text = json.dumps({"outcome": "raised", "error": f"{kind}: {error}" if str(error) else kind})
    sys.stdout.flush()
    sys.stderr.flush()
    return text


def work_on(orders: Orders, out: Any) -> None:
    """A worker: one job after the other, each in the environment that was there before it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    end_with(os.getppid())
    os.environ[FORK] = "0"
    environment, kept = dict(os.environ), (os.dup(1), os.dup(2))
    while not orders.ended:
        line = orders.line()
        if line is None:
            orders.more()
            continue
        order = json.loads(line)
        said = os.open(order["said"], os.O_WRONLY | os.O_APPEND)
        for number in (1, 2):
            os.dup2(said, number)
        os.close(said)
        text = answered(order)
        for number, before in zip((1, 2), kept, strict=True):
            os.dup2(before, number)
        os.environ.clear()
        os.environ.update(environment)
        print(text, file=out, flush=True)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Puts off what ends the server: between the fork of a child and the moment from which it is known, the child would
    be left behind."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with(server: int) -> None:
    """Asks the system to end this process when the server dies, where the system can."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != server:  # it died before it was asked
        os._exit(0)


def ready(settings: dict[str, Any]) -> dict[str, Any]:
    """Imports what every job needs; the versions of what was found, and why the rest was not."""
    sys.path[:0] = settings["path"]
    found, missing = {}, {}
    for name in settings["imports"]:
        try:
            module = importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - a broken library may raise anything
            missing[name] = f"{type(error).__name__}: {error}".splitlines()[0]
        else:
            found[name] = getattr(module, "__version__", None) or ""
    python = sys.version.split()[0]
    return {"python": python, "found": found, "missing": missing, "loaded": loaded(settings.get("package"))}


def loaded(package: str | None) -> list[str]:
    """The files of a package that were loaded, relative to it."""
    root = os.path.dirname(getattr(sys.modules.get(package or ""), "__file__", None) or "")
    if not root:
        return []
    modules = [module for name, module in list(sys.modules.items()) if name.split(".")[0] == package]
    files = {str(getattr(module, "__file__", None) or "") for module in modules}
    return sorted(os.path.relpath(file, root).replace(os.sep, "/") for file in files if file.startswith(root))


def may_fork() -> bool:
    """Whether a fork of this process could do its work."""
    if os.environ.get(FORK) == "0" or sys.platform == "darwin" or not hasattr(os, "fork"):
        return False
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    return cuda is None or not cuda.is_initialized()


class Orders:
    """The lines of standard input, read without waiting longer than told."""

    def __init__(self) -> None:
        self.buffer, self.ended, self.lost = bytearray(), False, False

    def next(self) -> dict[str, Any] | None:
        """The next job that has already come."""
        while not self.ended:
            line = self.line()
            if line is not None:
                self.ended = line.strip() == b"end"
                return None if self.ended else json.loads(line)
            if not select.select([0], [], [], 0)[0]:
                return None
            self.more()
        return None

    def line(self) -> bytes | None:
        """The next whole line."""
        end = self.buffer.find(b"\n")
        if end < 0:
            return None
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 1]
        return line

    def more(self) -> None:
        """Reads what is there; an end without `end` means that hfgen is gone."""
        chunk = os.read(0, 1 << 16)
        self.buffer += chunk
        if not chunk:
            self.ended = self.lost = True


def main() -> None:
    """Serves until the last job is answered."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what imports print must not stand between the answers
    orders = Orders()
    while (line := orders.line()) is None:
        if orders.ended:
            return
        orders.more()
    settings = json.loads(line)
    workers = None
    if settings.get("worker"):
        print(json.dumps(ready(settings)), file=out, flush=True)
        return work_on(orders, out)
    forks = may_fork()
    if forks:
        print(json.dumps(ready(settings)), file=out, flush=True)
        # What is alive now stays alive: a collection in a child would only copy its pages.
        gc.collect()
        gc.freeze()
    if not may_fork():  # asked again: what was imported may have brought CUDA up
        workers = Workers(settings)
        if not forks:
            workers.idle.append(Worker(settings))
            print(json.dumps(workers.idle[0].ready), file=out, flush=True)
    children: list[Child] = []
    # Whoever ends the server ends what it has forked, and what that has started.
    for ending in ENDINGS:
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        serve(orders, settings, children, workers, out)
    finally:
        with undisturbed():
            for child in children:
                child.kill("time")
                with contextlib.suppress(OSError):  # it was just done with
                    child.done()
            if workers is not None:
                workers.close()


def serve(orders: Orders, settings: dict[str, Any], children: list[Child], workers: Workers | None, out: Any) -> None:
    """Begins a job while there is room, and hands on what comes of each."""
    journals: dict[int, Journal] = {}

    def begin(order: dict[str, Any], before: float = 0.0) -> None:
        with undisturbed():
            children.append(Child(order, before) if workers is None else Lent(order, workers, before))

    while not orders.lost:
        while len(children) < settings["jobs"] and (order := orders.next()) is not None:
            journal = journals[order["id"]] = Journal()
            order["env"] = {**(order.get("env") or {}), JOURNAL: journal.path, DIED: ""}
            print(json.dumps({"begun": order["id"]}), file=out, flush=True)
            begin(order)
        if not children and orders.ended:
            return
        # Standard input is listened to even behind `end`: that it ends is how hfgen's death is heard of.
        readable = select.select([0, *(child.pipe for child in children)], [], [], POLL)[0]
        if 0 in readable:
            orders.more()
        for child in [child for child in children if child.over()]:
            answer = child.done()
            children.remove(child)
            journal = journals[child.order["id"]]
            if answer["outcome"] not in ("done", "raised") and journal.grew():
                child.order["env"][DIED] = died(answer, child.order)
                begin(child.order, answer["seconds"])
                continue
            journal.close()
            print(json.dumps(answer), file=out, flush=True)


class Journal:
    """A file that outlives the process of its job."""

    def __init__(self) -> None:
        number, self.path = tempfile.mkstemp(prefix="hfgen-")
        os.close(number)
        self.size = 0

    def grew(self) -> bool:
        """Whether something was written since this was asked last."""
        before, self.size = self.size, os.stat(self.path).st_size
        return self.size > before

    def close(self) -> None:
        """Removes it."""
        with contextlib.suppress(OSError):
            os.unlink(self.path)


def died(answer: dict[str, Any], order: dict[str, Any]) -> str:
    """How a process ended, in words."""
    return {
        "exit": f"ended the process with exit status {answer.get('status')}",
        "signal": f"killed by {answer.get('signal')}",
        "time": f"took longer than {order['seconds']:g} s",
        "memory": f"took more than {order['megabytes']} MB of memory",
    }[answer["outcome"]]


if __name__ == "__main__":
    main()
