"""Classes: bases, metaclasses, properties, private names, class scopes."""
import abc
import enum
from dataclasses import dataclass, field


class Base(abc.ABC):
    """A base."""

    __slots__ = ("_value", "__hidden")
    registry: dict[str, type] = {}
    flags = [n for n in range(3)]

    def __init__(self, value=None, *, hidden: bool = False):
        super().__init__()
        self._value = value
        self.__hidden = hidden

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, new):
        if new is None or new == 0:
            raise ValueError(f"bad value: {new!r}") from None
        self._value = new

    @staticmethod
    @abc.abstractmethod
    def build(): ...

    @classmethod
    def register(cls, name: str):
        def wrap(target):
            cls.registry[name] = target
            return target

        return wrap

    def who(self):
        return __class__.__name__, self.__hidden


@Base.register("leaf")
class Leaf(Base, metaclass=abc.ABCMeta):
    kind = "leaf"
    both = kind + "s"

    def build(): pass

    class Inner:
        depth = 2

        def up(self):
            return Leaf.kind


class Colour(enum.Enum):
    RED, GREEN = 1, 2
    BLUE = enum.auto()


@dataclass(frozen=True)
class Point:
    x: float = 0.0
    y: float = field(default=0.0)
    tags: list[str] = field(default_factory=list)

    def __add__(self, other: "Point") -> "Point":
        return Point(self.x + other.x, self.y + other.y)

    def __getitem__(self, key):
        return (self.x, self.y)[key]


class Empty: pass


class Keyword(Base, registry_name="x", **{"other": 1}):
    def build(self): return self
