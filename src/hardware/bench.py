"""Times a small fixed load on one device and says each time, as one JSON object.

`python bench.py RUNTIME DEVICE REPEATS`: a product of two matrices, a convolution, and a block of memory that goes to the
device and comes back. Every load is warmed up first; the times are of single runs, in milliseconds.
"""

import json
import os
import sys
import time

SIDE = 512
IMAGE = (1, 32, 64, 64)
KERNEL = (64, 32, 3, 3)
BLOCK = 4 * 1024 * 1024  # float32 numbers: 16 MiB
WARM = 3


def times(run, repeats):
    """Milliseconds of single runs."""
    for _ in range(WARM):
        run()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter_ns()
        run()
        taken.append((time.perf_counter_ns() - started) / 1e6)
    return taken


def of_torch(device, repeats):
    """The loads in torch."""
    import torch

    place = torch.device(device)
    wait = {"cuda": torch.cuda.synchronize, "mps": getattr(torch, "mps", torch).synchronize if place.type == "mps" else None}
    wait = wait.get(place.type) or (lambda: None)
    a, b = torch.ones(SIDE, SIDE, device=place), torch.ones(SIDE, SIDE, device=place)
    image, kernel = torch.ones(IMAGE, device=place), torch.ones(KERNEL, device=place)
    block = torch.ones(BLOCK)

    def there_and_back():
        block.to(place, copy=True).to("cpu", copy=True)

    def waited(run):
        def whole():
            run()
            wait()

        return whole

    with torch.inference_mode():
        return {
            "matmul": times(waited(lambda: a @ b), repeats),
            "conv": times(waited(lambda: torch.nn.functional.conv2d(image, kernel, padding=1)), repeats),
            "transfer": times(there_and_back, repeats),
        }


def of_openvino(device, repeats):
    """The loads as graphs that OpenVINO compiles."""
    import numpy as np
    import openvino as ov
    from openvino import opset13 as ops

    core = ov.Core()

    def compiled(shape, make):
        given = ops.parameter(shape, np.float32)
        model = ov.Model([make(given)], [given])
        try:
            # The tests ask for float32 too; a device without it says so, and is timed in what it has.
            request = core.compile_model(model, device, {"INFERENCE_PRECISION_HINT": "f32"})
        except RuntimeError:
            request = core.compile_model(model, device)
        value = np.ones(shape, np.float32)
        return lambda: request([value])

    kernel = np.ones(KERNEL, np.float32)
    return {
        "matmul": times(compiled((SIDE, SIDE), lambda x: ops.matmul(x, np.ones((SIDE, SIDE), np.float32), False, False)), repeats),
        "conv": times(compiled(IMAGE, lambda x: ops.convolution(x, kernel, [1, 1], [1, 1], [1, 1], [1, 1])), repeats),
        "transfer": times(compiled((BLOCK,), lambda x: ops.add(x, np.float32(1))), repeats),
    }


def of_onnxruntime(device, repeats):
    """The loads as ONNX graphs; `htp` is Qualcomm's processor."""
    import numpy as np
    import onnxruntime as ort
    from onnx import TensorProto, helper, numpy_helper

    def options():
        chosen = ort.SessionOptions()
        if device == "htp":
            import onnxruntime_qnn as qnn

            name = qnn.get_ep_name()
            if name not in registered:
                ort.register_execution_provider_library(name, qnn.get_library_path())
                registered.append(name)
            found = [each for each in ort.get_ep_devices() if each.ep_name == name]
            chosen.add_provider_for_devices(found[:1], {"backend_path": qnn.get_qnn_htp_path()})
        return chosen

    registered = []

    def compiled(shape, kind, constant=None, **settings):
        held = [] if constant is None else [numpy_helper.from_array(constant, "c")]
        node = helper.make_node(kind, ["x"] + ["c"] * len(held), ["y"], **settings)
        graph = helper.make_graph(
            [node],
            "load",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            held,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        session = ort.InferenceSession(model.SerializeToString(), options())
        value = {"x": np.ones(shape, np.float32)}
        return lambda: session.run(None, value)

    kernel = np.ones(KERNEL, np.float32)
    return {
        "matmul": times(compiled((SIDE, SIDE), "MatMul", np.ones((SIDE, SIDE), np.float32)), repeats),
        "conv": times(compiled(IMAGE, "Conv", kernel, pads=[1, 1, 1, 1]), repeats),
        "transfer": times(compiled((1, 1, 2048, 2048), "Relu"), repeats),
    }


if __name__ == "__main__":
    out = os.dup(1)
    os.dup2(2, 1)
    runtime, device, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run = {"torch": of_torch, "openvino": of_openvino, "onnxruntime": of_onnxruntime}[runtime]
    try:
        said = {"times": run(device, repeats)}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"}
    os.write(out, json.dumps(said).encode())
