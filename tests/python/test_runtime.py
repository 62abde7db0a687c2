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
from hfgen_runtime import casting, compat, configs, devices, faults, inputs, model, outputs, records, subject, waking, weights

needs_torch = pytest.mark.skipif(hf.missing_libraries() is not None, reason=str(hf.missing_libraries()))

BERT = hf.Model(
    type="bert",
    module="bert",
    family="text-encoder",
    config_class="BertConfig",
    primary="BertModel",
    task_word="text_embedding",
    takes=["text"],
    tiny={
        "vocab_size": 512,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
    },
    inputs={"input_ids": "ids B S"},
    classes=[
        hf.Class("BertModel", outputs={"last_hidden_state": "B S 64", "pooler_output": "B 64"}, parameters=136_896),
        hf.Class("BertForMaskedLM", labels={"labels": "ids B S low=0 high=512"}, outputs={"logits": "B S 512"}),
        hf.Class("BertForNothing", error="build: LookupError: there is none"),
        hf.Class("BertLMHeadModel", error="forward: RuntimeError: it does not run"),
    ],
)


@needs_torch
def test_the_fastest_profile_that_is_here_is_the_automatic_choice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    profiles = [
        devices.Profile("cpu", "CPU", "cpu", "cpu", "torch"),
        devices.Profile("gone", "Gone", "gone", "gone", "torch", detect="nobody knows"),
        devices.Profile("npu", "NPU", "npu", "npu", "torch"),
        devices.Profile("emulated", "Emulated", "qualcomm", "htp", "qnn"),
    ]
    chosen = lambda: [profile.name for profile in devices.fastest(profiles)]
    monkeypatch.setattr(devices, "__file__", str(tmp_path / "generated" / "hfgen_runtime" / "devices.py"))
    assert chosen() == ["npu"]
    kept = tmp_path / ".hfgen-cache" / "hardware.json"
    kept.parent.mkdir()
    rows = [
        ("cpu", 9.0, None),
        ("npu", 5.0, None),
        ("npu", 1.0, "it broke"),
        ("gone", 0.1, None),
        ("emulated", 0.1, None),
    ]
    timings = [{"profile": name, "medians": {"matmul": time}, "error": error} for name, time, error in rows]
    kept.write_text(json.dumps({"timings": timings}))
    assert chosen() == ["npu"]
    timings[1]["medians"]["matmul"] = 10.0
    kept.write_text(json.dumps({"timings": timings}))
    assert chosen() == ["cpu"]
    kept.write_text("{")
    assert chosen() == ["npu"]


def outcomes(file: str, tmp_path: Path, fault: str = "", **environment: str) -> dict[str, dict]:
    """Runs one generated file in a process of its own; the records of its CPU tests by check."""
    page = tmp_path / "records.jsonl"
    options = ["-q", "-p", "no:cacheprovider", f"--hfgen-records={page}"]
    words = [sys.executable, "-m", "pytest", *options, GENERATED / file]
    env = {**os.environ, "HFGEN_FAULT": fault, **environment}
    subprocess.run(words, env=env, capture_output=True, text=True, check=False, cwd=tmp_path)
    rows = [json.loads(line) for line in page.read_text().splitlines()]
    return {"-".join(filter(None, (row["check"], row["class"], row["case"]))): row for row in rows}


@needs_torch
@pytest.mark.parametrize("name", ["bert", "gpt2", "t5", "vit", "whisper", "llava"])
def test_six_files_are_green(name: str, tmp_path: Path) -> None:
    found = outcomes(f"test_hf_{name}.py", tmp_path, HFGEN_HARDWARE="cpu")
    assert len(found) >= 30
    assert [row for row in found.values() if row["outcome"] not in ("passed", "skipped", "xfailed")] == []


@needs_torch
@pytest.mark.parametrize(
    ("name", "fault", "check"),
    [
        ("bert", "nan", "forward-BertModel"),
        ("bert", "lost-layer", "builds-BertModel"),
        ("bert", "lost-gradient", "training-BertModel"),
        ("gpt2", "sees-future", "causal-GPT2LMHeadModel"),
        ("gpt2", "mask-ignored", "padding-GPT2LMHeadModel"),
        ("gpt2", "never-stops", "generation-GPT2LMHeadModel"),
        ("t5", "encoder-ignored", "cross_attention-T5ForConditionalGeneration"),
        ("llava", "picture-ignored", "image_text_pair-LlavaForConditionalGeneration"),
    ],
)
def test_a_fault_turns_its_check_red(name: str, fault: str, check: str, tmp_path: Path) -> None:
    found = outcomes(f"test_hf_{name}.py", tmp_path, fault=fault, HFGEN_HARDWARE="cpu")
    assert found[check]["outcome"] == "failed", found[check]


def test_a_fault_that_does_not_exist_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HFGEN_FAULT", "nonsense")
    with pytest.raises(ValueError, match="known: "):
        hf.faults.chosen()


def test_without_torch_structure_is_tested_and_models_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "torch.py").write_text("raise ImportError('hidden')\n")
    found = outcomes("test_hf_bert.py", tmp_path, PYTHONPATH=str(tmp_path / "hide"))
    assert found["forward-BertForMaskedLM"]["reason"] == "torch is not installed"
    assert found.pop("skillset")["outcome"] == "passed"
    assert {row["outcome"] for row in found.values()} == {"skipped"}
    assert len(found) > 15


def test_absent_devices_say_what_is_missing() -> None:
    answers = {name: profile.missing() for name, profile in hf.PROFILES.items()}
    assert set(answers) >= {"cpu", "cuda", "openvino", "apple", "qualcomm"}
    assert all(answer is None or len(answer) > 10 for answer in answers.values())


def case_of(name: str, check: str = "forward") -> hf.Case:
    return hf.Case(BERT, BERT.cls(name), "cpu", check)


@needs_torch
def test_a_case_is_built_once_and_only_when_it_is_asked_for() -> None:
    hf.release()
    case = case_of("BertModel")
    assert subject._opened == {}
    assert case.network is case_of("BertModel", "batch").network
    assert case.parameters() == case.cls.parameters
    assert case.forward()["last_hidden_state"] is case.forward()["last_hidden_state"]
    hf.release()
    assert subject._opened == {}


@needs_torch
def test_two_builds_have_the_same_weights() -> None:
    one, other = case_of("BertModel"), case_of("BertModel").built()
    assert one.network is not other.network
    assert one.close(one.forward(), other.forward(), factor=0.0)


@needs_torch
def test_stated_shapes_follow_rows_and_length() -> None:
    case = case_of("BertModel")
    assert case.shapes() == {"last_hidden_state": (2, 8, 64), "pooler_output": (2, 64)}
    assert case.shapes(rows=3, sequence=5) == {"last_hidden_state": (3, 5, 64), "pooler_output": (3, 64)}
    assert hf.unlike(case, case.forward()) == []
    short = outputs.Tensors(last_hidden_state=case.forward()["last_hidden_state"][:, :-1])
    assert len(hf.unlike(case, short)) == 2


@needs_torch
def test_weights_that_start_at_nought_are_woken() -> None:
    network = hf.torch.nn.Linear(4, 4)
    hf.torch.nn.init.zeros_(network.bias)
    before = network.weight.clone()
    waking.awaken(network)
    assert float(network.bias.detach().abs().max()) > 1e-3
    assert hf.torch.equal(network.weight, before)


@needs_torch
def test_weights_that_nobody_sets_are_told_and_are_the_same_each_time() -> None:
    class Forgetful(hf.torch.nn.Linear):
        def __init__(self, size: int) -> None:
            super().__init__(size, size)
            self.forgotten = hf.torch.nn.Parameter(hf.torch.empty(size, size))
            self.register_buffer("state", hf.torch.empty(size))

    networks = [weights.constructed(Forgetful, 4) for _ in range(2)]
    assert [hf.unset(network) for network in networks] == [["forgotten"]] * 2
    assert hf.torch.equal(*(network.forgotten for network in networks))
    assert all(bool(network.state.isnan().all()) for network in networks)
    assert float(networks[0].forgotten.detach().abs().max()) > 1e-3
    assert not hf.torch.are_deterministic_algorithms_enabled()
    whole = weights.constructed(lambda size: hf.torch.nn.Linear(size, size), 4)
    assert hf.unset(whole) == []
    whole.bias.data[1] = float("nan")
    assert hf.unset(whole) == ["bias"]


def test_what_can_not_run_is_skipped_for_its_reason() -> None:
    for name, check, words in [
        ("BertForNothing", "builds", "there is none"),
        ("BertForNothing", "causal", "there is none"),
        ("BertLMHeadModel", "forward", "does not run"),
        ("BertLMHeadModel", "batch", "does not run"),
    ]:
        reason = BERT.skip_reason(check, BERT.cls(name), "cpu")
        assert reason is not None
        assert words in reason
    assert BERT.skip_reason("builds", BERT.cls("BertLMHeadModel"), "cpu") is None


@needs_torch
def test_labels_that_say_something_else_and_labels_that_are_too_long() -> None:
    case = case_of("BertForMaskedLM")
    labels = inputs.tensors(case.cls.labels)["labels"]
    assert not (hf.training.other_labels(case)["labels"] == labels).all()
    assert hf.training.with_wrong_labels(case)["labels"].shape == (3, 8)
    step = hf.training.step(case)
    assert step.after < step.before
    assert (step.unreached, step.broken) == ([], [])


@needs_torch
def test_padding_lies_on_its_side_and_is_masked() -> None:
    case = case_of("BertModel")
    right, left = (hf.padded(case, 3, side) for side in ("right", "left"))
    assert right["attention_mask"].tolist() == [[1] * 8 + [0] * 3] * 2
    assert left["attention_mask"].tolist() == [[0] * 3 + [1] * 8] * 2
    assert left["position_ids"][0].tolist() == [0, 0, 0, *range(8)]


@needs_torch
@pytest.mark.parametrize("side", ["left", "right"])
def test_texts_of_different_lengths_give_what_they_give_alone(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("BertModel")
    alone, together = hf.ragged(case, side)
    shapes = {"last_hidden_state": [(1, 16, 64), (1, 8, 64)], "pooler_output": [(1, 64), (1, 64)]}
    shapes = {f"{name} of the {row}": shape for name, both in shapes.items() for row, shape in zip(("longest", "others"), both)}
    assert {name: tuple(tensor.shape) for name, tensor in alone.items()} == shapes
    # Padding in front moves the pooled token, which is the first.
    if side == "left":
        alone, together = ({n: t for n, t in one.items() if n.startswith("last")} for one in (alone, together))
    assert case.close(alone, together, factor=10)
    monkeypatch.setenv(faults.VARIABLE, "mask-ignored")
    alone, together = hf.ragged(case_of("BertModel"), side)
    assert not case.close(alone, together, factor=10)


@needs_torch
def test_what_is_taken_was_not_refused() -> None:
    case = case_of("BertModel")
    assert "taken, and answered with" in hf.refused(case, case.inputs).why
    assert hf.refused(case, {"input_ids": case.inputs["input_ids"] + 512})


def test_the_release_of_transformers_is_two_numbers() -> None:
    if hf.transformers is not None:
        assert compat.release() == tuple(map(int, hf.transformers.__version__.split(".")[:2]))


@needs_torch
def test_difference_sees_names_shapes_and_numbers() -> None:
    torch = hf.torch
    one = {"x": torch.ones(2, 2), "ids": torch.ones(2).long()}
    assert hf.difference(one, {**one, "x": torch.ones(2, 2)}) == 0.0
    assert hf.difference(one, {**one, "x": torch.ones(2, 2) + 0.5}) == 0.5
    assert hf.difference(one, {**one, "ids": torch.zeros(2).long()}) == float("inf")
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
    skip = hf.Skip("batch", "known", hardware="cpu")
    assert skip.means("batch", "BertModel", "cpu")
    assert not skip.means("batch", "BertModel", "cuda")
    assert not skip.means("forward", "BertModel", "cpu")
    assert not hf.Skip("batch", "known", cls="BertModel").means("batch", "BertForMaskedLM", "cpu")
    assert hf.Skip("*", "known").means("forward", None, "cuda")
    assert not hf.Skip("*", "known", expires="2020-01-01").means("forward", None, "cuda")
    assert model.needs("batch") == ["builds", "forward", "batch"]
    assert model.needs("dropout") == ["builds", "forward", "deterministic", "dropout"]
    assert model.needs("builds") == ["builds"]


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
    ("before", "after", "words"),
    [
        ("class hf_bert", "class bert", "hf_bert"),
        ("        pass\n    def init_cpu", "        self.missing\n    def init_cpu", "missing"),
        ("    def init_apple", "    def init_appel", "init_apple"),
        ("get_openvino_model, ", "", "init_openvino"),
        ("openvino_label, get_optimum", "get_optimum", "init_openvino"),
        ("model_type, device", "device, model_type", "init_openvino"),
        ("cuda_label):\n        return 1, 2, 3, 4, 5", "cuda_label):\n        return 1, 2, 3", "init_cuda"),
        ("create_cuda_text", "make_cuda_text", "create_cuda"),
    ],
)
def test_the_contract_sees_a_broken_worker_module(before: str, after: str, words: str, tmp_path: Path) -> None:
    def problems(text: str) -> set[str]:
        path = tmp_path / "hf_bert.py"
        path.write_text(text)
        return set(hf.contract.problems(hf.contract.Skillset("hf_bert", path, real=True), "text_embedding"))

    new = problems(WORKER_MODULE.replace(before, after, 1)) - problems(WORKER_MODULE)
    assert any(words in problem for problem in new), new


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
    assert hf.contract.result_problems("(MOCK) text")
    assert hf.contract.result_problems("text")
    assert not hf.contract.result_problems({"implementation_type": "REAL"})


def test_a_page_of_records_keeps_skips_apart() -> None:
    rows = [
        records.Record("f.py", "bert", "BertModel", "forward", "cpu", "", "passed", "", 0.1),
        records.Record("f.py", "bert", "BertModel", "forward", "cuda", "", "skipped", "cuda: no device", 0.0),
        records.Record("f.py", "bert", "BertModel", "batch", "cpu", "", "failed", "assert 1 == 2", 0.2),
        records.Record("f.py", "bert", "BertModel", "half", "cpu", "", "xfailed", "known", 0.2),
    ]
    page = records.page("bert", rows, left_out=3)
    assert "1 passed, 1 failed, 1 xfailed, 1 skipped" in page
    assert "cuda: no device" in page
    assert "BertModel on cpu: assert 1 == 2" in page
    assert "3 checks of the full tier" in page


@needs_torch
def test_a_class_that_transformers_does_not_have_is_named() -> None:
    with pytest.raises(LookupError, match="no class BertForNothing"):
        configs.find_class("bert", "BertForNothing")


@needs_torch
def test_outputs_that_rounding_chooses_are_held_to_how_far_it_moves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    case = hf.Case(BERT, BERT.classes[0], "cpu", "half")
    given = casting.computed_in(case, "bfloat16")
    assert casting.agrees(case, "bfloat16", given)
    wrong = outputs.Tensors({**given, "pooler_output": -given["pooler_output"]})
    assert "`pooler_output` differs" in casting.agrees(case, "bfloat16", wrong).why
    assert not casting.agrees(case, "bfloat16", outputs.Tensors({"pooler_output": given["pooler_output"]}))

    def chosen(case: hf.Case, dtype: str, seed: int) -> outputs.Tensors:
        exact = case.forward()
        return outputs.Tensors({**exact, "pooler_output": exact["pooler_output"] * (-1) ** seed})

    # Where no more than rounding turns an output around, that output may be turned, and no other.
    monkeypatch.setattr(casting, "nudged", chosen)
    assert casting.agrees(case, "bfloat16", wrong)
    wrong["last_hidden_state"] = -wrong["last_hidden_state"]
    assert "`last_hidden_state` differs" in casting.agrees(case, "bfloat16", wrong).why


@needs_torch
def test_weights_are_nudged_by_no_more_than_rounding_and_the_same_each_time() -> None:
    case = hf.Case(BERT, BERT.classes[0], "cpu", "half")
    name = "last_hidden_state"
    moved = [casting.nudged(case, "bfloat16", seed)[name] for seed in (0, 0, 1)]
    assert hf.torch.equal(moved[0], moved[1])
    assert not hf.torch.equal(moved[0], moved[2])
    assert 0 < (moved[0] - case.forward()[name]).abs().max() < 0.05


def test_a_defect_of_a_device_is_expected_where_its_processor_has_the_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = {"check": "half", "classes": ["A"], "reason": "it rounds twice"}
    somewhere = {"check": "half", "classes": ["B"], "reason": "its tiles are wrong", "processor": "amx_bf16"}
    profile = devices.Profile("cpu", "CPU", "cpu", "cpu", "torch", defects=[everywhere, somewhere])
    monkeypatch.setattr(devices, "processor_features", lambda: frozenset({"avx2"}))
    assert [profile.defect("half", name) for name in "ABC"] == ["it rounds twice", None, None]
    monkeypatch.setattr(devices, "processor_features", lambda: frozenset({"avx2", "amx_bf16"}))
    assert [profile.defect("half", name) for name in "ABC"] == ["it rounds twice", "its tiles are wrong", None]
    assert profile.defect("forward", "A") is None


@pytest.mark.filterwarnings("ignore:Unknown pytest.mark.full")
def test_checks_are_the_methods_that_take_a_case() -> None:
    class Group:
        @hf.check(but=["BertForMaskedLM"], tier="full")
        def test_some(self, case: hf.Case) -> None:
            """A check."""

        def test_all(self, case: hf.Case) -> None:
            """Another."""

        def test_model(self) -> None:
            """A test of its own."""

    made = hf.checks(BERT)(Group)
    assert made is Group
    marks = {name: getattr(getattr(made, name), "pytestmark", []) for name in ("test_some", "test_all", "test_model")}
    assert marks["test_model"] == []
    about = {name: next(mark for mark in marks[name] if mark.name == "parametrize").args[1] for name in list(marks)[:2]}
    classes = {name: {case.id.rpartition("-")[0] for case in cases} for name, cases in about.items()}
    assert classes == {"test_some": {"BertModel"}, "test_all": {"BertModel", "BertForMaskedLM"}}
    assert [any(mark.name == "full" for mark in marks[name]) for name in about] == [True, False]

    with pytest.raises(TypeError, match="test_model takes no `case`"):

        @hf.checks(BERT)
        class Wrong:
            @hf.check(tier="full")
            def test_model(self) -> None:
                """No check."""
