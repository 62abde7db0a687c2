"""Shapes as functions of the batch and the text: which dimensions follow `B` and `S`, and which stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Forward = Callable[[Mapping[str, Any], int, int], dict[str, Any]]
ROWS, MORE = 2, 3


def shapes(forward: Forward, inputs: dict[str, Any], sequence: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Inputs and output shapes in words. A word that the call does not let vary is replaced by its number.

    `forward(inputs, rows, sequence)` gives the tensors by name, or raises.
    """
    base = forward(inputs, ROWS, sequence)
    one, three = tried(forward, inputs, 1, sequence), tried(forward, inputs, 3, sequence)
    if not varies(inputs, "B") or one is None or three is None or not same_names(base, one, three):
        inputs, one, three = frozen(inputs, "B", ROWS), None, None
    longer = tried(forward, inputs, ROWS, sequence + MORE) if varies(inputs, "S") else None
    if varies(inputs, "S") and (longer is None or not same_names(base, longer)):
        inputs, longer = frozen(inputs, "S", sequence), None
    found: dict[str, str] = {}
    for name, tensor in base.items():
        if "[" in name and not re.fullmatch(r"\[\d+\]", name):
            continue
        others = [None if other is None else other[name].shape for other in (one, three, longer)]
        if any(other is not None and len(other) != tensor.dim() for other in others):
            continue
        words = [word(axis, size, others, sequence) for axis, size in enumerate(tensor.shape)]
        found[name] = " ".join(words)
    return inputs, found


def tried(forward: Forward, inputs: dict[str, Any], rows: int, sequence: int) -> dict[str, Any] | None:
    """The tensors of one call, or None where it raises."""
    try:
        return forward(inputs, rows, sequence)
    except Exception:  # noqa: BLE001 - what a call raises is the model's choice
        return None


def same_names(*outputs: dict[str, Any]) -> bool:
    """Whether several calls gave the same tensors."""
    return len({tuple(output) for output in outputs}) == 1


def word(axis: int, size: int, others: list[Any], sequence: int) -> str:
    """The word for one dimension: `3B`, `S+1`, a number, or `*` for one that follows neither."""
    one, three, longer = (None if shape is None else shape[axis] for shape in others)
    if one is not None and three is not None and (one, three) != (size, size):
        fits = size == ROWS * one and three == 3 * one
        return (f"{one}B" if one != 1 else "B") if fits and longer in (None, size) else "*"
    if longer is not None and longer != size:
        more = size - sequence
        return f"S{more:+d}" if longer - size == MORE and more else "S" if longer - size == MORE else "*"
    return str(size)


def varies(item: Any, letter: str) -> bool:
    """Whether descriptions use a word: `B` or `S`."""
    if isinstance(item, Mapping):
        return any(varies(value, letter) for value in item.values())
    if isinstance(item, (list, tuple)):
        return any(varies(value, letter) for value in item)
    if not isinstance(item, str):
        return False
    return (letter == "B" and item.startswith("each ")) or bool(pattern(letter).search(item))


def frozen(item: Any, letter: str, number: int) -> Any:
    """Descriptions in which a word is replaced by the number that it stood for."""
    if isinstance(item, Mapping):
        return {name: frozen(value, letter, number) for name, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [frozen(value, letter, number) for value in item]
    if not isinstance(item, str):
        return item
    if item.startswith("each "):
        return "value " + json.dumps(json.loads(item[5:]) * number) if letter == "B" else item

    def as_number(found: re.Match[str]) -> str:
        if letter == "B":
            return str(int(found["count"] or 1) * number)
        return str(number + int(found["more"] or 0))

    return pattern(letter).sub(as_number, item)


def pattern(letter: str) -> re.Pattern[str]:
    """How a word stands in a description."""
    return re.compile(r"(?<= )(?P<count>\d*)B(?= |$)" if letter == "B" else r"(?<= )S(?P<more>[+-]\d+)?(?= |$)")
