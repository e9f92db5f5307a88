"""Reads the one function there is.

https://docs.datadoghq.com/logs/explorer/search_syntax/#search-using-cidr-notation
"""

import ipaddress
import re

from datadog_assets.search._cursor import Cursor
from datadog_assets.search._signs import BEFORE_COMMA, NAME
from datadog_assets.search._tree import Blocks

BEGINNING = "CIDR("

_BLOCK = re.compile(r"[^\s,()/]+(?:/[0-9]+)?(?![^\s,()])")


def cidr(cursor: Cursor) -> tuple[str, Blocks]:
    """Read `CIDR(@ip, 10.0.0.0/8, ...)`; gives the name as it is written, and the blocks."""
    cursor.at += len(BEGINNING)
    opened = cursor.at - 1
    cursor.skip_blanks()
    start = cursor.at
    comma = BEFORE_COMMA.match(cursor.query, start)
    name = cursor.take(NAME, comma.end() if comma else None)
    if name in (None, "@"):
        raise cursor.error("CIDR needs an attribute first: CIDR(@ip, 10.0.0.0/8)", start)
    blocks = []
    while _goes_on(cursor, opened):
        blocks.append(_block(cursor))
    if not blocks:
        raise cursor.error("CIDR needs a block after the attribute: CIDR(@ip, 10.0.0.0/8)", cursor.at - 1)
    return name or "", Blocks(tuple(blocks))


def _goes_on(cursor: Cursor, opened: int) -> bool:
    """Go past a comma; False past the parenthesis at the end."""
    cursor.skip_blanks()
    sign = cursor.sign
    if not sign:
        raise cursor.error("this parenthesis is never closed", opened)
    if sign not in ",)":
        raise cursor.error("what CIDR is given is separated by commas")
    cursor.at += 1
    return sign == ","


def _block(cursor: Cursor) -> str:
    cursor.skip_blanks()
    start = cursor.at
    block = cursor.take(_BLOCK) or ""
    try:
        ipaddress.ip_network(block, strict=False)
    except ValueError:
        raise cursor.error("this is no CIDR block, such as 10.0.0.0/8", start) from None
    return block
