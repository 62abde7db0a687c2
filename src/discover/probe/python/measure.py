"""What a network gives for described inputs: outputs by name, their shapes as functions of rows and length, and faults.

A network whose output is not finite, or is another one the second time, has not run.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from hfgen_runtime.inputs import ROWS, length, tensors

MORE_ROWS, MORE_TOKENS = 1, 3
MOST_OUTPUTS = 16
CONTENT = [
    "input_ids",
    "decoder_input_ids",
    "pixel_values",
    "pixel_values_videos",
    "input_features",
    "input_values",
    "audio_values",
    "inputs_embeds",
    "hidden_states",
    "past_values",
    "flattened_patches",
    "inputs",
]


class Unsound(RuntimeError):
    """A forward pass that gave something that can't be tested against."""


def named_tensors(output: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every tensor in nested output, with its path: `logits`, `hidden_states[0]`."""
    if torch.is_tensor(output):
        yield name or "output", output
    elif isinstance(output, Mapping):
        for key, item in output.items():
            yield from named_tensors(item, f"{name}.{key}" if name else str(key))
    elif isinstance(output, (list, tuple)):
        for index, item in enumerate(output):
            yield from named_tensors(item, f"{name}[{index}]")


class Measured:
    """One class's network with inputs that it takes."""

    def __init__(self, network: Any, call: str, described: Mapping[str, Any], sequence: int) -> None:
        self.network, self.call, self.described, self.sequence = network, call, described, sequence

    def run(self, given: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
        """The named tensors of one call."""
        torch.manual_seed(seed)
        with torch.no_grad():
            return dict(named_tensors(getattr(self.network, self.call)(**given)))

    def inputs(self, rows: int = ROWS, sequence: int | None = None) -> dict[str, Any]:
        """The inputs, anew."""
        return tensors(self.described, rows, sequence or self.sequence)

    def first(self) -> dict[str, Any]:
        """The outputs, after they were found to be finite and the same twice."""
        found, again = self.run(self.inputs()), self.run(self.inputs())
        if not found:
            raise Unsound("it gave no tensor")
        for name, tensor in found.items():
            bad = (
                tensor.is_floating_point()
                and tensor.numel()
                and (torch.isnan(tensor).any() or not torch.isfinite(tensor).any())
            )
            if bad:
                raise Unsound(f"`{name}` is not finite")
        if differs(found, again):
            raise Unsound("the same inputs gave another output the second time")
        return found

    def shapes(self, found: Mapping[str, Any]) -> dict[str, str]:
        """Every output's shape in words: `B S 64`."""
        rows, tokens = ROWS + MORE_ROWS, self.sequence + MORE_TOKENS
        wider = self.again(rows, self.sequence)
        longer = self.again(ROWS, tokens) if uses(self.described, "S") else found
        words: dict[str, str] = {}
        for name, tensor in list(found.items())[:MOST_OUTPUTS]:
            one, two = wider.get(name), longer.get(name)
            words[name] = " ".join(
                self.word(size, place_of(one, place, tensor), place_of(two, place, tensor))
                for place, size in enumerate(tensor.shape)
            )
        return words

    def again(self, rows: int, tokens: int) -> dict[str, Any]:
        """The outputs for another batch; nothing where the network does not take it."""
        try:
            return self.run(self.inputs(rows, tokens))
        except Exception:
            return {}

    def word(self, size: int, wider: int | None, longer: int | None) -> str:
        """One dimension in a word; a number where it follows neither rows nor length."""
        rows, tokens = ROWS + MORE_ROWS, self.sequence + MORE_TOKENS
        by_row = wider is not None and wider * ROWS == size * rows and size % ROWS == 0 and size > 0
        per_row = size // ROWS if by_row else size
        factor = "" if per_row == 1 else str(per_row)
        candidates = [str(size)]
        if by_row:
            candidates = [f"{factor}B", f"{count(per_row, self.sequence)}BS"]
        elif longer is not None and longer - size == MORE_TOKENS:
            more = size - self.sequence
            candidates = ["S" if not more else f"S{more:+d}"]
        elif longer is not None and longer != size and size % self.sequence == 0:
            candidates = [f"{count(size, self.sequence)}S"]
        expected = {(ROWS, self.sequence): size, (rows, self.sequence): wider, (ROWS, tokens): longer}
        for word in candidates:
            if word[0].isdigit() or word[0] in "BS":
                right = [length(word, *at) == known for at, known in expected.items() if known is not None]
                if all(right):
                    return word
        return str(size)

    def random(self, found: Mapping[str, Any]) -> bool:
        """Whether it draws random numbers of its own."""
        return differs(found, self.run(self.inputs(), seed=1))

    def inert(self, found: Mapping[str, Any]) -> list[str]:
        """Inputs that carry content and whose change leaves every output as it is."""
        still = []
        for name in CONTENT:
            tensor = self.inputs().get(name)
            if not torch.is_tensor(tensor):
                continue
            try:
                moved = differs(found, self.run({**self.inputs(), name: changed(tensor, str(self.described[name]))}))
            except Exception:
                continue
            if not moved:
                still.append(name)
        return still

    def loss(self, labels: Mapping[str, Any]) -> float | None:
        """The loss that labels give, None where they give none that is finite."""
        with torch.no_grad():
            torch.manual_seed(0)
            given = {**self.inputs(), **tensors(labels, ROWS, self.sequence)}
            output = getattr(self.network, self.call)(**given)
        found = output.get("loss") if isinstance(output, Mapping) else getattr(output, "loss", None)
        usable = torch.is_tensor(found) and found.numel() == 1 and bool(torch.isfinite(found).all())
        return float(found) if usable else None

    def parameters(self) -> int:
        """How many numbers the network holds."""
        return sum(parameter.numel() for parameter in self.network.parameters())


def changed(tensor: Any, described: str) -> Any:
    """Other numbers of the same kind; what a descriptor puts into places stays there."""
    if tensor.is_floating_point():
        return tensor.flip(-1) * 1.5 + 0.5
    if "at=" in described:
        plain = torch.ones_like(tensor, dtype=torch.bool)
        for word in described.split():
            if word.startswith("at="):
                plain &= tensor != int(float(word[3:].split(":")[0]))
        other = tensor.clone()
        other[plain] = tensor[plain].roll(1)
        return other
    return tensor.roll(1, -1)


def differs(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    """Whether two outputs are not the same in every number."""
    return any(
        name not in right
        or tensor.shape != right[name].shape
        or not torch.equal(tensor.nan_to_num(), right[name].nan_to_num())
        for name, tensor in left.items()
    )


def uses(described: Any, word: str) -> bool:
    """Whether a dimension follows the rows or the length."""
    if isinstance(described, Mapping):
        return any(uses(item, word) for item in described.values())
    if isinstance(described, (list, tuple)):
        return any(uses(item, word) for item in described)
    return isinstance(described, str) and any(
        word in dim for dim in described.split()[1:] if "=" not in dim and dim[:1] not in '["{'
    )


def place_of(tensor: Any, place: int, like: Any) -> int | None:
    """The size of a dimension in another run, None where that has none such."""
    return tensor.shape[place] if tensor is not None and tensor.dim() == like.dim() else None


def count(size: int, unit: int) -> str:
    """How often a unit goes into a size, as a factor; nothing for once."""
    return "" if size == unit else str(size // unit)


def accepts(network: Any, call: str, name: str) -> bool:
    """Whether a call has a parameter."""
    return name in inspect.signature(getattr(network, call)).parameters
