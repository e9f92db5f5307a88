"""What a log holds at a place, and how a value is compared with what a query says.

https://docs.datadoghq.com/logs/explorer/search_syntax/
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeVar

from datadog_assets.search._text import TextTest
from datadog_assets.search._tree import Blocks, Range

ValueTest = Callable[[object], bool]

_NUMBER = re.compile(r"[-+]?[0-9]+(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][-+]?[0-9]+)?")
_NUMERIC = (int, float)
_MOST_DIGITS, _MOST_BITS = 4000, 13_000
"""Python reads and writes no integer of more than 4300 digits."""

_Ordered = TypeVar("_Ordered", str, float)
_Steps = tuple[tuple[tuple[str, int], ...], ...]


def steps(path: tuple[str, ...]) -> _Steps:
    """Give for each part of a path the keys that may begin there, and the part after each of them."""
    return tuple(
        tuple((".".join(path[begin:end]), end) for end in range(begin + 1, len(path) + 1))
        for begin in range(len(path))
    )


def found(value: object, ways: _Steps) -> Iterator[object]:
    """Give what lies at a path, of every list on the way and at its end each element.

    Args:
        value: the attributes.
        ways: as `steps` gives them.
    """
    length = len(ways)
    rest: list[tuple[object, int]] = [(value, 0)]
    while rest:
        value, at = rest.pop()
        if isinstance(value, list):
            rest.extend((one, at) for one in value)
        elif at == length:
            yield value
        elif isinstance(value, dict):
            for key, after in ways[at]:
                if key in value:
                    rest.append((value[key], after))


def every(value: object) -> Iterator[object]:
    """Give all that lies within a value and holds no other."""
    rest = [value]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
        else:
            yield value


def is_present(value: object) -> bool:
    """Tell whether a value is one: Datadog keeps no null and no empty object."""
    return value is not None and value != {}


def written(value: object) -> str | None:
    """Write a value as Datadog shows it; None for what is no text, number or boolean."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < _MOST_BITS else None
    return None


def number(text: str) -> int | float | None:
    """Read a number; None if the text is none."""
    numeral = _NUMBER.fullmatch(text)
    if numeral is None:
        return None
    if numeral["fraction"] or numeral["exponent"] or len(text) > _MOST_DIGITS:
        return float(text)
    return int(text)


def equal_to(text: str) -> ValueTest:
    """Make a test for this text, or the number or boolean that it is."""
    wanted = number(text)
    flag = {"true": True, "false": False}.get(text)

    def test(value: object) -> bool:
        if isinstance(value, str):
            return value == text
        if isinstance(value, bool):
            return value is flag
        return isinstance(value, _NUMERIC) and value == wanted

    return test


def as_text(test: TextTest) -> ValueTest:
    """Make a test of a value of one of its text."""

    def tested(value: object) -> bool:
        text = written(value)
        return text is not None and test(text)

    return tested


def between(bounds: Range) -> ValueTest:
    """Make a test for a range: a number is compared as a number, a text as a text.

    So it is with an attribute that has no facet, and no facet is known here: for text "2" is past "10". A
    facet of numbers would make Datadog's explorer take "2" for a number; a pipeline asks no facet.
    """
    low, high = (None if one is None else number(one) for one in (bounds.low, bounds.high))
    comparable = (low is None) == (bounds.low is None) and (high is None) == (bounds.high is None)

    def test(value: object) -> bool:
        if isinstance(value, str):
            return _is_in(value, bounds.low, bounds.high, bounds)
        if isinstance(value, bool) or not isinstance(value, _NUMERIC):
            return False
        return comparable and _is_in(value, low, high, bounds)

    return test


def _is_in(value: _Ordered, low: _Ordered | None, high: _Ordered | None, bounds: Range) -> bool:
    if low is not None and not (value >= low if bounds.with_low else value > low):
        return False
    return high is None or (value <= high if bounds.with_high else value < high)


def in_blocks(blocks: Blocks) -> ValueTest:
    """Make a test for an address of one of the blocks."""
    networks = [ipaddress.ip_network(block, strict=False) for block in blocks.blocks]

    def test(value: object) -> bool:
        address = _address(value) if isinstance(value, str) else None
        return address is not None and any(address in network for network in networks)

    return test


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
