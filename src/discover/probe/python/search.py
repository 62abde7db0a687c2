"""The search: for every class of a model type a tiny configuration, inputs that its forward pass takes, what it gives.

`run(job)` answers for one model type. Everything that it reports it has built again from the report alone, by the same
code that builds it in a generated test.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import resource
import time
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from arguments import Arguments, Layout, configs, filled, layouts, value, with_placeholders
from hfgen_runtime.inputs import tensors
from hfgen_runtime.outputs import collect, not_finite
from shapes import shapes
from shrink import Rules, merge, python, tiny_config

WRONG_COUNT = re.compile(r"tokens:? *(\d+),? *features:? *(\d+)")
TEXT = 8
LARGEST_TINY_MODEL = 200_000_000


class NotProven(Exception):
    """A class could not be built or run; the text says at which stage and why."""


def run(job: Mapping[str, Any]) -> dict[str, Any]:
    """All classes of one model type; the job and the answer are described in docs/probe.md."""
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    rules, own = job["rules"], job["own"]
    shrinking = Rules(rules.get("tiny") or [])
    answer: dict[str, Any] = {"type": job["type"], "tiny": {}, "inputs": {}, "classes": {}}
    try:
        config_class = find_class(job["module"], job["config_class"])
        answer["tiny"] = tiny_config(config_class, shrinking, own)
    except Exception as error:  # noqa: BLE001 - a config class may raise anything
        for facts in job["classes"]:
            answer["classes"][facts["name"]] = {"error": f"build: {in_words(error)}"}
        return answer
    for facts in job["classes"]:
        candidate = Candidate(job, facts, config_class, shrinking, answer["tiny"])
        answer["classes"][facts["name"]] = candidate.proven()
    share_inputs(answer)
    return answer


class Candidate:
    """One class on its way to be proven."""

    def __init__(
        self, job: Mapping[str, Any], facts: Mapping[str, Any], config_class: Any, rules: Rules, tiny: dict[str, Any]
    ) -> None:
        own = job["own"]
        mine = (own.get("class") or {}).get(facts["name"]) or {}
        self.job, self.facts, self.config_class, self.shrinking, self.tiny = job, facts, config_class, rules, tiny
        self.own = {
            "inputs": {**(own.get("inputs") or {}), **(mine.get("inputs") or {})},
            "drop-inputs": [*(own.get("drop-inputs") or []), *(mine.get("drop-inputs") or [])],
            "hints": {**(own.get("hints") or {}), **(mine.get("hints") or {})},
        }
        self.mine, self.call = mine, mine.get("call") or "forward"
        self.report: dict[str, Any] = {}

    def proven(self) -> dict[str, Any]:
        """What was found; `error` where nothing was."""
        first: NotProven | None = None
        for tiny in self.configurations():
            self.report = {}
            try:
                self.attempt(tiny)
            except NotProven as error:
                first = first or error
                continue
            if tiny != self.tiny:
                self.report["tiny"] = tiny
            return self.report
        return {"error": str(first)}

    def configurations(self) -> list[dict[str, Any]]:
        """The configurations to try: the type's, then one that keeps its widths."""
        laid = dict(self.mine.get("tiny") or {})
        if "CAUSAL_LM" in self.facts["mappings"] and self.decodes_only_when_told():
            laid = {"is_decoder": True, **laid}
        found = [merge(self.tiny, laid)]
        if self.job["own"].get("widths") != "keep":
            try:
                wide = tiny_config(self.config_class, self.shrinking, {**self.job["own"], "widths": "keep"})
                found.append(merge(wide, laid))
            except Exception:  # noqa: BLE001 - then there is no such configuration
                pass
        return found

    def decodes_only_when_told(self) -> bool:
        """Whether the class is causal only where its configuration says `is_decoder`."""
        try:
            return getattr(self.config_class(), "is_decoder", None) is False
        except Exception:  # noqa: BLE001 - a config class may raise anything
            return False

    def attempt(self, tiny: dict[str, Any]) -> None:
        """Builds and runs it with one configuration; fills the report, or raises `NotProven`."""
        start = time.perf_counter()
        network = self.build(tiny)
        built = time.perf_counter() - start
        if self.call == "forward" and type(network).forward is torch.nn.Module.forward:
            raise NotProven("forward: the class has no forward()")
        inputs, sequence = self.search(network)
        start = time.perf_counter()
        self.forward(network, inputs, 2, sequence)
        ran = time.perf_counter() - start
        inputs, outputs = self.measured(network, inputs, sequence)
        if self.call != "forward":
            self.report["call"] = self.call
        self.report["inputs"] = inputs
        if sequence != TEXT:
            self.report["sequence"] = sequence
        labels = self.labels(network, inputs, sequence)
        if labels:
            self.report["labels"] = labels
        self.report["outputs"] = outputs
        self.report["parameters"] = sum(parameter.numel() for parameter in network.parameters())
        self.report["seconds"] = float(f"{built + ran:.2g}")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.report["megabytes"] = -(-peak // 10) * 10

    def build(self, tiny: dict[str, Any]) -> Any:
        """The network, from keyword arguments of its config class alone."""
        try:
            network_class = find_class(self.job["module"], self.facts["name"])
            config = self.config_class(**python(tiny))
            path = self.mine.get("config") or path_for(network_class, config)
            if path:
                self.report["config"] = path
            for part in path.split(".") if path else []:
                config = getattr(config, part)
            torch.manual_seed(0)
            network = network_class(config).eval()
        except Exception as error:  # noqa: BLE001 - building may raise anything
            raise NotProven(f"build: {in_words(error)}") from error
        size = sum(parameter.numel() for parameter in network.parameters())
        if size > LARGEST_TINY_MODEL:
            raise NotProven(f"build: {size} parameters are not tiny")
        return network

    def search(self, network: Any) -> tuple[dict[str, Any], int]:
        """Descriptions in the first layout that the call takes, and the length of the text."""
        first: Exception | None = None
        names = list(inspect.signature(getattr(network, self.call)).parameters)
        for layout in layouts(names, self.own["hints"]):
            try:
                return self.in_layout(network, layout)
            except Exception as error:  # noqa: BLE001 - what a wrong layout raises is the model's choice
                first = first or error
        raise NotProven(f"forward: {in_words(first or ValueError('there is no layout to try'))}") from first

    def in_layout(self, network: Any, layout: Layout) -> tuple[dict[str, Any], int]:
        """Descriptions in one layout, after a call with them; it may tell how many placeholders it wants."""
        arguments = Arguments(network, self.call, layout, self.own, self.job["rules"].get("input") or [])
        described = arguments.describe()
        kind = placeholder_kind(described, arguments)
        count = self.own["hints"].get("placeholders")
        if count is None and kind is not None:
            count = features(network, described, kind) or stated_features(network.config, kind)
        count = count or 0
        inputs = with_placeholders(described, arguments, kind, count) if kind else described
        sequence = self.own["hints"].get("sequence", TEXT + count if inputs != described else TEXT)
        try:
            self.forward(network, inputs, 2, sequence)
        except (ValueError, RuntimeError, IndexError) as error:
            found = WRONG_COUNT.search(str(error))
            wanted = int(found[2]) if found else 0
            if kind is None or not wanted or wanted % 2 or wanted > 4000:
                raise
            inputs = with_placeholders(described, arguments, kind, wanted // 2)
            sequence = TEXT + wanted // 2
            self.forward(network, inputs, 2, sequence)
        return inputs, sequence

    def forward(self, network: Any, inputs: Mapping[str, Any], rows: int, sequence: int) -> dict[str, Any]:
        """The tensors that a call gives; at least one, and none of them broken."""
        torch.manual_seed(0)
        with torch.no_grad():
            found = collect(getattr(network, self.call)(**tensors(inputs, rows, sequence)))
        if not found:
            raise RuntimeError("the call gave no tensor")
        broken = not_finite(found)
        if broken:
            raise RuntimeError(f"not finite: {', '.join(broken[:3])}")
        return found

    def measured(self, network: Any, inputs: dict[str, Any], sequence: int) -> tuple[dict[str, Any], dict[str, str]]:
        """Inputs in which only what may vary is said by a word, and the shapes of the outputs in such words."""
        return shapes(lambda given, rows, text: self.forward(network, given, rows, text), inputs, sequence)

    def labels(self, network: Any, inputs: Mapping[str, Any], sequence: int) -> dict[str, Any]:
        """What else makes it give a loss, or nothing."""
        if self.mine.get("labels"):
            choices = [self.mine["labels"]]
        else:
            choices = [rule["make"] for rule in self.job["rules"].get("label") or [] if self.is_for(rule)]
        names = inspect.signature(getattr(network, self.call)).parameters
        for choice in choices:
            if not set(choice) <= set(names):
                continue
            try:
                made = {name: described_label(item, network.config) for name, item in choice.items()}
                found = self.forward(network, {**inputs, **made}, 2, sequence)
            except Exception:  # noqa: BLE001 - these are no labels for it
                continue
            loss = found.get("loss")
            if loss is not None and loss.numel() == 1 and bool(torch.isfinite(loss).all()):
                return made
        return {}

    def is_for(self, rule: Mapping[str, Any]) -> bool:
        """Whether a `[[label]]` is for this class."""
        name = self.facts["name"]
        by_name = any(
            name == want or (want.startswith("*") and name.endswith(want[1:])) for want in rule.get("class") or []
        )
        return by_name or bool(set(rule.get("mapping") or []) & set(self.facts["mappings"]))


def described_label(item: Any, config: Any) -> Any:
    """A label with its holes filled and inside the vocabulary."""
    if not isinstance(item, str):
        return item
    text = filled(item, config)
    if text.startswith("ids ") and "high=" not in text:
        sizes = [v for _, c in configs(config) if isinstance(v := value(c, "vocab_size"), int) and v > 5]
        if sizes and min(sizes) < 290:
            text += f" high={min(sizes)}"
    return text


def placeholder_kind(described: Mapping[str, Any], arguments: Arguments) -> str | None:
    """The modality whose features take the place of placeholder tokens in the text."""
    if "input_ids" not in described:
        return None
    if "pixel_values" in described:
        return "image"
    if {"input_features", "input_values"} & set(described) and {"audio", "text"} <= arguments.modalities:
        return "audio"
    return "video" if "pixel_values_videos" in described else None


def features(network: Any, described: Mapping[str, Any], kind: str) -> int | None:
    """How many features a row's picture or sound gives, by the model's own encoder."""
    name = f"get_{kind}_features"
    method = getattr(network, name, None) or getattr(getattr(network, "model", None), name, None)
    if method is None:
        return None
    accepted = inspect.signature(method).parameters
    try:
        with torch.no_grad():
            built = tensors({n: t for n, t in described.items() if n in accepted and n != "input_ids"})
            return count_of(method(**built)) // 2
    except Exception:  # noqa: BLE001 - the call itself will say what is wrong
        return None


def count_of(found: Any) -> int:
    """The number of feature vectors in what `get_<kind>_features` returned."""
    pooled = getattr(found, "pooler_output", None)
    found = pooled if pooled is not None else found
    if isinstance(found, tuple) and found and torch.is_tensor(found[0]):
        alike = all(torch.is_tensor(item) and item.dim() == found[0].dim() for item in found)
        found = found if alike else found[0]
    if torch.is_tensor(found):
        return found.numel() // found.shape[-1]
    last = getattr(found, "last_hidden_state", None)
    if last is not None:
        return last.numel() // last.shape[-1]
    return sum(item.numel() // item.shape[-1] for item in found if torch.is_tensor(item))


def stated_features(config: Any, kind: str) -> int | None:
    """How many features the configuration itself says a picture has."""
    names = ("image_seq_length", "image_seq_len", "mm_tokens_per_image", "num_image_tokens")
    found = value(config, *names) if kind == "image" else None
    return found if isinstance(found, int) else None


def path_for(network_class: Any, config: Any) -> str:
    """The path of the nested configuration that a class is for; empty where it is the type's own."""
    wanted = getattr(network_class, "config_class", None)
    if wanted is None or isinstance(config, wanted):
        return ""
    found = (path for path, child in configs(config) if isinstance(child, wanted))
    return next(found, "").rstrip(".")


def find_class(module: str, name: str) -> Any:
    """A class of transformers by its name, exported or only defined in the model's own files."""
    found = getattr(transformers, name, None)
    if found is not None:
        return found
    package = importlib.import_module(module if "." in module else f"transformers.models.{module}")
    for info in pkgutil.iter_modules(getattr(package, "__path__", [])):
        if info.name.startswith(("modeling_", "configuration_")):
            found = getattr(importlib.import_module(f"{package.__name__}.{info.name}"), name, None)
            if found is not None:
                return found
    raise LookupError(f"transformers {transformers.__version__} has no class {name} (module {module})")


def share_inputs(answer: dict[str, Any]) -> None:
    """The inputs that most classes take are said once."""
    proven = [found for found in answer["classes"].values() if "inputs" in found]
    common = Counter(repr(found["inputs"]) for found in proven).most_common(1)
    for found in proven:
        if repr(found["inputs"]) == common[0][0]:
            answer["inputs"] = found.pop("inputs")


def in_words(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    text = text.replace(str(Path(transformers.__file__).parent), "transformers")
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__

