"""Makes the tokenizer and the processors of a model type, tries them on real data, and says what they were made of.

`local(job, found)` gives the settings under which `hfgen_runtime.local` makes a folder that transformers' auto classes
open, whose parts encode text, pictures, sounds and films, and with whose inputs the tiny network really runs.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hfgen_runtime import local as runtime
from hfgen_runtime import samples
from hfgen_runtime.inputs import size

from .local_media import Picture, Sound
from .local_text import BACKEND, configs, said, tokenizer

# What a processor demands in its call beside data, and the name under which it takes data where that is its own.
DEMANDED: dict[str, dict[str, Any]] = {
    "language": {"language": "en"},
    "task_inputs": {"names": {"text": "task_inputs"}},
    "html_strings": {"names": {"text": "html_strings"}, "text": "<html><body><p>{text}</p></body></html>"},
    "boxes": {"names": {"text": "text"}, "words": True},
    "messages_list": {
        "names": {"text": ""},
        "messages_list": [[{"role": "user", "content": "what is this"}]],
        "proteins": [{"aa_seq": "MKTAYIAKQR", "foldseek": "dvvvvdddpp"}],
    },
}
IMAGE, AUDIO, VIDEO = "CLIPImageProcessor", "Wav2Vec2FeatureExtractor", "VideoMAEVideoProcessor"
ROLES = {
    "tokenizer": "tokenizer",
    "qformer_tokenizer": "tokenizer",
    "protein_tokenizer": "tokenizer",
    "alignment_tokenizer": "tokenizer",
    "image_processor": "image_processor",
    "video_processor": "video_processor",
    "feature_extractor": "feature_extractor",
    "audio_processor": "feature_extractor",
}
KIND_OF = {part: kind for kind, part in runtime.KINDS.items()}


def local(job: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a model's parts; under `error` why one of them could not be made, under `instead` what stands in."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return Search(job, found, Path(folder)).found()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            return {"error": said(error)}


class Search:
    """The search for the parts of one model type."""

    def __init__(self, job: Mapping[str, Any], found: Mapping[str, Any], folder: Path) -> None:
        self.job, self.facts, self.folder = job, found, folder
        self.config = runtime.find_config(job["module"], job["config_class"])(**plain(found.get("tiny") or {}))
        self.shapes = shapes(found)
        self.tries = 0
        self.errors: dict[str, str] = {}

    def found(self) -> dict[str, Any]:
        """Every part that the facts name, and stand-ins for what the model takes beside them."""
        named = {part: names for part, names in (self.job.get("processors") or {}).items() if part in runtime.PARTS}
        processor = self.cls(named.get("processor"))
        settings: dict[str, Any] = {}
        for part in runtime.PARTS[:-1]:
            names = named.get(part) or self.stand_in(part, named)
            if part in self.wanted(processor) and not names:
                names = self.stand_in(part, named, always=True)
            if names:
                try:
                    settings[part] = self.part(part, names, processor)
                except Exception as error:  # noqa: BLE001 - the reason is the finding
                    self.errors[part] = said(error)
        if processor is not None:
            try:
                settings.update(self.whole(processor, settings))
            except Exception as error:  # noqa: BLE001 - the reason is the finding
                self.errors["processor"] = said(error)
        if self.errors:
            settings["error"] = "; ".join(f"{part}: {reason}" for part, reason in self.errors.items())
        return settings

    def cls(self, names: Any) -> Any:
        """The first class of several names."""
        return runtime.find(names[0], self.job["module"]) if names else None

    def wanted(self, processor: Any) -> list[str]:
        """The parts that a processor is made of."""
        return [] if processor is None else [ROLES[name] for name in roles(processor)]

    def stand_in(self, part: str, named: Mapping[str, Any], always: bool = False) -> list[str]:
        """What serves a model for which transformers names no class of its own."""
        names = {name for names in self.shapes for name in names.split()}
        if part == "tokenizer" and (always or "input_ids" in names):
            return [BACKEND]
        pixels = self.shapes.get("pixel_values", [])
        if part == "image_processor" and (always or (len(pixels) == 4 and pixels[1] == 3)):
            return [] if "image_processor" in named else [IMAGE]
        if part == "video_processor" and (always or (len(pixels) == 5 and "image_processor" not in named)):
            return [VIDEO]
        if part == "feature_extractor" and (always or len(self.shapes.get("input_values", [])) == 2):
            return [AUDIO]
        if part == "feature_extractor" and len(self.shapes.get("input_features", [])) == 3:
            return ["WhisperFeatureExtractor"]
        return []

    def part(self, part: str, names: list[str], processor: Any) -> dict[str, Any]:
        """The settings of one part that encodes its kind of data."""
        if part == "tokenizer":
            return tokenizer(self.job, self.config, names[0], processor, self.fresh())
        cls = self.cls(names)
        known = Sound(self.config, self.shapes) if part == "feature_extractor" else Picture(self.config, self.shapes)
        reasons: list[str] = []
        fallback: dict[str, Any] | None = None
        for arguments in known.arguments(cls):
            settings = {"class": names[0], "arguments": arguments}
            try:
                made = runtime.make({part: settings}, self.job["module"], self.fresh())
                encoded = made.inputs(**{KIND_OF[part]: self.sample(KIND_OF[part], made)})
                if not encoded:
                    raise ValueError("it gave no tensors")
                if self.agrees(encoded):
                    return settings
                fallback = fallback or settings
            except Exception as error:  # noqa: BLE001 - the next arguments may do
                if "pairs of" in str(error) and "pairs" not in settings:
                    settings["pairs"] = True
                    try:
                        made = runtime.make({part: settings}, self.job["module"], self.fresh())
                        if made.inputs(image=self.sample("image", made)):
                            return settings
                    except Exception as second:  # noqa: BLE001 - as above
                        error = second
                reasons.append(said(error))
        if fallback is None:
            raise ValueError(reasons[0])
        return fallback

    def agrees(self, encoded: Mapping[str, Any]) -> bool:
        """Whether the tensors have the form that the network was proven with, but for lengths that may vary."""
        for name, tensor in encoded.items():
            proven = self.shapes.get(name)
            if proven is None or not tensor.is_floating_point():
                continue
            if len(proven) != tensor.dim():
                return False
            given = list(tensor.shape)
            if name == "input_features" and given[1:] != proven[1:] and given[-1] not in proven and given[1] not in proven:
                return False
            if name == "pixel_values" and given[1:] != proven[1:] and len(proven) >= 4:
                return False
        return True

    def sample(self, kind: str, made: Any) -> Any:
        """A sample that a part of this kind can take."""
        if kind == "audio":
            return samples.sound(made.rate)
        if kind == "text":
            return (made.settings.get("tokenizer") or {}).get("sample", samples.TEXT)
        return samples.sample(kind)

    def whole(self, cls: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
        """The processor over the parts, with a way to call it that gives inputs of the network."""
        reasons: list[str] = []
        for settings in self.processors(cls, parts):
            for call, kinds in self.calls(cls, settings, parts):
                whole = {**parts, "processor": settings, "call": call, "takes": list(kinds)}
                try:
                    made = runtime.make(whole, self.job["module"], self.fresh())
                    if made.inputs(**{kind: self.sample(kind, made) for kind in kinds}):
                        return {"processor": settings, "call": call, "takes": list(kinds)}
                    reasons.append("it gave no tensors")
                except Exception as error:  # noqa: BLE001 - another call may do
                    reasons.append(said(error))
        raise ValueError("; ".join(dict.fromkeys(reasons)) if reasons else "there is no way to call it")

    def processors(self, cls: Any, parts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Settings of a processor to try: numbers that agree with the configuration, then its defaults."""
        parameters = inspect.signature(cls).parameters
        takes = [name for name in roles(cls) if ROLES[name] in parts]
        renamed = {name: ROLES[name] for name in takes if ROLES[name] != name}
        numbers: dict[str, Any] = {}
        for name, parameter in parameters.items():
            value = next((getattr(part, name) for part in configs(self.config) if getattr(part, name, None) is not None), None)
            if name not in ROLES and isinstance(value, (int, float, str)) and not name.endswith("_token"):
                numbers[name] = value
        settings: dict[str, Any] = {"class": cls.__name__, "takes": takes}
        if renamed:
            settings["parts"] = renamed
        yield {**settings, "arguments": numbers}
        if numbers:
            yield {**settings, "arguments": {}}
        if "audio_tokenizer" in parameters:  # a codec; without one it encodes text
            yield {**settings, "arguments": {**numbers, "audio_tokenizer": None}}

    def calls(
        self, cls: Any, settings: Mapping[str, Any], parts: Mapping[str, Any]
    ) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
        """Ways to call a processor: which kinds of data it takes at once, and the text that goes with them."""
        parameters = inspect.signature(cls.__call__).parameters
        have = [kind for kind, part in runtime.KINDS.items() if part in parts]
        others = [kind for kind in have if kind != "text"]
        tokens = (parts.get("tokenizer") or {}).get("special", {})
        sets = [tuple(have), *((("text", kind) if "text" in have else (kind,)) for kind in others), ("text",), *((k,) for k in others)]
        for kinds in dict.fromkeys(sets):
            marks = {kind: [t for t in tokens if kind in t.lower() or (kind == "image" and "img" in t.lower())] for kind in kinds}
            plain = [{}]
            with_marks = []
            if "text" in kinds:
                for place in range(3):
                    chosen = [marks[kind][place] for kind in kinds if kind != "text" and len(marks[kind]) > place]
                    if chosen:
                        with_marks.append({"text": " ".join([*chosen, "{text}"])})
            for call in [*with_marks, *plain]:
                for name in parameters:
                    if name in DEMANDED and (name != "boxes" or "text_pair" in parameters):
                        call = {**DEMANDED[name], **call}
                yield call, kinds

    def fresh(self) -> Path:
        """A new folder."""
        self.tries += 1
        path = self.folder / str(self.tries)
        path.mkdir()
        return path


def roles(processor: Any) -> list[str]:
    """The names under which a processor takes its parts."""
    names = [name for name in inspect.signature(processor.__init__).parameters if name in ROLES]
    told = getattr(processor, "get_attributes", lambda: getattr(processor, "attributes", []))
    return names or [name for name in told() if name in ROLES]


def shapes(found: Mapping[str, Any]) -> dict[str, list[int]]:
    """The shape of every proven input of any class, for one row."""
    known: dict[str, list[int]] = {}
    for inputs in [found.get("inputs") or {}, *(item.get("inputs") or {} for item in (found.get("classes") or {}).values())]:
        for name, described in inputs.items():
            words = described.split() if isinstance(described, str) else []
            if words and words[0] not in ("each", "value", "plain"):
                try:
                    known.setdefault(name, size([word for word in words[1:] if "=" not in word], 1))
                except ValueError:
                    continue
    return known


def plain(value: Any) -> Any:
    """JSON with the few Python values that it has no word for."""
    if isinstance(value, Mapping):
        if set(value) == {"$py"}:
            return {'float("inf")': float("inf"), '-float("inf")': -float("inf")}.get(value["$py"])
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
