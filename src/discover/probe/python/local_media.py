"""The arguments of tiny image processors, video processors and feature extractors, from what the tiny model takes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from .local_text import configs, field

# Processors write a size as a number of pixels in all from here on, as the length of an edge below.
AREA = 56 * 56
# A processor's argument and the field of the configuration that it must agree with.
AGREES = {
    "patch_size": ("patch_size", "vision_patch_size", "image_patch_size"),
    "temporal_patch_size": ("temporal_patch_size",),
    "merge_size": ("spatial_merge_size", "merge_size", "merge_kernel_size"),
    "spatial_merge_size": ("spatial_merge_size",),
    "tile_size": ("image_size",),
    "pooling_kernel_size": ("pooling_kernel_size",),
    "downsample_factor": ("downsample_factor",),
    "encoder_patch_size": ("encoder_patch_size", "patch_size"),
    "num_frames": ("num_frames",),
}
# What a tiny film or picture is not put through: choosing frames by time, reading text, drawing with a font.
SWITCHES = (
    "do_pan_and_scan",
    "apply_ocr",
    "crop_to_patches",
    "do_sample_frames",
    "draw_on_frames",
)
RATIOS = ("downsample_ratio", "pixel_shuffle_ratio")
MELS = (
    "num_mel_bins",
    "n_mels",
    "feature_size",
    "mel_bins",
    "input_feat_per_channel",
    "num_mels",
    "n_mel",
)


class Picture:
    """The size of the pictures that the tiny model takes, from its proven inputs and its configuration."""

    def __init__(self, config: Any, shapes: Mapping[str, list[int]]) -> None:
        self.config = config
        shape = next(
            (shapes[n] for n in ("pixel_values", "pixel_values_videos", "image", "images") if n in shapes),
            [],
        )
        self.height, self.width = (shape[-2], shape[-1]) if len(shape) >= 4 else (0, 0)
        self.frames = shape[1] if len(shape) == 5 else 0
        self.patch = self.agreed("patch_size") or 8
        self.unit = self.patch * (self.agreed("merge_size") or 1)
        if not self.height or self.height > 4096:
            sizes = (getattr(part, "image_size", None) for part in configs(config))
            known = next(
                (size for size in sizes if isinstance(size, (int, list, tuple)) and size),
                None,
            )
            pair = list(known)[:2] if isinstance(known, (list, tuple)) else [known, known]
            self.height, self.width = pair if known and max(pair) <= 512 else (4 * self.unit, 4 * self.unit)

    def agreed(self, name: str) -> int | None:
        """The number that the configuration holds for an argument of a processor."""
        for word in AGREES[name]:
            for part in configs(self.config):
                value = getattr(part, word, None)
                value = value[-1] if isinstance(value, (list, tuple)) and value else value
                if isinstance(value, int) and not isinstance(value, bool):
                    return value
        return None

    def arguments(self, cls: Any) -> Iterator[dict[str, Any]]:
        """Arguments to try with a class, from those that only say the size to those that say all."""
        names = defaults(cls)
        sized = {name: self.sized(name, value) for name, value in names.items() if self.sized(name, value) is not None}
        agreed: dict[str, Any] = {}
        for name in AGREES:
            value = self.agreed(name) if name in names else None
            if value is not None:
                agreed[name] = dict.fromkeys(names[name], value) if isinstance(names[name], Mapping) else value
        ratios = {name: field_float(self.config, name) for name in RATIOS if name in names}
        ratios = {name: ratio for name, ratio in ratios.items() if ratio is not None}
        switches: dict[str, Any] = {name: False for name in SWITCHES if names.get(name)}
        if "clusters" in names:  # colours of a picture, as many as the model has tokens for
            switches["clusters"] = [[step / 8 - 1, 0.0, 1 - step / 8] for step in range(16)]
        yield {**sized, **agreed, **ratios, **switches}
        yield {**sized, **switches}
        yield {**agreed, **ratios}
        yield {}

    def sized(self, name: str, value: Any) -> Any:
        """A default size in the same form, of the tiny model."""
        side, area = min(self.height, self.width), self.height * self.width
        if isinstance(value, Mapping):
            if {"height", "width"} <= set(value):
                return {"height": self.height, "width": self.width} if "patch" not in name else None
            if {"max_height", "max_width"} <= set(value):
                return {"max_height": self.height, "max_width": self.width}
            if {"shortest_edge", "longest_edge"} <= set(value):
                whole = (value["longest_edge"] or 0) >= AREA
                return {
                    "shortest_edge": self.unit**2 if whole else side,
                    "longest_edge": area if whole else max(self.height, self.width),
                }
            if "shortest_edge" in value:
                return {"shortest_edge": side}
            if "longest_edge" in value:
                return {"longest_edge": max(self.height, self.width)}
        if name in ("min_pixels", "max_pixels") and isinstance(value, int):
            return self.unit**2 if name == "min_pixels" else area
        if name == "image_grid_pinpoints":
            return [[self.height, 2 * self.width], [2 * self.height, self.width]]
        if name in ("crop_size", "size", "size_divisor") and isinstance(value, int):
            return side if name != "size_divisor" else min(value, side)
        if name == "num_frames" and self.frames:
            return self.frames
        return None


def field_float(config: Any, name: str) -> float | None:
    """A ratio of the configuration."""
    values = (getattr(part, name, None) for part in configs(config))
    return next(
        (float(value) for value in values if isinstance(value, (int, float)) and value),
        None,
    )


def defaults(cls: Any) -> dict[str, Any]:
    """The arguments of a processor class with their defaults."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update({n: v for n, v in vars(base).items() if not n.startswith("_") and not callable(v)})
        kwargs = getattr(base, "valid_kwargs", None)
        for name in getattr(kwargs, "__annotations__", {}):
            found.setdefault(name, None)
        if "__init__" in vars(base):
            for name, parameter in inspect.signature(base.__init__).parameters.items():
                if parameter.default is not parameter.empty and parameter.default is not None:
                    found.setdefault(name, parameter.default)
    return {name: dict(v) if isinstance(v, Mapping) else v for name, v in found.items() if not isinstance(v, property)}


class Sound:
    """The form of the sounds that the tiny model takes, from its proven inputs and its configuration."""

    def __init__(self, config: Any, shapes: Mapping[str, list[int]]) -> None:
        self.config = config
        self.shape = next(
            (shapes[name] for name in ("input_features", "audio_features", "input_values") if name in shapes),
            [],
        )

    def arguments(self, cls: Any) -> Iterator[dict[str, Any]]:
        """Arguments to try with a class of feature extractors."""
        names = inspect.signature(cls.__init__).parameters
        rate = {}
        sampled = field(self.config, "sampling_rate", "sample_rate")
        if sampled and sampled >= 4000 and "sampling_rate" in names:
            rate = {"sampling_rate": sampled}
        default = getattr(names.get("feature_size"), "default", None) or getattr(
            names.get("num_mel_bins"), "default", None
        )
        mels = next(
            (n for n in (field(self.config, word) for word in MELS) if n and n > 1),
            None,
        )
        proven = [n for n in self.shape[1:] if 8 <= n <= 256]
        tried: list[dict[str, Any]] = []
        for count in dict.fromkeys([mels, *proven[::-1], *proven, None]):
            given = dict(rate)
            for name in ("feature_size", "num_mel_bins", "n_mels"):
                plain = getattr(names.get(name), "default", 1) == 1
                if name in names and count and not plain and default != 1:
                    given[name] = count
            for more in [self.long(names, count), {}]:
                if {**given, **more} not in tried:
                    tried.append({**given, **more})
        yield from tried
        yield {}

    def long(self, names: Mapping[str, Any], mels: int | None) -> dict[str, Any]:
        """How a feature extractor that always gives the same length comes to the length of the tiny model."""
        frames = field(self.config, "max_source_positions")
        length = next((n for n in self.shape[1:] if n != mels), None)
        frames = length if length else frames and 2 * frames
        if not frames:
            return {}
        if "chunk_length" in names and "hop_length" in names:
            for seconds in range(1, 41):
                if 16_000 * seconds % frames == 0 and 50 <= 16_000 * seconds // frames <= 400:
                    return {
                        "chunk_length": seconds,
                        "hop_length": 16_000 * seconds // frames,
                    }
        if "max_length" in names:
            return {"max_length": frames}
        return {}
