"""Match statements: every kind of pattern; match, case and type as names."""
import os

match = case = 1
_ = 2
print(match, case)


class Point:
    __match_args__ = ("x", "y")
    ZERO = 0


def classify(value):
    match value:
        case 0 | 1 | -1:
            return "small"
        case 1.5 + 2j | "text" | b"bytes" | None | True:
            return "literal"
        case Point.ZERO | os.sep:
            return "value"
        case [] | [_]:
            return "short"
        case [first, (second, *rest), *_] if first:
            return first, second, rest
        case {"key": found, "other": {"deep": [*inner]}, **rest}:
            return found, inner, rest
        case Point(0, y=0) | Point(x=0, y=0):
            return "origin"
        case Point(x, y=other) as whole if x == other:
            return whole
        case (str() | int()) as scalar:
            return scalar
        case [Point(x=a), Point(x=b)] if a > b:
            return a, b
        case {}:
            return "mapping"
        case _:
            return None


def soft(type, match):
    type = match
    match(type)
    match[0] = type
    match.case = 1
    match type, match:
        case a, b:
            return a, b
    match (yield):
        case str(x) | int(x): pass
