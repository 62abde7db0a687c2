"""The project under test: a copy of the real one that can be edited, built and counted."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from clock import ENVIRONMENT

INPUTS = ["registry.toml", "registry.lock", "rules/*.toml", "templates/**/*.hbs"]
CACHE = ".hfgen-cache"
# Two writes within a tick of the kernel's clock look the same, so a stamp is believed only when it is older than that.
# An edit by a person always is; this is how long the harness waits after its own.
TICK = 0.03


class WrongCount(Exception):
    """hfgen did something else than the scenario says. Times wobble, counts don't: this one is an error."""


class Project:
    """One copy of a project, with its own outputs and cache."""

    def __init__(self, hfgen: Path, folder: Path):
        self.hfgen, self.folder, self.revision = hfgen, folder, 0
        self.originals: dict[str, str] = {}

    @classmethod
    def copied(cls, hfgen: Path, source: Path, folder: Path) -> Project:
        """The inputs of `source` in a new folder; nothing is built there."""
        for name in inputs(source):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, folder / name)
        return cls(hfgen, folder)

    def command(self, *arguments: str) -> list[str]:
        return [str(self.hfgen), *arguments]

    def asked(self, *arguments: str, exits: tuple[int, ...] = (0,)) -> dict:
        """What a command answers with `--format json`."""
        command = self.command(*arguments, "--format", "json")
        done = subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if done.returncode not in exits:
            raise WrongCount(
                f"hfgen {' '.join(arguments)}: exit {done.returncode}\n{done.stdout[:2000]}{done.stderr[:2000]}"
            )
        return json.loads(done.stdout) if done.stdout else {}

    def build(self) -> dict:
        """Builds, and says what it did: the counts, and how many outputs the plan holds."""
        summary = self.asked("build")["summary"]
        return {"planned": summary["planned"], **summary["counts"]}

    def settle(self) -> None:
        """Builds until nothing is left to do and nothing is looked at twice: the state that a person comes back to."""
        for _ in range(5):
            time.sleep(TICK)
            counts = self.build()
            if not any(counts[name] for name in ("hashed", "rendered", "restored", "written", "removed")):
                return
        raise WrongCount(f"a build of an unchanged project never has nothing to do: {counts}")

    def reached(self, *inputs: str) -> int:
        """How many outputs an input can reach, as `hfgen affected` says without building."""
        return len(self.asked("affected", *inputs)["outputs"])

    def inputs(self) -> list[str]:
        return inputs(self.folder)

    def outputs(self) -> list[Path]:
        root = re.search(r'^output = "(.+)"', self.text("registry.toml"), re.MULTILINE)
        folder = self.folder / (root.group(1) if root else "generated")
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def original(self, name: str) -> str:
        return self.originals.setdefault(name, self.text(name))

    def write(self, name: str, text: str) -> None:
        self.original(name)
        (self.folder / name).write_text(text, encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        """Puts `text`, with a number that was never there before in place of `{}`, behind the original contents."""
        self.revision += 1
        self.write(name, self.original(name) + text.replace("{}", str(1000 + self.revision)))

    def replace(self, name: str, pattern: str, text: str) -> None:
        """Puts `text`, with a new number in place of `{}`, where `pattern` first matches in the original contents."""
        self.revision += 1
        new = text.replace("{}", str(1000 + self.revision))
        changed, count = re.subn(
            pattern, lambda match: match.expand(new), self.original(name), count=1, flags=re.DOTALL | re.MULTILINE
        )
        if count != 1:
            raise WrongCount(f"nothing to edit in {name}: {pattern}")
        self.write(name, changed)

    def touch(self, *names: str) -> None:
        for name in names:
            os.utime(self.folder / name)

    def restore(self) -> None:
        """Takes all edits back and starts with a fresh cache, so that no scenario finds what another left there."""
        for name, text in self.originals.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        shutil.rmtree(self.folder / CACHE, ignore_errors=True)
        self.build()
        self.settle()


def inputs(folder: Path) -> list[str]:
    """The files that hfgen reads; what else lies around in a working tree is none of its business."""
    found = {path.relative_to(folder) for pattern in INPUTS for path in folder.glob(pattern)}
    return sorted(str(path) for path in found if not any(part.startswith(".") for part in path.parts))
