"""Finds what a model type needs to run: `run(job)` tries every class of it and says what worked, or what went wrong.

What it reports was built from the reported arguments and inputs alone, ran, was finite, and gave the same twice.
"""

from __future__ import annotations

import gc
import itertools
import json
import resource
import time
from collections.abc import Iterator, Mapping
from typing import Any

from hfgen_runtime.inputs import ROWS, SEQUENCE, tensors

from .arguments import Arguments
from .build import build, find_class
from .labels import find_labels
from .learning import unreached
from .local import local
from .measure import Measured
from .placeholders import Placeholders
from .rules import Rules
from .shrink import DIVISORS, tiny_config
from .sizes import Sizes
from .states import unconfigured
from .tree import merge


def run(job: Mapping[str, Any]) -> dict[str, Any]:
    """The facts about one model type, by class."""
    return Search(job).found()


class Search:
    """The search over all classes of one model type."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self.job, self.own = job, job.get("own") or {}
        self.rules = Rules(job["rules"].get("tiny") or [])
        self.liked: dict[str, Any] = {}
        self.tinies: dict[str, dict[str, Any]] = {}

    def found(self) -> dict[str, Any]:
        """The result of the job: what most classes share, and every class."""
        classes = self.classes()
        ran = [found for found in classes.values() if "error" not in found]
        tiny = common([found["tiny"] for found in ran]) if ran else self.fallback_tiny()
        inputs = common([found["inputs"] for found in ran]) or {}
        for found in classes.values():
            if found.get("tiny") in (None, tiny):
                found.pop("tiny", None)
            if found.get("inputs") == inputs:
                found.pop("inputs")
        result = {"type": self.job["type"], "tiny": tiny or {}, "inputs": inputs, "classes": classes}
        parts = local(self.job, result)
        return {**result, "local": parts} if parts else result

    def classes(self) -> dict[str, dict[str, Any]]:
        """Every class by its name, each with all of its facts."""
        classes: dict[str, dict[str, Any]] = {}
        for item in self.job["classes"]:
            classes[item["name"]] = self.probed(item)
            gc.collect()
        return classes

    def fallback_tiny(self) -> dict[str, Any]:
        """The tiny configuration of a type of which no class runs: whatever builds."""
        try:
            return next(self.tiny(self.own), (False, {}))[1]
        except Exception:
            return {}

    def probed(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """What was found of one class; under `error` why it did not run."""
        name = item["name"]
        above = {
            key: self.own.get(key)
            for key in ("tiny", "inputs", "hints", "drop-inputs", "widths", "tiny-drop")
            if self.own.get(key)
        }
        one = (self.own.get("class") or {}).get(name) or {}
        own = merge(above, {key: part for key, part in one.items() if key not in ("reason", "inputs")})
        own["class-inputs"] = one.get("inputs") or {}
        own["drop-inputs"] = [*above.get("drop-inputs", []), *one.get("drop-inputs", [])]
        errors: list[str] = []
        best: dict[str, Any] | None = None
        try:
            network_class = find_class(self.job["module"], name)
            for kept, tiny in self.tiny(own):
                if best is not None and kept:
                    break
                found = self.tried(item, network_class, tiny, own, errors, wary=bool(errors))
                # So narrow that what it is given no longer matters is too narrow.
                if found is not None and (best is None or deaf(found) < deaf(best)):
                    best = found
                if best is not None and not deaf(best):
                    break
        except Exception as error:
            errors.append(f"build: {said(error)}")
        if best is not None:
            return best
        ran = [error for error in errors if error.startswith("forward")]
        return {"error": (ran or errors or ["build: there is no configuration of it"])[0]}

    def tiny(self, own: Mapping[str, Any]) -> Iterator[tuple[bool, dict[str, Any]]]:
        """Tiny configurations to try, each with whether all of its widths are in proportion: all made small first, then
        with more and more of the widths as they are."""
        config_class = find_class(self.job["module"], self.job["config_class"])
        seen: list[dict[str, Any]] = []
        for keep, divisor in itertools.product((False, True), DIVISORS):
            asked = [own.get("tiny"), own.get("tiny-drop"), own.get("widths"), keep, divisor]
            key = json.dumps(asked, sort_keys=True)
            if key not in self.tinies:
                self.tinies[key] = tiny_config(config_class, self.rules, own, keep_widths=keep, divisor=divisor)
            if self.tinies[key] not in seen:
                seen.append(self.tinies[key])
                yield keep, self.tinies[key]

    def tried(
        self,
        item: Mapping[str, Any],
        network_class: Any,
        tiny: dict[str, Any],
        own: Mapping[str, Any],
        errors: list[str],
        *,
        wary: bool,
    ) -> dict[str, Any] | None:
        """One class with one tiny configuration: the facts of the first layout of inputs that it takes."""
        started = time.perf_counter()
        try:
            config_class = find_class(self.job["module"], self.job["config_class"])
            network, path = build(network_class, config_class, tiny, own.get("config"), wary=wary)
        except Exception as error:
            errors.append(f"build: {said(error)}")
            return None
        building = time.perf_counter() - started
        call = own.get("call") or "forward"
        try:
            sizes = Sizes(network.config, own.get("hints") or {})
            arguments = Arguments(network, call, sizes, own, self.job["rules"].get("input") or [])
            layouts = list(arguments.layouts(self.liked))
        except Exception as error:
            errors.append(f"forward: {said(error)}")
            return None
        for layout in layouts:
            try:
                described, sequence = self.working(network, call, arguments, layout, own)
                started = time.perf_counter()
                measured = Measured(network, call, described, sequence)
                outputs = measured.first()
            except Exception as error:
                errors.append(f"forward: {said(error)}")
                continue
            seconds = building + (time.perf_counter() - started) / 2
            self.liked.update(layout)
            labels = find_labels(
                measured, sizes, item["name"], item.get("mappings") or (), own, self.job["rules"].get("label") or []
            )
            facts: dict[str, Any] = {
                "tiny": tiny,
                "config": path or None,
                "call": own.get("call"),
                "inputs": described,
                "sequence": sequence if sequence != SEQUENCE else None,
                "labels": labels or None,
                "outputs": measured.shapes(outputs),
                "parameters": measured.parameters(),
                "seconds": float(f"{seconds:.2g}"),
                "megabytes": -(-resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 10240) * 10,
                "inert": measured.inert(outputs) or None,
                "random": measured.random(outputs) or None,
                "unreached": unreached(measured, labels) or None,
                "layers": unconfigured(measured) or None,
            }
            return {key: fact for key, fact in facts.items() if fact is not None}
        return None

    def working(
        self, network: Any, call: str, arguments: Arguments, layout: Mapping[str, Any], own: Mapping[str, Any]
    ) -> tuple[dict[str, Any], int]:
        """One layout with as many placeholders as the call wants, and its length; raises what the call raises."""
        marks = Placeholders(network, arguments.parameters, own.get("hints") or {}, ROWS)
        counts = marks.counted(layout)
        described, sequence = marks.placed(layout, counts)
        sequence = (own.get("hints") or {}).get("sequence", sequence)
        try:
            Measured(network, call, described, sequence).run(tensors(described, ROWS, sequence))
        except (ValueError, RuntimeError, IndexError) as error:
            changed = marks.corrected(counts, error)
            if changed is None:
                raise
            described, sequence = marks.placed(layout, changed)
            Measured(network, call, described, sequence).run(tensors(described, ROWS, sequence))
        return described, sequence


def deaf(facts: Mapping[str, Any]) -> int:
    """How many of its inputs a class could do without."""
    return len(facts.get("inert") or ())


def common(items: list[Any]) -> Any:
    """What most of some things are; the first of those where it is a tie."""
    texts = [json.dumps(item, sort_keys=True) for item in items]
    return max(items, key=lambda item: texts.count(json.dumps(item, sort_keys=True))) if items else None


def said(error: BaseException) -> str:
    """The kind of an error and what it says, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}".rstrip(": ")
