"""What must agree when widths shrink: rotary sections, heads of state-space layers, lists that repeat a width."""

from __future__ import annotations

import copy
from typing import Any

from .configs import is_whole
from .node import Node


def rotary(node: Node, settings: dict[str, Any]) -> dict[str, Any]:
    """Rotary settings whose sections and factors fit the tiny head."""
    result = copy.deepcopy(settings)
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
    for item in settings.values():
        if isinstance(item, dict):
            fit(node, item)


def state_space(node: Node, found: dict[str, Any]) -> None:
    """Heads of state-space and linear-attention layers must fill the expanded width."""
    width = found.get("hidden_size", node.get("hidden_size"))
    expand = node.get("mamba_expand") or node.get("expand")
    if is_whole(node.get("mamba_n_heads")) and is_whole(width) and expand:
        if node.get("mamba_d_ssm"):
            found.update(mamba_d_ssm=128, mamba_n_heads=8, mamba_d_head=16)
        else:
            found.update(mamba_n_heads=8, mamba_d_head=int(expand * width) // 8)
        if is_whole(node.get("mamba_n_groups")):
            found["mamba_n_groups"] = min(node.get("mamba_n_groups"), 2)
    elif is_whole(node.get("mamba_num_heads")) and is_whole(node.get("mamba_head_dim")):
        found.update(mamba_num_heads=8, mamba_head_dim=16)
        if is_whole(node.get("n_groups")):
            found["n_groups"] = 2
    elif is_whole(node.get("state_size")) and is_whole(node.get("num_heads")) and expand:
        found.update(num_heads=8, head_dim=int(expand * width) // 8, n_groups=1)
    if is_whole(node.get("linear_num_key_heads")):
        found["linear_num_key_heads"] = 2
    if is_whole(node.get("linear_num_value_heads")):
        found["linear_num_value_heads"] = 4
    rotary_width = node.get("rotary_dim")
    if is_whole(rotary_width) and rotary_width > 8 and node.heads:
        found["rotary_dim"] = 8


def repeated_widths(node: Node, found: dict[str, Any]) -> None:
    """Lists that repeat a width which has become smaller."""
    least = node.rules.limit("width", 64)
    smaller = {node.get(k): v for k, v in found.items() if isinstance(v, int) and node.rules.has(k, "width")}
    for name in node.names:
        listed = node.get(name)
        if name in node.children or not isinstance(listed, (list, tuple)) or len(set(map(str, listed))) != 1:
            continue
        if is_whole(listed[0]) and listed[0] >= least and listed[0] in smaller:
            found[name] = [smaller[listed[0]]] * len(listed)
