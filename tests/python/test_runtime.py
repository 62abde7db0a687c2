"""Tests of the support package that `hfgen build` writes beside the generated tests, and of the tests themselves.

Run them with the Python of `tests/support/python_env.sh` after a build: `pytest tests/python`. `HFGEN_GENERATED` names
another folder of outputs than `generated/`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = Path(os.environ.get("HFGEN_GENERATED", ROOT / "generated")).resolve()

if not (GENERATED / "hfgen_runtime").is_dir():
    pytest.skip(f"no outputs in {GENERATED}: run `hfgen build` first", allow_module_level=True)
sys.path.insert(0, str(GENERATED))

import hfgen_runtime as hf
from hfgen_runtime import inputs, records, subject, tiny

needs_torch = pytest.mark.skipif(hf.missing_libraries() is not None, reason=str(hf.missing_libraries()))

BERT = hf.Model(
    type="bert",
    ident="bert",
    module="bert",
    family="text-encoder",
    config_class="BertConfig",
    model_class="BertModel",
    task_word="text_embedding",
    takes=["text"],
)


def outcomes(file: str, tmp_path: Path, fault: str = "", **environment: str) -> dict[str, dict]:
    """Runs one generated file in a process of its own; the records of its CPU tests by check."""
    page = tmp_path / "records.jsonl"
    options = ["-q", "-p", "no:cacheprovider", f"--hfgen-records={page}"]
    words = [sys.executable, "-m", "pytest", *options, GENERATED / file]
    env = {**os.environ, "HFGEN_FAULT": fault, **environment}
    subprocess.run(words, env=env, capture_output=True, text=True, check=False, cwd=tmp_path)
    rows = [json.loads(line) for line in page.read_text().splitlines()]
    return {row["check"] + row["case"]: row for row in rows if row["hardware"] in ("cpu", "")}


@needs_torch
@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "vit", "whisper", "llava"])
def test_the_six_examples_are_green(name: str, tmp_path: Path) -> None:
    found = outcomes(f"test_hf_{name}.py", tmp_path)
    assert len(found) >= 10
    assert [row for row in found.values() if row["outcome"] != "passed"] == []


@needs_torch
@pytest.mark.parametrize(
    ("name", "fault", "check"),
    [
        ("bert", "nan", "forward"),
        ("bert", "noise", "deterministic"),
        ("bert", "mixed-rows", "batch"),
        ("bert", "lost-tensor", "save_load"),
        ("bert", "constant", "inputs_matter"),
        ("gpt2", "sees-future", "causal"),
        ("gpt2", "sees-future", "padding"),
        ("t5", "nan", "empty_decoder"),
        ("whisper", "constant", "features"),
        ("llava", "constant", "image_text_pair"),
        ("vit", "nan", "skillset_endpoint"),
    ],
)
def test_a_fault_turns_its_check_red(name: str, fault: str, check: str, tmp_path: Path) -> None:
    found = outcomes(f"test_hf_{name}.py", tmp_path, fault=fault)
    assert found[check]["outcome"] == "failed", found[check]


def test_a_fault_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HFGEN_FAULT", "nonsense")
    with pytest.raises(ValueError, match="known: constant"):
        hf.faults.chosen()


def test_without_torch_structure_is_tested_and_models_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "torch.py").write_text("raise ImportError('hidden')\n")
    found = outcomes("test_hf_bert.py", tmp_path, PYTHONPATH=str(tmp_path / "hide"))
    assert found["forward"]["outcome"] == "skipped"
    assert found["forward"]["reason"] == "cpu: torch is not installed"
    assert {found[f"skillset{case}"]["outcome"] for case in ("construction", "signatures", "returns")} == {"passed"}
    assert "passed" not in {found[check]["outcome"] for check in ("builds", "batch", "save_load", "skillset_endpoint")}


def test_absent_devices_say_what_is_missing() -> None:
    answers = {name: profile.missing() for name, profile in hf.PROFILES.items()}
    assert set(answers) >= {"cpu", "cuda", "openvino", "apple", "qualcomm"}
    assert all(answer is None or len(answer) > 10 for answer in answers.values())


@needs_torch
def test_tiny_configurations_are_tiny_and_consistent() -> None:
    import transformers

    for name in ("BertConfig", "LlamaConfig", "MixtralConfig", "LlavaConfig", "SwinConfig", "WhisperConfig"):
        default, small = getattr(transformers, name)(), tiny.tiny_config(getattr(transformers, name))
        for (path, one), (_, other) in zip(inputs.configs(default), inputs.configs(small)):
            width, before = getattr(other, "hidden_size", 64), getattr(one, "hidden_size", 64)
            assert width <= before, (name, path)
            heads = getattr(other, "num_attention_heads", None)
            if isinstance(heads, int) and isinstance(width, int):
                assert width % heads == 0, (name, path)


@needs_torch
def test_what_a_test_says_lies_over_the_tiny_sizes() -> None:
    import transformers

    config = tiny.tiny_config(transformers.LlavaConfig, {"text_config": {"hidden_size": 48}})
    assert config.text_config.hidden_size == 48
    assert config.vision_config.hidden_size == 64


def test_merge_leaves_both_sides_as_they_were() -> None:
    under, over = {"a": {"b": 1, "c": [1]}}, {"a": {"b": 2}}
    merged = tiny.merge(under, over)
    merged["a"]["c"].append(2)
    assert merged == {"a": {"b": 2, "c": [1, 2]}}
    assert under == {"a": {"b": 1, "c": [1]}}
    assert tiny.merge(under, {"a": {"d": 1, "__replace__": True}}) == {"a": {"d": 1}}


@needs_torch
def test_difference_sees_names_shapes_and_numbers() -> None:
    torch = hf.torch
    one = {"x": torch.ones(2, 2), "ids": torch.ones(2).long()}
    assert hf.difference(one, {"x": torch.ones(2, 2)}) == 0.0
    assert hf.difference(one, {"x": torch.ones(2, 2) + 0.5}) == 0.5
    assert hf.difference(one, {"y": torch.ones(2, 2)}) == float("inf")
    assert hf.difference(one, {"x": torch.ones(2, 3)}) == float("inf")
    assert hf.difference(one, {"x": torch.full((2, 2), float("nan"))}) == float("inf")
    assert hf.difference({}, {}) == float("inf")
    assert hf.not_finite({"x": torch.tensor([1.0, float("nan")]), "y": torch.ones(1)}) == ["x"]


@needs_torch
def test_a_result_is_its_tensor_and_says_where_it_comes_from() -> None:
    torch = hf.torch
    result = hf.Result(torch.ones(2, 3), {"implementation_type": hf.REAL, "model_type": "bert"})
    assert result.is_real
    assert tuple(result.shape) == (2, 3)
    assert float(torch.sum(result)) == 6.0
    assert result["model_type"] == "bert"
    assert len(result) == 2
    assert not hf.Result(torch.ones(1), {}).is_real


@needs_torch
def test_only_real_endpoints_answer() -> None:
    endpoint, tokenizer = hf.worker.open_endpoint(BERT, "cpu")
    assert hf.worker.embed(BERT, endpoint, tokenizer, text="hello").is_real
    with pytest.raises(TypeError, match="not an endpoint of a real model"):
        hf.worker.embed(BERT, object(), tokenizer, text="hello")
    with pytest.raises(TypeError, match="not empty"):
        hf.worker.embed(BERT, endpoint, tokenizer, text="")
    with pytest.raises(TypeError, match="takes no image"):
        tokenizer(image=[[1.0]])


@needs_torch
def test_every_byte_of_a_text_counts() -> None:
    endpoint, tokenizer = hf.worker.open_endpoint(BERT, "cpu")
    one, other = (hf.worker.embed(BERT, endpoint, tokenizer, text=text) for text in ("a fox", "a fax"))
    assert hf.difference({"x": one.tensor}, {"x": other.tensor}) > 0.0


def test_skips_end_on_their_day() -> None:
    skip = hf.Skip(check="batch", reason="known", hardware="cpu")
    assert skip.holds("batch", "cpu")
    assert not skip.holds("batch", "cuda")
    assert not skip.holds("forward", "cpu")
    assert hf.Skip(check="*", reason="known").holds("forward", "cuda")
    assert not hf.Skip(check="*", reason="known", expires="2020-01-01").holds("forward", "cuda")


WORKER_MODULE = """
class hf_bert:
    def __init__(self, resources=None, metadata=None):
        pass
    def init_cpu(self, model, device, cpu_label):
        return 1, 2, self.create_cpu_text_embedding_endpoint_handler(), 4, 5
    def init_cuda(self, model, device, cuda_label):
        return 1, 2, 3, 4, 5
    def init_apple(self, model, device, apple_label):
        return 1, 2, 3, 4, 5
    def init_qualcomm(self, model, device, qualcomm_label):
        return 1, 2, 3, 4, 5
    def init_openvino(self, model, model_type, device, openvino_label, get_optimum_openvino_model,
                      get_openvino_model, get_openvino_pipeline_type, openvino_cli_convert):
        return 1, 2, 3, 4, 5
    def __test__(self, endpoint_model, endpoint_handler, endpoint_label, tokenizer):
        pass
    def create_cpu_text_embedding_endpoint_handler(self): pass
    def create_cuda_text_embedding_endpoint_handler(self): pass
    def create_apple_text_embedding_endpoint_handler(self): pass
    def create_qualcomm_text_embedding_endpoint_handler(self): pass
    def create_openvino_text_embedding_endpoint_handler(self): pass
"""


@pytest.mark.parametrize(
    ("before", "after", "question", "words"),
    [
        ("", "", "", ""),
        ("class hf_bert", "class bert", "construction", "no attribute 'hf_bert'"),
        (
            "        pass\n    def init_cpu",
            "        self.missing\n    def init_cpu",
            "construction",
            "no attribute 'missing'",
        ),
        ("    def init_apple", "    def init_appel", "construction", "has no method init_apple"),
        ("get_openvino_model, ", "", "signatures", "init_openvino"),
        ("openvino_label, get_optimum", "get_optimum", "signatures", "8 arguments"),
        ("model_type, device", "device, model_type", "signatures", "init_openvino"),
        ("cuda_label):\n        return 1, 2, 3, 4, 5", "cuda_label):\n        return 1, 2, 3", "returns", "3 values"),
        ("create_cuda_text", "make_cuda_text", "factories", "create_cuda_text_embedding"),
    ],
)
def test_the_contract_sees_a_broken_worker_module(
    before: str, after: str, question: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "hf_bert.py"
    path.write_text(WORKER_MODULE.replace(before, after, 1) if before else WORKER_MODULE)
    skill = hf.contract.Skillset("hf_bert", path, real=True)
    if not question:
        questions = ("construction", "signatures", "returns", "factories")
        assert [hf.contract.problems(skill, each, "text_embedding") for each in questions] == [[], [], [], []]
    else:
        problems = hf.contract.problems(skill, question, "text_embedding")
        assert any(words in problem for problem in problems), problems


def test_the_skillset_folder_of_the_project_is_tested_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hf_bert.py").write_text(WORKER_MODULE)
    own = str(GENERATED / "test_hf_bert.py")
    assert not hf.contract.skillset("bert", own).real
    monkeypatch.setenv("HFGEN_SKILLSET", str(tmp_path))
    assert hf.contract.skillset("bert", own).real
    assert not hf.contract.skillset("gpt2", own).real


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        ((1, 2, print), "3 values"),
        ((None, 2, print, object(), 1), "endpoint is None"),
        ((1, 2, 3, hf.worker.queue(), 1), "not callable"),
        ((1, 2, print, hf.worker.queue(), "1"), "batch size"),
    ],
)
def test_the_five_values_are_looked_at(opened: tuple, words: str) -> None:
    assert any(words in problem for problem in hf.contract.endpoint_problems(opened))


def test_a_mock_is_never_real() -> None:
    assert hf.contract.result_problems({"implementation_type": "MOCK"})
    assert hf.contract.result_problems("(REAL) text")
    assert not hf.contract.result_problems({"implementation_type": "REAL"})


def test_a_page_of_records_keeps_skips_apart() -> None:
    rows = [
        records.Record("f.py", "forward", "cpu", "", "passed", "", 0.1),
        records.Record("f.py", "forward", "cuda", "", "skipped", "cuda: no device", 0.0),
        records.Record("f.py", "batch", "cpu", "", "failed", "assert 1 == 2", 0.2),
    ]
    page = records.page("bert", rows)
    assert "1 passed, 1 failed, 1 skipped" in page
    assert "cuda: no device" in page
    assert "assert 1 == 2" in page


@needs_torch
def test_a_class_that_transformers_does_not_have_is_named() -> None:
    with pytest.raises(LookupError, match="no class BertForNothing"):
        subject.find_class("bert", "BertForNothing")
