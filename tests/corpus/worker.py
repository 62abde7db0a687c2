"""A module in the shape of a worker's skillset, and its tests."""
import asyncio
import importlib
import os
import sys

import pytest

HERE = os.path.dirname(__file__)


class hf_sample:
    def __init__(self, resources=None, metadata=None):
        self.resources = resources or {}
        self.metadata = metadata or {}
        self.torch = None

    def init(self):
        for name in ("torch", "transformers", "numpy"):
            module = self.resources.get(name)
            if isinstance(module, str):
                module = importlib.import_module(module)
            setattr(self, "np" if name == "numpy" else name, module)
        return None

    def init_cpu(self, model, device, cpu_label):
        self.init()
        try:
            endpoint = self.load(model)
        except (OSError, ImportError) as error:
            print(f"{model} can't be loaded: {error}")
            return None, None, None, asyncio.Queue(1), 0
        handler = self.create_cpu_text_embedding_endpoint_handler(endpoint, cpu_label, device)
        return endpoint, None, handler, asyncio.Queue(32), 1

    def load(self, model, *, strict=True):
        return {"model": model, "strict": strict}

    def create_cpu_text_embedding_endpoint_handler(self, endpoint, label, device):
        def handler(x, *, endpoint=endpoint):
            with self.torch.no_grad():
                inputs = [x] if isinstance(x, str) else list(x)
                return {"label": label, "result": [endpoint["model"] for _ in inputs], "device": device}

        return handler


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.skipif(True, reason="no device"))])
def device(request):
    return request.param


@pytest.mark.parametrize("model, expected", [("a", 1), ("b", 1)])
def test_endpoint(model, expected, device):
    made = hf_sample({"torch": "torch"}).init_cpu(model, device, "label")
    assert len(made) == 5
    *_, queue, batch_size = made
    assert batch_size == expected or queue.empty(), f"{model}: {batch_size}"


class TestWorker:
    def test_bad_input(self):
        with pytest.raises(TypeError, match="missing"):
            hf_sample().init_cpu("x")

    def test_resources(self, monkeypatch):
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        sample = hf_sample(metadata={"batch": 2})
        assert sample.metadata["batch"] == 2 and not sample.resources


def run_test():
    return pytest.main([__file__, "-q", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(run_test())
