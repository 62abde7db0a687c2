"""The machine: what it is, and whether it has anything else to do. No host name, no path."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path


def busy_share(seconds: float = 0.05) -> float:
    """The share of all processors that anyone used in the last moment; 0 where nobody can say."""

    def read() -> tuple[int, int]:
        ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        return sum(ticks), ticks[3] + ticks[4]

    try:
        total, idle = read()
        time.sleep(seconds)
        total_now, idle_now = read()
    except OSError:
        return 0.0
    return 1 - (idle_now - idle) / max(1, total_now - total)


def wait_quiet(patience: float, share: float = 0.25) -> bool:
    """Waits for a quiet moment, `patience` seconds at most; says whether it came."""
    end = time.monotonic() + patience
    while busy_share() > share:
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def described() -> dict:
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def python() -> str:
    return platform.python_version()


def cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def file_system(folder: Path) -> str:
    """The kind of file system that `folder` lies on: ext4, tmpfs."""
    kind, depth = "unknown", -1
    try:
        mounts = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return kind
    for mount in mounts:
        _, at, name, *_ = mount.split(" ")
        if folder.resolve().is_relative_to(at) and len(Path(at).parts) > depth:
            kind, depth = name, len(Path(at).parts)
    return kind


def said(*command: str) -> str:
    program = shutil.which(command[0])
    if program is None:
        return ""
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
