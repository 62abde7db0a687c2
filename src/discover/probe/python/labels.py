"""Labels that give a class a finite loss, by the rules and by what the registry says."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .arguments import short
from .measure import Measured, accepts
from .sizes import NoSize, Sizes


def find_labels(
    measured: Measured,
    sizes: Sizes,
    class_name: str,
    mappings: Sequence[str],
    own: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The first labels with which the call gives a finite loss; nothing where there are none."""
    for labels in candidates(sizes, class_name, mappings, own, rules):
        if not all(accepts(measured.network, measured.call, name) for name in labels):
            continue
        try:
            if measured.loss(labels) is not None:
                return labels
        except Exception:
            continue
    return {}


def candidates(
    sizes: Sizes, class_name: str, mappings: Sequence[str], own: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The labels to try: the registry's, or those of every rule that names the class or one of its mappings."""
    made = (
        [own["labels"]] if own.get("labels") else [rule["make"] for rule in rules if names(rule, class_name, mappings)]
    )
    for make in made:
        try:
            yield {name: short(item) for name, item in sizes.fill(make).items()}
        except (NoSize, TypeError, AttributeError):
            continue


def names(rule: Mapping[str, Any], class_name: str, mappings: Sequence[str]) -> bool:
    """Whether a rule is for a class."""
    short_names = {
        mapping.removeprefix("MODEL_FOR_").removesuffix("_NAMES").removesuffix("_MAPPING") for mapping in mappings
    }
    wanted = rule.get("mapping") or ()
    return bool(short_names & set(wanted)) or any(
        fnmatch.fnmatchcase(class_name, pattern) for pattern in rule.get("class") or ()
    )
