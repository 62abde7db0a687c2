"""Says what one library can use on this machine, as one JSON object.

`python ask.py torch|openvino|onnxruntime`. Each is asked in a process of its own, so that one that crashes takes no other
with it. What a library prints goes to standard error.
"""

import importlib.metadata
import importlib.util
import json
import os
import sys
import warnings
from pathlib import Path


def version(name):
    """The version of a distribution, or None where it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def exporter(name):
    """Whether the installed transformers brings an exporter; nothing is imported to find out."""
    spec = importlib.util.find_spec("transformers")
    places = spec.submodule_search_locations if spec is not None else None
    return any((Path(place) / "exporters" / f"exporter_{name}.py").exists() for place in places or ())


def torch_here():
    """What this build of torch is for, and the devices that it finds."""
    import torch

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    devices = {f"cuda:{at}": torch.cuda.get_device_name(at) for at in range(count)}
    mps = getattr(torch.backends, "mps", None)
    return {
        "version": torch.__version__,
        "cuda": torch.version.cuda,
        "hip": getattr(torch.version, "hip", None),
        "devices": devices,
        "mps_built": mps is not None and mps.is_built(),
        "mps": mps is not None and mps.is_available(),
        "complaint": str(said[0].message).split("\n")[0] if said and not count else None,
        "transformers": version("transformers"),
    }


def openvino_here():
    """The devices that OpenVINO finds, by its names."""
    import openvino

    core = openvino.Core()
    devices = {name: core.get_property(name, "FULL_DEVICE_NAME") for name in core.available_devices}
    return {"version": version("openvino"), "devices": devices, "exporter": exporter("openvino")}


def onnxruntime_here():
    """The providers of ONNX Runtime, and whether Qualcomm's is installed beside it."""
    import onnxruntime

    return {
        "version": onnxruntime.__version__,
        "providers": onnxruntime.get_available_providers(),
        "qnn": version("onnxruntime-qnn"),
        "exporter": exporter("onnx"),
    }


ASK = {"torch": torch_here, "openvino": openvino_here, "onnxruntime": onnxruntime_here}


def answer(name):
    """One of: missing, broken with its error, here with what it says."""
    if importlib.util.find_spec(name) is None:
        return {"state": "missing"}
    try:
        return {"state": "here", **ASK[name]()}
    except Exception as error:
        lines = str(error).strip().split("\n")
        return {"state": "broken", "error": f"{type(error).__name__}: {lines[0]}"}


if __name__ == "__main__":
    # Only the answer may stand on standard output, whatever a library writes there while it is imported.
    out = os.dup(1)
    os.dup2(2, 1)
    said = {"python": sys.version.split()[0], "answer": answer(sys.argv[1])}
    os.write(out, json.dumps(said).encode())
