"""Cuts a query into its pieces.

https://docs.datadoghq.com/logs/explorer/search_syntax/
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from datadog_assets.search._cidr import BEGINNING, cidr
from datadog_assets.search._cursor import Cursor
from datadog_assets.search._errors import QuerySyntaxError
from datadog_assets.search._ranges import bracketed, comparison
from datadog_assets.search._signs import AT_BEGINNING, NAME, OPERATORS, WORD, WORD_PIECES
from datadog_assets.search._tree import Literal, Pattern, Present, Test


class Kind(Enum):
    """What a token is."""

    OPEN = auto()
    CLOSE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    NAME = auto()
    TEST = auto()
    CIDR = auto()
    END = auto()


class Token(NamedTuple):
    """A piece of a query.

    Attributes:
        kind: what it is.
        start: where it stands.
        name: of a NAME or CIDR, as it is written; else empty.
        test: of a TEST or CIDR; else None.
    """

    kind: Kind
    start: int
    name: str = ""
    test: Test | None = None


_SIGNS = {"(": Kind.OPEN, ")": Kind.CLOSE, "-": Kind.NOT, "&&": Kind.AND, "||": Kind.OR}


def tokens(query: str) -> Iterator[Token]:
    """Give the pieces of a query one by one, at last an END.

    Raises:
        QuerySyntaxError: at the first that is none.
    """
    cursor = Cursor(query)
    after_name = False
    while True:
        has_gap = cursor.skip_blanks()
        token = _value(cursor) if after_name and not has_gap else _next(cursor)
        yield token
        if token.kind is Kind.END:
            return
        after_name = token.kind is Kind.NAME


def _next(cursor: Cursor) -> Token:
    start, query = cursor.at, cursor.query
    if start == len(query):
        return Token(Kind.END, start)
    for sign in (query[start : start + 2], query[start]):
        if sign in _SIGNS:
            cursor.at += len(sign)
            return Token(_SIGNS[sign], start)
    if query.startswith(BEGINNING, start):
        return Token(Kind.CIDR, start, *cidr(cursor))
    return _name(cursor) or _value(cursor)


def _name(cursor: Cursor) -> Token | None:
    """Read a name and the colon after it; None if there is none here."""
    start, query = cursor.at, cursor.query
    found = NAME.match(query, start)
    name = found[0] if found else "*"
    if name == "@" or query[start] in AT_BEGINNING or not query.startswith(f"{name}:", start):
        return None
    if query[start] == "#":
        raise cursor.error("a calculated field is known to Datadog alone; it cannot be searched here")
    cursor.at += len(name) + 1
    return Token(Kind.NAME, start, name)


def _value(cursor: Cursor) -> Token:
    """Read what may stand after a name; a dash here is no negation but a part of it."""
    start = cursor.at
    if cursor.sign in ("(", ")", ""):
        return _next(cursor)
    if cursor.sign in "[{":
        return Token(Kind.TEST, start, test=bracketed(cursor))
    if cursor.sign in "<>":
        return Token(Kind.TEST, start, test=comparison(cursor))
    if (phrase := cursor.phrase()) is not None:
        return Token(Kind.TEST, start, test=Literal(phrase))
    return _word(cursor)


def _word(cursor: Cursor) -> Token:
    start = cursor.at
    if cursor.sign == ":":
        raise cursor.error("a name is missing before the colon")
    if cursor.sign in AT_BEGINNING:
        raise _unexpected(cursor)
    word = cursor.take(WORD)
    if word is None:
        raise _unexpected(cursor)
    if word in OPERATORS:
        return Token(Kind[word], start)
    if cursor.sign == "(":
        raise cursor.error("a word cannot stand right before a parenthesis; only CIDR( is a function")
    if cursor.sign == ":" and word == "@":
        raise cursor.error("a name is missing before the colon")
    if cursor.sign and not cursor.sign.isspace() and cursor.sign not in ")&|":
        raise _unexpected(cursor)
    return Token(Kind.TEST, start, test=_word_test(word))


def _unexpected(cursor: Cursor) -> QuerySyntaxError:
    sign = cursor.sign
    if sign == "\\":
        return cursor.error("a backslash must stand before another sign")
    return cursor.error(
        f"{sign} has a meaning of its own here: write \\{sign}, or put the text in double quotes"
    )


def _word_test(word: str) -> Literal | Pattern | Present:
    literal, pattern = "", [""]
    for found in WORD_PIECES.finditer(word):
        sign = found["escaped"][1:] if found["escaped"] else found[0]
        literal += sign
        if found["escaped"] or sign not in "*?":
            pattern.append(f"\\{sign}" if sign in "*?\\" else sign)
        elif sign == "?" or pattern[-1] != "*":
            pattern.append(sign)
    if "*" not in pattern and "?" not in pattern:
        return Literal(literal)
    return Present() if pattern == ["", "*"] else Pattern("".join(pattern))
