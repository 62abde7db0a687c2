"""`hfgen hook run` in a git repository that commits its outputs: what a commit waits for."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from clock import ENVIRONMENT
from project import CACHE, Project, WrongCount
from scenarios import SKIP, Aim, Contender, Scenario, median

# What the hook asks git: it can't be faster than this.
STATUS = ["--no-optional-locks", "status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all"]
AUTHOR = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"]


class Hook:
    """The scenarios of the hook. The hook writes nothing, so each finds the same state in all its runs."""

    def __init__(self, hfgen: Path, source: Path, folder: Path, runs: int):
        self.runs = runs
        self.project = project = Project.copied(hfgen, source, folder)
        project.write(
            "registry.toml", project.text("registry.toml").replace("commit-outputs = false", "commit-outputs = true")
        )
        project.originals.clear()
        (folder / "README.md").write_text("A project.\n")
        project.build()
        project.settle()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git(*AUTHOR, "commit", "--quiet", "--message=All of it")
        self.before = folder.parent / f"{folder.name}-cache"
        shutil.copytree(folder / CACHE, self.before)

    def makers(self) -> list[Callable[[], Scenario]]:
        return [self.readme, self.built, self.built_elsewhere, self.not_built]

    def readme(self) -> Scenario:
        (self.project.folder / "README.md").write_text("A project, in other words.\n")
        self.stage("README.md")
        self.says(())
        aims = [Aim("at most 10 ms", median("hfgen"), 10.0)]
        return self.scenario("hook: README staged, which reaches no output", aims)

    def built(self) -> Scenario:
        self.edit()
        self.project.build()
        self.project.settle()
        self.stage("--all")
        self.says(())
        aims = [Aim("at most 20 ms", median("hfgen"), 20.0)]
        return self.scenario("hook: one model edited and built, all staged", aims)

    def built_elsewhere(self) -> Scenario:
        """The same commit where the cache knows nothing of the edit: the output is made and compared."""
        shutil.rmtree(self.project.folder / CACHE)
        shutil.copytree(self.before, self.project.folder / CACHE)
        self.says(())
        aims = [Aim("at most 20 ms", median("hfgen"), 20.0)]
        return self.scenario("hook: the same, cache from before the edit", aims)

    def not_built(self) -> Scenario:
        """The edit is staged and its output is not: the hook names it, and the commit stops."""
        self.git("reset", "--quiet", "--hard")
        self.project.restore()
        self.edit()
        self.stage("registry.toml")
        self.says(("test_hf_bert.py",))
        aims = [Aim("at most 20 ms", median("hfgen"), 20.0)]
        return self.scenario("hook: one model edited and staged, not built", aims, exits=(1,))

    def scenario(self, name: str, aims: list[Aim], exits: tuple[int, ...] = (0,)) -> Scenario:
        folder = lambda: self.project.folder
        git = shutil.which("git") or "git"
        contenders = [
            Contender("hfgen", self.project.command("hook", "run"), folder, exits=exits),
            Contender("git status", [git, *STATUS], folder),
        ]
        return Scenario(name, contenders, aims, runs=self.runs)

    def edit(self) -> None:
        text = self.project.text("registry.toml")
        (self.project.folder / "registry.toml").write_text(text + SKIP.replace("{}", "640"))

    def stage(self, *paths: str) -> None:
        self.git("add", *paths)
        # What git has just written it reads again at every look, until the index is younger than the files.
        time.sleep(1.1)
        self.git("status")
        time.sleep(0.1)

    def says(self, outputs: tuple[str, ...]) -> None:
        """The hook finds exactly these outputs at fault."""
        answer = self.project.asked("hook", "run", exits=(1,) if outputs else (0,))
        said = [finding["message"] for finding in answer.get("findings", [])]
        if len(said) != len(outputs) or not all(any(name in text for text in said) for name in outputs):
            raise WrongCount(f"the hook says {said}, but should name {list(outputs)}")

    def git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", *arguments], cwd=self.project.folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL
        )
