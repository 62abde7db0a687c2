"""Nested keyword arguments: one laid over another, and as JSON has them."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One nested dict over another; one that says `__replace__` takes the place of what is below it."""
    result = copy.deepcopy(dict(under))
    for name, item in over.items():
        if isinstance(item, dict) and isinstance(result.get(name), dict) and not item.get("__replace__"):
            result[name] = merge(result[name], item)
        elif isinstance(item, dict):
            result[name] = {key: below for key, below in copy.deepcopy(item).items() if key != "__replace__"}
        else:
            result[name] = copy.deepcopy(item)
    return result


def plain(item: Any) -> Any:
    """A value as JSON has it: lists for tuples, dicts for configurations."""
    if isinstance(item, Mapping):
        return {str(key): plain(below) for key, below in item.items()}
    if isinstance(item, (list, tuple, set, frozenset)):
        return [plain(below) for below in item]
    if item is None or isinstance(item, (bool, int, str)):
        return item
    if isinstance(item, float):
        return item if math.isfinite(item) else {"$py": f'float("{item}")'}
    if hasattr(item, "to_dict"):
        return plain(item.to_dict())
    return str(item)


def python(item: Any) -> Any:
    """The Python value behind what `plain` wrote."""
    if isinstance(item, Mapping):
        if set(item) == {"$py"}:
            return float(item["$py"].removeprefix('float("').removesuffix('")'))
        return {key: python(below) for key, below in item.items()}
    return [python(below) for below in item] if isinstance(item, list) else item
