"""Tests of `src/run/python/runner.py`, which runs one generated file for `hfgen prove` and `hfgen test`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = Path(os.environ.get("HFGEN_GENERATED", ROOT / "generated")).resolve()
RUNNER = ROOT / "src" / "run" / "python"

if not (GENERATED / "hfgen_runtime").is_dir():
    pytest.skip(f"no outputs in {GENERATED}: run `hfgen build` first", allow_module_level=True)

FAULTY = """
    import os, signal, sys, time
    import pytest
    from hfgen_runtime import faults

    def test_first():
        pass

    def test_red():
        print("said before it failed")
        assert 1 == 2

    def test_segfault():
        os.kill(os.getpid(), signal.SIGSEGV)

    @pytest.mark.parametrize("hardware", ["cpu", "cuda"])
    def test_leaves(hardware):
        if hardware == "cuda":
            pytest.skip("no cuda here")
        os._exit(0)

    def test_hangs():
        time.sleep(600)

    def test_swallows():
        hoard = [b"x" * (1 << 20) for _ in range(3000)]; time.sleep(9)

    def test_last():
        pass
"""


def run(tmp_path: Path, source: str, runs: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """What the runner answers, in a process of its own."""
    file = tmp_path / "test_it.py"
    file.write_text(textwrap.dedent(source))
    job = {"file": str(file), "root": str(GENERATED), "runs": runs, "timeout": 5.0, "megabytes": 1000, **more}
    code = "import json, sys, runner; print(json.dumps(runner.run(json.loads(sys.stdin.read()))))"
    env = {**os.environ, "PYTHONPATH": str(RUNNER)}
    words = [sys.executable, "-c", code]
    ran = subprocess.run(words, input=json.dumps(job), env=env, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def outcomes(records: list[dict[str, Any]]) -> dict[str, str]:
    """The outcome of each test."""
    return {record["node"]: record["outcome"] for record in records}


def test_a_test_that_takes_the_process_with_it_is_its_own_outcome(tmp_path: Path) -> None:
    checks = ["first", "red", "segfault", "leaves", "hangs", "swallows", "last"]
    answer = run(tmp_path, FAULTY, [{"fault": None, "checks": checks}], timeout=3.0)
    (ran,) = answer["runs"]
    assert answer["collected"] == 8
    assert outcomes(ran["records"]) == {
        "test_first": "passed",
        "test_red": "failed",
        "test_segfault": "crashed",
        "test_leaves[cpu]": "crashed",
        "test_leaves[cuda]": "skipped",
        "test_hangs": "crashed",
        "test_swallows": "crashed",
        "test_last": "passed",
    }
    told = {record["node"]: record for record in ran["records"]}
    assert told["test_segfault"]["reason"] == "killed by signal 11 (SIGSEGV)"
    assert told["test_leaves[cpu]"]["reason"] == "ended the process with exit status 0"
    assert told["test_hangs"]["reason"] == "timed out after 3 s"
    assert told["test_swallows"]["reason"] == "took more than 1000 MB of memory"
    assert "said before it failed" in told["test_red"]["output"]
    assert told["test_leaves[cpu]"]["check"] == "leaves"


def test_faults_are_tried_on_green_tests_of_their_checks_only(tmp_path: Path) -> None:
    source = """
        from hfgen_runtime import faults

        def test_sees():
            assert faults.at("result", faults.chosen()) is None

        def test_blind():
            faults.chosen()

        def test_red():
            assert faults.chosen() == "noise"
    """
    checks = ["sees", "blind", "red"]
    runs = [
        {"fault": None, "checks": checks},
        {"fault": "noise", "checks": checks},
        {"fault": "nan", "checks": ["sees"]},
    ]
    without, noise, nan = run(tmp_path, source, runs)["runs"]
    assert outcomes(without["records"]) == {"test_sees": "passed", "test_blind": "passed", "test_red": "failed"}
    assert outcomes(noise["records"]) == {"test_sees": "failed", "test_blind": "passed"}
    assert outcomes(nan["records"]) == {"test_sees": "failed"}
    assert [record["acted"] for record in noise["records"]] == [0, 0]
    known = run(tmp_path, source, runs[1:2], green=["test_blind"])["runs"]
    assert outcomes(known[0]["records"]) == {"test_blind": "passed"}


def test_a_fault_that_acts_is_counted(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    assert torch is not None
    source = """
        import torch
        from hfgen_runtime import faults

        def test_acts():
            network = faults.inject(torch.nn.Linear(2, 2))
            assert not network(torch.ones(1, 2)).isnan().any()
    """
    without, nan = run(tmp_path, source, [{"fault": f, "checks": ["acts"]} for f in (None, "nan")])["runs"]
    assert [(record["outcome"], record["acted"]) for record in without["records"]] == [("passed", 0)]
    assert [(record["outcome"], record["acted"]) for record in nan["records"]] == [("failed", 1)]


@pytest.mark.parametrize("source", ["import there_is_no_such_module", "def test_x(:\n    pass", "raise SystemExit(3)"])
def test_a_file_that_cannot_be_collected_says_why(source: str, tmp_path: Path) -> None:
    answer = run(tmp_path, source, [{"fault": None, "checks": ["x"]}])
    assert answer["error"]
    assert answer["runs"] == []


@pytest.mark.parametrize("package", [False, True])
def test_its_neighbours_are_not_looked_at(package: bool, tmp_path: Path) -> None:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "test_other.py").write_text("def test_it(): pass")
    looked = tmp_path / "looked.txt"
    noting = f"def pytest_collect_file(file_path):\n    open({str(looked)!r}, 'a').write(file_path.name + ' ')\n"
    (folder / "conftest.py").write_text(noting)
    if package:
        (folder / "__init__.py").touch()
    answer = run(folder, "def test_it(): pass", [{"fault": None, "checks": ["it"]}])
    assert (answer["error"], answer["collected"]) == (None, 1)
    assert outcomes(answer["runs"][0]["records"]) == {"test_it": "passed"}
    # A package is collected as pytest does it.
    assert ("test_other.py" in looked.read_text().split()) == package
    assert "test_it.py" in looked.read_text().split()


def test_a_file_without_tests_has_none(tmp_path: Path) -> None:
    answer = run(tmp_path, "X = 1", [{"fault": None, "checks": ["x"]}])
    assert (answer["error"], answer["collected"]) == (None, 0)
    assert [ran["records"] for ran in answer["runs"]] == [[]]
