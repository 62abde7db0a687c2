#!/usr/bin/env python3
"""Puts small bugs into the modeling files of transformers, one at a time, and counts how many the generated tests notice.

A mutant is one change of one expression, as a slip in a refactoring makes it: a mask that is not handed on, a summand that
is lost, another axis, a condition turned round. They are drawn at random, the same each time, from the lines that the tests
of a model type run. Nothing installed is touched: a finder in front of Python's own gives the changed text out for that one
module.

Networks with random weights have no numbers to compare with, so that a mutant that makes another network of the same kind (a
scale, an epsilon, another activation) can't be noticed by anybody but a checkpoint: the figure is no share of 100.

The Python needs torch, transformers and pytest; the outputs are those of `hfgen build`.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parent.parent
# Of each architecture one or two: text, both sides of translation, experts, state space, pictures, sound, pairs, series.
TYPES = [
    "bert", "gpt2", "llama", "gemma3_text", "qwen3_moe", "mixtral", "mamba2", "bart", "t5", "vit", "detr", "clip", "llava",
    "wav2vec2", "whisper", "patchtst",
]  # fmt: skip
LIMIT = 300.0

# Loaded by pytest before anything else: gives out the mutant, and notes which lines of the file are run.
PLUGIN = """
import importlib.machinery, json, os, sys
told = json.loads(os.environ["HFGEN_MUTANT"])

class Changed(importlib.machinery.SourceFileLoader):
    def get_code(self, name):
        return self.source_to_code(open(told["text"], "rb").read(), told["file"])

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == told["module"]:
            spec = importlib.machinery.PathFinder.find_spec(name, path, target)
            spec.loader = Changed(name, spec.origin)
            return spec

sys.meta_path.insert(0, Finder)
if told["lines"]:
    lines = set()
    def local(frame, event, arg):
        lines.add(frame.f_lineno)
        return local
    def trace(frame, event, arg):
        return local(frame, event, arg) if frame.f_code.co_filename == told["file"] else None
    sys.settrace(trace)
    def pytest_sessionfinish():
        sys.settrace(None)
        open(told["lines"], "w").write(json.dumps(sorted(lines)))
"""


@dataclass
class Mutant:
    """One change, and what became of it."""

    model: str
    change: str
    line: int
    what: str
    noticed_by: str = ""
    seconds: float = 0.0


def changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], ast.AST]]]:
    """What can be changed in an expression: the name of the change, and the change."""
    if isinstance(node, ast.Call):
        for at, keyword in enumerate(node.keywords):
            if keyword.arg and "mask" in keyword.arg and not isinstance(keyword.value, ast.Constant):
                yield (
                    "a mask is not handed on",
                    lambda n, at=at: with_keyword(n, at, ast.Constant(None)),
                )
            if keyword.arg in ("dim", "axis") and isinstance(keyword.value, (ast.Constant, ast.UnaryOp)):
                yield (
                    "another axis",
                    lambda n, at=at: with_keyword(n, at, ast.Constant(0)),
                )
        if re.match(r"self\.\w+$", ast.unparse(node.func)) and len(node.args) == 1 and not node.keywords:
            yield "a layer is left out", lambda n: n.args[0]
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Add):
            yield "a summand is lost", lambda n: n.left
        if isinstance(node.op, (ast.Add, ast.Sub)):
            yield (
                "plus and minus",
                lambda n: with_op(n, ast.Sub() if isinstance(n.op, ast.Add) else ast.Add()),
            )
        if isinstance(node.op, ast.Mult):
            yield "a factor is lost", lambda n: n.left
    if isinstance(node, ast.IfExp):
        yield "the other branch", lambda n: n.orelse
        yield "no condition", lambda n: n.body
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
        yield "a condition turned round", lambda n: ast.UnaryOp(ast.Not(), n)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.lower is not None:
        yield "a part begins at its first", lambda n: with_slice(n, ast.Slice(None, n.slice.upper, n.slice.step))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield "a sign is lost", lambda n: n.operand


def with_keyword(call: ast.Call, at: int, value: ast.expr) -> ast.Call:
    call.keywords[at].value = value
    return call


def with_slice(node: ast.Subscript, part: ast.Slice) -> ast.Subscript:
    node.slice = part
    return node


def with_op(node: ast.BinOp, op: ast.operator) -> ast.BinOp:
    node.op = op
    return node


def replaced(text: str, node: ast.expr, new: ast.AST) -> str:
    """The text with one expression changed; every other line stays where it is."""
    lines = text.encode().splitlines(keepends=True)
    begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    filling = "\n" * (node.end_lineno - node.lineno)
    return (text.encode()[:begin] + f"({ast.unparse(new)}{filling})".encode() + text.encode()[end:]).decode()


def computed(tree: ast.Module) -> Iterator[ast.AST]:
    """Expressions that compute: none of initialisation, of annotations, defaults and decorators."""
    functions = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and not re.match(r"_*init", f.name)]
    for function in functions:
        for statement in function.body:
            yield from (node for node in ast.walk(statement) if isinstance(getattr(node, "ctx", ast.Load()), ast.Load))


class Bench:
    """Runs the tests of one file against texts of the modeling file."""

    def __init__(self, python: str, generated: Path, folder: Path) -> None:
        self.python, self.generated, self.folder = python, generated, folder
        (folder / "hfgen_mutant.py").write_text(PLUGIN)

    def run(self, model: str, told: dict) -> tuple[int, str, float]:
        """The exit status of pytest, what it printed, and the seconds."""
        env = {
            **os.environ,
            "HFGEN_MUTANT": json.dumps(told),
            "HFGEN_HARDWARE": "cpu",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        env["PYTHONPATH"] = os.pathsep.join([str(self.folder), *filter(None, [env.get("PYTHONPATH")])])
        command = [
            self.python,
            "-m",
            "pytest",
            "-q",
            "-x",
            "--tb=no",
            "-p",
            "hfgen_mutant",
            "-p",
            "no:cacheprovider",
        ]
        begun = time.perf_counter()
        try:
            path = str(self.generated / f"test_hf_{model}.py")
            ran = subprocess.run(
                [*command, path],
                env=env,
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )
            code, said = ran.returncode, ran.stdout
        except subprocess.TimeoutExpired:
            code, said = 1, "no answer"
        return code, said, time.perf_counter() - begun

    def file(self, model: str) -> tuple[str, Path]:
        """The module of a model type's network, and its file."""
        text = (self.generated / f"test_hf_{model}.py").read_text()
        module = (
            re.search(r'^    module="(.+)",$', text, re.MULTILINE)
            or re.search(r'^    type="(.+)",$', text, re.MULTILINE)
        )[1]
        name = f"transformers.models.{module}.modeling_{module}"
        script = f"import importlib.util as u; print(u.find_spec({name!r}).origin)"
        return name, Path(subprocess.check_output([self.python, "-c", script], text=True).strip().splitlines()[-1])

    def mutants(self, model: str, each: int, seed: int) -> list[Mutant]:
        """Draws some changes of a model type's file and tries each."""
        module, path = self.file(model)
        text, lines = path.read_text(), self.folder / "lines.json"
        told = {"module": module, "file": str(path)}
        code, said, _ = self.run(model, {**told, "text": str(path), "lines": str(lines)})
        if code != 0:
            raise SystemExit(f"{model}: not green without a change:\n{said[-500:]}")
        ran = set(json.loads(lines.read_text()))
        tree = ast.parse(text)
        found = [
            (node, *change) for node in computed(tree) if getattr(node, "lineno", 0) in ran for change in changes(node)
        ]
        # Some of each kind before more of one.
        kinds: dict[str, list] = defaultdict(list)
        for one in found:
            kinds[one[1]].append(one)
        dice = random.Random(f"{seed} {model}")
        for ones in kinds.values():
            dice.shuffle(ones)
        order = sorted(kinds)
        dice.shuffle(order)
        drawn = [kinds[kind][at] for at in range(each) for kind in order if at < len(kinds[kind])][:each]
        return [self.tried(model, told, text, *one) for one in drawn]

    def tried(
        self,
        model: str,
        told: dict,
        text: str,
        node: ast.expr,
        kind: str,
        change: Callable,
    ) -> Mutant:
        changed = self.folder / "mutant.py"
        changed.write_text(replaced(text, node, change(copy.deepcopy(node))))
        mutant = Mutant(model, kind, node.lineno, ast.unparse(node).replace("\n", " ")[:80])
        code, said, mutant.seconds = self.run(model, {**told, "text": str(changed), "lines": ""})
        if code != 0:
            named = re.search(r"^(?:FAILED|ERROR) \S+::test_(\w+)", said, re.MULTILINE)
            mutant.noticed_by = named[1] if named else "collection"
        print(
            f"{model:14} {kind:26} {mutant.noticed_by or '-':18} {mutant.what}",
            flush=True,
        )
        return mutant


def page(mutants: list[Mutant], versions: str) -> str:
    """What is committed."""
    share = lambda ones: f"{sum(bool(one.noticed_by) for one in ones)} of {len(ones)}"
    lines = ["# Small bugs in transformers, and how many are noticed", ""]
    lines += [
        "Written by `python3 benches/mutants.py`; docs/prove.md says how to read it.",
        "",
        f"{versions}",
        "",
    ]
    lines += [
        f"**{share(mutants)}** mutants are noticed by the fast tier of their model type's tests.",
        "",
    ]
    for title, key in (
        ("change", lambda m: m.change),
        ("model type", lambda m: m.model),
    ):
        groups = defaultdict(list)
        for mutant in mutants:
            groups[key(mutant)].append(mutant)
        lines += [f"| {title} | noticed |", "|---|---|"]
        lines += [f"| {name} | {share(groups[name])} |" for name in sorted(groups)] + [""]
    first = Counter(mutant.noticed_by for mutant in mutants if mutant.noticed_by)
    lines += ["| first noticed by | mutants |", "|---|---|"]
    lines += [f"| `{name}` | {count} |" for name, count in sorted(first.items(), key=lambda item: (-item[1], item[0]))]
    lines += ["", "| not noticed: model type | line | change |", "|---|---|---|"]
    lines += [f"| {m.model} | {m.line} | {m.change} |" for m in mutants if not m.noticed_by]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="the Python that has torch and transformers",
    )
    parser.add_argument(
        "--generated",
        type=Path,
        default=ROOT / "generated",
        help="the outputs of hfgen build",
    )
    parser.add_argument(
        "--models",
        default=",".join(TYPES),
        help="model types, as their files are called",
    )
    parser.add_argument("--each", type=int, default=4, help="mutants of each (default: 4)")
    parser.add_argument("--seed", type=int, default=0, help="other mutants (default: 0)")
    parser.add_argument(
        "--out",
        type=Path,
        help="a folder for MUTANTS.md and mutants.json; without it nothing is written",
    )
    args = parser.parse_args()
    script = "import torch, transformers; print('torch', torch.__version__, 'transformers', transformers.__version__)"
    versions = subprocess.check_output([args.python, "-c", script], text=True).strip().splitlines()[-1]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(args.python, args.generated.resolve(), Path(folder))
        mutants = [one for model in args.models.split(",") for one in bench.mutants(model, args.each, args.seed)]
    told = page(
        mutants,
        f"{machine.described()['cpu']}; {versions}; {args.each} mutants a type, seed {args.seed}",
    )
    print(f"\n{told}")
    if args.out is not None:
        (args.out / "MUTANTS.md").write_text(told)
        rows = [{name: value for name, value in asdict(one).items() if name != "what"} for one in mutants]
        (args.out / "mutants.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
