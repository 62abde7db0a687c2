"""The rules about fields of configurations, as a job brings them: what a field is, and how small it may get."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rule:
    """One `[[tiny]]` of the rules."""

    role: str
    fields: tuple[str, ...]
    pattern: re.Pattern[str] | None
    but: re.Pattern[str] | None
    at_most: Any
    at_least: Any
    value: Any
    absent: Any
    settings: Mapping[str, Any]

    @classmethod
    def read(cls, rule: Mapping[str, Any]) -> Rule:
        """A rule as the job brings it."""
        pattern, but = rule.get("match"), rule.get("not")
        return cls(
            role=rule.get("role") or "number",
            fields=tuple(rule.get("fields") or ()),
            pattern=re.compile(pattern) if pattern else None,
            but=re.compile(but) if but else None,
            at_most=rule.get("at-most"),
            at_least=rule.get("at-least"),
            value=rule.get("value"),
            absent=rule.get("absent"),
            settings=rule.get("set") or {},
        )

    def names(self, field: str) -> bool:
        """Whether it is about a field."""
        named = field in self.fields or (self.pattern is not None and self.pattern.search(field) is not None)
        return named and not (self.but is not None and self.but.search(field))

    def limited(self, number: int) -> int | None:
        """A number made small, or None where it is small enough to stay."""
        if self.value is not None:
            return self.value
        if self.at_most is None or (self.at_least is not None and number < self.at_least):
            return None
        return min(number, self.at_most)


class Rules:
    """All `[[tiny]]` rules that are for one model type, in their order."""

    def __init__(self, rules: Sequence[Mapping[str, Any]]) -> None:
        self.rules = [Rule.read(rule) for rule in rules]
        self.found: dict[tuple[str, tuple[str, ...]], Rule | None] = {}

    def of(self, field: str, *roles: str) -> Rule | None:
        """The first rule about a field; of the given roles where there are any."""
        key = (field, roles)
        if key not in self.found:
            fitting = (rule for rule in self.rules if (not roles or rule.role in roles) and rule.names(field))
            self.found[key] = next(fitting, None)
        return self.found[key]

    def has(self, field: str, role: str) -> bool:
        """Whether a field has a role."""
        return self.of(field, role) is not None

    def limit(self, role: str, default: int) -> int:
        """The size of the first rule of a role that has one."""
        found = (rule.at_most for rule in self.rules if rule.role == role and isinstance(rule.at_most, int))
        return next(found, default)

    def fields(self, role: str) -> list[str]:
        """The fields that the rules of a role list, in their order."""
        return [field for rule in self.rules if rule.role == role for field in rule.fields]
