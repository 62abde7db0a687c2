"""Runs jobs, a JSON object a line on standard input, each in a fork of this process, which has imported what all need."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys

import runner

SHARED = ("torch", "transformers", "transformers.modeling_utils", "transformers.models.auto.modeling_auto")


def main() -> None:
    """Answers every job with a line, in order."""
    for name in SHARED:
        # What isn't there, or can't be imported, is for the tests to say.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
    gc.freeze()
    for line in sys.stdin:
        sys.stdout.write(answer(json.loads(line)) + "\n")
        sys.stdout.flush()


def answer(job: dict[str, object]) -> str:
    """What the fork answered, or how it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with contextlib.suppress(BaseException), os.fdopen(writer, "w", encoding="utf-8") as pipe:
            pipe.write(json.dumps(runner.run(job)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return text or json.dumps({"error": runner.died(status)})


if __name__ == "__main__":
    main()
