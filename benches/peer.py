"""ninja beside hfgen: a build of the same number of outputs with the same bytes, each a copy of its own input file.

Output i depends on one model file, one of six templates, two partials and one of six hardware files; the rule is `cp`,
so that ninja's own cost shows and not that of a renderer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from clock import ENVIRONMENT

TEMPLATES = [f"templates/t{number}" for number in range(6)]
HARDWARE = [f"hardware/h{number}" for number in range(6)]
PARTIALS = ["partials/p0", "partials/p1"]


def program(cache: Path) -> Path | None:
    """ninja's binary: from PyPI, in a virtual environment of its own below `cache`; `None` where it can't be had."""
    venv = cache / "bench-venv"
    if not binary(venv):
        print("installing ninja from PyPI into the cache ...", file=sys.stderr)
        try:
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True)
            subprocess.run([str(venv / "bin" / "pip"), "install", "--quiet", "ninja"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"ninja can't be had ({error}); its columns stay empty", file=sys.stderr)
    return binary(venv)


def binary(venv: Path) -> Path | None:
    """The real binary: older packages put a Python script of that name into `bin`, which would be timed instead."""
    found = [venv / "bin" / "ninja", *venv.glob("lib/python*/site-packages/ninja/data/bin/ninja")]
    return next((path for path in found if path.is_file() and path.read_bytes()[:2] != b"#!"), None)


class Peer:
    """One ninja project, whose model files hold what the files `contents` hold."""

    def __init__(self, ninja: Path, folder: Path, contents: list[Path]):
        self.ninja, self.folder, self.count, self.revision = ninja, folder, len(contents), 0
        folder.mkdir(parents=True)
        for name in ("models", "templates", "partials", "hardware", "out"):
            (folder / name).mkdir()
        for name in TEMPLATES + HARDWARE + PARTIALS:
            (folder / name).write_text(name)
        for number, content in enumerate(contents):
            shutil.copyfile(content, folder / model(number))
        (folder / "build.ninja").write_text(self.rules())

    def rules(self) -> str:
        lines = ["rule gen", "  command = cp $in $out", "  description = GEN $out"]
        for number in range(self.count):
            others = [TEMPLATES[number % 6], *PARTIALS, HARDWARE[number // 6 % 6]]
            lines.append(f"build out/o{number}: gen {model(number)} | {' '.join(others)}")
        return "\n".join(lines) + "\n"

    def command(self) -> list[str]:
        return [str(self.ninja), "--quiet"]

    def build(self) -> None:
        subprocess.run(self.command(), cwd=self.folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)

    def touch(self, *names: str) -> None:
        for name in names:
            os.utime(self.folder / name)

    def edit(self, name: str) -> None:
        self.revision += 1
        with open(self.folder / name, "a") as file:
            file.write(f"# revision {self.revision}\n")

    def models(self) -> list[str]:
        return [model(number) for number in range(self.count)]

    def stamps(self) -> list[int]:
        """When each output was last written; 0 where there is none."""
        outputs = [self.folder / f"out/o{number}" for number in range(self.count)]
        return [output.stat().st_mtime_ns if output.exists() else 0 for output in outputs]

    def fresh(self, folder: Path) -> Path:
        """The same project in a new folder, nothing built; the inputs are shared."""
        (folder / "out").mkdir(parents=True)
        shutil.copyfile(self.folder / "build.ninja", folder / "build.ninja")
        for name in ("models", "templates", "partials", "hardware"):
            (folder / name).symlink_to(self.folder / name)
        return folder


def model(number: int) -> str:
    return f"models/m{number}"
