"""One log while it is processed: what a processor reads, writes and takes away."""

from collections.abc import Iterator, Mapping
from typing import Any

from datadog_assets.processors._values import as_text

OWN = frozenset({"message", "status", "service", "host", "source", "timestamp", "trace_id", "span_id"})
"""What a log has beside attributes and tags."""


_ATTRIBUTES = "custom."
"""May stand before the path of an attribute, as published results show."""


class Draft:
    """A log that may be changed. Attributes are nested; a path to one is dotted.

    Attributes:
        log: all of it, of the shape of `datadog_assets.log.Log`; any field may be missing.
        attributes, tags: those of the log.
    """

    __slots__ = ("attributes", "log", "tags")

    def __init__(self, log: dict[str, Any]) -> None:
        self.log = log
        self.attributes: dict[str, object] = log.setdefault("attributes", {})
        self.tags: list[str] = log.setdefault("tags", [])

    def get(self, path: str) -> object:
        """Give what lies at a path; None where nothing does, for Datadog shows no nulls."""
        found = find(self.attributes, path)
        if found is None and path.startswith(_ATTRIBUTES):
            found = find(self.attributes, path.removeprefix(_ATTRIBUTES))
        return None if found is None else found[0][found[1]]

    def set(self, path: str, value: object) -> None:
        """Write an attribute, and the objects that it lies in; a value that is in the way is replaced."""
        put(self.attributes, path, value)

    def merge(self, path: str, value: object) -> None:
        """Write an attribute as `set` does; what is in an object already stays beside what comes."""
        if isinstance(value, dict) and value and isinstance(self.get(path), dict):
            for key, inner in value.items():
                self.merge(f"{path}.{key}", inner)
        else:
            self.set(path, value)

    def delete(self, path: str) -> None:
        """Take an attribute away, and every object that held nothing else."""
        remove(self.attributes, path)

    def read(self, path: str) -> object:
        """Give an attribute or, where there is none of that name, what the log itself has under it."""
        value = self.get(path)
        return self.log.get(path) if value is None and path in OWN else value

    def first(self, paths: list[str]) -> tuple[str, object] | None:
        """Give the first path at which an attribute lies, and the attribute."""
        for path in paths:
            if (value := self.get(path)) is not None:
                return path, value
        return None

    def tag(self, key: str) -> str | None:
        """Give the value of a tag."""
        start = f"{key}:"
        return next((tag[len(start) :] for tag in self.tags if tag.startswith(start)), None)

    def untag(self, key: str) -> None:
        """Take every tag of a key away."""
        self.tags[:] = [tag for tag in self.tags if not tag.startswith(f"{key}:")]

    def texts(self, path: str) -> str | None:
        """Write out what lies at a path, looking into arrays on the way; None where no value does."""
        values = [
            text for one in through(self.attributes, path.split(".")) if (text := as_text(one)) is not None
        ]
        if values:
            return ",".join(values)
        return as_text(self.log.get(path)) if path in OWN and self.get(path) is None else None


Place = tuple[Any, Any]
"""The object or array that holds a value, and the value's key or position in it."""


def find(holder: object, path: str) -> Place | None:
    """Find the place of a value that is no null. A key may itself be dotted, as in `{"a.b": 1}`.

    A number in a path is the position in an array, as published results show.
    """
    if isinstance(holder, list):
        return _find_in_array(holder, path)
    if not isinstance(holder, dict):
        return None
    if holder.get(path) is not None:
        return holder, path
    end = path.find(".")
    while end != -1:
        key = path[:end]
        if key in holder and (found := find(holder[key], path[end + 1 :])) is not None:
            return found
        end = path.find(".", end + 1)
    return None


def _find_in_array(array: list[object], path: str) -> Place | None:
    digits, _, rest = path.partition(".")
    position = int(digits) if digits.isdecimal() and len(digits) < 9 else len(array)
    if position >= len(array):
        return None
    if rest:
        return find(array[position], rest)
    return None if array[position] is None else (array, position)


def put(holder: dict[str, object], path: str, value: object) -> None:
    """Write a value at a path."""
    if found := find(holder, path):
        found[0][found[1]] = value
        return
    *parents, last = path.split(".")
    for key in parents:
        inner = holder.get(key)
        if not isinstance(inner, dict):
            inner = holder[key] = {}
        holder = inner
    holder[last] = value


def remove(holder: dict[str, object], path: str) -> None:
    """Take the value at a path away, and every object that held nothing else."""
    while found := find(holder, path):
        inner, key = found
        del inner[key]
        if inner or inner is holder:
            return
        path = path[: -len(key) - 1]
        if (parent := find_empty(holder, path)) is None:
            return
        del parent[0][parent[1]]
        return


def find_empty(holder: dict[str, object], path: str) -> Place | None:
    """Find the outermost object on a path that holds nothing but empty objects."""
    found = find(holder, path)
    while found is not None and "." in path:
        path = path[: -len(found[1]) - 1]
        above = find(holder, path) if path else None
        if above is None or above[0][above[1]] != {found[1]: {}}:
            break
        found = above
        found[0][found[1]] = {}
    return found


def through(value: object, parts: list[str]) -> Iterator[object]:
    """Give what lies at a path, looking into every element of an array on the way."""
    if isinstance(value, list):
        for element in value:
            yield from through(element, parts)
    elif not parts:
        if value is not None and not isinstance(value, Mapping):
            yield value
    elif isinstance(value, dict):
        for end in range(1, len(parts) + 1):
            key = ".".join(parts[:end])
            if value.get(key) is not None:
                yield from through(value[key], parts[end:])
                return
