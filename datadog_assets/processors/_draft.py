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
        value = self.attributes.get(path)
        if value is not None or "." not in path:
            return value
        found = find(self.attributes, path)
        if found is None and path.startswith(_ATTRIBUTES):
            found = find(self.attributes, path.removeprefix(_ATTRIBUTES))
        return None if found is None else found[0][found[1]]

    def set(self, path: str, value: object, *, override: bool = True) -> None:
        """Write an attribute, and the objects that it lies in; a value that is in the way is replaced.

        Without `override`, an attribute that is there already stays.
        """
        if found := find(self.attributes, path):
            if override:
                found[0][found[1]] = value
            return
        *parents, last = path.split(".")
        holder = self.attributes
        for key in parents:
            inner = holder.get(key)
            if not isinstance(inner, dict):
                inner = holder[key] = {}
            holder = inner
        holder[last] = value

    def merge(self, path: str, value: object) -> None:
        """Write an attribute as `set` does; what is in an object already stays beside what comes."""
        if isinstance(value, dict) and value and isinstance(self.get(path), dict):
            for key, inner in value.items():
                self.merge(f"{path}.{key}", inner)
        else:
            self.set(path, value)

    def delete(self, path: str) -> None:
        """Take an attribute away, and every object that held nothing else."""
        if not remove(self.attributes, path) and path.startswith(_ATTRIBUTES):
            remove(self.attributes, path.removeprefix(_ATTRIBUTES))

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
        there = self.get(path)
        # what `get` finds and `through` does not: a position in an array
        for found in (through(self.attributes, path.split(".")), through(there, [])):
            if values := [text for one in found if (text := as_text(one)) is not None]:
                return ",".join(values)
        return as_text(self.log.get(path)) if path in OWN and there is None else None


Place = tuple[Any, Any]
"""The object or array that holds a value, and the value's key or position in it."""


def find(holder: object, path: str) -> Place | None:
    """Find the place of a value that is no null. A key may itself be dotted, as in `{"a.b": 1}`.

    A number in a path is the position in an array, as published results show.
    """
    if not isinstance(holder, dict):
        return _find_in_array(holder, path) if isinstance(holder, list) else None
    if holder.get(path) is not None:
        return holder, path
    end = path.find(".")
    while end != -1:
        inner = holder.get(path[:end])
        if inner is not None and (found := find(inner, path[end + 1 :])):
            return found
        end = path.find(".", end + 1)
    return None


def _find_in_array(array: list[object], path: str) -> Place | None:
    places = _places_in_array(array, path)
    return places[0] if places else None


def _places(holder: object, path: str) -> list[Place]:
    """Give the place of a value, then that of what holds it, and so on outwards; none if it is not there."""
    if isinstance(holder, list):
        return _places_in_array(holder, path)
    if not isinstance(holder, dict):
        return []
    if holder.get(path) is not None:
        return [(holder, path)]
    end = path.find(".")
    while end != -1:
        key = path[:end]
        if key in holder and (places := _places(holder[key], path[end + 1 :])):
            places.append((holder, key))
            return places
        end = path.find(".", end + 1)
    return []


def _places_in_array(array: list[object], path: str) -> list[Place]:
    digits, _, rest = path.partition(".")
    position = int(digits) if digits.isdecimal() and len(digits) < 9 else len(array)
    if position >= len(array):
        return []
    if not rest:
        return [] if array[position] is None else [(array, position)]
    if places := _places(array[position], rest):
        places.append((array, position))
    return places


def remove(holder: dict[str, object], path: str) -> bool:
    """Take the value at a path away, and every object that held nothing else; tell whether one was there.

    An object in an array stays, though empty, so that the others keep their positions.
    """
    places = _places(holder, path)
    for inner, key in places:
        if inner is not places[0][0] and isinstance(inner, list):
            break
        del inner[key]
        if inner:
            break
    return bool(places)


def through(value: object, parts: list[str]) -> Iterator[object]:
    """Give what lies at a path, looking into every element of an array on the way."""
    if isinstance(value, list):
        for element in value:
            yield from through(element, parts)
    elif not parts:
        if value is not None and not isinstance(value, Mapping):
            yield value
    elif isinstance(value, dict):
        # the whole path first, then from its first part on, as `find` does
        for end in (len(parts), *range(1, len(parts))):
            found = value.get(".".join(parts[:end]))
            if found is not None and (inner := list(through(found, parts[end:]))):
                yield from inner
                return
