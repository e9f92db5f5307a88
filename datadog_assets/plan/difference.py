"""Where two JSON values differ, field by field."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from datadog_assets.plan.alignment import align
from datadog_assets.resource import Json, Path


class Absent(Enum):
    """The type of `ABSENT`; unlike null, it stands for a field or element that is not there."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two JSON values differ.

    Positions in `path` are those of the after side; but the last one, if an element was removed from a list
    (`after` is ABSENT), is that of the before side.

    Attributes:
        path: where; empty for the whole value.
        before: the value before, or ABSENT.
        after: the value after, or ABSENT.
        origin: for an element that only moved within its list (`before` equals `after`): its position before.
    """

    path: Path
    before: object
    after: object
    origin: int | None = None


def differences(before: object, after: object) -> tuple[Difference, ...]:
    """Find where two JSON values differ; nothing if they are equal, where 5 equals 5.0 but not true.

    Carried out on `before` they give `after`: in each list, take out what was removed or moved, put in what
    was added or moved at its position after, in ascending order; then change what is inside.
    """
    return tuple(_walk(before, after, ()))


def as_json(difference: Difference) -> Json:
    """Give a difference for a file: `path`, `before` and `after` where there is one, `origin` if it moved."""
    found: Json = {"path": list(difference.path)}
    if difference.before is not ABSENT:
        found["before"] = difference.before
    if difference.after is not ABSENT:
        found["after"] = difference.after
    if difference.origin is not None:
        found["origin"] = difference.origin
    return found


def canonical_text(value: object) -> str:
    """Give a JSON value as text that is the same for equal values only."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    """Give the value with 5.0 as 5: Datadog gives numbers back as floats, whatever was sent."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _walk(before: object, after: object, path: Path) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _walk(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, path)
    elif before is ABSENT or after is ABSENT or canonical_text(before) != canonical_text(after):
        yield Difference(path, before, after)


def _lists(before: Sequence[object], after: Sequence[object], path: Path) -> Iterator[Difference]:
    aligned = align([canonical_text(one) for one in before], [canonical_text(one) for one in after])
    for i, j in aligned.pairs:
        if i is not None and j is not None:
            if aligned.moved.get(j) == i:
                yield Difference((*path, j), before[i], after[j], origin=i)
            else:
                yield from _element(before[i], after[j], (*path, j))
        elif i is not None:
            yield Difference((*path, i), before[i], ABSENT)
        elif j is not None:
            yield Difference((*path, j), ABSENT, after[j])


def _element(before: object, after: object, path: Path) -> list[Difference]:
    """Give an element's changed fields; or the whole, if it became one of another type."""
    found = list(_walk(before, after, path))
    both = isinstance(before, dict) and isinstance(after, dict)
    if len(found) > 1 and both and any(one.path == (*path, "type") for one in found):
        return [Difference(path, before, after)]
    return found
