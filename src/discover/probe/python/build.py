"""Finding a class of transformers and building it from a tiny configuration."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from typing import Any

import torch
import transformers
from hfgen_runtime.waking import awaken

from .configs import at_path, configs
from .tree import python

MOST_PARAMETERS = 200_000_000


class TooLarge(ValueError):
    """A model that is not tiny."""


def find_class(module: str, name: str) -> Any:
    """A class of transformers by its name, exported or only defined in the model's own files."""
    found = getattr(transformers, name, None)
    if inspect.isclass(found):
        return found
    package = importlib.import_module(module if "." in module else f"transformers.models.{module}")
    for info in pkgutil.iter_modules(getattr(package, "__path__", [])):
        if info.name.startswith(("modeling_", "configuration_")):
            found = getattr(importlib.import_module(f"{package.__name__}.{info.name}"), name, None)
            if found is not None:
                return found
    raise LookupError(f"transformers {transformers.__version__} has no class {name} (module {module})")


def config_path(network_class: Any, config: Any) -> str:
    """The dotted path of the configuration that a class is for: some classes take a nested one."""
    wanted = getattr(network_class, "config_class", None)
    if wanted is None or isinstance(config, wanted):
        return ""
    return next((path for path, child in configs(config) if isinstance(child, wanted)), "")


def build(
    network_class: Any, config_class: Any, tiny: Mapping[str, Any], path: str | None, *, wary: bool = False
) -> tuple[Any, str]:
    """A tiny random network in eval mode, and the path of the configuration that it took.

    A wary build counts the parameters before it makes any of them.
    """
    config = config_class(**python(tiny))
    path = config_path(network_class, config) if path is None else path
    if wary:
        with torch.device("meta"):
            refuse_large(network_class(at_path(config_class(**python(tiny)), path)))
    torch.manual_seed(0)
    network = network_class(at_path(config, path)).eval()
    refuse_large(network)
    awaken(network)
    return network, path


def refuse_large(network: Any) -> None:
    """Raises where a network is not tiny."""
    size = sum(parameter.numel() for parameter in network.parameters())
    if size > MOST_PARAMETERS:
        raise TooLarge(f"{size} parameters are not tiny")
