"""A small part of Datadog's log search syntax: enough to find again what was sent.

https://docs.datadoghq.com/logs/explorer/search_syntax/

Terms, separated by blanks, must all match; a leading `-` turns one round:

- `timeout`, `"step 3 failed"`  whole words of the message, in any case
- `service:okta`, `env:prod`    `service`, `source`, `status`, `host`, or a tag's key
- `tags:beta`                   a tag that has no key
- `@error.kind:Timeout`         an attribute; of a list, one element is enough
- `fail*`, `team:*`, `@a:b*c`   `*` stands for any characters, unless within double quotes

Nothing at all, or a lone `*`, matches every log. Everything else that Datadog understands (parentheses, OR,
NOT, ranges, escapes, `?`, ...) is refused rather than misread.
"""

import fnmatch
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import orjson

from datadog_assets.errors import UnsupportedSearch
from datadog_assets.log import Log

_PLAIN = r'[^\s+=&|><!(){}\[\]^"~?:\\#]'
_TERM = re.compile(
    rf'(?P<minus>-?)(?:(?P<key>@?[\w./-]+):)?(?:"(?P<quoted>[^"\\]+)"|(?P<value>{_PLAIN}+))(?:\s+|$)'
)
_OPERATORS = frozenset({"AND", "OR", "NOT"})

Test = Callable[[Log], bool]


class Query(NamedTuple):
    """A parsed query."""

    tests: tuple[Test, ...]

    def matches(self, log: Log) -> bool:
        """Tell whether every term holds for the log."""
        return all(test(log) for test in self.tests)


def parse(query: str) -> Query:
    """Read a query.

    Raises:
        UnsupportedSearch: it uses more of Datadog's syntax than is described above.
    """
    tests = []
    rest = query.strip()
    while rest:
        term = _TERM.match(rest)
        if term is None or term["value"] in _OPERATORS:
            raise UnsupportedSearch(f"not supported by the sandbox yet: {rest[:60]}")
        test = _test(term["key"], term["quoted"], term["value"])
        tests.append(_negated(test) if term["minus"] else test)
        rest = rest[term.end() :]
    return Query(tuple(tests))


def _test(key: str | None, quoted: str | None, value: str | None) -> Test:
    if key is None:
        words = _words(quoted, value)
        return lambda log: words.search(log["message"]) is not None
    pattern = re.compile(re.escape(quoted) if quoted is not None else fnmatch.translate(value or ""))
    return lambda log: any(pattern.fullmatch(found) for found in _values(key, log))


def _negated(test: Test) -> Test:
    return lambda log: not test(log)


def _words(quoted: str | None, value: str | None) -> re.Pattern[str]:
    text = re.escape(quoted) if quoted is not None else re.escape(value or "").replace(r"\*", r"\w*")
    return re.compile(rf"(?<!\w){text}(?!\w)", re.IGNORECASE)


def _values(key: str, log: Log) -> Iterator[str]:
    """Give the texts that a log has under a query's key."""
    if key.startswith("@"):
        yield from map(_written, _at(log["attributes"], key[1:].split(".")))
        return
    if key == "tags":
        yield from (tag for tag in log["tags"] if ":" not in tag)
        return
    own = {"service": log["service"], "source": log["source"], "status": log["status"], "host": log["host"]}
    if value := own.get(key):
        yield value
    yield from (tag.removeprefix(f"{key}:") for tag in log["tags"] if tag.startswith(f"{key}:"))


def _at(value: object, path: list[str]) -> Iterator[object]:
    """Give what lies at a path, looking into every element of a list on the way."""
    if isinstance(value, list):
        for element in value:
            yield from _at(element, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _written(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
