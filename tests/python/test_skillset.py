"""Tests of the worker's contract: a whole module keeps it, and each of the breaks that once went unnoticed is seen.

Run them as those of `test_runtime.py`: `pytest tests/python` after a build.
"""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = Path(os.environ.get("HFGEN_GENERATED", ROOT / "generated")).resolve()

if not (GENERATED / "hfgen_runtime").is_dir():
    pytest.skip(f"no outputs in {GENERATED}: run `hfgen build` first", allow_module_level=True)
sys.path.insert(0, str(GENERATED))

from hfgen_runtime import contract, faults
from hfgen_runtime.skillset import Skillset
from hfgen_runtime.vocabularies import KINDS, Vocabulary

INIT = """
    def init_{0}(self, model, device, {0}_label):
        endpoint, tokenizer = self.open(model)
        handler = self.create_{0}_echo_endpoint_handler(model, device, {0}_label, endpoint, tokenizer)
        return endpoint, tokenizer, handler, Queue(), 1

    def create_{0}_echo_endpoint_handler(self, model, device, label, endpoint=None, tokenizer=None):
        return lambda text: endpoint(text)
"""
WHOLE = '''
"""A module in the shape that the worker takes."""

from queue import Queue


class hf_echo:
    def __init__(self, resources=None, metadata=None):
        self.resources = {} if resources is None else resources
        self.init()

    def init(self):
        self.torch = self.resources.get("torch")
        self.transformers = self.resources.get("transformers")

    def open(self, model):
        if model is None:
            raise RuntimeError("no device")
        return self.answer, str

    def answer(self, text):
        return {"implementation_type": "REAL", "text": text.upper()}

    def __test__(self, endpoint_model, endpoint_handler, endpoint_label, tokenizer):
        return endpoint_handler("a text")

    def init_openvino(self, model, model_type, device, openvino_label, *converters):
        endpoint, tokenizer = self.open(model)
        handler = self.create_openvino_echo_endpoint_handler(model, device, openvino_label, endpoint, tokenizer)
        return endpoint, tokenizer, handler, Queue(), 1

    def create_openvino_echo_endpoint_handler(self, model, device, label, endpoint=None, tokenizer=None):
        return lambda text: endpoint(text)
''' + "".join(INIT.format(name) for name in ("cpu", "cuda", "apple", "qualcomm"))

# Those that show in what a module is; the others show in what its handlers answer.
STRUCTURAL = (
    "queue-commented-out",
    "returns-reordered",
    "init-argument-dropped",
    "init-arguments-swapped",
    "openvino-arguments",
    "factory-parameter-renamed",
    "factory-missing",
    "test-signature",
    "relative-import",
    "missing-method-bound",
    "class-renamed",
)
ANSWERING = (
    "batch-size-text",
    "handler-returns-none",
    "mock-as-real",
    "exception-as-success",
    "absent-backend-opens",
)


@pytest.fixture
def echo(tmp_path: Path) -> Skillset:
    """A whole module in a file."""
    path = tmp_path / "hf_echo.py"
    path.write_text(textwrap.dedent(WHOLE), encoding="utf-8")
    return Skillset("hf_echo", path, False)


def answered(skill: Skillset) -> list[str]:
    """What is wrong with how it opens an endpoint and answers."""
    built = skill.construct()
    opened = contract.call_init(built, "cpu")
    found = contract.endpoint_problems(opened)
    if not found:
        found += contract.result_problems(opened[2]("a text"))
        found += contract.honesty_problems(built, "cpu", "echo", "a text")
    return found + contract.absence_problems(built, None)  # type: ignore[arg-type]


def test_a_whole_module_keeps_the_contract(echo: Skillset) -> None:
    """Nothing is found where nothing is wrong."""
    assert contract.problems(echo, "echo") == []
    assert answered(echo) == []


@pytest.mark.parametrize("name", STRUCTURAL)
def test_a_break_of_the_structure_is_seen(echo: Skillset, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is found without calling an endpoint."""
    monkeypatch.setenv(faults.VARIABLE, name)
    assert contract.problems(echo, "echo") != []


@pytest.mark.parametrize("name", ANSWERING)
def test_a_break_of_an_answer_is_seen(echo: Skillset, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is found by calling an endpoint, or one that is made up."""
    monkeypatch.setenv(faults.VARIABLE, name)
    assert answered(echo) != []


def test_every_break_is_among_them() -> None:
    """A break that is added is tested here, too."""
    known = {name for name, found in faults.known().items() if found.point == "skillset"}
    assert known == {*STRUCTURAL, *ANSWERING}


def test_a_module_that_does_not_load_is_read_all_the_same(tmp_path: Path) -> None:
    """What its source says is found though its imports fail."""
    path = tmp_path / "hf_old.py"
    path.write_text(
        "import not_installed_anywhere\nclass hf_old:\n    def __init__(self, resources): pass\n",
        encoding="utf-8",
    )
    found = "\n".join(contract.problems(Skillset("hf_old", path, True), "echo"))
    assert "no method init_cuda" in found
    assert "not_installed_anywhere" in found


@pytest.mark.parametrize("kind", KINDS)
def test_a_vocabulary_has_each_id_once(kind: str) -> None:
    """No holes, nothing twice, the special tokens where they were asked for, and never more than the size."""
    special = {"<pad>": 0, "<image>": 300, "</s>": 2}
    tokens = Vocabulary(kind, 320, special).tokens()
    assert len(tokens) == len(set(tokens)) <= 320
    assert [tokens[number] for number in special.values()] == list(special)


@pytest.mark.parametrize("kind", KINDS)
def test_merges_are_of_tokens_that_are_there(kind: str) -> None:
    """Both halves and the whole of every merge have an id."""
    vocabulary = Vocabulary(kind, 512, {"<s>": 511})
    tokens = set(vocabulary.tokens())
    assert all({left, right, left + right} <= tokens for left, right in vocabulary.merges())


def test_a_folder_of_modules_that_is_not_there_is_no_excuse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = tmp_path / "generated" / "test_hf_echo.py"
    monkeypatch.setenv("HFGEN_SKILLSET", "modules")
    named = contract.skillset("echo", str(here))
    assert named.real and contract.problems(named, "echo") != []
    (tmp_path / "modules").mkdir()
    assert not contract.skillset("echo", str(here)).real
