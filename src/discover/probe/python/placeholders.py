"""Placeholders: as many tokens in the text as a picture, a video or a sound has features."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import torch
from hfgen_runtime.inputs import SEQUENCE, tensors

from .configs import attribute, configs, is_whole, value

WRONG_COUNT = re.compile(r"tokens:? *(\d+),? *(?:and )?features:? *(\d+)")
FEATURES = {
    "image": ("pixel_values", "image_patches", "pixel_values_images"),
    "video": ("pixel_values_videos",),
    "audio": ("input_features", "input_values", "audio_features"),
}
ENDS = ("token_id", "token_index", "placeholder_token_id", "patch_id", "context_token_id")
COUNTS = ("image_seq_length", "image_seq_len", "mm_tokens_per_image", "num_image_tokens")
FIRST, MOST = 2, 600


class Placeholders:
    """The placeholders of one class's text, by kind."""

    def __init__(self, network: Any, parameters: Mapping[str, Any], hints: Mapping[str, Any], rows: int) -> None:
        self.network, self.parameters, self.hints, self.rows = network, parameters, hints, rows
        self.config = network.config

    def counted(self, described: Mapping[str, Any]) -> dict[str, int]:
        """How many placeholders of each kind a text needs, by the model's own encoders or its configuration."""
        if not isinstance(described.get("input_ids"), str) or not described["input_ids"].startswith("ids B S"):
            return {}
        if " at=" in described["input_ids"] and "placeholders" not in self.hints:
            pass
        found: dict[str, int] = {}
        for kind, names in FEATURES.items():
            if not any(name in described for name in names) or self.token(kind) is None:
                continue
            count = self.hints.get("placeholders", self.hints.get(f"{kind}_placeholders"))
            if count is None:
                count = self.features(described, kind)
            if count is None and kind == "image":
                count = value(self.config, *COUNTS)
            if is_whole(count) and 0 < count <= MOST:
                found[kind] = count
        return found

    def placed(self, described: Mapping[str, Any], counts: Mapping[str, int]) -> tuple[dict[str, Any], int]:
        """The arguments with placeholders in the text, and how long that makes it."""
        result, start = dict(described), FIRST
        kinds = ""
        for place, (kind, count) in enumerate(counts.items()):
            result["input_ids"] = self.with_token(result["input_ids"], self.token(kind), start, count)
            number = {"image": 1, "video": 2, "audio": 3}[kind] if len(counts) > 1 or kind != "image" else place + 1
            kinds += f" at={number}:{start}:{count}"
            start += count + 1
        if counts:
            for name in ("mm_token_type_ids", *(["token_type_ids"] if self.hints.get("token_types") else [])):
                if name in self.parameters and name not in result:
                    result[name] = f"zeros B S{kinds}"
        return result, SEQUENCE + sum(counts.values()) + len(counts)

    def with_token(self, ids: str, token: int | None, start: int, count: int) -> str:
        """A text with a token in a stretch of it; nowhere else, so plain ids stay below it."""
        ids = f"{ids} at={token}:{start}:{count}"
        if token is not None and 5 <= token < 290 and "high=" not in ids:
            return f"{ids} high={token}" if token > 145 else f"{ids} low={token + 1}"
        return ids

    def corrected(self, counts: Mapping[str, int], error: BaseException) -> dict[str, int] | None:
        """Other counts, where the error says how many there should be."""
        found = WRONG_COUNT.search(str(error))
        wanted = int(found[2]) if found else 0
        if not wanted or wanted % self.rows or wanted > MOST * self.rows:
            return None
        kinds = [kind for kind in FEATURES if kind in str(error).lower() and self.token(kind) is not None]
        kind = kinds[0] if kinds else next(iter(counts), "image")
        changed = {**counts, kind: wanted // self.rows}
        return changed if changed != dict(counts) else None

    def token(self, kind: str) -> int | None:
        """The token that stands for a piece of a picture, a video or a sound."""
        names = [f"{kind}_{end}" for end in ENDS] + (["media_placeholder_token_id"] if kind != "audio" else [])
        for _, config in configs(self.config):
            for name in names:
                found = attribute(config, name)
                if is_whole(found) and found >= 0:
                    return found
        for _, config in configs(self.config):
            for name, found in vars(config).items():
                marks = re.search("start|end|bos|eos|begin", name)
                if (
                    is_whole(found)
                    and found >= 0
                    and kind in name
                    and re.search(r"token.*(id|index|idx)$", name)
                    and not marks
                ):
                    return found
        return None

    def features(self, described: Mapping[str, Any], kind: str) -> int | None:
        """How many features a row's picture or sound gives, by the model's own encoder."""
        name = f"get_{kind}_features"
        owners = (getattr(self.network, "model", None), getattr(self.network, "base_model", None), self.network)
        method = next((found for owner in owners if (found := getattr(owner, name, None)) is not None), None)
        if method is None:
            return None
        accepted = inspect.signature(method).parameters
        given = tensors({n: item for n, item in described.items() if n in accepted and n != "input_ids"}, self.rows)
        try:
            with torch.no_grad():
                found = method(**given)
            return features_in(found) // self.rows
        except Exception:
            return None


def features_in(found: Any) -> int:
    """The number of feature vectors in what `get_<kind>_features` returned."""
    pooled = getattr(found, "pooler_output", None)
    found = pooled if pooled is not None else found
    if isinstance(found, tuple) and found and torch.is_tensor(found[0]):
        alike = all(torch.is_tensor(item) and item.dim() == found[0].dim() for item in found)
        found = found if alike else found[0]
    if torch.is_tensor(found):
        return found.numel() // found.shape[-1]
    last = getattr(found, "last_hidden_state", None)
    if last is not None:
        return last.numel() // last.shape[-1]
    return sum(item.numel() // item.shape[-1] for item in found if torch.is_tensor(item))
