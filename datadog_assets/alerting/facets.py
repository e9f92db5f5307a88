"""What a log has under the name of a facet, a tag or a reserved attribute.

https://docs.datadoghq.com/logs/explorer/facets/ and https://docs.datadoghq.com/monitors/types/log/
"""

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Log: TypeAlias = Mapping[str, object]
"""`message`, `status`, `service`, `host`, `source`, `tags` as "key:value", `attributes` nested, and
`timestamp` in epoch milliseconds. Any may be missing: no log is refused."""

MOST_GROUPS = 1000
"""Of one monitor. https://docs.datadoghq.com/monitors/types/log/#define-the-search-query"""

RESERVED = ("service", "source", "status", "host")
"""Asked for without @, and no tags. https://docs.datadoghq.com/logs/explorer/search_syntax/#attributes-search"""


def values(log: Log, name: str) -> list[object]:
    """Give all that a log has under a name: several of a list, or of a tag that it has more than once.

    Args:
        log: the log.
        name: `@flow.name` for an attribute; `env` for a tag or a reserved attribute.
    """
    if name.startswith("@"):
        return list(_leaves(_within(log.get("attributes"), name[1:])))
    own = log.get(name) if name in RESERVED else None
    tags = tag_values(log, name)
    return [own, *(tag for tag in tags if tag != own)] if _is_leaf(own) else list(tags)


def tag_values(log: Log, key: str) -> list[str]:
    """Give the values of a tag, in the order of the log, each once."""
    tags = log.get("tags")
    pairs = (tag.partition(":") for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
    return list(dict.fromkeys(value for found, _, value in pairs if found == key and value))


def attribute(log: Log, path: str) -> object:
    """Give the attribute at a dotted path, whatever it is; None if there is none."""
    return next(iter(_within(log.get("attributes"), path)), None)


def numbers(log: Log, name: str) -> list[float]:
    """Give the numbers under a name: a text that looks like one is none, as a measure is typed."""
    return [float(one) for one in values(log, name) if isinstance(one, int | float) and _is_number(one)]


def groups(log: Log, names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Give the groups that a log falls into: none if it lacks one of the names.

    A log that has several values under a name falls into the group of each, up to a limit.
    """
    found = [dict.fromkeys(as_text(value) for value in values(log, name)) for name in names]
    return itertools.islice(itertools.product(*found), MOST_GROUPS)


def as_text(value: object) -> str:
    """Write a value as a person does: 5 for 5.0, true for True, JSON for lists and objects."""
    match value:
        case str():
            return value
        case None:
            return ""
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case _:
            return json.dumps(value, ensure_ascii=False, default=str)


def _within(value: object, path: str) -> Iterator[object]:
    """Walk a dotted path; keys may hold dots, and every element of a list is looked into."""
    if isinstance(value, list):
        for one in value:
            yield from _within(one, path)
    if not isinstance(value, Mapping):
        return
    if value.get(path) is not None:
        yield value[path]
    for at, sign in enumerate(path):
        if sign == "." and path[:at] in value:
            yield from _within(value[path[:at]], path[at + 1 :])


def _leaves(found: Iterator[object]) -> Iterator[object]:
    for one in found:
        if isinstance(one, list):
            yield from (inner for inner in one if _is_leaf(inner))
        elif _is_leaf(one):
            yield one


def _is_leaf(value: object) -> bool:
    """An empty text is no value to group by."""
    return isinstance(value, str | int | float) and value != ""


def _is_number(value: float) -> bool:
    return not isinstance(value, bool) and abs(value) <= sys.float_info.max
