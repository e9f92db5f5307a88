"""Which elements of two lists belong together: the equal, the moved and the alike."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

Pair: TypeAlias = tuple[int | None, int | None]
"""A position before and one after: both for what belongs together, None for removed and added."""

MOST_COMPARED = 10_000
"""So many pairs of elements are compared in one changed part of a list; a larger part goes by position."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """What becomes of each element that is not simply still there.

    Attributes:
        pairs: everything changed, removed, added or moved, from the front to the back. Without the moved
            ones, what belongs together is in the same order on both sides.
        moved: position after -> position before of what is equal but stands elsewhere among its neighbours.
    """

    pairs: tuple[Pair, ...]
    moved: dict[int, int]


def align(before: Sequence[str], after: Sequence[str]) -> Alignment:
    """Align two lists of JSON values, each element given as canonical JSON text."""
    blocks = list(_unequal(before, after))
    moved = _moved(before, after, blocks)
    gone = set(moved.values())
    pairs: list[Pair] = []
    for left, right in blocks:
        stay = [i for i in left if i not in gone]
        come = [j for j in right if j not in moved]
        pairs += _paired(before, after, stay, come)
        pairs += [(moved[j], j) for j in right if j in moved]
    return Alignment(tuple(pairs), moved)


def _unequal(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[range, range]]:
    """Give the stretches that differ, without the equal ones between them."""
    start, shorter = 0, min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    # a common start and end come off first: it is quicker, and one edit among repeated elements stays one
    middle = before[start : len(before) - end], after[start : len(after) - end]
    for verb, i, i_end, j, j_end in SequenceMatcher(None, *middle, autojunk=False).get_opcodes():
        if verb != "equal":
            yield range(start + i, start + i_end), range(start + j, start + j_end)


def _moved(
    before: Sequence[str], after: Sequence[str], blocks: Sequence[tuple[range, range]]
) -> dict[int, int]:
    """Find what was taken out at one place and put in, equal, at another: position after -> before."""
    removed: defaultdict[str, list[int]] = defaultdict(list)
    for left, _ in reversed(blocks):
        for i in reversed(left):
            removed[before[i]].append(i)
    return {j: removed[after[j]].pop() for _, right in blocks for j in right if removed[after[j]]}


def _paired(
    before: Sequence[str], after: Sequence[str], left: Sequence[int], right: Sequence[int]
) -> Iterator[Pair]:
    """Pair what is alike within a changed part, and by position what stands between in equal numbers."""
    anchors = _alike(before, after, left, right) if len(left) * len(right) <= MOST_COMPARED else []
    at = to = 0
    for x, y in [*anchors, (len(left), len(right))]:
        between = left[at:x], right[to:y]
        if len(between[0]) == len(between[1]):
            yield from zip(*between, strict=True)
        else:
            yield from ((i, None) for i in between[0])
            yield from ((None, j) for j in between[1])
        if x < len(left) and y < len(right):
            yield left[x], right[y]
        at, to = x + 1, y + 1


def _alike(
    before: Sequence[str], after: Sequence[str], left: Sequence[int], right: Sequence[int]
) -> list[tuple[int, int]]:
    """Find the pairs, in order on both sides, that have the most in common (a longest common subsequence).

    Returns:
        Positions in `left` and `right`.
    """
    ours = [_fields(before[i]) for i in left]
    theirs = [_fields(after[j]) for j in right]
    best = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]  # of what begins at x and y
    common = [[_likeness(one, other) for other in theirs] for one in ours]
    for x in reversed(range(len(left))):
        for y in reversed(range(len(right))):
            together = best[x + 1][y + 1] + common[x][y]
            best[x][y] = max(together, best[x + 1][y], best[x][y + 1])
    found = []
    x = y = 0
    while x < len(left) and y < len(right):
        if common[x][y] and best[x][y] == best[x + 1][y + 1] + common[x][y]:
            found.append((x, y))
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1
    return found


def _fields(text: str) -> frozenset[tuple[str, str]] | None:
    """Give the fields of an object, each value as text; None for anything else."""
    value: object = json.loads(text)
    if not isinstance(value, dict):
        return None
    return frozenset((key, json.dumps(inner)) for key, inner in value.items())


def _likeness(one: frozenset[tuple[str, str]] | None, other: frozenset[tuple[str, str]] | None) -> int:
    """Count what two objects have in common; a name counts most, and those of other types have nothing."""
    if one is None or other is None:
        return 0
    if {value for key, value in one if key == "type"} != {value for key, value in other if key == "type"}:
        return 0
    return sum(5 if key == "name" else 1 for key, _ in one & other)
