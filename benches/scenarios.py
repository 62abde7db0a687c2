"""What is measured: each scenario with its contenders, the counts it must show, and its aim."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import synthetic
from clock import Series, difference, ratio, timed
from machine import wait_quiet
from peer import PARTIALS, TEMPLATES, Peer
from project import TICK, Project, WrongCount

# Every sixth output of the plan, about: the template that comes nearest is taken.
SIXTH = 1 / 6
# Model types of the enlarged project.
MANY = 5000
REAL = "the real project"
# Something of a model's own that reaches its test whatever the facts say of it.
SKIP = '\n[[model.bert.skip]]\ncheck = "padding"\nreason = "round {}"\n'


@dataclass
class Contender:
    """One program in one scenario. `prepare` makes what it finds, outside the clock, before every run."""

    name: str
    command: list[str]
    folder: Callable[[], Path]
    prepare: Callable[[], None] = lambda: None
    exits: tuple[int, ...] = (0,)
    steps: int | None = None
    """How many outputs it made again, where that is no count of hfgen's."""


@dataclass
class Aim:
    """What was aimed at. `figure` takes the row's series by contender and gives the number that `limit` bounds."""

    text: str
    figure: Callable[[dict[str, Series]], float | None]
    limit: float


@dataclass
class Scenario:
    name: str
    contenders: list[Contender]
    aims: list[Aim] = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    """What the build reported in runs that were counted and not timed."""
    runs: int = 15
    note: str = ""


def median(name: str) -> Callable[[dict[str, Series]], float | None]:
    return lambda series: series[name].figures()["median_ms"] if name in series else None


def against(ours: str, theirs: str) -> Callable[[dict[str, Series]], float | None]:
    return lambda series: ratio(series[ours], series[theirs]) if theirs in series else None


def on_top(ours: str, theirs: str) -> Callable[[dict[str, Series]], float | None]:
    return lambda series: difference(series[ours], series[theirs])


def peak(name: str) -> Callable[[dict[str, Series]], float | None]:
    return lambda series: series[name].figures()["peak_mb"]


def measured(scenario: Scenario, patience: float) -> dict[str, Series]:
    """Runs the contenders in turn, A B A B: what disturbs the machine for a while disturbs all of them."""
    series = {contender.name: Series() for contender in scenario.contenders}
    for _ in range(scenario.runs):
        for contender in scenario.contenders:
            contender.prepare()
            quiet = wait_quiet(patience)
            series[contender.name].samples.append(timed(contender.command, contender.folder(), quiet, contender.exits))
    return series


def must(what: str, counts: dict, **wanted: int) -> dict:
    """Fails where a count is another than it must be."""
    wrong = {name: counts[name] for name, value in wanted.items() if counts[name] != value}
    if wrong:
        raise WrongCount(f"{what}: {wrong}, but should be { ({name: wanted[name] for name in wrong}) }")
    return counts


class Bench:
    """All scenarios on one file system."""

    def __init__(self, hfgen: Path, ninja: Path | None, source: Path, folder: Path, scale: float):
        self.hfgen, self.ninja, self.source, self.folder, self.scale = hfgen, ninja, source, folder, scale
        self.project = Project.copied(hfgen, source, folder / "project")
        self.project.build()
        self.project.settle()
        self.planned = self.project.build()["planned"]
        self.peer = None
        if ninja:
            self.peer = Peer(ninja, folder / "peer", self.project.outputs())
            self.peer.build()

    def runs(self, number: int) -> int:
        return max(3, round(number * self.scale))

    def makers(self) -> list[Callable[[], Scenario]]:
        """Each makes its scenario when its turn comes, so that it finds the project as it needs it."""
        return [
            self.start,
            self.nothing,
            self.touched_input,
            self.touched_inputs,
            self.touched_output,
            self.override,
            self.section,
            self.template,
            self.base,
            self.unread,
            self.comment,
            self.rule_comment,
            self.template_comment,
            self.cold,
            self.switched,
            self.many,
            self.many_nothing,
        ]

    # Contenders ---------------------------------------------------------------------------------------------------

    def ours(self, prepare: Callable[[], None] = lambda: None, name: str = "hfgen") -> Contender:
        def prepared() -> None:
            prepare()
            time.sleep(TICK)

        return Contender(name, self.project.command("build", "-qq"), lambda: self.project.folder, prepared)

    def theirs(self, prepare: Callable[[Peer], None] = lambda peer: None) -> list[Contender]:
        if self.peer is None:
            return []
        peer = self.peer

        def prepared() -> None:
            prepare(peer)
            time.sleep(TICK)

        prepare(peer)
        before = peer.stamps()
        peer.build()
        steps = sum(old != new for old, new in zip(before, peer.stamps(), strict=True))
        return [Contender("ninja", peer.command(), lambda: peer.folder, prepared, steps=steps)]

    def program(self, name: str, *command: str) -> list[Contender]:
        found = shutil.which(command[0])
        return [Contender(name, [found, *command[1:]], lambda: self.folder)] if found else []

    def edits(self, edit: Callable[[], None]) -> Callable[[], None]:
        """An edit on top of a project that has nothing to do."""

        def prepare() -> None:
            self.project.settle()
            edit()

        return prepare

    # Scenarios ----------------------------------------------------------------------------------------------------

    def start(self) -> Scenario:
        contenders = [Contender("hfgen", self.project.command("--version"), lambda: self.folder)]
        contenders += self.program("/bin/true", "true")
        if self.ninja:
            contenders.append(Contender("ninja", [str(self.ninja), "--version"], lambda: self.folder))
        return Scenario("process start (`--version`)", contenders, runs=self.runs(31))

    def nothing(self) -> Scenario:
        must("nothing to do", counts := self.project.build(), hashed=0, parsed=0, rendered=0, restored=0, written=0)
        aims = [
            Aim("at most 0.8 x ninja", against("hfgen", "ninja"), 0.8),
            Aim("at most 0.8 x n2, with n2 taken as 0.8 x ninja", against("hfgen", "ninja"), 0.64),
        ]
        return Scenario("nothing to do", [self.ours(), *self.theirs()], aims, counts, self.runs(41))

    def touched_input(self) -> Scenario:
        touch = lambda: self.project.touch("templates/base.py.hbs")
        touch()
        must("one input touched", counts := self.counted(), hashed=1, rendered=0, restored=0, written=0)
        contenders = [
            self.ours(touch),
            self.ours(name="nothing to do"),
            *self.theirs(lambda peer: peer.touch(TEMPLATES[0])),
        ]
        aims = [Aim("at most 2 ms on top of nothing to do", on_top("hfgen", "nothing to do"), 2.0)]
        return Scenario("one input touched, not changed", contenders, aims, counts, self.runs(21))

    def touched_inputs(self) -> Scenario:
        inputs = self.project.inputs()
        touch = lambda: self.project.touch(*inputs)
        touch()
        must("all inputs touched", counts := self.counted(), hashed=len(inputs), rendered=0, restored=0, written=0)
        contenders = [
            self.ours(touch),
            self.ours(name="nothing to do"),
            *self.theirs(lambda peer: peer.touch(*peer.models())),
        ]
        aims = [Aim("at most 2 ms on top of nothing to do", on_top("hfgen", "nothing to do"), 2.0)]
        return Scenario(f"all {len(inputs)} inputs touched", contenders, aims, counts, self.runs(9))

    def touched_output(self) -> Scenario:
        output = str(self.project.outputs()[0].relative_to(self.project.folder))
        touch = lambda: self.project.touch(output)
        touch()
        must("one output touched", counts := self.counted(), hashed=1, rendered=0, restored=0, written=0)
        contenders = [
            self.ours(touch),
            self.ours(name="nothing to do"),
            *self.theirs(lambda peer: peer.touch("out/o0")),
        ]
        aims = [Aim("at most 2 ms on top of nothing to do", on_top("hfgen", "nothing to do"), 2.0)]
        return Scenario("one output touched, not changed", contenders, aims, counts, self.runs(21))

    def override(self) -> Scenario:
        """Of bert in registry.toml: a check that it skips, with a reason that its test shows."""
        edit = lambda: self.project.append("registry.toml", SKIP)
        edit()
        counts = self.counted()
        self.reaches("one model edited", counts, 1, self.project.reached("registry.toml#model.bert"))
        contenders = [self.ours(self.edits(edit)), *self.theirs(lambda peer: peer.edit("models/m7"))]
        aims = [Aim("at most 15 ms", median("hfgen"), 15.0)]
        return Scenario("one model edited (override in registry.toml)", contenders, aims, counts, self.runs(21))

    def section(self) -> Scenario:
        """Of bert in registry.lock: the task word of its pipeline stays, its module gets another name."""
        edit = lambda: self.project.replace("registry.lock", r'^(\[model\.bert\]\nmodule = )"bert"', r'\1"bert_{}"')
        edit()
        counts = self.counted()
        self.reaches("one model edited", counts, 1, self.project.reached("registry.lock#model.bert"))
        contenders = [self.ours(self.edits(edit)), *self.theirs(lambda peer: peer.edit("models/m7"))]
        aims = [Aim("at most 15 ms", median("hfgen"), 15.0)]
        return Scenario("one model edited (section of registry.lock)", contenders, aims, counts, self.runs(21))

    def template(self) -> Scenario:
        names = [
            f"templates/family/{path.name}" for path in sorted((self.project.folder / "templates/family").glob("*.hbs"))
        ]
        reach = {name: self.project.reached(name) for name in names}
        name = min(reach, key=lambda name: abs(reach[name] - SIXTH * self.planned))
        edit = lambda: self.project.replace(name, r'(inline "about"\}\})', r"\1Round {}. ")
        edit()
        must(
            "one template edited",
            counts := self.counted(),
            rendered=reach[name],
            validated=reach[name],
            written=reach[name],
        )
        contenders = [self.ours(self.edits(edit)), *self.theirs(lambda peer: peer.edit(TEMPLATES[0]))]
        title = f"one template edited ({Path(name).name.split('.')[0]}: {reach[name]} of {self.planned})"
        return Scenario(title, contenders, [Aim("at most 70 ms", median("hfgen"), 70.0)], counts, self.runs(15))

    def base(self) -> Scenario:
        name = "templates/base.py.hbs"
        reach = self.project.reached(name)
        edit = lambda: self.project.append(name, "\n# Round {}.\n")
        edit()
        must("the base template edited", counts := self.counted(), rendered=reach, validated=reach, written=reach)
        contenders = [self.ours(self.edits(edit)), *self.theirs(lambda peer: peer.edit(PARTIALS[0]))]
        title = f"the base template edited ({reach} of {self.planned})"
        return Scenario(title, contenders, [], counts, self.runs(7))

    def unread(self) -> Scenario:
        """A configuration field of bert that no template reads: the facts change, no output does."""
        pattern = r"^(\[model\.bert\.config\.fields\]\n.*?initializer_range = )\S+"
        edit = lambda: self.project.replace("registry.lock", pattern, r"\g<1>0.0{}")
        edit()
        must("a field that nothing reads", counts := self.counted(), rendered=0, restored=0, written=0)
        aims = [Aim("nothing rendered", lambda _: counts["rendered"], 0)]
        return Scenario("a field that nothing reads edited", [self.ours(self.edits(edit))], aims, counts, self.runs(15))

    def comment(self) -> Scenario:
        edit = lambda: self.project.append("registry.toml", "\n# Round {}.\n")
        edit()
        must("a comment in registry.toml", counts := self.counted(), rendered=0, restored=0, written=0)
        return Scenario("a comment in registry.toml edited", [self.ours(self.edits(edit))], [], counts, self.runs(15))

    def rule_comment(self) -> Scenario:
        edit = lambda: self.project.append("rules/targets.toml", "\n# Round {}.\n")
        edit()
        must("a comment in rules", counts := self.counted(), rendered=0, restored=0, written=0)
        return Scenario("a comment in rules/ edited", [self.ours(self.edits(edit))], [], counts, self.runs(9))

    def template_comment(self) -> Scenario:
        edit = lambda: self.project.append("templates/base.py.hbs", "{{!-- Round {}. --}}")
        edit()
        must("a comment in a template", counts := self.counted(), written=0)
        note = "rendered, found equal, not written"
        return Scenario(
            "a comment in the base template edited", [self.ours(self.edits(edit))], [], counts, self.runs(7), note
        )

    def cold(self) -> Scenario:
        runs = self.runs(9)
        fresh = Fresh(self, "cold", runs + 1)
        first = Project(self.hfgen, fresh.next_ours())
        must(
            "everything from nothing",
            counts := first.build(),
            rendered=self.planned,
            validated=self.planned,
            written=self.planned,
        )
        contenders = [fresh.ours("hfgen"), *fresh.theirs(runs)]
        aims = [
            Aim("at most 600 ms", median("hfgen"), 600.0),
            Aim("peak memory under 200 MB", peak("hfgen"), 200.0),
        ]
        return Scenario("everything from nothing, validated", contenders, aims, counts, runs)

    def switched(self) -> Scenario:
        """Two states of the base template, as on two branches: both were built, one comes back."""
        name = "templates/base.py.hbs"
        self.project.append(name, "\n# Branch {}.\n")
        states = [self.project.original(name), self.project.text(name)]
        self.project.build()
        turn = 0

        def switch() -> None:
            nonlocal turn
            self.project.settle()
            self.project.write(name, states[turn % 2])
            turn += 1

        switch()
        reach = self.project.reached(name)
        must("a branch switched back", counts := self.counted(), rendered=0, restored=reach, written=reach)
        title = f"branch switched back ({reach} outputs restored)"
        return Scenario(title, [self.ours(switch)], [], counts, self.runs(7))

    @cached_property
    def big(self) -> Project:
        big = Project.copied(self.hfgen, self.source, self.folder / "many")
        # In another process: this one must stay small, or the kernel shows its memory as that of the builds.
        subprocess.run([sys.executable, synthetic.__file__, str(big.folder), str(MANY)], check=True)
        return big

    def many(self) -> Scenario:
        """Beside the real model types in the same rounds, so that the growth is that of one moment."""
        runs = 5 if self.scale >= 1 else 1
        fresh = Fresh(self, "few", runs, self.project)
        large = Fresh(self, "large", runs + 1, self.big)
        counts = Project(self.hfgen, large.next_ours()).build()
        planned = counts["planned"]
        must(f"{MANY} models", counts, rendered=planned, validated=planned, written=planned)
        growth = round(planned / self.planned, 2)
        aims = [
            Aim(
                f"no more than linear ({growth} x the outputs, 5 % for the wobble)",
                against("hfgen", REAL),
                growth * 1.05,
            ),
            Aim("peak memory under 200 MB", peak("hfgen"), 200.0),
        ]
        contenders = [large.ours("hfgen"), fresh.ours(REAL)]
        return Scenario(f"{MANY:,} models from nothing ({planned:,} outputs)", contenders, aims, counts, runs)

    def many_nothing(self) -> Scenario:
        self.big.build()
        self.big.settle()
        must("nothing to do", counts := self.big.build(), hashed=0, parsed=0, rendered=0, restored=0, written=0)
        contenders = [Contender("hfgen", self.big.command("build", "-qq"), lambda: self.big.folder)]
        aims = []
        if self.ninja:
            peer = Peer(self.ninja, self.folder / "many-peer", self.big.outputs())
            peer.build()
            time.sleep(TICK)
            contenders.append(Contender("ninja", peer.command(), lambda: peer.folder))
            aims.append(Aim("at most 0.8 x ninja", against("hfgen", "ninja"), 0.8))
        title = f"{MANY:,} models, nothing to do ({counts['planned']:,} outputs)"
        return Scenario(title, contenders, aims, counts, self.runs(21))

    # Counting -----------------------------------------------------------------------------------------------------

    def counted(self) -> dict:
        """What a build does now, once and untimed; the project is left with nothing to do."""
        time.sleep(TICK)
        counts = self.project.build()
        self.project.settle()
        return counts

    @staticmethod
    def reaches(what: str, counts: dict, least: int, most: int) -> None:
        """What can be reached is made only where a field that it reads has moved."""
        if not least <= counts["rendered"] <= most or counts["written"] != counts["rendered"]:
            raise WrongCount(
                f"{what}: {counts['rendered']} rendered, {counts['written']} written, {least} to {most} reached"
            )


class Fresh:
    """Folders in which nothing was ever built: made before the first run, so that no file was just deleted or is still
    on its way to the disk when the clock runs."""

    def __init__(self, bench: Bench, name: str, runs: int, project: Project | None = None):
        self.bench = bench
        project = project or bench.project
        self.folders = [bench.folder / name / f"hfgen-{number}" for number in range(runs)]
        for folder in self.folders:
            Project.copied(bench.hfgen, project.folder, folder)
        os.sync()
        self.at: Path = self.folders[0]
        self.command = project.command("build", "-qq")

    def next_ours(self) -> Path:
        self.at = self.folders.pop()
        return self.at

    def ours(self, name: str) -> Contender:
        def prepare() -> None:
            self.next_ours()

        return Contender(name, self.command, lambda: self.at, prepare)

    def theirs(self, runs: int) -> list[Contender]:
        peer = self.bench.peer
        if peer is None:
            return []
        folders = [peer.fresh(self.bench.folder / "cold" / f"ninja-{number}") for number in range(runs)]
        at = folders[0]

        def prepare() -> None:
            nonlocal at
            at = folders.pop()

        return [Contender("ninja", peer.command(), lambda: at, prepare)]
