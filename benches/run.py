#!/usr/bin/env python3
"""Measures hfgen on the real project beside ninja, checks what it counts, and writes RESULTS.md and results.json.

Times are reported and never fail; a wrong count does. Needs Python 3.10, git and a release build of hfgen. ninja comes
from PyPI into a cache folder; nothing else is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import machine
import peer
import report
from clock import WrongExit
from hook import Hook
from project import WrongCount
from scenarios import Bench, measured

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hfgen"
MEMORY = Path("/dev/shm")


def main() -> int:
    options = arguments()
    hfgen = options.hfgen.resolve()
    if not hfgen.is_file():
        print("no hfgen there: run `cargo build --release`, or name a binary with --hfgen", file=sys.stderr)
        return 2
    ninja = peer.program(CACHE)
    taken = {"machine": machine.described(), "versions": versions(hfgen, ninja), **described()}
    rows, wrong = [], []
    for folder in folders(options.quick):
        try:
            work(hfgen, ninja, folder, options, taken, rows, wrong)
        except WrongCount as error:
            print(f"wrong before anything was measured: {error}", file=sys.stderr)
            return 1
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    out = options.out or (None if options.quick or options.only else ROOT / "benches")
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "results.json").write_text(
            json.dumps({"taken": taken, "rows": rows}, indent=1, ensure_ascii=False) + "\n"
        )
        (out / "RESULTS.md").write_text(report.markdown(taken, rows))
    else:
        print("\n" + report.markdown(taken, rows))
    for message in wrong:
        print(f"wrong count: {message}", file=sys.stderr)
    return 1 if wrong else 0


def work(hfgen: Path, ninja: Path | None, folder: Path, options, taken: dict, rows: list, wrong: list) -> None:
    """All scenarios in `folder`. One that counts wrong is told, and the next ones run."""
    where = machine.file_system(folder)
    scale = 0.25 if options.quick else 1.0
    bench = Bench(hfgen, ninja, ROOT, folder, scale)
    taken |= {"outputs": bench.planned, "inputs": len(bench.project.inputs())}
    wanted = lambda make: not options.only or re.search(options.only, make.__name__)
    makers = [make for make in bench.makers() if wanted(make)]
    if any(wanted(make) for make in (Hook.readme, Hook.built, Hook.built_elsewhere, Hook.not_built)):
        hook = Hook(hfgen, ROOT, folder / "repository", bench.runs(31))
        makers += [make for make in hook.makers() if wanted(make)]
    for make in makers:
        try:
            scenario = make()
            rows.append(report.row(scenario, measured(scenario, 0.0 if options.quick else options.patience), where))
            print(report.line(rows[-1]), flush=True)
        except (WrongCount, WrongExit) as error:
            wrong.append(f"{make.__name__} on {where}: {error}")
            print(f"WRONG COUNT {wrong[-1]}", file=sys.stderr, flush=True)
        finally:
            if make.__self__ is bench:
                bench.project.restore()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hfgen", type=Path, default=ROOT / "target/release/hfgen", help="the binary to measure")
    parser.add_argument(
        "--quick", action="store_true", help="a quarter of the runs, in memory only; prints, writes nothing"
    )
    parser.add_argument(
        "--only", metavar="REGEX", help="only scenarios whose method has such a name; prints, writes nothing"
    )
    parser.add_argument("--out", type=Path, help="where RESULTS.md and results.json go [default: benches/]")
    parser.add_argument(
        "--patience", type=float, default=2.0, help="seconds to wait for a quiet moment before a run [2]"
    )
    return parser.parse_args()


def folders(quick: bool) -> list[Path]:
    """A work folder on a disk and one in memory, where there is such a thing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    in_memory = [MEMORY] if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else []
    parents = in_memory or [CACHE] if quick else [CACHE, *in_memory]
    return [Path(tempfile.mkdtemp(prefix="hfgen-bench-", dir=parent)).resolve() for parent in parents]


def versions(hfgen: Path, ninja: Path | None) -> dict:
    found = {"hfgen": machine.said(str(hfgen), "--version").removeprefix("hfgen ")}
    if ninja:
        found["ninja"] = machine.said(str(ninja), "--version")
    return found | {"git": machine.said("git", "--version").removeprefix("git version "), "Python": machine.python()}


def described() -> dict:
    lock = (ROOT / "registry.lock").read_text(encoding="utf-8")
    models = re.findall(r'^\[model\.(?:"[^"]+"|[^.\]"]+)\]$', lock, re.MULTILINE)
    transformers = re.search(r'^transformers = "(.+)"', lock, re.MULTILINE)
    return {
        "models": len(models),
        "transformers": transformers.group(1) if transformers else "of an unknown version",
    }


if __name__ == "__main__":
    sys.exit(main())
