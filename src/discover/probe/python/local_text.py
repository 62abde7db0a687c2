"""What a tiny tokenizer of a model needs: which pieces its class cuts text into, and which token has which id."""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hfgen_runtime import local as runtime

SIZE = 512
SENTENCE, PROTEIN = (
    "the quick brown fox jumps over the lazy dog",
    "MKTAYIAKQRQISFVKSHFSRQ",
)
BACKEND = "TokenizersBackend"  # what stands in for a tokenizer that needs a library which is not installed
# Arguments that a class demands beside its vocabulary, by their name.
DEMANDED = {"tags_dict": {"html": 0, "body": 1, "p": 2, "div": 3}}
ROLES = ("pad", "unk", "bos", "eos", "sep", "cls", "mask")
DEFAULTS = {
    "unk_token": "<unk>",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}

# The field of a configuration that holds the id of a token, where it is not simply `<name>_id`.
FIELDS = {
    "image_token": (
        "image_token_index",
        "img_token_id",
        "image_patch_id",
        "im_patch_id",
        "media_placeholder_token_id",
    ),
    "video_token": ("video_token_index",),
    "audio_token": ("audio_token_index", "audio_token_idx", "sound_token_id"),
    "boi_token": (
        "boi_token_index",
        "image_start_token_id",
        "vision_start_token_id",
        "image_bos_token_id",
    ),
    "eoi_token": (
        "eoi_token_index",
        "image_end_token_id",
        "vision_end_token_id",
        "image_eos_token_id",
    ),
    "boa_token": ("boa_token_index", "audio_start_token_id", "audio_bos_token_id"),
    "eoa_token": ("eoa_token_index", "audio_end_token_id", "audio_eos_token_id"),
    "vision_start_token": ("vision_start_token_id", "image_start_token_id"),
    "vision_end_token": ("vision_end_token_id", "image_end_token_id"),
    "image_bos_token": ("image_start_token_id", "boi_token_id"),
    "image_eos_token": ("image_end_token_id", "eoi_token_id"),
    "blank_token": ("blank_token_id", "pad_token_id"),
}
# What processors read from a tokenizer: `tokenizer.image_token`, `self.tokenizer.boi_token_id`.
READ = re.compile(r"tokenizer\.(\w+?_token)(?:_ids?)?\b(?!\w|\()")
ASKED = re.compile(r"""getattr\(\s*(?:self\.)?tokenizer,\s*["'](\w+_token)(?:_id)?["']""")
ASSIGNED = re.compile(r"self\.(\w+_token)\s*(?::[^=\n]+)?=\s*([^\n]+(?:\n\s{12,}[^\n]+){0,3})")
TOKEN = re.compile(r"""["'](<[^<>"'\s{}]{1,40}>|\[[A-Z_]{2,20}\]|<?\|[^"'\s{}|]{1,40}\|>?)["']""")
TURNED = re.compile(r"""convert_tokens_to_ids\(\s*["']([^"']+)["']""")


def configs(config: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """A configuration and all that stand inside it, the outer ones first."""
    seen = set() if seen is None else seen
    if id(config) in seen:
        return
    seen.add(id(config))
    yield config
    for item in list(vars(config).values()):
        if hasattr(item, "model_type") and hasattr(item, "to_dict"):
            yield from configs(item, seen)


def field(config: Any, *names: str) -> Any:
    """The first whole number that a configuration, or one inside it, holds under one of the names."""
    for name in names:
        for part in configs(config):
            value = getattr(part, name, None)
            value = value[0] if isinstance(value, list) and value else value
            if isinstance(value, int) and not isinstance(value, bool):
                return value
    return None


def text_config(config: Any) -> Any:
    """The part of a configuration that is about text."""
    if hasattr(config, "text_encoder"):
        return text_config(config.text_encoder)
    try:
        found = config.get_text_config(decoder=True)
    except Exception:  # noqa: BLE001 - some configurations name several text parts
        found = config
    if isinstance(getattr(found, "vocab_size", None), int):
        return found
    sized = (part for part in configs(config) if isinstance(getattr(part, "vocab_size", None), int))
    return next(sized, found)


class Tokens:
    """The special tokens of a model: their words from its tokenizer and processor, their ids from its configuration."""

    def __init__(self, config: Any, tokenizer_class: Any, processor_class: Any = None) -> None:
        self.config, self.text = config, text_config(config)
        size = getattr(self.text, "vocab_size", None)
        self.bounded = isinstance(size, int) and size > 0
        self.size = min(size, SIZE) if self.bounded else SIZE
        self.named = named(tokenizer_class)
        self.extra: dict[str, str] = {}  # what the processor reads from its tokenizer by name
        self.words: dict[str, str | None] = {}  # other tokens that must be there, with their role where it is known
        if processor_class is not None:
            self.read(processor_class)
        self.special = self.numbered()

    def read(self, processor_class: Any) -> None:
        """Collects tokens from the source of a processor."""
        module = sys.modules.get(processor_class.__module__)
        source = inspect.getsource(module) if module else ""
        code = re.sub(r'"""[\s\S]*?"""', '""', source)
        for name, parameter in inspect.signature(processor_class.__init__).parameters.items():
            if name.endswith("_token") and isinstance(parameter.default, str):
                self.words[parameter.default] = name
        assigned: dict[str, str] = {}
        for name, right in ASSIGNED.findall(code):
            word = TOKEN.search(right)
            if word:
                assigned[name] = word[1]
                self.words.setdefault(word[1], name)
        for word in [*TOKEN.findall(code), *TURNED.findall(code)]:
            self.words.setdefault(word, None)
        for name in dict.fromkeys([*READ.findall(code), *ASKED.findall(code)]):
            if name.removesuffix("_token") not in ROLES and not name.startswith(("add", "special_", "all_")):
                word = assigned.get(name) or f"<{name.removesuffix('_token')}>"
                self.extra[name] = word
                self.words[word] = name

    def numbered(self) -> dict[str, int]:
        """An id for each token: the configuration's where it names one, else the lowest that is free."""
        wanted: dict[str, int | None] = {}
        for name, word in self.named.items():
            if wanted.get(word) is None:
                wanted[word] = number(self.text, self.config, name)
        for word, name in self.words.items():
            found = None if name is None else field(self.config, f"{name}_id", *FIELDS.get(name, ()))
            if wanted.get(word) is None:
                wanted[word] = found
        taken: dict[int, str] = {}
        for word, place in wanted.items():
            if place is not None and 0 <= place < self.size:
                taken.setdefault(place, word)
        done = {word: place for place, word in taken.items()}
        free = iter(place for place in range(self.size) if place not in taken)
        for word in wanted:
            if word not in done:
                done[word] = next(free, 0)
        return dict(sorted(done.items(), key=lambda item: item[1]))

    def settings(self, kind: str) -> dict[str, Any]:
        """The settings of a tokenizer of this kind."""
        extra = {"extra_special_tokens": dict(self.extra)} if self.extra else {}
        return {
            "kind": kind,
            "size": self.size,
            "special": self.special,
            "tokens": {name.removesuffix("_token"): word for name, word in self.named.items()},
            "arguments": {**extra, "model_max_length": self.longest()},
        }

    def longest(self) -> int:
        """The longest text that the model has positions for."""
        known = field(
            self.text,
            "max_position_embeddings",
            "n_positions",
            "n_ctx",
            "max_target_positions",
        )
        return min(known, SIZE) if known else SIZE


def named(tokenizer_class: Any) -> dict[str, str]:
    """The special tokens that a tokenizer class names itself (`bos_token="<s>"`)."""
    found: dict[str, str] = {}
    for cls in tokenizer_class.__mro__:
        if "__init__" not in vars(cls):
            continue
        for name, parameter in inspect.signature(cls.__init__).parameters.items():
            if name.endswith("_token") and name.removesuffix("_token") in ROLES and isinstance(parameter.default, str):
                found.setdefault(name, parameter.default)
    if not found or set(found) <= {"mask_token"}:
        return dict(DEFAULTS)
    for name in ("unk_token", "eos_token", "pad_token"):
        found.setdefault(name, found.get("eos_token") or DEFAULTS[name])
    return found


def number(text: Any, config: Any, name: str) -> int | None:
    """The id that a configuration gives a token of this name."""
    return next(
        (n for n in (field(part, f"{name}_id") for part in (text, config)) if n is not None),
        None,
    )


def kinds(tokenizer_class: Any) -> list[str]:
    """The kinds of vocabulary to try with a class, the likely ones first."""
    model = getattr(getattr(tokenizer_class, "model", None), "__name__", "")
    module = sys.modules.get(tokenizer_class.__module__)
    source = inspect.getsource(module) if module else ""
    files = " ".join(getattr(tokenizer_class, "vocab_files_names", {}).values())
    if tokenizer_class.__name__ == BACKEND:
        return ["bytes", "letters", "metaspace"]
    if model == "Unigram" or (".model" in files and model != "BPE"):
        return ["unigram", "metaspace"]
    if model == "WordPiece" or "ordpiece" in source:
        return ["wordpiece", "letters"]
    if model == "BPE" or "merges" in files:
        likely = "suffix" if 'suffix="</w>"' in source else "bytes" if "ByteLevel" in source else "metaspace"
        likely = "continued" if "@@" in source else likely
        return list(dict.fromkeys([likely, "bytes", "metaspace", "suffix", "letters"]))
    return ["bytes", "letters", "metaspace"] if "tokenizers" in str(tokenizer_class.__mro__) else ["letters", "unigram"]


def problem(tokenizer: Any, size: int | None, sentence: Any) -> str | None:
    """Why a tokenizer can't serve the tiny model, or None: text must become several known ids below its size."""
    ids = runtime.encoded(tokenizer, sentence)["input_ids"]
    ids = ids[0] if ids and isinstance(ids[0], list) else ids
    unknown, special = (
        getattr(tokenizer, "unk_token_id", None),
        set(getattr(tokenizer, "all_special_ids", ())),
    )
    known = [n for n in ids if n != unknown and n not in special]
    if len(set(known)) < 5 or ids.count(unknown) > len(ids) // 3:
        return f"text becomes {ids[:12]}"
    if size is not None and max(ids) >= size:
        return f"the id {max(ids)} is outside of a vocabulary of {size}"
    if size is not None and len(tokenizer) > size:
        return f"{len(tokenizer)} tokens, the model has {size}"
    return None


def tokenizer(job: Mapping[str, Any], config: Any, name: str, processor: Any, folder: Path) -> dict[str, Any]:
    """Settings of a tokenizer of the class that really work, found by trying; raises with the last reason."""
    try:
        return searched(job, config, name, processor, folder / "own")
    except ImportError:
        found = searched(job, config, BACKEND, processor, folder / "other")
        return {**found, "instead_of": name}


def searched(job: Mapping[str, Any], config: Any, name: str, processor: Any, folder: Path) -> dict[str, Any]:
    """Settings of a tokenizer of exactly this class."""
    cls = runtime.find(name, job["module"])
    tokens = Tokens(config, cls, processor)
    reasons: list[str] = []
    for place, kind in enumerate(kinds(cls)):
        settings = {"class": name, **tokens.settings(kind)}
        if tokens.size < 100:
            settings["kind"] = "letters" if kind == "bytes" else kind
        for word in inspect.signature(cls.__init__).parameters:
            if word in DEMANDED:
                settings["arguments"][word] = DEMANDED[word]
        try:
            made = runtime.make({"tokenizer": settings}, job["module"], folder / str(place))
            for sentence in (SENTENCE, PROTEIN):
                reason = problem(made.tokenizer, tokens.size if tokens.bounded else None, sentence)
                if reason is None:
                    return settings if sentence == SENTENCE else {**settings, "sample": sentence}
                reasons.append(reason)
        except ImportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a class raises is the reason
            reasons.append(said(error))
    raise ValueError(reasons[0] if reasons else "no kind of vocabulary to try")


def said(error: BaseException) -> str:
    """An error in one line; folders that were there for a moment have no name."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    text = re.sub(rf"{re.escape(tempfile.gettempdir())}[\w./-]*", "FOLDER", text)
    return f"{type(error).__name__}: {text}"[:200]
