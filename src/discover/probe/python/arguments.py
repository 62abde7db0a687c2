"""Which arguments a forward pass takes, and what each looks like, as descriptions of tensors (`noise B 3 32 32`).

From the signature, the modalities and the configuration. Where an argument comes in several layouts (a picture as a
picture, as tiles, as packed patches) the layouts are named, and the search tries one after the other.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shrink import attribute, is_config

TEXT = 8
VISION, SPEECH = ("vision", "image", "backbone", "encoder"), ("audio", "speech", "encoder")
HOLE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Layout:
    """How pictures, features and waveforms are laid out in a tensor."""

    pixels: str = "image"  # image, tiles, video, patches, patch_images, rows
    features: str = "mel_time"  # mel_time, time_mel, channel_time_mel
    wave: str = "flat"  # flat, channel, spectrogram, features
    sizes: bool = True  # whether the sizes of the pictures are given too


def layouts(names: Sequence[str], hints: Mapping[str, Any]) -> list[Layout]:
    """The layouts that a signature allows, the most likely first; what the hints choose is the only one."""
    pixels, features, waves, sizes = ["image"], ["mel_time"], ["flat"], [True]
    if "pixel_values" in names:
        if "image_grid_thw" in names or "grid_thw" in names:
            pixels = ["patches", "patch_images", "image"]
        elif "spatial_shapes" in names:
            pixels = ["rows", "image"]
        elif "image_sizes" in names:
            pixels, sizes = ["image", "tiles"], [True, False]
        else:
            pixels = ["image", "tiles", "video", "patches", "rows"]
    if "grid_thw" in names and "hidden_states" in names:
        pixels = ["patches", "patch_images"]
    if "input_features" in names:
        features = ["mel_time", "time_mel", "channel_time_mel"]
    if {"input_values", "audio_values", "input_waveform"} & set(names):
        waves = ["flat", "channel", "spectrogram", "features"]
    pixels = [hints["pixels"]] if "pixels" in hints else pixels
    features = [hints["features"]] if "features" in hints else features
    waves = [hints["wave"]] if "wave" in hints else waves
    return [Layout(p, f, w, s) for s in sizes for p in pixels for f in features for w in waves][:12]


def value(config: Any, *names: str, default: Any = None) -> Any:
    """The first of some fields that is there and not None."""
    return next((found for found in (attribute(config, name) for name in names) if found is not None), default)


def one(item: Any) -> Any:
    """A number, where some configurations say a pair."""
    return item[0] if isinstance(item, (list, tuple)) else item


def configs(config: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A configuration and all below it, each with its path."""
    yield path, config
    for name, child in list(vars(config).items()):
        if is_config(child):
            yield from configs(child, f"{path}{name}.")


def find(config: Any, fields: Sequence[str], prefer: tuple[str, ...] = ()) -> Any:
    """The configuration that has all of the fields, those at a preferred path first."""
    having = [(p, c) for p, c in configs(config) if all(attribute(c, name) is not None for name in fields)]
    for word in prefer:
        for path, candidate in having:
            if word in path:
                return candidate
    return having[0][1] if having else None


def filled(template: str, config: Any) -> str:
    """A description with its holes filled: `{a.b|c|4}` is the first field that is there, or the number at the end."""

    def hole(match: re.Match[str]) -> str:
        for choice in match[1].split("|"):
            if choice.lstrip("-").isdigit():
                return choice
            found: Any = config
            for part in choice.split("."):
                found = attribute(found, part) if found is not None else None
            if found is not None:
                return str(int(one(found)))
        raise KeyError(f"`{template}`: the configuration has none of {match[1]}")

    return HOLE.sub(hole, template)


class Arguments:
    """Describes the arguments of one class's call in one layout."""

    def __init__(
        self, network: Any, call: str, layout: Layout, own: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]
    ) -> None:
        self.network, self.layout = network, layout
        self.config = network.config
        self.hints = own.get("hints") or {}
        self.fixed = own.get("inputs") or {}
        self.dropped = set(own.get("drop-inputs") or ())
        self.rules = {name: rule for rule in reversed(rules) for name in rule["name"]}
        parameters = inspect.signature(getattr(network, call)).parameters.values()
        self.parameters = {p.name: p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
        spoken = getattr(network, "input_modalities", None) or ()
        self.modalities = {spoken} if isinstance(spoken, str) else set(spoken)
        try:
            self.text = self.config.get_text_config()
        except (AttributeError, ValueError):
            self.text = self.config  # it has several texts, or none
        sized = [self.text, self.config, find(self.config, ["vocab_size"], ("text", "decoder"))]
        found = next((v for v in (attribute(c, "vocab_size") for c in sized) if isinstance(v, int)), None)
        self.vocabulary = self.hints.get("vocabulary", found or 100)
        wanted = (["image_size", "num_channels"], ["patch_size"], ["image_size"], ["num_channels"])
        self.vision = next((c for fields in wanted if (c := find(self.config, fields, VISION)) is not None), None)

    def describe(self) -> dict[str, Any]:
        """All arguments, without the placeholders of other modalities in the text."""
        described: dict[str, Any] = {}
        for name in self.wanted():
            item = None if name in self.fixed else self.argument(name)
            if item is not None:
                described[name] = item
        described.update(self.fixed)
        ids = described.get("input_ids")
        if isinstance(ids, str) and ids.startswith("ids B S"):
            end = one(value(self.config, "eos_token_id"))
            if "ForSequenceClassification" in type(self.network).__name__ and isinstance(end, int):
                described["input_ids"] = f"{ids} at={end}:-1:1"
            if "attention_mask" in self.parameters and not {"attention_mask"} & (set(self.fixed) | self.dropped):
                described["attention_mask"] = "ones B S"
        if type(self.network).__name__.endswith("ForMultipleChoice"):
            described = {
                name: item.replace(" B ", " B 2 ", 1) if isinstance(item, str) else item
                for name, item in described.items()
            }
        return described

    def wanted(self) -> list[str]:
        """The names of the arguments to give."""
        names, main = self.parameters, getattr(self.network, "main_input_name", None) or []
        want = [name for name in ([main] if isinstance(main, str) else main) if name in names]
        want += [n for n, p in names.items() if p.default is inspect.Parameter.empty and n not in want]

        def add(*more: str) -> None:
            want.extend(name for name in more if name in names and name not in want)

        if "text" in self.modalities:
            add("input_ids")
        if "image" in self.modalities:
            add("pixel_values")
        if "audio" in self.modalities:
            add(*[name for name in ("input_features", "input_values") if name in names][:1])
        if "video" in self.modalities and "image" not in self.modalities and "pixel_values" not in names:
            add("pixel_values_videos")
        if "time" in self.modalities or "past_values" in names:
            add("past_values", "past_time_features", "past_observed_mask", "future_values", "future_time_features")
        if not want:
            likely = "input_ids pixel_values input_features input_values past_values inputs_embeds hidden_states"
            add(*[name for name in likely.split() if name in names][:1])
        if value(self.config, "is_encoder_decoder") or {"decoder_input_ids", "encoder_outputs"} <= set(names):
            add("decoder_input_ids")
        add("bbox", "visual_feats", "visual_pos", "task_inputs", "qformer_input_ids", "prompt_pixel_values")
        if "prompt_pixel_values" in names:
            add("prompt_masks")
        add("prompt_depth", "aspect_ratio_ids", "aspect_ratio_mask")
        add("states", "actions", "rewards", "returns_to_go", "timesteps")
        if "pixel_values" in want:
            add("image_grid_thw", "spatial_shapes", "target_sizes")
            if self.layout.sizes:
                add("image_sizes")
        if "input_features" in want:
            add("input_features_mask", "feature_attention_mask")
        add(*self.hints.get("add", []))
        return [name for name in want if name not in self.dropped]

    def argument(self, name: str) -> Any:
        """One argument, or None for one that is better left to its default."""
        if name in ("attention_mask", "token_type_ids", "noise"):
            return None
        maker: Callable[[], Any] | None = getattr(self, f"make_{name}", None)
        if maker is not None:
            return maker()
        rule = self.rules.get(name)
        if rule is not None:
            make = rule["make"]
            return filled(make if isinstance(make, str) else make[0], self.config)
        raise KeyError(f"no rule makes the argument `{name}`")

    def ids(self, *shape: int | str, low: int = 5, high: int | None = None) -> str:
        """Random token ids that are no special tokens."""
        high = high or max(low + 1, min(self.vocabulary, 290))
        low = min(low, high - 1)
        limits = ("" if low == 5 else f" low={low}") + ("" if high == 290 else f" high={high}")
        return f"ids {' '.join(map(str, shape))}{limits}"

    def picture(self) -> tuple[int, int, int]:
        """Channels, height and width of a picture."""
        size = value(self.vision, "image_size", "img_size", "input_size", default=64)
        if isinstance(size, dict):
            size = [size.get("height", 64), size.get("width", 64)]
        height, width = (size[0], size[-1]) if isinstance(size, (list, tuple)) else (size, size)
        if max(height, width) > 1024:
            height = width = 64
        height, width = self.hints.get("image", [height, width])
        found = value(self.vision, "num_channels", "in_channels", "in_chans", "num_input_channels", "input_channels")
        channels = found if isinstance(found, int) and found <= 16 else 3
        return self.hints.get("channels", channels), height, width

    def patching(self) -> tuple[int, int, int]:
        """Patch size, temporal patch size and merge size."""
        patch = one(value(self.vision, "patch_size", "spatial_patch_size", default=8))
        merge = one(value(self.vision, "spatial_merge_size", "merge_size", default=2))
        temporal = value(self.vision, "temporal_patch_size", default=1)
        return patch, self.hints.get("temporal", temporal), self.hints.get("merge", merge)

    def make_pixel_values(self) -> str:
        channels, height, width = self.picture()
        patch, temporal, merge = self.patching()
        patches = (2 * merge) ** 2
        frames = value(self.vision, "num_frames", default=value(self.config, "num_frames", default=4))
        return {
            "image": f"noise B {channels} {height} {width}",
            "tiles": f"noise B {self.hints.get('tiles', 1)} {channels} {height} {width}",
            "video": f"noise B {self.hints.get('frames', frames)} {channels} {height} {width}",
            "patches": f"noise {patches}B {channels * temporal * patch * patch}",
            "patch_images": f"noise {patches}B {channels} {patch} {patch}",
            "rows": f"noise B 16 {channels * patch * patch}",
        }[self.layout.pixels]

    make_image = make_prompt_pixel_values = make_prompt_masks = make_pixel_values

    def make_pixel_values_videos(self) -> str:
        channels, height, width = self.picture()
        return f"noise B {self.hints.get('frames', 2)} {channels} {height} {width}"

    def make_prompt_depth(self) -> str:
        _, height, width = self.picture()
        return f"noise B 1 {height} {width}"

    def make_hidden_states(self) -> str:
        if {"grid_thw", "image_grid_thw"} & set(self.parameters):
            return self.make_pixel_values()
        return f"noise B S {value(self.config, 'hidden_size', 'd_model', default=64)}"

    def make_input_ids(self) -> str:
        return self.ids("B", "S")

    make_decoder_input_ids = make_labels = make_input_ids

    def make_task_inputs(self) -> str:
        return self.ids("B", value(self.config, "task_seq_len", default=77))

    def make_inputs_embeds(self) -> str:
        return f"noise B S {value(self.text, 'hidden_size', 'd_model', 'n_embd', default=64)}"

    def make_image_grid_thw(self) -> str:
        merge = self.patching()[2]
        return "each " + json.dumps([[1, 2 * merge, 2 * merge]])

    make_grid_thw = make_video_grid_thw = make_image_grid_thw

    def make_image_sizes(self) -> str:
        return "each " + json.dumps([list(self.picture()[1:])])

    make_target_sizes = make_image_sizes

    def make_pixel_attention_mask(self) -> str | None:
        return "ones B 16" if self.layout.pixels == "rows" else None

    def make_bool_masked_pos(self) -> str:
        patch, (_, height, width) = self.patching()[0], self.picture()
        count = (height // patch) * (width // patch)
        tubelet, frames = value(self.config, "tubelet_size"), value(self.config, "num_frames")
        if isinstance(tubelet, int) and frames:
            count *= frames // tubelet
        return f"first B {count} count={count // 2} type=bool"

    def make_flattened_patches(self) -> str:
        patch = one(value(self.vision, "patch_size", default=8))
        return f"uniform B 16 {3 * patch * patch + 2}"  # the first two numbers of a patch are its row and column

    def frames(self) -> tuple[int, int]:
        """Mel bins and frames of a sound."""
        bins = "num_mel_bins input_feat_per_channel feature_projection_input_dim input_feat_size feature_size input_dim"
        holder = next((c for n in bins.split() if (c := find(self.config, [n], SPEECH)) is not None), None)
        mels = self.hints.get("mels") or one(value(holder, *bins.split(), default=80))
        positions = find(self.config, ["max_source_positions"], SPEECH)
        frames = 2 * value(positions, "max_source_positions", default=64)
        return mels, self.hints.get("audio_frames", min(frames, 1024))

    def make_input_features(self) -> str:
        mels, frames = self.frames()
        return {
            "mel_time": f"noise B {mels} {frames}",
            "time_mel": f"noise B {frames} {mels}",
            "channel_time_mel": f"noise B 1 {frames} {mels}",
        }[self.layout.features]

    make_audio_mel = make_mel_spectrogram = make_input_features

    def make_input_features_mask(self) -> str:
        mels, frames = self.frames()
        return f"ones B {mels if self.layout.features == 'channel_time_mel' else frames}"

    make_feature_attention_mask = make_input_features_mask

    def make_input_values(self) -> str:
        samples = self.hints.get("samples", 16000)
        if self.layout.wave == "channel":
            channels = value(self.config, "audio_channels", "num_channels", "channels", default=1)
            return f"noise B {channels} {samples}"
        if self.layout.wave == "spectrogram":
            length = value(self.config, "max_length", default=128)
            return f"noise B {length} {value(self.config, 'num_mel_bins', default=80)}"
        return self.make_input_features() if self.layout.wave == "features" else f"noise B {samples}"

    make_audio_values = make_input_waveform = make_input_values

    def make_audio_codes(self) -> str:
        books = value(self.config, "num_quantizers", "n_codebooks", "num_codebooks", default=4)
        return self.ids("B", books, TEXT, low=0, high=10)

    make_input_codes = make_audio_codes

    def make_past_values(self) -> str:
        return f"noise {self.series(self.past())}"

    def make_past_observed_mask(self) -> str:
        return f"ones {self.series(self.past())} type=float"

    def make_past_time_features(self) -> str:
        return f"noise B {self.past()} {value(self.config, 'num_time_features', default=0)}"

    def make_past_values_padding(self) -> str:
        return f"zeros B {value(self.config, 'context_length', default=16)}"

    def make_future_values(self) -> str | None:
        if value(self.config, "num_input_channels"):
            return None
        return f"noise {self.series(value(self.config, 'prediction_length', default=4))}"

    def make_future_time_features(self) -> str:
        length = value(self.config, "prediction_length", default=4)
        return f"noise B {length} {value(self.config, 'num_time_features', default=0)}"

    def past(self) -> int:
        """How many steps of the past a time series model reads, its lags included."""
        lags = value(self.config, "lags_sequence", default=[0])
        extra = max(lags) if isinstance(lags, (list, tuple)) and lags else 0
        return value(self.config, "context_length", default=16) + extra

    def series(self, length: int) -> str:
        """The shape of a series: several channels where the configuration says so."""
        channels = value(self.config, "num_input_channels")
        if channels:
            return f"B {value(self.config, 'context_length', default=16)} {channels}"
        width = value(self.config, "input_size", default=1)
        return f"B {length}" if width == 1 else f"B {length} {width}"


def with_placeholders(described: Mapping[str, Any], arguments: Arguments, kind: str, count: int) -> dict[str, Any]:
    """The arguments with `count` placeholder tokens of a kind in every text, which gets that much longer."""
    token = placeholder(arguments.config, kind)
    ids = described.get("input_ids")
    if token is None or not count or not isinstance(ids, str) or not ids.startswith("ids B S"):
        return dict(described)
    longer = {**described, "input_ids": f"{ids} at={token}:2:{count}"}
    if "mm_token_type_ids" in arguments.parameters and "mm_token_type_ids" not in arguments.fixed:
        longer["mm_token_type_ids"] = f"zeros B S at=1:2:{count}"
    elif "token_type_ids" in arguments.parameters and arguments.hints.get("token_types"):
        longer["token_type_ids"] = f"zeros B S at=1:2:{count}"
    return longer


def placeholder(config: Any, kind: str) -> int | None:
    """The token that stands for a piece of a picture or a sound."""
    ends = ("token_id", "token_index", "placeholder_token_id", "patch_id", "context_token_id")
    names = [f"{kind}_{end}" for end in ends] + ["media_placeholder_token_id"]
    for _, child in configs(config):
        for name in names:
            found = attribute(child, name)
            if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
                return found
    for _, child in configs(config):
        for name, found in vars(child).items():
            if not isinstance(found, int) or isinstance(found, bool) or found < 0:
                continue
            marks = re.search("start|end|bos|eos|begin", name)
            if kind in name and re.search(r"token.*(id|index|idx)$", name) and not marks:
                return found
    return None

