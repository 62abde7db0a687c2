"""Tests of the probe's search: sizes that agree, holes that are filled, shapes that are told as words.

Run them with the Python of `tests/support/python_env.sh`: `pytest tests/python/test_search.py`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

ROOT = Path(__file__).resolve().parents[2]
RULES = [tomllib.loads(path.read_text()) for path in sorted((ROOT / "rules").glob("*.toml"))]
ALL = {kind: [rule for rules in RULES for rule in rules.get(kind, [])] for kind in ("tiny", "input", "label")}


@pytest.fixture(scope="module", autouse=True)
def package(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The search and what it shares with the support package, laid out as the probe lays them out."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "hfgen_probe").symlink_to(ROOT / "src/discover/probe/python")
    (folder / "hfgen_runtime").mkdir()
    shared = (ROOT / "src/discover/probe/mod.rs").read_text()
    for name in re.findall(r"templates/runtime/(\w+)\.py\.hbs", shared):
        (folder / "hfgen_runtime" / f"{name}.py").symlink_to(ROOT / f"templates/runtime/{name}.py.hbs")
    kept = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "hfgen_runtime"}
    for name in kept:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] in ("hfgen_runtime", "hfgen_probe")]:
        del sys.modules[name]
    sys.modules.update(kept)


def tiny(config_class: type, **own: Any) -> dict[str, Any]:
    """The tiny arguments of a configuration, by the project's own rules."""
    from hfgen_probe.rules import Rules
    from hfgen_probe.shrink import tiny_config

    return tiny_config(config_class, Rules(ALL["tiny"]), own)


def job(
    type_name: str, module: str, config_class: str, names: list[str], own: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A job as the probe hands it over."""
    classes = [{"name": name, "mappings": [], "forward": []} for name in names]
    return {
        "type": type_name,
        "module": module,
        "config_class": config_class,
        "classes": classes,
        "own": own or {},
        "rules": ALL,
    }


def test_widths_heads_and_layers_agree() -> None:
    found = tiny(transformers.LlamaConfig)
    config = transformers.LlamaConfig(**found)
    assert (config.hidden_size, config.num_hidden_layers, config.vocab_size) == (64, 2, 512)
    assert config.head_dim * config.num_attention_heads == config.hidden_size
    assert config.num_attention_heads % config.num_key_value_heads == 0


def test_one_layer_of_each_kind_is_kept() -> None:
    config = transformers.Gemma3TextConfig(**tiny(transformers.Gemma3TextConfig))
    assert len(config.layer_types) == config.num_hidden_layers
    assert set(config.layer_types) == {"sliding_attention", "full_attention"}


def test_a_token_id_is_the_same_in_nested_configurations() -> None:
    found = tiny(transformers.LlavaConfig)
    assert found["image_token_index"] < found["text_config"]["vocab_size"] == 512


def test_what_the_registry_says_lies_on_top_and_what_it_keeps_stays() -> None:
    found = tiny(transformers.BertConfig, **{"tiny": {"num_hidden_layers": 3}, "tiny-drop": ["vocab_size"]})
    assert found["num_hidden_layers"] == 3
    assert "vocab_size" not in found


def test_widths_that_must_stay_do() -> None:
    assert "hidden_size" not in tiny(transformers.BertConfig, widths="keep")


def test_the_widths_of_a_pyramid_stay_in_proportion() -> None:
    from hfgen_probe.rules import Rules
    from hfgen_probe.shrink import tiny_config

    rules = Rules(ALL["tiny"])
    found = tiny_config(transformers.ConvNextConfig, rules, {}, divisor=8)
    assert found["hidden_sizes"] == [12, 24, 48, 96]
    assert tiny_config(transformers.ConvNextConfig, rules, {}, divisor=1)["hidden_sizes"] == [96, 192, 384, 768]
    # Three channels of a picture are no width, and what would get too narrow stays.
    found = tiny_config(transformers.HGNetV2Config, rules, {}, divisor=8)
    assert found["stem_channels"] == [3, 4, 6]


def test_where_widths_are_kept_all_are_divided_alike() -> None:
    from hfgen_probe.rules import Rules
    from hfgen_probe.shrink import tiny_config

    found = tiny_config(transformers.BertConfig, Rules(ALL["tiny"]), {}, keep_widths=True, divisor=4)
    assert (found["hidden_size"], found["intermediate_size"]) == (192, 768)
    assert "num_attention_heads" not in found


def test_the_narrowest_that_runs_is_taken() -> None:
    from hfgen_probe.search import Search

    names = ["ConvNextModel"]
    found = Search(job("convnext", "convnext", "ConvNextConfig", names)).classes()
    assert found["ConvNextModel"]["tiny"]["hidden_sizes"] == [12, 24, 48, 96]
    # What its stages read has 48 channels here: a half of the default is the narrowest that takes it.
    own = {"class": {"ConvNextEncoder": {"inputs": {"hidden_states": "noise B 48 16 16"}}}}
    found = Search(job("convnext", "convnext", "ConvNextConfig", ["ConvNextEncoder"], own)).classes()
    assert found["ConvNextEncoder"]["tiny"]["hidden_sizes"] == [48, 96, 192, 384]


def test_holes_are_filled_from_hints_sizes_and_fields() -> None:
    from hfgen_probe.sizes import NoSize, Sizes

    sizes = Sizes(transformers.ViTConfig(image_size=32, patch_size=8), {"tiles": 3})
    assert sizes.fill("noise B {tiles} {channels} {height} {patches//2}") == "noise B 3 3 32 8"
    assert sizes.fill("noise B {no_such_field|7}") == "noise B 7"
    with pytest.raises(NoSize):
        sizes.fill("noise B {no_such_field}")


def test_every_class_of_a_type_is_told_with_shapes_and_labels() -> None:
    from hfgen_probe.search import Search

    names = ["BertModel", "BertForMultipleChoice", "BertForTokenClassification"]
    found = Search(job("bert", "bert", "BertConfig", names)).classes()
    assert found["BertModel"]["outputs"]["last_hidden_state"] == "B S 64"
    assert found["BertForMultipleChoice"]["inputs"]["input_ids"] == "ids B 2 S"
    assert found["BertForTokenClassification"]["labels"] == {"labels": "ids B S low=0 high=2"}


def test_placeholders_are_as_many_as_the_picture_has_features() -> None:
    from hfgen_probe.search import Search

    found = Search(job("llava", "llava", "LlavaConfig", ["LlavaForConditionalGeneration"])).classes()
    facts = found["LlavaForConditionalGeneration"]
    assert facts["inputs"]["input_ids"].endswith(":2:16")
    assert facts["outputs"]["logits"] == "B S 512"
    assert "inert" not in facts


def test_a_class_that_does_not_run_says_why() -> None:
    from hfgen_probe.search import Search

    own = {"inputs": {"input_ids": "ids B S low=600 high=700"}}
    found = Search(job("bert", "bert", "BertConfig", ["BertModel", "NoSuchModel"], own)).classes()
    assert found["BertModel"]["error"].startswith("forward: IndexError")
    assert found["NoSuchModel"]["error"].startswith("build: LookupError")


class Echo(torch.nn.Module):
    """A network that gives its input back, and other things where it is told to."""

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault

    def forward(self, input_ids: Any, pixel_values: Any = None) -> dict[str, Any]:
        hidden = torch.nn.functional.one_hot(input_ids, 512).float()
        if self.fault == "nan":
            hidden = hidden / 0 * 0
        if self.fault == "random":
            hidden = hidden + torch.randn_like(hidden)
        if self.fault == "drifts":
            self.calls = getattr(self, "calls", 0) + 1
            hidden = hidden + self.calls
        flat = hidden.flatten(0, 1)
        return {
            "hidden": hidden,
            "flat": flat,
            "sum": hidden.sum(),
            "padded": torch.zeros(hidden.shape[0], hidden.shape[1] + 2),
        }


def measured(fault: str = "", **inputs: str) -> Any:
    from hfgen_probe.measure import Measured

    return Measured(Echo(fault), "forward", {"input_ids": "ids B S", **inputs}, 8)


def test_shapes_follow_rows_and_length() -> None:
    found = measured()
    words = found.shapes(found.first())
    assert words == {"hidden": "B S 512", "flat": "BS 512", "sum": "", "padded": "B S+2"}


def test_outputs_must_be_finite_and_the_same_twice() -> None:
    from hfgen_probe.measure import Unsound

    with pytest.raises(Unsound, match="not finite"):
        measured("nan").first()
    with pytest.raises(Unsound, match="second time"):
        measured("drifts").first()


def test_random_numbers_and_inputs_without_effect_are_seen() -> None:
    assert measured("random").random(measured("random").first())
    assert not measured().random(measured().first())
    found = measured(pixel_values="noise B 3 4 4")
    assert found.inert(found.first()) == ["pixel_values"]


class Partly(torch.nn.Module):
    """A network that uses one of its layers, and another only in a step that has no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(2))
        self.gate, self.spare = torch.nn.Linear(4, 4), torch.nn.ModuleList([torch.nn.Linear(4, 4)])

    def forward(self, inputs: Any) -> dict[str, Any]:
        return {"output": self.layers[1](self.layers[0](inputs)) * (self.gate(inputs) > 0)}


def test_weights_without_a_gradient_are_told_with_their_cause() -> None:
    from hfgen_probe.learning import CUT, UNUSED, unreached
    from hfgen_probe.measure import Measured

    network = Partly().eval()
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    found = unreached(Measured(network, "forward", {"inputs": "noise B 4"}, 8), {})
    assert found == {"gate.*": CUT, "spare.*": UNUSED}
    assert all(torch.equal(weight, before[name]) for name, weight in network.named_parameters())


def test_patterns_mean_the_idle_weights_alone() -> None:
    from hfgen_probe.learning import patterns

    names = [f"layers.{n}.{part}.{kind}" for n in (0, 1) for part in ("mlp", "gate") for kind in ("weight", "bias")]
    idle = [name for name in names if "gate" in name]
    assert patterns(idle, names) == ["layers.*.gate.*"]
    assert patterns(idle[:2], names) == ["layers.0.gate.*"]
    assert patterns(["layers.0.mlp.bias"], names) == ["layers.0.mlp.bias"]
