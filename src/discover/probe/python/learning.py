"""Weights that learn nothing: those that no gradient reaches, by pattern, each with the cause."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from hfgen_runtime.inputs import ROWS, tensors
from hfgen_runtime.objective import objectives, stateless, without_gradient

from .measure import Measured, differs, named_tensors

UNUSED = "no output depends on it"
CUT = "outputs depend on it, by a step that has no gradient"


def unreached(measured: Measured, labels: Mapping[str, Any]) -> dict[str, str]:
    """Patterns of the trainable weights without a gradient, each with its cause; nothing where no backward pass runs."""
    network = measured.network
    names = [name for name, weight in network.named_parameters() if weight.requires_grad]
    try:
        backward(measured, labels)
        idle = without_gradient(network)
    except Exception:
        return {}
    finally:
        network.zero_grad(set_to_none=True)
    return (
        {pattern: cause(measured, labels, pattern) for pattern in patterns(idle, names)}
        if len(idle) < len(names)
        else {}
    )


def backward(measured: Measured, labels: Mapping[str, Any]) -> None:
    """One pass with its gradients, as the generated tests make it."""
    torch.manual_seed(0)
    given = {**measured.inputs(), **labelled(measured, labels), **stateless(measured.network, measured.call)}
    outputs = dict(named_tensors(getattr(measured.network, measured.call)(**given)))
    found = [part for part in objectives(outputs, labelled=bool(labels)) if part is not None and part.requires_grad]
    torch.stack([part.float().reshape(()) for part in found]).sum().backward()


def labelled(measured: Measured, labels: Mapping[str, Any]) -> dict[str, Any]:
    """The labels as tensors."""
    return tensors(labels, ROWS, measured.sequence) if labels else {}


def patterns(idle: Sequence[str], names: Sequence[str]) -> list[str]:
    """The shortest patterns that mean the idle names and no others."""
    found: list[str] = []
    for name in idle:
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in found):
            found.append(next((p for p in candidates(name) if means_only(p, idle, names)), name))
    return found


def candidates(name: str) -> list[str]:
    """Patterns for a weight: all of its module, or of one above it, of every number, in every layer or in its own."""
    parts = name.split(".")
    found = []
    for length in range(1, len(parts) + 1):
        own, rest = parts[:length], ["*"] if length < len(parts) else []
        numbered = [re.sub(r"\d+", "*", part) for part in own]
        layered = ["*" if part.isdigit() else part for part in own]
        found += [".".join([*words, *rest]) for words in (numbered, layered, own)]
    return found


def means_only(pattern: str, idle: Sequence[str], names: Sequence[str]) -> bool:
    """Whether every name that a pattern means is idle."""
    return set(fnmatch.filter(names, pattern)) <= set(idle)


def cause(measured: Measured, labels: Mapping[str, Any], pattern: str) -> str:
    """Why no gradient reaches the weights of a pattern: seen by giving them other numbers."""
    given = {**measured.inputs(), **labelled(measured, labels)}
    before = measured.run(given)
    kept = []
    with torch.no_grad():
        for name, weight in measured.network.named_parameters():
            if fnmatch.fnmatchcase(name, pattern) and weight.is_floating_point():
                kept.append((weight, weight.clone()))
                weight.copy_(weight.flip(-1) * 1.5 + 0.5 if weight.dim() else weight * 1.5 + 0.5)
    try:
        return CUT if differs(before, measured.run({**measured.inputs(), **labelled(measured, labels)})) else UNUSED
    except Exception:
        return CUT
    finally:
        with torch.no_grad():
            for weight, numbers in kept:
                weight.copy_(numbers)
