"""Tests of the part of the support package that runs a network elsewhere: devices, compilers, exporters, whole numbers.

They run where the outputs of `hfgen build` are; what wants a runtime that is not installed is skipped.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = Path(os.environ.get("HFGEN_GENERATED", ROOT / "generated")).resolve()

if not (GENERATED / "hfgen_runtime").is_dir():
    pytest.skip(f"no outputs in {GENERATED}: run `hfgen build` first", allow_module_level=True)
sys.path.insert(0, str(GENERATED))

import hfgen_runtime as hf
from hfgen_runtime import devices, exports, faults, profiles, qnn, qnn_session, quantised, runtimes, worker

needs_torch = pytest.mark.skipif(hf.missing_libraries() is not None, reason=str(hf.missing_libraries()))
LLAMA = hf.Model(
    type="llama",
    module="llama",
    family="decoder-only",
    config_class="LlamaConfig",
    primary="LlamaForCausalLM",
    task_word="text_generation",
    takes=["text"],
    tiny={
        "vocab_size": 512,
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 128,
    },
    inputs={"input_ids": "ids B S", "attention_mask": "ones B S"},
    classes=[hf.Class("LlamaForCausalLM", outputs={"logits": "B S 512"})],
)
# The emulator of QNN can't allocate what a Llama needs, however tiny it is.
BERT = dataclasses.replace(
    LLAMA,
    type="bert",
    module="bert",
    config_class="BertConfig",
    primary="BertModel",
    tiny={name: size for name, size in LLAMA.tiny.items() if name != "num_key_value_heads"},
    classes=[hf.Class("BertModel", outputs={"last_hidden_state": "B S 64", "pooler_output": "B 64"})],
)


def case(check: str, hardware: str = "cpu", model: hf.Model = LLAMA) -> hf.Case:
    return hf.Case(model, model.classes[0], hardware, check)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(faults.VARIABLE, raising=False)
    hf.release()


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> hf.Case:
    """A case on a profile that is another than that of the CPU, though its device is the CPU."""
    stand_in = dataclasses.replace(profiles.PROFILES["cuda"], detect="cpu", device="cpu")
    monkeypatch.setitem(profiles.PROFILES, "cuda", stand_in)
    return case("device", "cuda")


@needs_torch
def test_a_device_is_compared_with_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    there = elsewhere(monkeypatch)
    assert there.close(hf.elsewhere.expected(there), hf.elsewhere.computed(there))
    assert hf.elsewhere.ran_on(there) == {"cpu"}
    monkeypatch.setenv(faults.VARIABLE, "device-scaled")
    assert not there.close(hf.elsewhere.expected(there), hf.elsewhere.computed(there), factor=10)


@needs_torch
def test_attention_is_seen_to_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = hf.attention.plain(case("attention"))
    ways = hf.attention.ways(case("attention"))
    assert "sdpa" in ways
    assert all(case("attention").close(plain, outputs) for outputs in ways.values())
    for fault in ("attention-mask-ignored", "attention-scaled"):
        monkeypatch.setenv(faults.VARIABLE, fault)
        assert not case("attention").close(plain, hf.attention.ways(case("attention"))["sdpa"]), fault


@needs_torch
def test_what_does_not_call_an_implementation_says_so() -> None:
    without = case("attention").built(_attn_implementation="eager")
    without.network.config._attn_implementation = "sdpa"
    without.network.forward = lambda **_: {"logits": hf.torch.zeros(2, 8, 512)}
    with pytest.raises(pytest.skip.Exception, match="never calls sdpa"):
        hf.attention.computed(without, "sdpa")


@needs_torch
@pytest.mark.parametrize("fault", ["", "exported-weight"])
def test_an_exported_program_computes(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hf.elsewhere.expected(case("exported"))
    monkeypatch.setenv(faults.VARIABLE, fault)
    outputs = hf.elsewhere.exported(case("exported"))
    assert bool(case("exported").close(expected, outputs, factor=10)) == (not fault)


@needs_torch
@pytest.mark.parametrize("fault", ["", "compiled-weight"])
def test_a_compiled_network_is_really_compiled(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hf.elsewhere.expected(case("compiled"))
    monkeypatch.setenv(faults.VARIABLE, fault)
    outputs = hf.elsewhere.compiled(case("compiled"))
    assert bool(case("compiled").close(expected, outputs, factor=10)) == (not fault)


@needs_torch
@pytest.mark.parametrize("fault", ["", "int8-wrong-axis", "int8-clipped"])
def test_whole_numbers_stand_for_the_weights(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(faults.VARIABLE, fault)
    int8 = quantised.weight_only(case("close_to_float"))
    assert len(int8.weights) == 15
    assert bool(int8.wrong_layers()) == bool(fault)
    assert int8.bytes < 0.3 * int8.plain_bytes


@needs_torch
@pytest.mark.parametrize("hardware", ["openvino", "onnxruntime", "executorch", "qualcomm"])
@pytest.mark.parametrize("fault", ["", "runtime-scaled", "exported-weight"])
def test_a_runtime_agrees_and_says_that_it_ran(hardware: str, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = profiles.PROFILES[hardware].missing()
    if missing is not None:
        pytest.skip(missing)
    monkeypatch.setenv(faults.VARIABLE, fault)
    there = case("runtime", hardware, BERT)
    assert bool(there.close(hf.elsewhere.expected(there), hf.elsewhere.computed(there))) == (not fault)
    assert hf.elsewhere.ran_on(there) == {there.hardware.ran_on}


@needs_torch
def test_an_endpoint_of_an_exported_network_adds_one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    there = case("skillset_endpoint")
    export = lambda inputs: exports.Dynamo(there.network, inputs)
    own = worker.Endpoint(there, "cpu").generate(there.inputs)
    monkeypatch.setattr(hf.Case, "runtime", runtimes.ExportedRuntime(there.network, export, "elsewhere"))
    ids = worker.Endpoint(there, "cpu").generate(there.inputs)
    given = there.inputs["input_ids"].shape[1]
    assert (ids.shape[1], own.shape[1]) == (given + 1, given + worker.NEW_TOKENS)
    assert hf.torch.equal(ids, own[:, : given + 1])


@needs_torch
def test_a_cpu_in_the_place_of_the_accelerator_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    profile = profiles.PROFILES["qualcomm"]
    if profile.missing() is not None:
        pytest.skip(str(profile.missing()))
    assert ran_product(profile, tmp_path) == {"QNNExecutionProvider"}
    monkeypatch.setenv(faults.VARIABLE, "silent-cpu")
    assert ran_product(profile, tmp_path) == {"CPUExecutionProvider"}


def ran_product(profile: devices.Profile, folder: Path) -> set[str]:
    numpy = pytest.importorskip("numpy")
    graph, given = folder / "product.onnx", folder / "inputs.npz"
    graph.write_bytes(qnn_session.product())
    numpy.savez(given, x=numpy.ones((1, 8), numpy.float32))
    files = {"graph": str(graph), "inputs": str(given), "outputs": str(folder / "outputs.npz")}
    accelerate = faults.at("providers", True)
    return set(qnn.run({**files, "chips": [dict(c) for c in profile.chips], "accelerate": accelerate})["ran_on"])


def test_a_session_that_ends_its_process_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("import os\nos.kill(os.getpid(), 11)\n")
    monkeypatch.setattr(qnn_session, "__file__", str(dying))
    with pytest.raises(qnn.QnnError, match="status -11"):
        qnn.run({})


def test_only_an_error_that_is_explained_is_expected() -> None:
    limits = [
        {"check": "runtime", "error": "MEM_ALLOC", "reason": "too large"},
        {"error": "no such op", "reason": "unknown"},
    ]
    profile = devices.Profile("x", "X", "x", "cpu", "qnn", limits=limits)
    assert profile.limit("runtime", RuntimeError("QNN_MEM_ALLOC 1002")) == "too large"
    assert profile.limit("exported", RuntimeError("QNN_MEM_ALLOC 1002")) is None
    assert profile.limit("exported", ValueError("no such op")) == "unknown"
    assert profile.limit("runtime", AssertionError("`logits` differs by 3")) is None


@pytest.mark.parametrize("name", sorted(profiles.PROFILES))
def test_each_profile_says_what_is_missing(name: str) -> None:
    profile = profiles.PROFILES[name]
    assert profile.detect in devices.DETECTORS
    assert profile.runtime == "torch" or profile.ran_on
    missing: Any = profile.missing()
    assert missing is None or missing.strip()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "installed", lambda name: name != "onnxruntime_qnn")
    assert devices.qnn() == "onnxruntime-qnn is not installed"
    monkeypatch.setattr(devices, "installed", lambda name: name != "openvino")
    assert devices.openvino() == "openvino is not installed"
