"""One configuration on its way to being tiny: what its fields have to agree on, which layers of it are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .configs import attribute, field_names, is_config, is_count, is_whole, sub_config_names
from .rules import Rules

LAYERS = 2


class Node:
    """The heads, layers and stages of one configuration; `given` is what will lie on top of its arguments."""

    def __init__(
        self, config: Any, rules: Rules, base_fields: set[str], given: Mapping[str, Any], *, keep: bool
    ) -> None:
        self.config, self.rules, self.given = config, rules, given
        self.names = [n for n in field_names(config) if n not in base_fields or n == "is_encoder_decoder"]
        self.children = {name: self.get(name) for name in sub_config_names(config) if is_config(self.get(name))}
        self.heads = next((v for v in map(self.get, rules.fields("main-heads")) if is_count(v)), None)
        most = rules.limit("heads", 4)
        self.new_heads = given_count(given, rules.fields("main-heads")) or (
            min(self.heads, most) if self.heads else most
        )
        self.width = given_count(given, ["hidden_size", "d_model", "n_embd"]) or rules.limit("width", 64)
        self.head_width = max(self.width // self.new_heads, 1)
        stages = [self.get(name) for name in rules.fields("stages")]
        self.stage_counts = {len(listed) for listed in stages if isinstance(listed, (list, tuple))}
        listed = bool(self.stage_counts)
        self.staged = listed or self.get("width_coefficient") is not None
        self.keeps_widths = self.staged or keep
        self.depth, self.chosen = (None, list(range(LAYERS))) if listed else self.plan()
        wanted = given_count(given, rules.fields("depth"))
        if self.depth and wanted:
            self.chosen = [self.chosen[i] if i < len(self.chosen) else min(i, self.depth - 1) for i in range(wanted)]
        self.layers = len(self.chosen)

    def get(self, name: str) -> Any:
        """The value of a field, None where there is none."""
        return attribute(self.config, name)

    def has_image(self, patch: int) -> bool:
        """Whether a patch size here cuts an image: its own, or that of a nested configuration."""
        below = (attribute(child, "patch_size") for child in self.children.values())
        return self.get("image_size") is not None or patch in below

    def last_stages(self) -> dict[str, Any]:
        """As many outputs of a backbone as it had, taken from the end of what is left of it."""
        indices = self.get("_out_indices")
        if not isinstance(indices, (list, tuple)) or not indices or not self.depth:
            return {}
        count = len(indices)
        return {"out_indices": list(range(max(self.layers - count + 1, 0), self.layers + 1))[-count:]}

    def plan(self) -> tuple[int | None, list[int]]:
        """The number of layers, and which of them to keep: two, or one of each kind."""
        depth = next((v for v in map(self.get, self.rules.fields("depth")) if is_count(v)), None)
        if depth is None:
            return None, list(range(LAYERS))
        kinds = map(self.get, self.rules.fields("layer-kinds"))
        columns = [v for v in kinds if isinstance(v, (list, tuple)) and len(v) == depth]
        chosen: set[int] = set()
        for column in columns:
            seen = {column[i] for i in chosen}
            chosen.update(list(column).index(kind) for kind in dict.fromkeys(column) if kind not in seen)
        need = max(min(LAYERS, depth), min(self.named_layers(), depth))
        extra = (i for i in range(depth) if i not in chosen)
        while len(chosen) < need:
            chosen.add(next(extra))
        return depth, sorted(chosen)

    def named_layers(self) -> int:
        """How many layers are named by lists of indices, so that as many must be left."""
        most = 0
        for name in self.names:
            listed = self.get(name)
            if self.rules.has(name, "layer-indices") and isinstance(listed, (list, tuple)):
                most = max(most, len(set(listed)) if all(map(is_whole, listed)) else 0)
        return most


def given_count(given: Mapping[str, Any], names: list[str]) -> int | None:
    """The first of some fields that is given and a count."""
    return next((given[name] for name in names if is_count(given.get(name))), None)
