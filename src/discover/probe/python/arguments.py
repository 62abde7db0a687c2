"""Which arguments a call takes and what each may look like, as descriptors: the layouts that the search tries.

The rules say how an argument is made and when one that could be left out is given; here they meet the signature of the
call, the modalities of the class and what the registry fixes.
"""

from __future__ import annotations

import fnmatch
import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .configs import value
from .sizes import NoSize, Sizes

MOST_LAYOUTS = 24
NONE = "-"


class NoRule(KeyError):
    """An argument that must be given and that nothing describes."""

    def __str__(self) -> str:
        return f"nothing describes how to make its argument `{self.args[0]}`"


class Arguments:
    """The arguments of one class's call."""

    def __init__(
        self, network: Any, call: str, sizes: Sizes, own: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]
    ) -> None:
        self.network, self.sizes, self.rules = network, sizes, rules
        self.config = network.config
        self.dropped = set(own.get("drop-inputs") or ())
        signature = inspect.signature(getattr(network, call)).parameters.values()
        self.parameters = {p.name: p for p in signature if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
        everywhere = own.get("inputs") or {}
        only_here = own.get("class-inputs") or {}
        fitting = {name: item for name, item in everywhere.items() if name in self.parameters} | dict(only_here)
        self.fixed = sizes.fill({name: item for name, item in fitting.items() if name not in self.dropped})
        spoken = getattr(network, "input_modalities", None) or ()
        self.modalities = {spoken} if isinstance(spoken, str) else set(spoken)
        main = getattr(network, "main_input_name", None) or []
        self.main = [name for name in ([main] if isinstance(main, str) else main) if name in self.parameters]
        self.class_name = type(network).__name__

    def layouts(self, liked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The arguments in every layout that the rules allow, the most likely first.

        `liked` are descriptors that another class of the same model type took.
        """
        choices: list[list[tuple[str, Any]]] = []
        for name in self.wanted():
            found = self.candidates(name)
            if name in liked:
                found.sort(key=lambda item, name=name: item != liked[name])
            choices.append([(name, item) for item in found])
        sized = itertools.product(*(range(len(found)) for found in choices))
        order = sorted(itertools.islice(sized, 4096), key=lambda places: (sum(places), places[::-1]))
        for places in order[:MOST_LAYOUTS]:
            picked = dict(found[place] for found, place in zip(choices, places, strict=True))
            yield {**self.finished({name: item for name, item in picked.items() if item != NONE}), **self.fixed}

    def wanted(self) -> list[str]:
        """The names of the arguments to give, without the fixed ones."""
        names = self.parameters
        want = dict.fromkeys(self.main)
        want.update(dict.fromkeys(n for n, p in names.items() if p.default is inspect.Parameter.empty))
        want.update(dict.fromkeys(name for name in self.fixed if name in names))
        for beside in (False, True):  # what stands beside others is told last
            for rule in self.rules:
                for name in rule["name"]:
                    if (
                        name in names
                        and name not in want
                        and self.rule(name) is rule
                        and self.called_for(rule, want, beside)
                    ):
                        want[name] = None
        if not want:
            order = [
                (rule["set"]["fallback"], name)
                for rule in self.rules
                for name in rule["name"]
                if "fallback" in rule.get("set", {})
            ]
            want.update(dict.fromkeys([name for _, name in sorted(order) if name in names][:1]))
            return [*want, *self.beside(want)]
        return [name for name in want if name not in self.dropped and name not in self.fixed]

    def beside(self, want: Mapping[str, Any]) -> list[str]:
        """What stands beside arguments that nothing called for."""
        rules = [rule for rule in self.rules if self.called_for(rule, want, beside=True)]
        return [name for rule in rules for name in rule["name"] if name in self.parameters and name not in want]

    def called_for(self, rule: Mapping[str, Any], want: Mapping[str, Any], beside: bool) -> bool:
        """Whether a rule gives its argument though it could be left out."""
        when = rule.get("set") or {}
        if any(name in self.parameters for name in when.get("unless", ())):
            return False
        if beside:
            return any(
                name in want or name in self.fixed for name in when.get("beside", ()) if name in self.parameters
            ) or ("encoder_outputs" in when.get("beside", ()) and "encoder_outputs" in self.parameters)
        told = any(value(self.config, field) for field in when.get("when", ()))
        return bool(when.get("always")) or when.get("modality") in self.modalities or told

    def rule(self, name: str) -> Mapping[str, Any] | None:
        """The first rule about an argument that this call and configuration agree with."""
        return next((rule for rule in self.rules if name in rule["name"] and self.fits(rule.get("set") or {})), None)

    def fits(self, when: Mapping[str, Any]) -> bool:
        """Whether a rule is for this class and signature."""
        taken = when.get("takes")
        if taken is not None and not any(name in self.parameters for name in taken):
            return False
        if "class" in when and not fnmatch.fnmatchcase(self.class_name, when["class"]):
            return False
        return "lacks" not in when or value(self.config, when["lacks"]) is None

    def candidates(self, name: str) -> list[Any]:
        """The descriptors that an argument may have."""
        rule = self.rule(name)
        if rule is None:
            if self.parameters[name].default is inspect.Parameter.empty:
                raise NoRule(name)
            return [NONE]
        made = [rule["make"]] if isinstance(rule["make"], str) else list(rule["make"])
        found: list[Any] = []
        for make in made:
            try:
                filled = make if make == NONE else self.sizes.fill(make)
            except (NoSize, TypeError, AttributeError):
                continue
            if filled not in found:
                found.append(filled)
        if not found:
            raise NoRule(name)
        return found

    def finished(self, described: dict[str, Any]) -> dict[str, Any]:
        """The arguments with what depends on others: shapes alike, several choices in a row, short words."""
        for name, item in described.items():
            if isinstance(item, str) and item.startswith("like "):
                dims = [word for word in str(described.get(item[5:], "noise B")).split()[1:] if "=" not in word]
                described[name] = f"ones {' '.join(dims)} type=float"
        if self.class_name.endswith("ForMultipleChoice"):
            described = {
                n: re.sub(r" B ", " B 2 ", i, count=1) if isinstance(i, str) else i for n, i in described.items()
            }
        return {name: short(item) for name, item in described.items()}


def short(item: Any) -> Any:
    """A descriptor without what goes without saying."""
    return re.sub(r" (low=5|high=290)(?= |$)", "", item) if isinstance(item, str) and item.startswith("ids ") else item
