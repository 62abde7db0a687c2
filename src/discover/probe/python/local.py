"""Makes the tokenizer and the processors of a model type, tries them on real data, and says what they were made of.

`local(job, found)` gives the settings under which `hfgen_runtime.local` makes a folder that transformers' auto classes
open, whose parts encode text, pictures, sounds and films, and with whose inputs the tiny network really runs.
"""

from __future__ import annotations

import inspect
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import transformers
from hfgen_runtime import local as runtime
from hfgen_runtime.inputs import size

from .local_marks import Marks
from .local_media import Picture, Sound
from .local_network import Network, sample
from .local_text import BACKEND, configs, said, tokenizer
from .tree import python

# What a processor demands in its call beside data, and the name under which it takes data where that is its own.
DEMANDED: dict[str, dict[str, Any]] = {
    "language": {"language": "en"},
    "task_inputs": {"names": {"text": ""}, "task_inputs": ["semantic"]},
    "html_strings": {
        "names": {"text": "html_strings"},
        "text": ["<html><body><p>{text}</p></body></html>"],
    },
    "boxes": {"names": {"text": "text"}, "words": True},
    "messages_list": {
        "names": {"text": ""},
        "messages_list": [[{"role": "user", "content": "what is this"}]],
        "proteins": [{"aa_seq": "MKTAYIAKQR", "foldseek": "dvvvvdddpp"}],
    },
}
DETECTION, SPECTROGRAM = "DetrImageProcessor", "WhisperFeatureExtractor"
IMAGE, AUDIO, VIDEO = (
    "CLIPImageProcessor",
    "Wav2Vec2FeatureExtractor",
    "VideoMAEVideoProcessor",
)
COUNT = re.compile(r"^(image_seq_len(gth)?|num_image_tokens|num_query_tokens|audio_seq_length)$")
SUFFIXES = {
    "image_processor": "ImageProcessor",
    "video_processor": "VideoProcessor",
    "feature_extractor": "FeatureExtractor",
    "tokenizer": "Tokenizer",
}
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
    """The classes of a model's parts and the settings that make them; under `error` why one of them could not be made."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            settings = Search(job, found, Path(folder)).found()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            return {"error": said(error)}
    error, stopped = settings.pop("error", None), settings.pop("stopped", None)
    if stopped:  # the parts are made, the network refuses what they make
        settings.update(takes=[], why=stopped)
    made: dict[str, Any] = {part: settings[part]["class"] for part in runtime.PARTS if part in settings}
    if settings:
        made["settings"] = settings
    return {**made, "error": error or stopped} if error or stopped else made


class Search:
    """The search for the parts of one model type."""

    def __init__(self, job: Mapping[str, Any], found: Mapping[str, Any], folder: Path) -> None:
        self.job, self.facts, self.folder = job, found, folder
        self.network = Network(job, found)
        self.marks = Marks(found)
        config_class = runtime.find_config(job["module"], job["config_class"])
        self.config = config_class(**python(self.network.tiny()))
        self.shapes = shapes(found)
        self.hints = ((job.get("own") or {}).get("hints") or {}).get("local") or {}
        self.tries = 0
        self.errors: dict[str, str] = {}

    def found(self) -> dict[str, Any]:
        """Every part that the facts name, and stand-ins for what the model takes beside them."""
        named = {part: names for part, names in (self.job.get("processors") or {}).items() if part in runtime.PARTS}
        processor = self.cls(self.hinted("processor") or named.get("processor"))
        settings: dict[str, Any] = {}
        for part in runtime.PARTS[:-1]:
            known = self.hinted(part) or named.get(part)
            if not known and part in self.wanted(processor):
                known = self.stand_in(part, named, always=True)
            names = known or self.stand_in(part, named)
            if names:
                try:
                    settings[part] = self.part(part, names, processor)
                except Exception as error:  # noqa: BLE001 - the reason is the finding
                    self.errors[part] = said(error)
                if part in settings and not known and part != "tokenizer" and not self.serves(part, settings[part]):
                    del settings[part]
        if processor is not None:
            try:
                settings.update(self.whole(processor, settings))
            except Exception as error:  # noqa: BLE001 - the reason is the finding
                self.errors["processor"] = said(error)
        if self.errors:
            settings["error"] = "; ".join(f"{part}: {reason}" for part, reason in self.errors.items())
        if settings and "error" not in settings and processor is None:
            settings.update(self.alone(settings))
        return settings

    def serves(self, part: str, settings: dict[str, Any]) -> bool:
        """Whether the network runs with what a stand-in makes."""
        return self.network.problem({part: settings}, self.fresh(), [KIND_OF[part]]) is None

    def alone(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Of parts without a processor over them: which kinds of data the network runs with."""
        have = [kind for kind, part in runtime.KINDS.items() if part in settings]
        reasons: list[str] = []
        for kinds in dict.fromkeys([tuple(have), *((kind,) for kind in have[::-1])]):
            reason = self.network.problem({**settings, "takes": list(kinds)}, self.fresh(), kinds)
            if reason is None:
                return {"takes": list(kinds)}
            reasons.append(reason)
        return {"stopped": reasons[0]} if reasons else {}

    def hinted(self, part: str) -> list[str]:
        """The class of a part that the registry names."""
        return [self.hints["classes"][part]] if part in self.hints.get("classes", {}) else []

    def cls(self, names: Any) -> Any:
        """The first class of several names."""
        return runtime.find(names[0], self.job["module"]) if names else None

    def wanted(self, processor: Any) -> list[str]:
        """The parts that a processor is made of."""
        return [] if processor is None else [ROLES[name] for name in roles(processor)]

    def stand_in(self, part: str, named: Mapping[str, Any], always: bool = False) -> list[str]:
        """What serves a model for which transformers names no class of its own."""
        sibling = (named.get("processor") or [""])[0].removesuffix("Processor") + SUFFIXES.get(part, "?")
        if always and hasattr(transformers, sibling):
            return [sibling]
        names = {name for names in self.shapes for name in names.split()}
        if part == "tokenizer" and (always or "input_ids" in names):
            return [BACKEND]
        pixels = self.shapes.get("pixel_values", [])
        if part == "image_processor" and (always or (len(pixels) == 4 and pixels[1] == 3)):
            mapped = " ".join(word for item in self.job.get("classes") or () for word in item.get("mappings") or ())
            return [] if "image_processor" in named else [DETECTION if "OBJECT_DETECTION" in mapped else IMAGE]
        if part == "video_processor" and (always or (len(pixels) == 5 and "image_processor" not in named)):
            return [VIDEO]
        if part == "feature_extractor" and len(self.shapes.get("input_features", [])) == 3:
            return [SPECTROGRAM]
        if part == "feature_extractor" and (always or len(self.shapes.get("input_values", [])) == 2):
            return [AUDIO]
        return []

    def part(self, part: str, names: list[str], processor: Any) -> dict[str, Any]:
        """The settings of one part that encodes its kind of data."""
        if part == "tokenizer":
            settings = tokenizer(self.job, self.config, names[0], processor, self.fresh())
            settings["arguments"].update(self.given(part))
            return settings
        cls = self.cls(names)
        known = Sound(self.config, self.shapes) if part == "feature_extractor" else Picture(self.config, self.shapes)
        reasons: list[str] = []
        fallback: dict[str, Any] | None = None
        for found in known.arguments(cls):
            arguments = {**found, **self.given(part)}
            settings: dict[str, Any] = {"class": names[0], "arguments": arguments}
            if part in self.hints.get("more", {}):
                settings["more"] = self.hints["more"][part]
            try:
                made = runtime.make({part: settings}, self.job["module"], self.fresh())
                encoded = made.inputs(**{KIND_OF[part]: sample(KIND_OF[part], made)})
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
                        if made.inputs(image=sample("image", made)):
                            return settings
                    except Exception as second:  # noqa: BLE001 - as above
                        error = second
                reasons.append(said(error))
        if fallback is None:
            raise ValueError(reasons[0])
        return fallback

    def given(self, part: str) -> dict[str, Any]:
        """The arguments of a part that the registry names."""
        return dict(self.hints.get("arguments", {}).get(part, {}))

    def agrees(self, encoded: Mapping[str, Any]) -> bool:
        """Whether the tensors have the form that the network was proven with, but for lengths that may vary."""
        for name, tensor in encoded.items():
            proven = self.shapes.get(name)
            if proven is None or not tensor.is_floating_point():
                continue
            if len(proven) != tensor.dim():
                return False
            given = list(tensor.shape)
            if (
                name == "input_features"
                and given[1:] != proven[1:]
                and given[-1] not in proven
                and given[1] not in proven
            ):
                return False
            if name == "pixel_values" and given[1:] != proven[1:] and len(proven) >= 4:
                return False
        return True

    def whole(self, cls: Any, parts: Mapping[str, Any]) -> dict[str, Any]:
        """The processor over the parts, with a way to call it that gives inputs of the network."""
        reasons: list[str] = []
        fallback: dict[str, Any] | None = None
        for kinds in self.together(parts):
            for settings in self.processors(cls, parts):
                for call in self.calls(cls, kinds, parts):
                    whole = {
                        **parts,
                        "processor": settings,
                        "call": call,
                        "takes": list(kinds),
                    }
                    encoded, reason = self.encoded(whole, kinds)
                    if encoded and reason and "token" in reason:
                        other = self.renumbered(whole, encoded)
                        if other is not None and self.encoded(other, kinds)[1] is None:
                            return other
                    if reason is None:
                        return whole
                    if not encoded:
                        reasons.append(reason)
                    elif fallback is None or len(kinds) > len(fallback["takes"]):
                        fallback = {**whole, "stopped": reason}
        if fallback is not None:
            return fallback
        raise ValueError("; ".join(dict.fromkeys(reasons)) if reasons else "there is no way to call it")

    def encoded(self, settings: Mapping[str, Any], kinds: Sequence[str]) -> tuple[dict[str, Any], str | None]:
        """What parts make of samples, and why the network does not run with it."""
        try:
            made = runtime.make(settings, self.job["module"], self.fresh())
            encoded = made.inputs(**{kind: sample(kind, made) for kind in kinds})
        except Exception as error:  # noqa: BLE001 - another way may do
            return {}, said(error)
        return encoded, self.network.stopped(encoded)

    def renumbered(self, settings: Mapping[str, Any], encoded: Mapping[str, Any]) -> dict[str, Any] | None:
        """The same parts with the id that the model wants for the token that the processor repeats for other data."""
        ids = encoded["input_ids"].flatten().tolist() if "input_ids" in encoded else []
        wanted = next(iter(self.marks.placed), None)
        repeated = max(set(ids), key=ids.count, default=None)
        if wanted is None or repeated in (None, wanted) or ids.count(repeated) < 2:
            return None
        tokenizer = dict(settings["tokenizer"])
        swapped = {wanted: repeated, repeated: wanted}
        tokenizer["special"] = {word: swapped.get(number, number) for word, number in tokenizer["special"].items()}
        return {**settings, "tokenizer": tokenizer}

    def processors(self, cls: Any, parts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Settings of a processor to try: numbers that agree with the configuration, then its defaults."""
        parameters = inspect.signature(cls).parameters
        takes = [name for name in roles(cls) if ROLES[name] in parts]
        renamed = {name: ROLES[name] for name in takes if ROLES[name] != name}
        numbers: dict[str, Any] = {}
        for name in parameters:
            value = next(
                (getattr(part, name) for part in configs(self.config) if getattr(part, name, None) is not None),
                None,
            )
            if name not in ROLES and isinstance(value, (int, float, str)) and not name.endswith("_token"):
                numbers[name] = value
        settings: dict[str, Any] = {"class": cls.__name__, "takes": takes}
        if renamed:
            settings["parts"] = renamed
        count = self.marks.most()
        counts = [name for name in parameters if COUNT.search(name) and not self.given("processor").get(name)]
        given = {
            **numbers,
            **({name: count for name in counts} if count else {}),
            **self.given("processor"),
        }
        yield {**settings, "arguments": given}
        if "num_additional_image_tokens" in parameters:
            yield {**settings, "arguments": {**given, "num_additional_image_tokens": 1}}
            yield {
                **settings,
                "arguments": {**given, "vision_feature_select_strategy": "full"},
            }
        if numbers:
            yield {**settings, "arguments": {}}
        if "audio_tokenizer" in parameters:  # a codec; without one it encodes text
            yield {**settings, "arguments": {**numbers, "audio_tokenizer": None}}

    def together(self, parts: Mapping[str, Any]) -> list[tuple[str, ...]]:
        """Which kinds of data to give a processor at once: all of them, text with one other, each alone."""
        if "takes" in self.hints:
            return [tuple(self.hints["takes"])]
        have = [kind for kind, part in runtime.KINDS.items() if part in parts]
        others = [kind for kind in have if kind != "text"]
        pairs = [("text", kind) for kind in others if "text" in have]
        return list(dict.fromkeys([tuple(have), *pairs, *((kind,) for kind in others), ("text",)][: 2 * len(have) + 1]))

    def calls(self, cls: Any, kinds: Sequence[str], parts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Ways to call a processor with these kinds of data: what stands in the text for the others."""
        if "call" in self.hints:
            yield dict(self.hints["call"])
            return
        parameters = inspect.signature(cls.__call__).parameters
        demanded: dict[str, Any] = {}
        for name in parameters:
            if name in DEMANDED and (name != "boxes" or "word_labels" in parameters):
                demanded.update(DEMANDED[name])
        if "mm_token_type_ids" in self.shapes:
            demanded["return_mm_token_type_ids"] = True
        marks = {kind: self.marks.words(kind, parts.get("tokenizer") or {}) for kind in kinds if kind != "text"}
        if "text" in kinds:
            for place in range(max(map(len, marks.values()), default=0)):
                chosen = {kind: words[min(place, len(words) - 1)] for kind, words in marks.items() if words}
                yield {
                    "text": " ".join([*(f"{{{kind}}}" for kind in chosen), "{text}"]),
                    "marks": chosen,
                    **demanded,
                }
        yield demanded

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
    for inputs in [
        found.get("inputs") or {},
        *(item.get("inputs") or {} for item in (found.get("classes") or {}).values()),
    ]:
        for name, described in inputs.items():
            words = described.split() if isinstance(described, str) else []
            if words and words[0] not in ("each", "value", "plain"):
                try:
                    known.setdefault(name, size([word for word in words[1:] if "=" not in word], 1))
                except ValueError:
                    continue
    return known
