"""Reading configurations of transformers: fields, nested configurations, the first of several names that is there."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from transformers import PretrainedConfig


def attribute(config: Any, name: str) -> Any:
    """An attribute of a configuration; None where it is missing or where its property can't be computed."""
    try:
        return getattr(config, name)
    except Exception:
        return None


def value(config: Any, *names: str, default: Any = None) -> Any:
    """The first of some fields that is there and not None."""
    return next((found for found in (attribute(config, name) for name in names) if found is not None), default)


def one(item: Any) -> Any:
    """A number, where some configurations say a pair."""
    return item[0] if isinstance(item, (list, tuple)) and item else item


def field_names(config: Any) -> list[str]:
    """The fields of a configuration; transformers 4 has no declared fields, there its attributes are taken."""
    if dataclasses.is_dataclass(config):
        return [field.name for field in dataclasses.fields(config)]
    return [name for name in vars(config) if not name.startswith("__")]


def sub_config_names(config: Any) -> list[str]:
    """The names of the nested configurations that a config class declares."""
    kind = type(config)
    return list(getattr(kind, "sub_configs_defaults", None) or getattr(kind, "sub_configs", None) or {})


def is_config(item: Any) -> bool:
    """Whether a value is a configuration of transformers."""
    return isinstance(item, PretrainedConfig)


def is_count(item: Any) -> bool:
    """Whether a value is a whole number above zero."""
    return is_whole(item) and item > 0


def is_whole(item: Any) -> bool:
    """Whether a value is a whole number, and no truth value."""
    return isinstance(item, int) and not isinstance(item, bool)


def configs(config: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A configuration and all nested in it, each with its dotted path."""
    yield path, config
    for name, child in list(vars(config).items()):
        if is_config(child):
            yield from configs(child, f"{path}.{name}".strip("."))


def find(config: Any, fields: Sequence[str], prefer: Sequence[str] = ()) -> Any:
    """The configuration that has all of the fields, those at a preferred path first."""
    having = [(p, c) for p, c in configs(config) if all(attribute(c, name) is not None for name in fields)]
    for word in prefer:
        for path, candidate in having:
            if word in path or word in (getattr(type(candidate), "model_type", "") or ""):
                return candidate
    return having[0][1] if having else None


def at_path(config: Any, path: str) -> Any:
    """The nested configuration at a dotted path."""
    for name in filter(None, path.split(".")):
        config = getattr(config, name)
    return config
