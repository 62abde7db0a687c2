#!/usr/bin/env bash
# Make a Python environment that can run the generated tests on a machine without a GPU: torch, transformers and pytest
# from PyPI, without the 2 GB of CUDA libraries that the torch wheel asks for. In their place stand small stub libraries
# whose every function answers "no device", so `torch.cuda.is_available()` is False and all of the CPU works.
#
# usage: tests/support/python_env.sh [--backends] [FOLDER]
#            (default: ~/.cache/hfgen/venv-torch, with --backends ~/.cache/hfgen/venv-backends)
#
# --backends adds the runtimes of the other hardware profiles: OpenVINO, ONNX Runtime, Qualcomm's QNN (its wheel carries
# the emulator of the Hexagon processor), ExecuTorch and torchao. That needs x86-64 and glibc 2.35 or later.
#
# It needs python3 with venv, gcc, readelf and nm. Where the index of PyTorch's own CPU wheels can be reached, an
# ordinary `pip install torch --index-url ...` does as well and this script is not needed.
set -euo pipefail

backends=no
if [[ "${1:-}" == --backends ]]; then
    backends=yes
    shift
fi
[[ $backends == yes ]] && usual=venv-backends || usual=venv-torch
folder="${1:-$HOME/.cache/hfgen/$usual}"
torch_version="${HFGEN_TORCH:-2.15.0}"
transformers_version="${HFGEN_TRANSFORMERS:-5.23.0}"

if [[ ! -x "$folder/bin/python" ]]; then
    python3 -m venv "$folder"
fi
pip=("$folder/bin/python" -m pip install --quiet --disable-pip-version-check)

"${pip[@]}" --no-deps "torch==$torch_version"
"${pip[@]}" typing_extensions filelock fsspec sympy networkx jinja2 numpy setuptools
"$folder/bin/python" - <<'PYTHON'
"""Write a stub for each CUDA library that torch's own libraries are linked to."""

import re
import subprocess
import sysconfig
import tempfile
from collections import defaultdict
from pathlib import Path

site = Path(sysconfig.get_path("purelib"))
out = site / "nvidia" / "cu13" / "lib"
foreign = re.compile(r"lib(cu|nv|nccl)")
message = re.compile(r"(Get|get|_)(Last)?(Error|Status)(String|Name|Enum|Message)?$|ErrorString$|GetLastErrorMessage$")


def tool(*words: object) -> str:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def body(symbol: str) -> str:
    """The C function of one symbol: an error code, an error's text, or for the start-up hooks of nvcc a success."""
    if symbol == "__cudaRegisterFatBinary":
        return f"void *{symbol}(void) {{ return room; }}"
    if symbol.startswith("__cuda"):
        return f"int {symbol}(void) {{ return 0; }}"
    if message.search(symbol) and not re.search(r"(Get|Peek)(AtLast|Last)Error$|Peek", symbol):
        return f"const char *{symbol}(void) {{ return text; }}"
    return f"int {symbol}(void) {{ return {100 if symbol.startswith('cuda') else 1}; }}"  # 100: cudaErrorNoDevice


wanted: dict[str, dict[str, str]] = defaultdict(dict)  # library -> symbol -> version
anywhere: set[str] = set()  # symbols without a version may come from any library
for binary in sorted((site / "torch" / "lib").glob("*.so")):
    for name in re.findall(r"\(NEEDED\).*\[(.*?)\]", tool("readelf", "-dW", binary)):
        if foreign.match(name) and not name.startswith("libcuda.so"):
            wanted[name]
    library, of_version = "", {}
    for line in tool("readelf", "-VW", binary).splitlines():
        if found := re.search(r"File: (\S+)", line):
            library = found[1]
        elif (found := re.search(r"Name: (\S+)", line)) and library:
            of_version[found[1]] = library
    for line in tool("nm", "-D", "--undefined-only", binary).splitlines():
        symbol, _, version = line.split()[-1].replace("@@", "@").partition("@")
        if version and foreign.match(of_version.get(version, "")):
            wanted[of_version[version]][symbol] = version
        elif not version and re.match(r"(cu[a-zA-Z]|nv|nccl|__cuda|__nv)", symbol):
            anywhere.add(symbol)
if not wanted:
    raise SystemExit("python_env: this torch asks for no CUDA library: nothing to stub")
home = next(name for name in sorted(wanted) if name.startswith("libcudart"))
defined = {symbol for symbols in wanted.values() for symbol in symbols}

out.mkdir(parents=True, exist_ok=True)
with tempfile.TemporaryDirectory() as scratch:
    for name, symbols in sorted(wanted.items()):
        source, script = Path(scratch) / f"{name}.c", Path(scratch) / f"{name}.map"
        lines = ['static char room[4096]; static const char text[] = "stub: no CUDA device";']
        lines += [body(symbol) for symbol in sorted(symbols)]
        if name == home:
            lines += [body(symbol) for symbol in sorted(anywhere - defined)]
        source.write_text("\n".join(lines) + "\n")
        words = ["gcc", "-w", "-fno-builtin", "-shared", "-fPIC", "-O1", "-s", "-o", out / name, source, f"-Wl,-soname,{name}"]
        versions = sorted(set(symbols.values()))
        if len(versions) == 1:
            script.write_text(f"{versions[0]} {{ global: *; }};\n")
            words.append(f"-Wl,--version-script={script}")
        tool(*words)
print(f"python_env: {len(wanted)} stub libraries, {len(defined | anywhere)} symbols")
PYTHON

"${pip[@]}" "transformers==$transformers_version" sentencepiece pillow protobuf psutil pytest ruff
"${pip[@]}" --no-deps torchvision timm scipy einops
if [[ $backends == yes ]]; then
    # These go together with torch 2.15 and transformers 5.23; --no-deps where a package would pull another torch.
    "${pip[@]}" "openvino==2026.4.1" "onnx==1.23.2" "onnxruntime==1.31.1"
    "${pip[@]}" --no-deps "onnxscript==0.7.2" onnx-ir "onnxruntime-qnn==2.7.0" "executorch==1.5.1" "torchao==0.18.0"
    "${pip[@]}" flatbuffers ruamel.yaml tabulate expecttest hypothesis parameterized pandas mpmath
    "$folder/bin/python" -c 'import executorch, onnx, onnxruntime, onnxruntime_qnn, onnxscript, openvino, torchao'
fi
"$folder/bin/python" -c 'import torch, transformers; print("python_env: torch", torch.__version__, "transformers", transformers.__version__, "cuda", torch.cuda.is_available())'
