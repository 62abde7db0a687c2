"""Functions: every kind of parameter, closures, generators, decorators."""
from __future__ import annotations

import functools
import os.path as paths
from typing import Any, Callable

LIMIT = 10_000
counter = 0


def plain(a, b=1, *args, c, d=2, **kwargs):
    return a + b + c + d + len(args) + len(kwargs)


def positional(a, b, /, c, *, d: int = 3) -> dict[str, int]:
    return {"a": a, "b": b, **{"c": c}, "d": d}


def closure(start):
    total = start

    def add(amount=1):
        nonlocal total
        total += amount
        return total

    def reset():
        global counter
        counter = 0
        return counter

    return add, reset


def generator(items):
    for index, (first, *rest) in enumerate(items):
        if not first:
            continue
        received = yield index, first, rest
        if received is None:
            break
    else:
        yield from range(3)
    return None


@functools.lru_cache(maxsize=None)
def cached(n: int, callback: Callable[..., Any] | None = None) -> int:
    if n < 2:
        return n
    result = cached(n - 1) + cached(n - 2)
    return callback(result) if callback else result


def lambdas():
    pick = lambda x, *y, z=1, **w: (x, y, z, w)
    table = {key: (lambda v=key: v) for key in "abc"}
    ordered = sorted(table, key=lambda name: (-len(name), name))
    return pick(1, *[2, 3], z=4, **{"q": 5}), ordered


def starred():
    first, *middle, last = range(5)
    [head, *_] = middle
    print(*middle, sep=", ", end="\n")
    return [*middle, first, last], {*middle}, head, paths.join("a", "b")


def deletes(x):
    del x.attribute, x[0], x[1:2]
    y = z = x
    del (y, z)
    assert x, "gone"


if __name__ == "__main__":
    add, reset = closure(LIMIT)
    add(), reset()
