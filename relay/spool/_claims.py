"""Which records are claimed: runs of ids, for to remember each by itself would cost more than to claim it."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple


class Held(NamedTuple):
    """Claimed records whose ids follow each other.

    Attributes:
        start: the first one's id.
        stop: the id behind the last one's.
        lengths: of each one's data, in bytes.
        since: since when their batch waits, by the backlog's clock.
    """

    start: int
    stop: int
    lengths: Sequence[int]
    since: float

    def part(self, start: int, stop: int) -> "Held":
        """Those from one id to the one before another."""
        return Held(start, stop, self.lengths[start - self.start : stop - self.start], self.since)


_START = attrgetter("start")


class Claims:
    """Runs of claimed records, in the order of their ids; no two overlap."""

    def __init__(self) -> None:
        self._held: list[Held] = []

    def __iter__(self) -> Iterator[Held]:
        return iter(self._held)

    def add(self, runs: Iterable[Held]) -> None:
        """Take runs in."""
        for run in runs:
            insort(self._held, run, key=_START)

    def take(self, spans: Iterable[tuple[int, int]]) -> list[Held]:
        """Give out what there is of spans of ids, each from its first one to behind its last one.

        Parts of runs stay as runs of their own; what is not there is left out.
        """
        taken: list[Held] = []
        for start, stop in spans:
            first = max(bisect_right(self._held, start, key=_START) - 1, 0)
            last = bisect_left(self._held, stop, key=_START)
            left: list[Held] = []
            for held in self._held[first:last]:
                begin, end = max(start, held.start), min(stop, held.stop)
                if begin >= end:
                    left.append(held)
                    continue
                taken.append(held.part(begin, end))
                if held.start < begin:
                    left.append(held.part(held.start, begin))
                if end < held.stop:
                    left.append(held.part(end, held.stop))
            self._held[first:last] = left
        return taken


def gaps(runs: Iterable[Held], first: int, last: int) -> list[tuple[int, int]]:
    """The spans of ids, first and last one, that lie between some and are not in any of the runs."""
    found: list[tuple[int, int]] = []
    for run in sorted(runs, key=_START):
        if first < run.start <= last:
            found.append((first, run.start - 1))
        first = max(first, run.stop)
    if first <= last:
        found.append((first, last))
    return found
