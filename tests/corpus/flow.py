"""Control flow: loops, try, with, and what may stand in them."""
import contextlib
import sys


def loops(rows):
    seen = set()
    for row in rows:
        for cell in row:
            if cell in seen:
                continue
            seen.add(cell)
            if cell < 0:
                break
        else:
            return seen
    while True:
        if not seen:
            break
        seen.pop()
    else:
        pass
    return None


def attempts(path):
    try:
        handle = open(path)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        raise
    except (OSError, ValueError) as error:
        raise RuntimeError("failed") from error
    except:
        return -1
    else:
        with handle, open("other") as other:
            return handle.read() + other.read()
    finally:
        print("done")


def managers(stack):
    with contextlib.ExitStack() as (first), stack.enter() as stack.item, stack as stack.items[0]:
        pass
    with (open("a") as a, open("b") as b):
        a.write(b.read())
    with (yield_one := stack):
        pass


def conditions(a, b, c):
    if a < b <= c != 0 and not (a or b) is not None:
        pass
    elif a not in b:
        x = a if b else c
    elif (n := len(b)) > 3:
        x = n
    else:
        x = ...
    return x if a else None


def numbers():
    return 0xFF, 0o17, 0b11, 1_000.5e-3, 3j, .5, 1., 10 ** -2, ~1, -1, +1, 7 // 2 % 3 @ 4 << 1 >> 1 & 1 | 2 ^ 3


x = y = 1; x += 1; y **= 2
if x: print(x); print(y)
for i in range(3): print(i)
raise SystemExit(0)
