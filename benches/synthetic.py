"""A larger registry.lock: the sections of the real one again under other names, until there are enough model types."""

from __future__ import annotations

import re
import sys
from pathlib import Path

HEADER = re.compile(r'^(?=\[model\.(?:"[^"]+"|[^.\]"]+)\]$)', re.MULTILINE)


def enlarge(folder: Path, count: int) -> None:
    """Gives the project in `folder` `count` model types."""
    lock = folder / "registry.lock"
    head, *sections = HEADER.split(lock.read_text(encoding="utf-8"))
    models = {name(section): section for section in sections}
    # A family that names its models would not know the copies.
    named = set(
        re.findall(r'"([^"]+)"', " ".join(re.findall(r"^models = \[(.*?)\]", rules(folder), re.DOTALL | re.MULTILINE)))
    )
    pool = [key for key in models if key not in named]
    turn = 1
    while len(models) < count:
        for key in pool[: count - len(models)]:
            models[f"{key}_r{turn}"] = renamed(models[key], key, f"{key}_r{turn}")
        turn += 1
    lock.write_text(head + "".join(models[key] for key in sorted(models)), encoding="utf-8")


def rules(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted((folder / "rules").glob("*.toml")))


def name(section: str) -> str:
    return section[len("[model.") : section.index("]\n")].strip('"')


def renamed(section: str, old: str, new: str) -> str:
    return re.sub(
        rf'^\[model\.("?){re.escape(old)}\1(?=[\].])', rf"[model.\g<1>{new}\g<1>", section, flags=re.MULTILINE
    )


if __name__ == "__main__":
    enlarge(Path(sys.argv[1]), int(sys.argv[2]))
