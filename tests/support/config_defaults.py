"""Holds the configuration fields of a registry.lock against what Python reports for the installed transformers.

usage: config_defaults.py REGISTRY_LOCK

Prints a JSON object: how many fields the lock names, how many agree, and each that doesn't. A field agrees when the
configuration class has it and its default is the same value of the same type.
"""

import dataclasses
import importlib
import inspect
import json
import sys
import tomllib


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b or (a != a and b != b)


def literal(value):
    """A value of the lock as Python; `Unread` for what the lock doesn't know."""
    if isinstance(value, dict):
        if "unread" in value:
            return Unread
        return eval(value["py"], {"__builtins__": {"float": float, "set": set}})
    if isinstance(value, list):
        return [literal(item) for item in value]
    return value


class Unread:
    pass


def defaults(cls):
    """Field to default, as the class itself has it."""
    if dataclasses.is_dataclass(cls):
        found = {}
        for field in dataclasses.fields(cls):
            if field.default is not dataclasses.MISSING:
                found[field.name] = field.default
            elif field.default_factory is not dataclasses.MISSING:
                found[field.name] = field.default_factory()
            else:
                found[field.name] = Unread
        return found
    found = {}
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    for name, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]:
        if parameter.kind not in kinds:
            found[name] = Unread if parameter.default is inspect.Parameter.empty else parameter.default
    return found


def main(path):
    import transformers

    with open(path, "rb") as file:
        lock = tomllib.load(file)
    assert lock["transformers"] == transformers.__version__, (lock["transformers"], transformers.__version__)
    root = getattr(transformers, "PreTrainedConfig", None) or transformers.PretrainedConfig
    is_root_field = set(defaults(root))
    if dataclasses.is_dataclass(root):
        base = {name: literal(value) for name, value in lock["base_fields"].items()}
        assert same(base, defaults(root)), (base, defaults(root))
    report = {"fields": 0, "agree": 0, "extra": 0, "differ": [], "missing": [], "classes": 0}
    for model_type, facts in lock["model"].items():
        config = facts.get("config")
        if config is None:
            continue
        module = "transformers." + config["from"].removesuffix(".py").replace("/", ".")
        cls = getattr(importlib.import_module(module), config["class"])
        expected = defaults(cls)
        fields = config.get("fields", {})
        report["classes"] += 1
        for name, value in fields.items():
            if name not in expected and not dataclasses.is_dataclass(cls):
                # A parameter of a base's `__init__`, reached through `**kwargs`.
                report["extra"] += 1
                continue
            report["fields"] += 1
            mine = literal(value)
            if name in expected and (same(mine, expected[name]) or mine is expected[name] is Unread):
                report["agree"] += 1
            else:
                theirs = repr(expected[name]) if name in expected else "no such field"
                report["differ"].append(f"{model_type}.{name}: lock {value!r}, Python {theirs}")
        for name in expected:
            if name not in fields and name not in is_root_field:
                report["fields"] += 1
                report["missing"].append(f"{model_type}.{name}: not in the lock, Python {expected[name]!r}")
    json.dump(report, sys.stdout, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
