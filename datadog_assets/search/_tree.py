"""What a query says, as a tree.

https://docs.datadoghq.com/logs/explorer/search_syntax/
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """`@a.b`: an attribute, by its path.

    A key of the log may span several of the path's parts: `{"a.b": 1}` is found as `{"a": {"b": 1}}` is.
    """

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reserved:
    """`service`, `status`, ...: what every log may have, besides its attributes."""

    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """The message: where a word is sought that has no name before it."""


@dataclass(frozen=True, slots=True)
class Tag:
    """`env`: the value of a tag that has this key."""

    key: str


@dataclass(frozen=True, slots=True)
class Tags:
    """`tags`: whole tags, above all those without a key."""


@dataclass(frozen=True, slots=True)
class Anywhere:
    """`*`: the message, what is reserved, and all attributes."""


Field = Attribute | Reserved | Message | Tag | Tags | Anywhere
"""Where to look."""


@dataclass(frozen=True, slots=True)
class Literal:
    """`word` or `"several words"`."""

    text: str


@dataclass(frozen=True, slots=True)
class Pattern:
    r"""`we*`, `h?t`: text with wildcards.

    Attributes:
        text: `*` and `?` are wildcards; those that are not, and backslashes, stand after a backslash.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """`[1 TO 9]`, `{1 TO 9}`, `>1`.

    Attributes:
        low: as text; None for no bound.
        high: likewise.
        with_low: whether the bound itself is in the range; False if there is no bound.
        with_high: likewise.
    """

    low: str | None
    high: str | None
    with_low: bool
    with_high: bool


@dataclass(frozen=True, slots=True)
class Blocks:
    """`CIDR(@ip, 10.0.0.0/8)`: addresses of one of these blocks."""

    blocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """`@a:*`: any value at all."""


Test = Literal | Pattern | Range | Blocks | Present
"""What to look for."""


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`, or nothing at all: every log."""


@dataclass(frozen=True, slots=True)
class Term:
    """`service:okta`: one thing to look for in one place."""

    field: Field
    test: Test


@dataclass(frozen=True, slots=True)
class Not:
    """`-a`, `NOT a`."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """`a b`, `a AND b`: two nodes or more."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """`a OR b`: two nodes or more."""

    nodes: tuple["Node", ...]


Node = Everything | Term | Not | And | Or
