"""The smallest configuration of a model type that still is that architecture.

The default configuration is built and walked with all that is nested in it. The rules say what a field is (`role`) and
how small it may get; this module keeps in agreement what belongs together. It knows no model by name.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from transformers import PretrainedConfig

from .agree import repeated_widths, rotary, state_space
from .configs import attribute, field_names, is_config, is_whole
from .node import LAYERS, Node
from .rules import Rules
from .tree import merge, plain

# Ids below this are common to all tokenizers (padding, start, end) and stay; larger ones move to the top of the
# vocabulary, the same old id to the same new one in all nested configurations.
LOW_TOKEN_IDS = 300

ANY_WIDTH = ("token", "vocab", "layers", "limit", "top-k", "experts", "one", "within-layers", "image", "keep")
WIDTHS = ("patch", "heads", "kv-heads", "size", "head-width", "qk-width", "ffn", "width", "chunk", "keep")
IN_PROPORTION = ("head-width", "ffn", "width", "channels")
DIVISORS = (8, 4, 2, 1)  # of widths that must stay in proportion
NARROWEST = 4  # what is divided stays at least as wide


def tiny_config(
    config_class: type, rules: Rules, own: Mapping[str, Any], *, keep_widths: bool = False, divisor: int = 1
) -> dict[str, Any]:
    """The keyword arguments that make a configuration tiny, as JSON; `own` is the registry's part of the model.

    Widths that agree at full size only (those of a pyramid of stages, with `keep_widths` all) are divided by `divisor`:
    what is the sum or the double of another stays so. Raises what the config class raises where not even its defaults fit
    together.
    """
    given = dict(own.get("tiny") or {})
    nested = {name: item for name, item in given.items() if isinstance(item, dict)}
    try:
        default = config_class()
    except Exception:
        default = config_class(**copy.deepcopy({**nested, **given}))
    keep_widths = keep_widths or own.get("widths") == "keep"
    shrinker = Shrinker(rules, set(own.get("tiny-drop") or ()), keep_widths=keep_widths, divisor=divisor)
    return plain(merge(shrinker.shrink(default, given), given))


class Shrinker:
    """Finds the keyword arguments that make one configuration, with everything nested in it, tiny."""

    def __init__(self, rules: Rules, kept: set[str], *, keep_widths: bool, divisor: int) -> None:
        self.rules, self.kept, self.keep_widths, self.divisor = rules, kept, keep_widths, divisor
        self.base_fields = set(field_names(PretrainedConfig()))
        self.tokens: dict[Any, int] = {}
        self.vocabulary = rules.limit("vocab", 512)

    def token(self, old: Any) -> Any:
        """The new id of a token id, or of a name for a token that has none yet."""
        if not isinstance(old, str) and 0 <= old < LOW_TOKEN_IDS:
            return old
        if old not in self.tokens:
            self.tokens[old] = self.vocabulary - 1 - len(self.tokens)
        return self.tokens[old]

    def node(self, config: Any, given: Mapping[str, Any]) -> Node:
        """One configuration, with what its fields agree on."""
        return Node(config, self.rules, self.base_fields, given, keep=self.keep_widths)

    def shrink(self, config: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of one configuration; `given` is what will lie on top of them."""
        node = self.node(config, given)
        found: dict[str, Any] = {}
        for name in node.names:
            if name in node.children or name in self.kept:
                continue
            if name == "_out_indices":
                found.update(node.last_stages())
                continue
            small = self.field(node, name, node.get(name))
            if small is not None and small != node.get(name):
                found[name] = small
        if not node.keeps_widths:
            repeated_widths(node, found)
        for name, child in node.children.items():
            below = given.get(name)
            found[name] = {
                **self.undeclared(config, name, child),
                **self.nested(child, below if isinstance(below, dict) else {}),
            }
        if not node.keeps_widths:
            state_space(node, found)
        return found

    def undeclared(self, config: Any, name: str, child: Any) -> dict[str, Any]:
        """What a configuration tells a nested one by default that is no field of it, and no size."""
        declared = getattr(type(config), "sub_configs_defaults", None) or {}
        told = getattr(declared.get(name), "init_kwargs", None) or {}
        known = {*field_names(child), "out_indices", "out_features"}
        extra = {key: item for key, item in told.items() if key not in known}
        sized = (
            is_whole(item) and not self.keep_widths and self.rules.of(key, *ANY_WIDTH, *WIDTHS)
            for key, item in extra.items()
        )
        return {key: copy.deepcopy(item) for (key, item), size in zip(extra.items(), sized, strict=True) if not size}

    def nested(self, config: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """A nested configuration: what its parent changed in it, and its own arguments."""
        kind = type(config)
        found: dict[str, Any] = {"model_type": kind.model_type} if getattr(kind, "model_type", "") else {}
        try:
            default = kind()
        except Exception:
            default = None
        node = self.node(config, given)
        for name in node.names:
            now = node.get(name)
            if name in node.children or name == "_out_features" or is_config(now):
                continue
            if name == "_out_indices":
                if isinstance(now, (list, tuple)):
                    found["out_indices"] = list(now)
            elif default is None or attribute(default, name) != now:
                found[name] = copy.deepcopy(now)
        labels = attribute(config, "num_labels")
        if is_whole(labels) and labels != (attribute(default, "num_labels") if default is not None else 2):
            found["num_labels"] = labels
        found.update(self.shrink(config, given))
        return found

    def field(self, node: Node, name: str, now: Any) -> Any:
        """The tiny value of one field, or None where the default may stay."""
        if name == "_out_features" or isinstance(now, bool) or is_config(now):
            return None
        exact = self.rules.of(name, "exact")
        if exact is not None and now is not None:
            return exact.value
        if isinstance(now, str):
            return None
        if now is None:
            return self.absent(node, name)
        if isinstance(now, int):
            return self.number(node, name, now)
        if isinstance(now, (list, tuple)) and now:
            changed = self.sequence(node, name, list(now))
            return list(now) if changed is None and isinstance(now, tuple) else changed
        if isinstance(now, dict) and self.rules.has(name, "rotary") and not node.keeps_widths:
            return rotary(node, now)
        return None

    def absent(self, node: Node, name: str) -> Any:
        """Fields that are None by default and that a real checkpoint always fills."""
        rule = self.rules.of(name, "absent")
        if rule is None or (self.keep_widths and rule.absent != 0):
            return None
        beside = rule.settings.get("beside")
        if beside is not None and all(node.get(other) is None for other in beside):
            return None
        if rule.settings.get("agree") == "heads":
            return node.new_heads
        if rule.settings.get("agree") == "head-width":
            return node.head_width if node.heads else None
        return self.token(rule.absent) if isinstance(rule.absent, str) else rule.absent

    def number(self, node: Node, name: str, now: int) -> int | None:
        """The tiny value of a whole number."""
        rule = self.rules.of(name, *ANY_WIDTH)
        if rule is None:
            return self.width(node, name, now)
        if rule.role == "token":
            return self.token(now) if now >= 0 else None
        if rule.role == "layers":
            if now in node.stage_counts:
                return None
            return min(now, node.layers if name in self.rules.fields("depth") else LAYERS)
        if rule.role == "within-layers":
            return min(now, node.layers)
        if rule.role == "one":
            return 1
        if rule.role == "image":
            patched = node.get("patch_size") is not None and not node.staged
            return min(now, rule.at_most if patched else 2 * rule.at_most)
        return rule.limited(now)

    def width(self, node: Node, name: str, now: int) -> int | None:
        """The tiny value of a width or a number of heads."""
        if node.keeps_widths:
            rule = self.rules.of(name, "stage-size") if node.staged else None
            return rule.limited(now) if rule is not None else self.divided(name, now)
        rule = self.rules.of(name, *WIDTHS)
        if rule is None:
            return self.divided(name, now)
        if rule.role == "patch":
            return rule.at_most if now > rule.at_most and node.has_image(now) else None
        if rule.role == "kv-heads":
            return node.new_heads if node.heads and now == node.heads else min(now, 2)
        if rule.role == "head-width":
            return min(now, node.head_width)
        if rule.role == "qk-width":
            return node.head_width + 8
        return rule.limited(now)

    def sequence(self, node: Node, name: str, now: list[Any]) -> list[Any] | None:
        """The tiny value of a list: one item a layer, indices of layers, token ids, sizes."""
        numbers = all(map(is_whole, now))
        indices = self.rules.has(name, "layer-indices")
        if node.depth and len(now) == node.depth and node.depth != node.layers and not indices:
            kept = [now[index] for index in node.chosen]
            narrow = [self.width(node, name, item) if is_whole(item) else item for item in kept]
            return [item if small is None else small for item, small in zip(kept, narrow, strict=True)]
        if indices and numbers and node.depth:
            last = node.layers - 1
            if len(now) <= node.layers:
                return [v if v < 0 and -v <= last + 2 else min(place, last) for place, v in enumerate(now)]
            return sorted({min(v, last) for v in now})
        rule = self.rules.of(name, "stage-depths", "token", "image", "patch", "each", "keep")
        if numbers and (rule is None or self.keep_widths and rule.role == "each"):
            return self.divided_list(name, now)
        if rule is None or not numbers or rule.role == "keep":
            return None
        if rule.role == "stage-depths":
            return [1] * len(now)
        if rule.role == "token":
            return [self.token(item) for item in now]
        if rule.role == "image":
            return [rule.at_most if node.get("patch_size") is not None else 2 * rule.at_most] * len(now)
        if self.keep_widths:
            return None
        if rule.role == "patch":
            return [rule.at_most] * len(now) if min(now) > rule.at_most else None
        return [min(item, rule.at_most) for item in now]

    def divided_list(self, name: str, now: list[int]) -> list[int] | None:
        """The widths of a list, all divided alike; among them the three channels of a picture may stay what they are."""
        for divisor in (divisor for divisor in DIVISORS if divisor <= self.divisor):
            small = [self.divided(name, item, divisor) for item in now]
            if all(item != before or before < NARROWEST for item, before in zip(small, now, strict=True)):
                return small if small != now else None
        return None

    def divided(self, name: str, now: int, divisor: int | None = None) -> int:
        """A width that keeps its proportion to the others; whatever is no width, or too narrow, as it was."""
        divisor = divisor or self.divisor
        whole = now % divisor == 0 and now >= NARROWEST * divisor
        return now // divisor if whole and self.rules.of(name, *IN_PROPORTION) else now
