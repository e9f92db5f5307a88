"""Makes a tree of a query.

https://docs.datadoghq.com/logs/explorer/search_syntax/

What is right before what follows it binds tighter: a negation, AND, OR. AND may be left out.
"""

from dataclasses import dataclass

from datadog_assets.search._errors import QuerySyntaxError
from datadog_assets.search._signs import name_parts
from datadog_assets.search._tokens import Kind, Token, tokens
from datadog_assets.search._tree import (
    And,
    Anywhere,
    Attribute,
    Everything,
    Field,
    Literal,
    Message,
    Node,
    Not,
    Or,
    Present,
    Range,
    Reserved,
    Tag,
    Tags,
    Term,
)

DEEPEST = 100
"""So many parentheses and negations may stand within each other: far more than anyone reads."""

RESERVED = frozenset({"service", "source", "status", "host", "timestamp", "trace_id", "span_id"})
"""https://docs.datadoghq.com/logs/log_configuration/attributes_naming_convention/#reserved-attributes"""


@dataclass(frozen=True, slots=True)
class _Existence:
    """`_exists_` or `_missing_`: a name is what follows.

    https://docs.datadoghq.com/observability_pipelines/search_syntax/logs/#attribute-search
    """

    wanted: bool


_UNBOUNDED = Range(None, None, with_low=False, with_high=False)
_EXISTENCE = {"_exists_": _Existence(wanted=True), "_missing_": _Existence(wanted=False)}
_Name = Field | _Existence


def tree(query: str) -> Node:
    """Read a query.

    Raises:
        QuerySyntaxError: it is none.
    """
    return _Parser(query).tree()


class _Parser:
    """Goes through the tokens of a query, one at a time."""

    def __init__(self, query: str) -> None:
        self._query = query
        self._rest = tokens(query)
        self._token = next(self._rest)
        self._depth = 0

    def tree(self) -> Node:
        if self._is(Kind.END):
            return Everything()
        node = self._any(None)
        if not self._is(Kind.END):
            raise self._error("this parenthesis closes none")
        return node

    def _any(self, name: _Name | None) -> Node:
        nodes = [self._all(name)]
        while self._is(Kind.OR):
            self._take()
            nodes.append(self._all(name))
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _all(self, name: _Name | None) -> Node:
        nodes = [self._one(name)]
        while not self._is(Kind.OR, Kind.CLOSE, Kind.END):
            if self._is(Kind.AND):
                self._take()
            nodes.append(self._one(name))
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _one(self, name: _Name | None) -> Node:
        token = self._token
        if token.kind is Kind.NOT:
            self._enter()
            node: Node = Not(self._one(name))
            self._depth -= 1
            return node
        if token.kind is Kind.OPEN:
            return self._group(name)
        if token.kind is Kind.NAME:
            return self._named(token)
        if token.kind in (Kind.TEST, Kind.CIDR):
            self._take()
            return self._term(_field(token.name) if token.kind is Kind.CIDR else name, token)
        raise self._nothing()

    def _group(self, name: _Name | None) -> Node:
        opened = self._token
        self._enter()
        if self._is(Kind.CLOSE):
            raise self._error("there is nothing within these parentheses", opened)
        node = self._any(name)
        if not self._is(Kind.CLOSE):
            raise self._error("this parenthesis is never closed", opened)
        self._take()
        self._depth -= 1
        return node

    def _named(self, token: Token) -> Node:
        name = _field(token.name)
        self._take()
        if self._is(Kind.OPEN):
            return self._group(name)
        if not self._is(Kind.TEST):
            raise self._error(f"a value is missing after {token.name}:")
        value = self._token
        self._take()
        return self._term(name, value)

    def _term(self, name: _Name | None, value: Token) -> Node:
        test = value.test
        if test is None or (isinstance(name, Anywhere) and isinstance(test, Range)):
            raise self._error("full-text search looks for words, not for a range", value)
        if isinstance(name, _Existence):
            if not isinstance(test, Literal):
                raise self._error("a name has to follow, such as @error.kind", value)
            found = _existing(test.text)
            return found if name.wanted else Not(found)
        if isinstance(test, Present) and (name is None or isinstance(name, Anywhere)):
            return Everything()
        if test == _UNBOUNDED:
            test = Present()
        return Term(name or Message(), test)

    def _is(self, *kinds: Kind) -> bool:
        return self._token.kind in kinds

    def _take(self) -> None:
        self._token = next(self._rest)

    def _enter(self) -> None:
        if self._depth == DEEPEST:
            raise self._error(f"more than {DEEPEST} parentheses and negations stand within each other")
        self._depth += 1
        self._take()

    def _nothing(self) -> QuerySyntaxError:
        if self._is(Kind.END):
            return self._error("something to search for is missing at the end")
        if self._is(Kind.CLOSE) and not self._depth:
            return self._error("this parenthesis closes none")
        return self._error("something to search for is missing before this")

    def _error(self, reason: str, token: Token | None = None) -> QuerySyntaxError:
        return QuerySyntaxError(reason, self._query, (token or self._token).start)


def _field(written: str) -> _Name:
    """Read a name as it stands in a query."""
    if written == "*":
        return Anywhere()
    if written.startswith("@"):
        return Attribute(name_parts(written[1:]))
    name = ".".join(name_parts(written))
    return _EXISTENCE.get(name) or _plain_field(name)


def _plain_field(name: str) -> Field:
    if name in RESERVED:
        return Reserved(name)
    return Message() if name == "message" else Tags() if name == "tags" else Tag(name)


def _existing(name: str) -> Node:
    """A tag exists with a value or without; anything else by having a value."""
    field = Attribute(tuple(name[1:].split("."))) if name.startswith("@") else _plain_field(name)
    if isinstance(field, Tag):
        return Or((Term(field, Present()), Term(Tags(), Literal(name))))
    return Term(field, Present())
