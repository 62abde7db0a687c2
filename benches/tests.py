#!/usr/bin/env python3
"""Times `hfgen test` beside what else runs the same generated tests: pytest one process a file, and pytest-xdist.

The files of all model types, fast tier, CPU: first from nothing, then with nothing changed. On a sample of evenly spread
files, in the same run: hfgen from nothing, `pytest FILE` one process a file (one after the other, and as many at a time as
hfgen runs), `pytest -n`. Peak memory is that of the whole tree of processes, shared pages counted once (PSS). Where the
contenders do not agree on what passed, that is said. `pytest -n` keeps what it has imported and built: over all files it
needs more than 22 GB, so that `--xdist-all PARTS` runs it over one part of them after the other. HF's own tests of single
models are in neither the wheel nor the source package of transformers; `--hf-tests DIR` names the folder `tests` of a
checkout of the same version.

The Python needs torch, transformers and pytest; pytest-xdist is installed from PyPI into a cache folder of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import machine
from clock import ENVIRONMENT
from project import Project

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hfgen"
XDIST = ["pytest-xdist==3.8.0", "execnet"]
# Two files at a time on two cores: more threads in each are only in each other's way.
THREADS = "OMP_NUM_THREADS"
TORCH = {THREADS: "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "HFGEN_HARDWARE": "cpu"}
OPTIONS = ["-q", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
LOOK = 0.5
HFGEN, AGAIN = "hfgen test, from nothing", "hfgen test, nothing changed"
SAMPLE, ALL, OWN = "sample", "all", "HF's types"
HF_TYPES = [
    "bert", "gpt2", "t5", "vit", "whisper", "llava", "llama", "clip", "wav2vec2", "mixtral", "bart", "roberta", "qwen2",
    "detr", "swin", "mamba2", "gemma2", "deberta", "convnext", "blip",
]  # fmt: skip


@dataclass
class Taken:
    """What one contender took."""

    name: str
    scope: str
    files: int
    seconds: float
    peak_mb: float
    passed: int
    failed: int
    note: str = ""

    def a_file(self) -> float:
        return self.seconds / max(1, self.files)


class Memory:
    """The most memory that the processes below this one held at a time."""

    def __init__(self) -> None:
        self.peak, self.over = 0.0, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def most(self) -> float:
        self.over.set()
        self.thread.join()
        return self.peak

    def look(self) -> None:
        while not self.over.wait(LOOK):
            self.peak = max(self.peak, sum(shared_out(pid) for pid in below(os.getpid())))


def below(pid: int) -> Iterator[int]:
    """All descendants of a process."""
    try:
        children = Path(f"/proc/{pid}/task").glob("*/children")
        found = [int(word) for child in children for word in child.read_text().split()]
    except OSError:
        return
    for child in found:
        yield child
        yield from below(child)


def shared_out(pid: int) -> float:
    """Megabytes of a process, of shared pages its share."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) / 1000 if found else 0.0


def timed(name: str, scope: str, files: int, run: Callable[[], tuple[int, int]], note: str = "") -> Taken:
    memory = Memory()
    start = time.perf_counter()
    passed, failed = run()
    seconds = time.perf_counter() - start
    note = note or ("" if passed + failed else "did not come to its end")
    taken = Taken(name, scope, files, round(seconds, 1), round(memory.most()), passed, failed, note)
    said = f"{name}, {scope}: {taken.seconds} s for {files} files, {taken.peak_mb} MB, {passed} passed, {failed} failed"
    print(said, flush=True)
    return taken


class Bench:
    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options = options
        self.project = Project.copied(options.hfgen, ROOT, folder / "project")
        self.project.build()
        self.generated = self.project.folder / "generated"
        self.env = {**ENVIRONMENT, **TORCH}

    def files(self) -> list[str]:
        """Every file of tests of a model type that runs on torch, in order of name."""
        return sorted(path.name for path in self.generated.glob("test_hf_*.py"))

    def sample(self) -> list[str]:
        """Files that are spread evenly over all."""
        files = self.files()
        count = min(self.options.sample, len(files))
        return [files[number * len(files) // count] for number in range(count)]

    def forget(self) -> None:
        (self.project.folder / ".hfgen-cache" / "results.jsonl").unlink(missing_ok=True)

    def hfgen(self, *more: str) -> tuple[int, int]:
        options = self.options
        words = [
            "test",
            "--python",
            options.python,
            "--jobs",
            str(options.jobs),
            "--hardware",
            "cpu",
            "--format",
            "json",
        ]
        command = [str(options.hfgen), *words, *more]
        done = subprocess.run(
            command, cwd=self.project.folder, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 1):
            raise SystemExit(f"hfgen test ended with {done.returncode}: {done.stderr[-2000:]}")
        tests = json.loads(done.stdout)["summary"]["tests"]
        return tests["passed"], tests["failed"] + tests["error"] + tests["crashed"]

    def pytest(self, *more: str, folder: Path | None = None, threads: str = "1", **environment: str) -> tuple[int, int]:
        command = [self.options.python, "-m", "pytest", *OPTIONS, *more]
        env = {**self.env, **environment, THREADS: threads}
        folder = folder or self.project.folder
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        return counts(done.stdout)

    def one_process_a_file(self, files: list[str], jobs: int) -> tuple[int, int]:
        with ThreadPoolExecutor(jobs) as pool:
            return together(pool.map(lambda file: self.pytest(f"generated/{file}"), files))

    def xdist(self, files: list[str], folder: Path | None = None, threads: str = "1") -> tuple[int, int]:
        words = ["-p", "xdist", "-n", str(self.options.jobs), "--dist", "loadfile"]
        return self.pytest(*words, *files, folder=folder, threads=threads, PYTHONPATH=str(xdist(self.options.python)))

    def xdist_in_parts(self, files: list[str], parts: int) -> tuple[int, int]:
        size = -(-len(files) // parts)
        return together(self.xdist(files[start : start + size]) for start in range(0, len(files), size))

    def rows(self) -> Iterator[Taken]:
        files, sample, jobs = self.files(), self.sample(), self.options.jobs
        paths = [f"generated/{file}" for file in sample]
        self.forget()
        yield timed(HFGEN, SAMPLE, len(sample), lambda: self.hfgen(*paths))
        yield timed(AGAIN, SAMPLE, len(sample), lambda: self.hfgen(*paths))
        # What torch takes where nobody tells it otherwise: as many threads as there are cores, in each process.
        cores = str(os.cpu_count())
        plain = lambda: self.xdist(paths, threads=cores)
        yield timed(f"pytest -n {jobs}, as it comes: {cores} threads each", SAMPLE, len(sample), plain)
        yield timed(f"pytest -n {jobs}, one thread each", SAMPLE, len(sample), lambda: self.xdist(paths))
        for at_once in dict.fromkeys([jobs, 1]):
            name = f"pytest, one process a file, {at_once} at a time"
            yield timed(name, SAMPLE, len(sample), lambda at_once=at_once: self.one_process_a_file(sample, at_once))
        if self.options.hf_tests:
            yield from self.own_tests(self.options.hf_tests.resolve())
        if not self.options.sample_only:
            self.forget()
            everything = [f"generated/{file}" for file in files]
            yield timed(HFGEN, ALL, len(files), lambda: self.hfgen(*everything))
            yield timed(AGAIN, ALL, len(files), lambda: self.hfgen(*everything))
            parts = self.options.xdist_all
            if parts:
                note = "" if parts == 1 else f"in {parts} parts, one after the other"
                run = lambda: self.xdist_in_parts(everything, parts)
                yield timed(f"pytest -n {jobs}, one thread each", ALL, len(files), run, note)

    def own_tests(self, tests: Path) -> Iterator[Taken]:
        """HF's own tests of some model types, and the generated ones of the same."""
        there = [name for name in HF_TYPES if (tests / "models" / name / f"test_modeling_{name}.py").is_file()]
        theirs = [f"tests/models/{name}/test_modeling_{name}.py" for name in there]
        ours = [f"generated/test_hf_{name}.py" for name in there]
        note = "other tests than the generated ones"
        run = lambda: self.xdist(theirs, folder=tests.parent)
        yield timed(f"HF's own tests, pytest -n {self.options.jobs}", OWN, len(there), run, note)
        self.forget()
        yield timed(HFGEN, OWN, len(there), lambda: self.hfgen(*ours))


def together(said: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """What several runs passed and failed."""
    passed, failed = zip(*said, strict=True)
    return sum(passed), sum(failed)


def counts(said: str) -> tuple[int, int]:
    """What pytest's last line says: `3 failed, 84 passed, 2 skipped in 9.8s`."""
    last = next((line for line in reversed(said.splitlines()) if " in " in line), "")
    of = lambda word: sum(int(number) for number in re.findall(rf"(\d+) {word}", last))
    return of("passed"), of("failed") + of("error")


def xdist(python: str) -> Path:
    """pytest-xdist, beside the Python's own packages."""
    folder = CACHE / "bench-xdist"
    if not (folder / "xdist").is_dir():
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), *XDIST]
        subprocess.run(command, check=True)
    return folder


def markdown(rows: list[Taken], taken: dict) -> str:
    """A table, and how many times faster hfgen is on the same files."""
    lines = [
        f"{taken['cpu']}, {taken['jobs']} at a time, {taken['system']}; {taken['hfgen']}, {taken['versions']}",
        "",
        "| | | files | seconds | a file | peak memory, MB | passed | failed | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row.name, row.scope, f"{row.files:,}", f"{row.seconds:,}", f"{row.a_file():.2f} s", f"{row.peak_mb:,}"]
        lines.append("| " + " | ".join([*cells, f"{row.passed:,}", f"{row.failed:,}", row.note]) + " |")
    lines.append("")
    for scope in (SAMPLE, ALL):
        same = [row for row in rows if row.scope == scope]
        ours = next((row for row in same if row.name == HFGEN), None)
        lines += [compared(ours, row) for row in same if ours and row.name.startswith("pytest")]
    if not any(row.scope == OWN for row in rows):
        lines.append("HF's own tests: not had (neither the wheel nor the source package of transformers holds them).")
    return "\n".join(lines) + "\n"


def compared(ours: Taken, theirs: Taken) -> str:
    """How many times faster hfgen is than another, and whether both tell the same."""
    times = f"{theirs.seconds / max(0.1, ours.seconds):.1f} x"
    if not theirs.passed + theirs.failed:
        return (
            f"{ours.scope.capitalize()}: hfgen test is more than {times} as fast as `{theirs.name}`, which did not end."
        )
    line = f"{ours.scope.capitalize()}: hfgen test is {times} as fast as `{theirs.name}`."
    if (theirs.passed, theirs.failed) == (ours.passed, ours.failed):
        return line
    there = f"{theirs.passed} passed and {theirs.failed} failed there"
    return f"{line} They don't agree: {there}, {ours.passed} and {ours.failed} with hfgen."


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hfgen", type=Path, default=ROOT / "target/release/hfgen", help="the binary to measure")
    parser.add_argument("--python", default=sys.executable, help="a Python with torch, transformers and pytest")
    parser.add_argument("--sample", type=int, default=40, metavar="N", help="files on which all are compared [40]")
    parser.add_argument("--sample-only", action="store_true", help="leave out the run of all files")
    parser.add_argument(
        "--xdist-all", type=int, metavar="PARTS", help="run all files with pytest-xdist, too, in PARTS runs"
    )
    parser.add_argument("--jobs", type=int, default=2, help="files at a time [2]")
    parser.add_argument("--hf-tests", type=Path, metavar="DIR", help="`tests` of a checkout of transformers")
    parser.add_argument("--out", type=Path, help="where tests.json and TESTS.md go [default: printed only]")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    options.hfgen = options.hfgen.resolve()
    # Not resolved: a link into another environment's Python would lose this one's packages.
    options.python = str(Path(options.python).absolute())
    if not options.hfgen.is_file():
        print("no hfgen there: run `cargo build --release`, or name a binary with --hfgen", file=sys.stderr)
        return 2
    script = "import torch, transformers; print('torch', torch.__version__, 'transformers', transformers.__version__)"
    taken = {
        **machine.described(),
        "jobs": options.jobs,
        "hfgen": machine.said(str(options.hfgen), "--version"),
        "versions": machine.said(options.python, "-c", script),
    }
    if not taken["versions"]:
        print(f"{options.python} has no torch or no transformers: name another one with --python", file=sys.stderr)
        return 2
    xdist(options.python)
    CACHE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="hfgen-bench-", dir=CACHE)).resolve()
    try:
        rows = list(Bench(options, folder).rows())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    page = markdown(rows, taken)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "tests.json").write_text(
            json.dumps({"taken": taken, "rows": [asdict(row) for row in rows]}, indent=1) + "\n"
        )
        (options.out / "TESTS.md").write_text(page)
    print("\n" + page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
