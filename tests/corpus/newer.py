"""Syntax that came after 3.10: exception groups, type parameters, starred subscripts, free f-string quotes."""


def groups():
    try:
        raise ExceptionGroup("several", [ValueError(1)])
    except* ValueError as group:
        for error in group.exceptions:
            if error:
                continue
            break
        print(group)
    except* (TypeError, OSError):
        pass
    else:
        pass


type Pair[T] = tuple[T, T]
type Tree[T: (int, str), *Ts, **P] = list[Tree[T]] | T


def largest[T](items: list[T], key=None) -> T:
    def inner() -> T:
        return items[0]

    return inner()


class Box[T: int, *Ts]:
    item: T

    def get[U](self, default: U) -> T | U:
        return self.item or default


def variadic(*args: *tuple[int, str]) -> None:
    table[*args] = 1
    return table[*args, 0]


table = {}
print(f"{table["key"]} {f"{"deep"}"} {'\n'.join([])}")


async def nested():
    return [[x async for x in y] for y in z]


z = []
