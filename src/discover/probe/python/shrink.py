"""The smallest configuration of a model type that still is that architecture.

The default configuration is built and walked with all that is nested in it. The rules say what a field is (`role`) and
how small it may get; this module keeps what belongs together in agreement: lists of one item a layer, indices of layers,
token ids, heads and their widths, rotary sections. It knows no model by name.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PretrainedConfig

# Ids below this are common to all tokenizers (padding, start, end) and stay; larger ones move to the top of the
# vocabulary, the same old id to the same new one in all nested configurations.
LOW_TOKEN_IDS = 300
LAYERS = 2


@dataclass(frozen=True)
class Rule:
    """One `[[tiny]]` of the rules."""

    role: str
    fields: frozenset[str]
    pattern: re.Pattern[str] | None
    but: re.Pattern[str] | None
    at_most: Any
    at_least: Any
    value: Any
    absent: Any

    @classmethod
    def read(cls, rule: Mapping[str, Any]) -> Rule:
        """A rule as the job brings it."""
        pattern, but = rule.get("match"), rule.get("not")
        return cls(
            role=rule.get("role") or "number",
            fields=frozenset(rule.get("fields") or ()),
            pattern=re.compile(pattern) if pattern else None,
            but=re.compile(but) if but else None,
            at_most=rule.get("at-most"),
            at_least=rule.get("at-least"),
            value=rule.get("value"),
            absent=rule.get("absent"),
        )

    def names(self, field: str) -> bool:
        """Whether it is about a field."""
        named = field in self.fields or (self.pattern is not None and self.pattern.search(field) is not None)
        return named and not (self.but is not None and self.but.search(field))


class Rules:
    """All `[[tiny]]` rules that are for one model type, in their order."""

    def __init__(self, rules: Sequence[Mapping[str, Any]]) -> None:
        self.rules = [Rule.read(rule) for rule in rules]
        self.found: dict[tuple[str, tuple[str, ...]], Rule | None] = {}

    def of(self, field: str, *roles: str) -> Rule | None:
        """The first rule about a field; of the given roles where there are any."""
        key = (field, roles)
        if key not in self.found:
            fitting = (rule for rule in self.rules if (not roles or rule.role in roles) and rule.names(field))
            self.found[key] = next(fitting, None)
        return self.found[key]

    def has(self, field: str, role: str) -> bool:
        """Whether a field has a role, by the first rule that gives it one of this name."""
        return self.of(field, role) is not None

    def limit(self, role: str, default: int) -> int:
        """The size of the first rule of a role that has one."""
        found = (rule.at_most for rule in self.rules if rule.role == role and isinstance(rule.at_most, int))
        return next(found, default)

    def fields(self, role: str) -> list[str]:
        """The fields that the rules of a role list."""
        return [field for rule in self.rules if rule.role == role for field in sorted(rule.fields)]


def tiny_config(config_class: type, rules: Rules, own: Mapping[str, Any]) -> dict[str, Any]:
    """The keyword arguments that make a configuration tiny, as JSON; `own` is the registry's part of the model.

    Raises what the config class raises where not even its defaults fit together.
    """
    given = dict(own.get("tiny") or {})
    nested = {name: value for name, value in given.items() if isinstance(value, dict)}
    try:
        default = config_class()
    except Exception:  # noqa: BLE001 - validators raise what they like
        default = config_class(**copy.deepcopy({**nested, **given}))
    keep = set(own.get("tiny-drop") or ())
    sizes = Shrinker(rules, own.get("widths") == "keep", keep).shrink(default, given)
    return plain(merge(sizes, given))


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One nested dict over another; one that says `__replace__` takes the place of what is below it."""
    result = copy.deepcopy(dict(under))
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict) and not value.get("__replace__"):
            result[name] = merge(result[name], value)
        elif isinstance(value, dict):
            result[name] = {key: item for key, item in copy.deepcopy(value).items() if key != "__replace__"}
        else:
            result[name] = copy.deepcopy(value)
    return result


def plain(value: Any) -> Any:
    """A value as JSON has it: lists for tuples, Python source where JSON has no word."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"$py": f'float("{value}")'}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "to_dict"):
        return plain(value.to_dict())
    return str(value)


def python(value: Any) -> Any:
    """The Python value behind what [`plain`] wrote."""
    if isinstance(value, Mapping):
        if set(value) == {"$py"}:
            return float(re.sub(r'^float\("|"\)$', "", value["$py"]))
        return {key: python(item) for key, item in value.items()}
    return [python(item) for item in value] if isinstance(value, list) else value


class Shrinker:
    """Finds the keyword arguments that make one configuration, with everything nested in it, tiny."""

    def __init__(self, rules: Rules, keep_widths: bool, keep: set[str]) -> None:
        self.rules, self.keep_widths, self.keep = rules, keep_widths, keep
        self.base_fields = field_names(PretrainedConfig())
        self.tokens: dict[Any, int] = {}
        self.vocabulary = rules.limit("vocab", 512)

    def token(self, old: Any) -> Any:
        """The new id of a token id, or of a name for a token that has none yet."""
        if not isinstance(old, str) and 0 <= old < LOW_TOKEN_IDS:
            return old
        if old not in self.tokens:
            self.tokens[old] = self.vocabulary - 1 - len(self.tokens)
        return self.tokens[old]

    def shrink(self, config: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of one configuration; `given` is what will lie on top of them."""
        node = Node(config, self, given)
        found: dict[str, Any] = {}
        for name in node.names:
            if name in node.children or name in self.keep:
                continue
            if name == "_out_indices":
                found.update(node.last_stages())
                continue
            value = self.field(node, name, node.get(name))
            if value is not None and value != node.get(name):
                found[name] = value
        self.repeated_widths(node, found)
        for name, child in node.children.items():
            below = given.get(name)
            found[name] = self.nested(child, below if isinstance(below, dict) else {})
        if not node.keeps_widths:
            self.state_space(node, found)
        return found

    def nested(self, config: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """A nested configuration: what its parent changed in it, and its own arguments."""
        kind = type(config)
        found: dict[str, Any] = {"model_type": kind.model_type} if getattr(kind, "model_type", "") else {}
        try:
            default = kind()
        except Exception:  # noqa: BLE001 - validators raise what they like
            default = None
        node = Node(config, self, given)
        for name in node.names:
            value = node.get(name)
            if name in node.children or name == "_out_features" or isinstance(value, PretrainedConfig):
                continue
            if name == "_out_indices":
                if isinstance(value, (list, tuple)):
                    found["out_indices"] = list(value)
            elif default is None or attribute(default, name) != value:
                found[name] = copy.deepcopy(value)
        labels = attribute(config, "num_labels")
        if labels is not None and labels != (attribute(default, "num_labels") if default is not None else 2):
            found["num_labels"] = labels
        found.update(self.shrink(config, given))
        return found

    def field(self, node: Node, name: str, value: Any) -> Any:
        """The tiny value of one field, or None where the default may stay."""
        if name == "_out_features" or isinstance(value, (bool, PretrainedConfig)):
            return None
        rule = self.rules.of(name, "exact")
        if rule is not None and value is not None:
            return rule.value
        if isinstance(value, str):
            return None
        if value is None:
            return self.absent(node, name)
        if isinstance(value, int):
            return self.number(node, name, value)
        if isinstance(value, (list, tuple)) and value:
            changed = self.sequence(node, name, list(value))
            return list(value) if changed is None and isinstance(value, tuple) else changed
        if isinstance(value, dict) and name in ("rope_parameters", "rope_scaling") and not node.keeps_widths:
            return rotary(node, value)
        return None

    def absent(self, node: Node, name: str) -> Any:
        """Fields that are None by default and that a real checkpoint always fills."""
        if self.keep_widths:
            return 0 if name == "pad_token_id" else None
        if name == "head_dim":
            return node.head_width if node.heads and (node.get("hidden_size") or node.get("d_model")) else None
        if self.rules.has(name, "experts"):
            return self.rules.limit("experts", 4) if node.get("num_experts_per_tok") is not None else None
        if name == "num_key_value_heads":
            return node.new_heads
        rule = self.rules.of(name, "absent")
        if rule is None:
            return None
        return self.token(rule.absent) if isinstance(rule.absent, str) else rule.absent

    def number(self, node: Node, name: str, value: int) -> int | None:
        """The tiny value of a whole number."""
        rule = self.rules.of(
            name, "token", "vocab", "layers", "limit", "top-k", "experts", "one", "within-layers", "image"
        )
        if rule is not None:
            if rule.role == "token":
                return self.token(value) if value >= 0 else None
            if rule.role == "layers":
                return min(value, node.layers if name in self.rules.fields("depth") else LAYERS)
            if rule.role == "within-layers":
                return min(value, node.layers)
            if rule.role == "one":
                return 1
            if rule.role == "image":
                return min(value, 64 if node.staged or node.get("patch_size") is None else rule.at_most)
            return min(value, rule.at_most) if rule.at_least is None or value >= rule.at_least else None
        if node.keeps_widths:
            return min(value, 2) if name == "window_size" and node.staged else None
        if name == "patch_size":
            patch = self.rules.limit("patch", 8)
            return patch if value > patch and node.has_image(value) else None
        return self.width(node, name, value)

    def width(self, node: Node, name: str, value: int) -> int | None:
        """The tiny value of a width or a number of heads."""
        rule = self.rules.of(name, "heads", "kv-heads", "size", "head-width", "qk-width", "ffn", "width", "chunk")
        if rule is None:
            return None
        if rule.role in ("heads", "size"):
            return min(value, rule.at_most)
        if rule.role == "kv-heads":
            return node.new_heads if node.heads and value == node.heads else min(value, 2)
        if rule.role == "head-width":
            return min(value, node.head_width)
        if rule.role == "qk-width":
            return node.head_width + 8
        small = rule.at_least is not None and value < rule.at_least
        return None if small else min(value, rule.at_most)

    def sequence(self, node: Node, name: str, value: list[Any]) -> list[Any] | None:
        """The tiny value of a list: one item a layer, indices of layers, token ids, sizes."""
        numbers = all(isinstance(item, int) and not isinstance(item, bool) for item in value)
        indices = self.rules.has(name, "layer-indices")
        if node.depth and len(value) == node.depth and node.depth != node.layers and not indices:
            return [value[index] for index in node.chosen]
        if indices and numbers and node.depth:
            last = node.layers - 1
            if len(value) <= node.layers:
                return [v if v < 0 and -v <= last + 2 else min(place, last) for place, v in enumerate(value)]
            return sorted({min(v, last) for v in value})
        if name in ("depths", "num_block_repeats"):
            return [1] * len(value)
        if numbers and (self.rules.has(name, "token") or name == "eos_token_id"):
            return [self.token(item) for item in value]
        image = self.rules.of(name, "image")
        if image is not None:
            return [image.at_most if node.get("patch_size") is not None else 64] * len(value)
        patch = self.rules.limit("patch", 8)
        if name == "patch_size" and numbers and min(value) > patch and not self.keep_widths:
            return [patch] * len(value)
        if name == "conv_dim" and not self.keep_widths:
            return [32] * len(value)
        return None

    def repeated_widths(self, node: Node, found: dict[str, Any]) -> None:
        """Lists that repeat a width which has become smaller."""
        width = self.rules.limit("width", 64)
        smaller = {node.get(k): v for k, v in found.items() if isinstance(v, int) and self.rules.has(k, "width")}
        for name in node.names:
            value = node.get(name)
            if name in node.children or not isinstance(value, (list, tuple)) or len(set(map(str, value))) != 1:
                continue
            if isinstance(value[0], int) and value[0] >= width and value[0] in smaller:
                found[name] = [smaller[value[0]]] * len(value)

    def state_space(self, node: Node, found: dict[str, Any]) -> None:
        """Heads of state-space layers must fill the expanded width."""
        width = found.get("hidden_size", node.get("hidden_size"))
        expand = node.get("mamba_expand") or node.get("expand")
        if isinstance(node.get("mamba_n_heads"), int) and isinstance(width, int) and expand:
            if node.get("mamba_d_ssm"):
                found.update(mamba_d_ssm=128, mamba_n_heads=8, mamba_d_head=16)
            else:
                found.update(mamba_n_heads=8, mamba_d_head=int(expand * width) // 8)
            if isinstance(node.get("mamba_n_groups"), int):
                found["mamba_n_groups"] = min(node.get("mamba_n_groups"), 2)
        elif isinstance(node.get("mamba_num_heads"), int) and isinstance(node.get("mamba_head_dim"), int):
            found.update(mamba_num_heads=8, mamba_head_dim=16)
            if isinstance(node.get("n_groups"), int):
                found["n_groups"] = 2
        elif isinstance(node.get("state_size"), int) and isinstance(node.get("num_heads"), int) and expand:
            found.update(num_heads=8, head_dim=int(expand * width) // 8, n_groups=1)
        if isinstance(node.get("linear_num_key_heads"), int):
            found["linear_num_key_heads"] = 2
        if isinstance(node.get("linear_num_value_heads"), int):
            found["linear_num_value_heads"] = 4
        rotary_width = node.get("rotary_dim")
        if isinstance(rotary_width, int) and rotary_width > 8 and node.heads:
            found["rotary_dim"] = 8


class Node:
    """One configuration and what its fields have to agree on: heads, layers, stages."""

    def __init__(self, config: Any, shrinker: Shrinker, given: Mapping[str, Any]) -> None:
        self.config, self.rules = config, shrinker.rules
        base = shrinker.base_fields
        self.names = [n for n in field_names(config) if n not in base or n == "is_encoder_decoder"]
        self.children = {name: self.get(name) for name in sub_config_names(config) if is_config(self.get(name))}
        counts = ("num_attention_heads", "num_heads", "n_head", "n_heads", "encoder_attention_heads")
        self.heads = next((v for v in map(self.get, counts) if is_count(v)), None)
        most = self.rules.limit("heads", 4)
        self.new_heads = min(self.heads, most) if self.heads else most
        self.head_width = self.rules.limit("width", 64) // self.new_heads
        listed = any(isinstance(self.get(name), (list, tuple)) for name in self.rules.fields("stages"))
        self.staged = listed or self.get("width_coefficient") is not None
        self.keeps_widths = self.staged or shrinker.keep_widths
        self.depth, self.chosen = (None, list(range(LAYERS))) if listed else self.plan()
        depths = self.rules.fields("depth")
        wanted = next((given[name] for name in depths if is_count(given.get(name))), None)
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
            chosen.update(list(column).index(kind) for kind in column if kind not in [column[i] for i in chosen])
        need = min(LAYERS, depth)
        for name in self.names:
            value = self.get(name)
            listed = self.rules.has(name, "layer-indices") and isinstance(value, (list, tuple)) and value
            if listed and all(isinstance(item, int) for item in value):
                need = max(need, min(len(set(value)), depth))
        chosen.update(i for i in range(depth) if i < need and len(chosen) < need)
        extra = (i for i in range(depth) if i not in chosen)
        while len(chosen) < need:
            chosen.add(next(extra))
        return depth, sorted(chosen)


def rotary(node: Node, value: dict[str, Any]) -> dict[str, Any] | None:
    """Rotary settings whose sections and factors fit the tiny head."""
    result = copy.deepcopy(value)
    ignored = getattr(type(node.config), "ignore_keys_at_rope_validation", None) or ()
    flat = not any(isinstance(item, dict) for item in result.values())
    if "mrope_section" in ignored and "mrope_section" not in result and result.get("rope_type") and flat:
        result["mrope_section"] = [1, 1, 1]
    fit(node, result)
    return result


def fit(node: Node, settings: dict[str, Any]) -> None:
    """Fits one level of rotary settings, and those below it, in place."""
    sections = settings.get("mrope_section")
    if isinstance(sections, (list, tuple)) and len(sections) == 3:
        width = min(node.get("head_dim") or 10**9, node.head_width)
        half = int(width * settings.get("partial_rotary_factor", 1.0)) // 2
        if sections[0] == sections[1]:
            part = (half + 1) // 3
            settings["mrope_section"] = [part, part, half - 2 * part]
        else:
            part = half // 3 or 1
            settings["mrope_section"] = [half - 2 * part, part, part]
    for name in ("short_factor", "long_factor"):
        if isinstance(settings.get(name), (list, tuple)):
            settings[name] = [1.0] * (node.head_width // 2)
    for value in settings.values():
        if isinstance(value, dict):
            fit(node, value)


def attribute(config: Any, name: str) -> Any:
    """An attribute of a configuration; None where it is missing or where its property can't be computed."""
    try:
        return getattr(config, name)
    except Exception:  # noqa: BLE001 - a property may compute from what is not there
        return None


def field_names(config: Any) -> list[str]:
    """The fields of a configuration; transformers 4 has no declared fields, there its attributes are taken."""
    if dataclasses.is_dataclass(config):
        return [field.name for field in dataclasses.fields(config)]
    return [name for name in vars(config) if not name.startswith("__")]


def sub_config_names(config: Any) -> list[str]:
    """The names of the nested configurations that a config class declares."""
    kind = type(config)
    return list(getattr(kind, "sub_configs_defaults", None) or getattr(kind, "sub_configs", None) or {})


def is_config(value: Any) -> bool:
    """Whether a value is a configuration of transformers."""
    return isinstance(value, PretrainedConfig)


def is_count(value: Any) -> bool:
    """Whether a value is a whole number above zero."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
