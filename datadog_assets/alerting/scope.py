"""The scope of a notification rule: which tags a notification has to have.

https://docs.datadoghq.com/monitors/notify/notification_rules/#configure-the-scope
"""

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from datadog_assets.alerting.placed import Misplaced

Tagset: TypeAlias = frozenset[str]
Scope: TypeAlias = Callable[[Tagset], bool]
"""Tells whether it holds for the tags of a notification: the monitor's and the group's."""

LONGEST = 3000
DEEPEST = 50
"""Parentheses within parentheses."""

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<sign>[()])
    |(?P<minus>-(?=[^\s-]))
    |(?P<word>(?:"(?:[^"\\]|\\.)*"|\\.|[^\s()"\\])+)
    """,
    re.VERBOSE,
)
_UNQUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\\(.)|([^"\\])', re.DOTALL)
_OPERATORS = ("AND", "OR", "NOT")


class ScopeError(Misplaced):
    """A scope that Datadog does not take: the reason, the position, and a caret under the place."""


def parse(scope: str) -> Scope:
    """Read a scope: `team:x AND NOT env:(dev OR test)`, `env:*`, `team:"data platform"`.

    Upper and lower case are told apart, which is not documented. A leading minus is NOT, as in the searches
    whose syntax this is.

    Raises:
        ScopeError: it is empty or too long, has a tag without a key or only a part of one, or is not closed.
    """
    if len(scope) > LONGEST:
        raise ScopeError(scope, f"a scope has {LONGEST} characters at most; these are {len(scope)}", LONGEST)
    reader = _Reader(scope)
    found = reader.either(None)
    reader.end()
    return found


class _Reader:
    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._tokens = list(_tokens(scope))
        self._at = 0
        self._depth = 0

    def either(self, key: str | None) -> Scope:
        """Read what is joined by OR.

        Args:
            key: of the values, within `env:(dev OR test)`; None where whole tags are asked for.
        """
        parts = [self._all(key)]
        while self._takes("OR"):
            parts.append(self._all(key))
        return parts[0] if len(parts) == 1 else lambda tags: any(part(tags) for part in parts)

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong("nothing is open that this could close")

    def _all(self, key: str | None) -> Scope:
        parts = [self._negated(key)]
        while self._takes("AND") or self._next()[1] not in {"", ")", "OR"}:
            parts.append(self._negated(key))
        return parts[0] if len(parts) == 1 else lambda tags: all(part(tags) for part in parts)

    def _negated(self, key: str | None) -> Scope:
        is_negated = False
        while self._takes("NOT") or self._takes("-"):
            is_negated = not is_negated
        part = self._one(key)
        return (lambda tags: not part(tags)) if is_negated else part

    def _one(self, key: str | None) -> Scope:
        if self._takes("("):
            return self._inside(key)
        group, text, position = self._next()
        if group != "word" or text in _OPERATORS:
            raise self._wrong(
                "expected a tag here, such as env:prod" if key is None else "expected a value here"
            )
        self._at += 1
        if key is None:
            key, colon, text = text.partition(":")
            if not colon or not key or '"' in key:
                raise ScopeError(self._scope, "a tag needs its key, as in env:prod", position)
            if not text and self._takes("("):
                return self._inside(_plain(key))
        return self._tag(_plain(key), text, position)

    def _inside(self, key: str | None) -> Scope:
        opened = self._tokens[self._at - 1][2]
        self._depth += 1
        if self._depth > DEEPEST:
            raise ScopeError(self._scope, f"parentheses are nested more than {DEEPEST} deep", opened)
        found = self.either(key)
        if not self._takes(")"):
            raise ScopeError(self._scope, "this parenthesis is never closed", opened)
        self._depth -= 1
        return found

    def _tag(self, key: str, value: str, position: int) -> Scope:
        if value == "*":
            return lambda tags: any(tag.startswith(f"{key}:") for tag in tags)
        if not value:
            raise ScopeError(self._scope, "this tag has no value; key:* stands for any", position)
        if re.search(r"[*?]", re.sub(r'"(?:[^"\\]|\\.)*"|\\.', "", value)):
            raise ScopeError(self._scope, "a wildcard only stands alone, as in service:*", position)
        wanted = f"{key}:{_plain(value)}"
        return lambda tags: wanted in tags

    def _takes(self, text: str) -> bool:
        found = self._next()[1] == text
        self._at += found
        return found

    def _next(self) -> tuple[str, str, int]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "", len(self._scope))

    def _wrong(self, reason: str) -> ScopeError:
        return ScopeError(self._scope, reason, self._next()[2])


def _tokens(scope: str) -> Iterable[tuple[str, str, int]]:
    at = 0
    while at < len(scope):
        found = _TOKEN.match(scope, at)
        if found is None or found.lastgroup is None:
            reason = "this quote is never closed" if scope[at] == '"' else "this cannot be read"
            raise ScopeError(scope, reason, at)
        if found.lastgroup != "blank":
            yield found.lastgroup, found[0], at
        at = found.end()


def _plain(text: str) -> str:
    """Take quotes and backslashes away."""
    parts = _UNQUOTED.finditer(text)
    return "".join(
        re.sub(r"\\(.)", r"\1", one[1]) if one[1] is not None else one[2] or one[3] for one in parts
    )
