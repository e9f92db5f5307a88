"""Reads ranges and comparisons.

https://docs.datadoghq.com/logs/explorer/search_syntax/#numerical-values
"""

import re

from datadog_assets.search._cursor import Cursor
from datadog_assets.search._signs import BOUND, unescaped
from datadog_assets.search._tree import Range

_COMPARISON = re.compile(r"[<>]=?")


def comparison(cursor: Cursor) -> Range:
    """Read `>1`, `>=1`, `<1` or `<=1`."""
    sign = cursor.take(_COMPARISON) or ""
    cursor.skip_blanks()
    bound = cursor.phrase()
    if bound is None:
        bound = _unquoted(cursor, f"a value is missing after {sign}")
    with_bound = sign.endswith("=")
    if sign.startswith(">"):
        return Range(bound, None, with_bound, with_high=False)
    return Range(None, bound, with_low=False, with_high=with_bound)


def bracketed(cursor: Cursor) -> Range:
    """Read `[1 TO 9]` or `{1 TO 9}`: each bracket tells whether its bound is in the range."""
    start, with_low = cursor.at, cursor.sign == "["
    cursor.at += 1
    low = _end(cursor, "a range needs a lower bound: [1 TO 9]")
    cursor.skip_blanks()
    before_to = cursor.at
    if cursor.take(BOUND) != "TO":
        raise cursor.error("a range needs TO between its bounds: [1 TO 9]", before_to)
    high = _end(cursor, "a range needs an upper bound: [1 TO 9]")
    cursor.skip_blanks()
    if not cursor.sign:
        raise cursor.error("this range is never closed", start)
    if cursor.sign not in "]}":
        raise cursor.error("a range ends with ] or } after its upper bound")
    with_high = cursor.sign == "]"
    cursor.at += 1
    return Range(low, high, with_low and low is not None, with_high and high is not None)


def _end(cursor: Cursor, missing: str) -> str | None:
    """Read one end of a range; None if a star leaves it open."""
    cursor.skip_blanks()
    if (phrase := cursor.phrase()) is not None:
        return phrase
    start = cursor.at
    written = cursor.take(BOUND)
    if written in (None, "TO"):
        raise cursor.error(missing, start)
    return None if written == "*" else unescaped(written or "")


def _unquoted(cursor: Cursor, missing: str) -> str:
    written = cursor.take(BOUND)
    if written is None:
        raise cursor.error(missing)
    return unescaped(written)
