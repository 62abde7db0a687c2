"""The sizes that inputs of a model have: pictures, patches, frames, vocabulary; told from its configuration.

`fill` puts them into the holes of a descriptor: `noise B {channels} {height} {width}`, `ids B {task_seq_len|77}`.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from .configs import at_path, attribute, find, is_whole, one, value

TEXT = 8
VISION, SPEECH = ("vision", "image", "backbone", "encoder"), ("audio", "speech", "encoder")
MELS = [
    "num_mel_bins",
    "input_feat_per_channel",
    "feature_projection_input_dim",
    "input_feat_size",
    "mel_bins",
    "n_mels",
    "feature_size",
    "input_dim",
]
HOLE = re.compile(r"\{([^{}]+)\}")
OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Mult: operator.mul,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Mod: operator.mod,
}


class NoSize(KeyError):
    """A hole that neither the hints nor the configuration fill."""


class Sizes:
    """The sizes of one class's inputs. `hints` of the registry beat what the configuration says."""

    def __init__(self, config: Any, hints: Mapping[str, Any]) -> None:
        self.config, self.hints = config, hints
        wanted = (["image_size", "num_channels"], ["patch_size"], ["image_size"], ["num_channels"])
        self.vision = next((c for fields in wanted if (c := find(config, fields, VISION)) is not None), None)
        try:
            self.text = config.get_text_config()
        except (AttributeError, ValueError):
            self.text = config  # it has several texts, or none

    def fill(self, item: Any) -> Any:
        """A descriptor, or nested ones, with the holes filled."""
        if isinstance(item, Mapping):
            return {name: self.fill(below) for name, below in item.items()}
        if isinstance(item, (list, tuple)):
            return [self.fill(below) for below in item]
        return HOLE.sub(lambda hole: str(self.read(hole[1])), item) if isinstance(item, str) else item

    def read(self, text: str) -> Any:
        """What a hole stands for: `patch*patch*channels`, `state_dim|17`; NoSize where nothing says it."""
        found = self.evaluate(ast.parse(text.strip(), mode="eval").body)
        if found is None:
            raise NoSize(text)
        return int(found) if isinstance(found, float) else found

    def evaluate(self, node: ast.expr) -> Any:
        """One part of a hole; None where nothing says it."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left = self.evaluate(node.left)
            return left if left is not None else self.evaluate(node.right)
        if isinstance(node, ast.BinOp):
            left, right = self.evaluate(node.left), self.evaluate(node.right)
            return OPERATORS[type(node.op)](left, right) if left is not None and right is not None else None
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self.named(ast.unparse(node))
        raise NoSize(ast.unparse(node))

    def named(self, name: str) -> Any:
        """A size by its name: a hint, a size of this class, a field of the configuration or of what is nested in it."""
        if name in self.hints:
            return self.hints[name]
        if isinstance(getattr(type(self), name, None), cached_property):
            return getattr(self, name)
        path, _, field = name.rpartition(".")
        if path:
            return one(
                attribute({"vision": self.vision, "text": self.text}.get(path) or at_path(self.config, path), field)
            )
        return one(value(self.config, field, default=attribute(find(self.config, [field]), field)))

    @cached_property
    def vocabulary(self) -> int:
        """One above the largest id of a text; ids of special tokens lie above the usual 290."""
        sized = [self.text, self.config, find(self.config, ["vocab_size"], ("text", "decoder"))]
        return next((v for v in (attribute(c, "vocab_size") for c in sized) if is_whole(v)), 100)

    @cached_property
    def high(self) -> int:
        """One above the largest id of a plain token."""
        return max(6, min(self.vocabulary, 290))

    @cached_property
    def low(self) -> int:
        """The smallest id of a plain token."""
        return min(5, self.high - 1)

    @cached_property
    def text_width(self) -> int:
        """The width of embedded text."""
        return value(self.text, "hidden_size", "d_model", "n_embd", default=64)

    @cached_property
    def width(self) -> int:
        """The width of hidden states."""
        return value(self.config, "hidden_size", "d_model", "n_embd", default=64)

    @cached_property
    def image(self) -> tuple[int, int]:
        """Height and width of a picture."""
        if "image" in self.hints:
            height, width = self.hints["image"]
            return height, width
        size = value(self.vision, "image_size", "img_size", "input_size", default=64)
        if isinstance(size, Mapping):
            size = [size.get("height", 64), size.get("width", 64)]
        height, width = (size[0], size[-1]) if isinstance(size, (list, tuple)) else (size, size)
        return (height, width) if max(height, width) <= 1024 else (64, 64)

    @cached_property
    def height(self) -> int:
        """Height of a picture."""
        return self.image[0]

    @cached_property
    def breadth(self) -> int:
        """Width of a picture."""
        return self.image[1]

    @cached_property
    def channels(self) -> int:
        """Channels of a picture."""
        names = ("num_channels", "in_channels", "in_chans", "num_input_channels", "input_channels")
        found = value(self.vision, *names)
        return found if is_whole(found) and found <= 16 else 3

    @cached_property
    def patch(self) -> int:
        """Height of a patch of a picture."""
        return one(value(self.vision, "patch_size", "spatial_patch_size", default=8))

    @cached_property
    def temporal(self) -> int:
        """Frames in a patch."""
        return one(value(self.vision, "temporal_patch_size", default=1))

    @cached_property
    def merge(self) -> int:
        """Patches that are merged into one feature, along one side."""
        return one(value(self.vision, "spatial_merge_size", "merge_size", default=2))

    @cached_property
    def patches(self) -> int:
        """Patches of a picture."""
        return (self.height // self.patch) * (self.breadth // self.patch)

    @cached_property
    def frames(self) -> int:
        """Frames of a video."""
        return one(value(self.vision, "num_frames", default=value(self.config, "num_frames", default=4)))

    @cached_property
    def tubes(self) -> int:
        """Patches of a video, each through several frames."""
        tubelet = one(value(self.config, "tubelet_size"))
        return self.patches * (self.frames // tubelet if is_whole(tubelet) else 1)

    @cached_property
    def mels(self) -> int:
        """Frequencies of a spectrogram."""
        holder = next((c for n in MELS if (c := find(self.config, [n], SPEECH)) is not None), None)
        return one(value(holder, *MELS, default=80))

    @cached_property
    def steps(self) -> int:
        """Time steps of a spectrogram."""
        positions = find(self.config, ["max_source_positions"], SPEECH)
        return min(2 * value(positions, "max_source_positions", default=64), 1024)

    @cached_property
    def past(self) -> int:
        """Steps of the past that a time series model reads, its lags included."""
        lags = value(self.config, "lags_sequence", default=[0])
        extra = max(lags) if isinstance(lags, (list, tuple)) and lags else 0
        return value(self.config, "context_length", default=16) + extra

    @cached_property
    def labels(self) -> int:
        """Classes that a head tells apart."""
        return value(self.config, "num_labels", default=2)

    @cached_property
    def end(self) -> int | None:
        """The token that ends a text."""
        found = value(self.config, "eos_token_id", default=attribute(self.text, "eos_token_id"))
        return one(found)
