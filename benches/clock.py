"""Times whole processes from outside: wall, user + system, peak memory. It knows nothing of what it times."""

from __future__ import annotations

import os
import resource
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

# A process sees this and nothing else, so that no setting of the person who measures reaches it.
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.environ.get("HOME", "/"),
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class WrongExit(Exception):
    """A timed process did not end as it should."""


@dataclass
class Sample:
    wall_ms: float
    cpu_ms: float
    """User and system time of the process and of all that it waited for."""
    peak_mb: float | None
    """Most memory at a time; `None` where it was less than this process had, which the kernel then reports instead."""
    quiet: bool
    """Whether the machine had little else to do when the process started."""


@dataclass
class Series:
    """The samples of one contender in one scenario."""

    samples: list[Sample] = field(default_factory=list)

    def kept(self) -> list[Sample]:
        """The quiet samples, where at least a third and three are; else all of them."""
        quiet = [sample for sample in self.samples if sample.quiet]
        return quiet if len(quiet) >= max(3, len(self.samples) / 3) else self.samples

    def figures(self) -> dict:
        kept = self.kept()
        walls = [sample.wall_ms for sample in kept]
        return {
            "median_ms": round(statistics.median(walls), 2),
            "min_ms": round(min(walls), 2),
            "max_ms": round(max(walls), 2),
            "cpu_ms": round(statistics.median(sample.cpu_ms for sample in kept), 2),
            "peak_mb": max((round(sample.peak_mb, 1) for sample in self.samples if sample.peak_mb), default=None),
            "runs": len(self.samples),
            "noisy": sum(not sample.quiet for sample in self.samples),
            "left_out": len(self.samples) - len(kept),
        }


def ratio(ours: Series, theirs: Series) -> float:
    """The median of the ratios pair by pair: what disturbs the machine for a moment disturbs both of a pair."""
    return round(statistics.median(a.wall_ms / b.wall_ms for a, b in pairs(ours, theirs)), 3)


def difference(ours: Series, theirs: Series) -> float:
    """The median of the differences pair by pair, in milliseconds."""
    return round(statistics.median(a.wall_ms - b.wall_ms for a, b in pairs(ours, theirs)), 2)


def pairs(ours: Series, theirs: Series) -> list[tuple[Sample, Sample]]:
    """Samples that were taken one after the other; only the quiet ones, where at least a third and three are."""
    found = list(zip(ours.samples, theirs.samples, strict=True))
    quiet = [(a, b) for a, b in found if a.quiet and b.quiet]
    return quiet if len(quiet) >= max(3, len(found) / 3) else found


def timed(command: list[str], folder: Path, quiet: bool, exits: tuple[int, ...] = (0,)) -> Sample:
    """Runs `command` (its program by absolute path) in `folder` with no input and its output thrown away."""
    null = os.open(os.devnull, os.O_RDWR)
    before = os.getcwd()
    os.chdir(folder)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
    try:
        start = time.perf_counter()
        pid = os.posix_spawn(command[0], command, ENVIRONMENT, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
    finally:
        os.chdir(before)
        os.close(null)
    code = os.waitstatus_to_exitcode(status)
    if code not in exits:
        raise WrongExit(f"{Path(command[0]).name} {' '.join(command[1:])}: exit {code}")
    unit = 1024 if os.uname().sysname == "Linux" else 1
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss * unit / 1e6 if usage.ru_maxrss > floor else None
    return Sample(1000 * wall, 1000 * (usage.ru_utime + usage.ru_stime), peak, quiet)
