"""Writes a tree out as a query, so that reading it gives the same tree.

https://docs.datadoghq.com/logs/explorer/search_syntax/
"""

import re

from datadog_assets.search._signs import escaped, name, quoted, word
from datadog_assets.search._tree import (
    And,
    Anywhere,
    Attribute,
    Blocks,
    Everything,
    Field,
    Literal,
    Message,
    Node,
    Not,
    Or,
    Pattern,
    Range,
    Reserved,
    Tag,
    Tags,
    Term,
)


def printed(node: Node) -> str:
    """Write a node."""
    match node:
        case Everything():
            return "*"
        case Term(field, test):
            return _term(field, test)
        case Not(inner):
            return f"-{_within(inner, And, Or)}"
        case And(nodes):
            return " ".join(_within(one, And, Or) for one in nodes)
        case Or(nodes):
            return " OR ".join(_within(one, Or) for one in nodes)


def _within(node: Node, *grouped: type[Node]) -> str:
    return f"({printed(node)})" if isinstance(node, grouped) else printed(node)


def _term(field: Field, test: object) -> str:
    if isinstance(test, Blocks):
        return f"CIDR({_name(field)}, {', '.join(test.blocks)})"
    if isinstance(field, Message) and isinstance(test, Literal | Pattern):
        return _test(test)
    return f"{_name(field)}:{_test(test)}"


def _name(field: Field) -> str:
    match field:
        case Attribute(path):
            return f"@{name(path)}"
        case Reserved(reserved):
            return reserved
        case Tag(key):
            return re.sub(r"\A-", r"\\-", name(key.split(".")))
        case Tags():
            return "tags"
        case Message():
            return "message"
        case Anywhere():
            return "*"


def _test(test: object) -> str:
    match test:
        case Literal(text):
            return word(text)
        case Pattern(text):
            return "".join(
                one if len(one) == 2 or one in "*?" else escaped(one)
                for one in re.findall(r"\\[\s\S]|[\s\S]", text)
            )
        case Range(low, None, with_low, _):
            return f">{'=' * with_low}{_bound(low)}"
        case Range(None, high, _, with_high):
            return f"<{'=' * with_high}{_bound(high)}"
        case Range(low, high, with_low, with_high):
            return f"{'[' if with_low else '{'}{_bound(low)} TO {_bound(high)}{']' if with_high else '}'}"
        case _:
            return "*"


def _bound(text: str | None) -> str:
    if text is None or text == "TO":
        return quoted(text or "")
    return text if word(text.removeprefix("-")) == text.removeprefix("-") else word(text)
