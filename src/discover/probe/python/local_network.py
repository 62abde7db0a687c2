"""The tiny network on which the parts are tried: real inputs must run, not only be made."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from hfgen_runtime import local as runtime
from hfgen_runtime import samples
from hfgen_runtime.inputs import SEQUENCE, tensors

from .build import build, find_class
from .local_text import said

CONTENT = (
    "pixel_values",
    "pixel_values_videos",
    "input_features",
    "input_values",
    "audio_values",
    "input_ids",
    "images",
)


class Network:
    """The class of a model type that takes the most kinds of data, built when it is first needed."""

    def __init__(self, job: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        self.job, self.facts = job, found
        self.name = self.chosen()
        self.opened: tuple[Any, dict[str, Any]] | None = None

    def chosen(self) -> str | None:
        """The class with the most content among its inputs; of several the one that has a task."""
        mapped = {item["name"]: bool(item.get("mappings")) for item in self.job.get("classes") or ()}
        ran = {name: item for name, item in (self.facts.get("classes") or {}).items() if "error" not in item}

        def rank(name: str) -> tuple[int, bool, bool]:
            inputs = ran[name].get("inputs", self.facts.get("inputs") or {})
            plain = not any(word in name for word in ("MultipleChoice", "XVector", "FrameClassification"))
            return (
                sum(word in inputs for word in CONTENT),
                plain,
                mapped.get(name, False),
            )

        return max(ran, key=rank, default=None)

    def tiny(self) -> Mapping[str, Any]:
        """The arguments that make its configuration tiny."""
        facts = (self.facts.get("classes") or {}).get(self.name or "", {})
        return facts.get("tiny") or self.facts.get("tiny") or {}

    def open(self) -> tuple[Any, dict[str, Any]]:
        """The network and one row of its proven inputs."""
        if self.opened is None:
            if self.name is None:
                raise LookupError("no class of it runs")
            facts = self.facts["classes"][self.name]
            config_class = find_class(self.job["module"], self.job["config_class"])
            network, _ = build(
                find_class(self.job["module"], self.name),
                config_class,
                self.tiny(),
                facts.get("config"),
            )
            described = facts.get("inputs", self.facts.get("inputs") or {})
            call = getattr(network, facts.get("call") or "forward")
            self.opened = call, tensors(described, 1, facts.get("sequence") or SEQUENCE)
        return self.opened

    def stopped(self, encoded: Mapping[str, Any]) -> str | None:
        """Why the network does not run with real inputs, or None; None too where there is no network to try."""
        if self.name is None:
            return None
        try:
            call, proven = self.open()
            given = runtime.completed(encoded, proven, list(inspect.signature(call).parameters))
            with torch.no_grad():
                call(**given)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the reason
            return said(error)
        return None

    def problem(self, settings: Mapping[str, Any], folder: Path, kinds: Sequence[str]) -> str | None:
        """Why the network does not run with what parts make of samples, or None."""
        try:
            made = runtime.make(settings, self.job["module"], folder)
            return self.stopped(made.inputs(**{kind: sample(kind, made) for kind in kinds}))
        except Exception as error:  # noqa: BLE001 - as above
            return said(error)


def sample(kind: str, made: Any) -> Any:
    """A sample that a part of this kind can take."""
    if kind == "audio":
        return samples.sound(made.rate)
    if kind == "text":
        return (made.settings.get("tokenizer") or {}).get("sample", samples.TEXT)
    return samples.sample(kind)
