"""The words that stand in a text in the place of pictures, sounds and films."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

PLACED = re.compile(r"at=(\d+):\d+:(\d+)")
BEGINS = {"image": "boi_token", "audio": "boa_token", "video": "video_token"}
SPOKEN = {"image": ("image", "img"), "audio": ("audio", "sound", "speech"), "video": ("video",)}
MOST_WORDS = 6


class Marks:
    """The marks of a model type, from its proven inputs and from the names that its tokenizer gives."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        every = [found, *(found.get("classes") or {}).values()]
        texts = [str((item.get("inputs") or {}).get("input_ids", "")) for item in every]
        # How many of which token stand in the proven text in the place of other data.
        self.placed: dict[int, int] = {}
        for number, count in (pair for text in texts for pair in PLACED.findall(text)):
            self.placed.setdefault(int(number), int(count))

    def most(self) -> int | None:
        """The largest number of places that other data take in the proven text."""
        return max(self.placed.values(), default=None)

    def words(self, kind: str, tokenizer: Mapping[str, Any]) -> list[str]:
        """Words that may stand in a text for data of this kind, the likely ones first."""
        special = tokenizer.get("special", {})
        extra = tokenizer.get("arguments", {}).get("extra_special_tokens", {})
        named = [
            extra.get(f"{kind}_token"),
            extra.get(BEGINS[kind]),
            extra.get("image_token") if kind == "video" else None,
        ]
        proven = [word for word, number in special.items() if number in self.placed]
        alike = [word for word in special if any(part in word.lower() for part in SPOKEN[kind])]
        both = [word for word in alike if word in proven]
        return list(dict.fromkeys(word for word in [*named, *both, *alike, *proven] if word))[:MOST_WORDS]
