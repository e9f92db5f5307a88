"""What waits in a spool, counted in memory, and the claimer that waits for enough of it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from relay.spool import Claimed, Depth
from relay.spool._claims import Claims, Held, gaps


class Backlog:
    """Counts of an engine's records; belongs to one event loop.

    Attributes:
        bytes: data of all records, dead ones too.
        waiting, waiting_bytes: records that nobody has claimed, and their data. Below zero where letters were
            claimed that another process has just made waiting again, until they are counted.
        claimed: how many are claimed.
        dead: how many dead letters there are.
        dropped: how many the user has thrown away.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.bytes = 0
        self.waiting = 0
        self.waiting_bytes = 0
        self.claimed = 0
        self.dead = 0
        self.dropped = 0
        self._claimed_bytes = 0
        self._claims = Claims()
        self._leaving = Claims()
        """What of the claimed records is being acked or buried, if need be without their claimer, who was
        cancelled: nobody else may take it meanwhile."""
        self._clock = clock
        self._since = clock()
        self._wanted = (1, 1)
        self._enough = asyncio.Event()

    def depth(self) -> Depth:
        """The counts, as the spool shows them."""
        now = self._clock()
        waiting = [self._since] if self.waiting > 0 else []
        claimed = (held.since for held in chain(self._claims, self._leaving))
        oldest = min(chain(waiting, claimed), default=now)
        return Depth(max(self.waiting, 0), self.claimed, self.dead, self.bytes, now - oldest, self.dropped)

    def unclaimed(self, first: int, last: int) -> list[tuple[int, int]]:
        """The spans of ids, first and last one, from one id to another that nobody has claimed."""
        return gaps(chain(self._claims, self._leaving), first, last)

    def restore(self, records: int, size: int, dead: int, dead_size: int, age: float) -> None:
        """Count all anew, as another process left it, the oldest record put `age` seconds ago."""
        self.dead = dead
        self.bytes = size + dead_size
        self.waiting = 0
        self.waiting_bytes = 0
        if waiting := records - self.claimed:
            self._wait(waiting, size - self._claimed_bytes, age)

    def put(self, records: int, size: int) -> None:
        """Count new records."""
        self.bytes += size
        if records:
            self._wait(records, size, 0.0)

    def claim(self, batch: Sequence[Claimed], next_age: float | None = None) -> None:
        """Count waiting records as claimed.

        Args:
            batch: the records.
            next_age: so many seconds has the oldest of those left waited; None if it is still the same one.
        """
        self._claims.add(Held(run.id, run.ids.stop, run.lengths, self._since) for run in batch)
        records, size = sum(len(run.lengths) for run in batch), sum(run.size for run in batch)
        self.claimed += records
        self._claimed_bytes += size
        self.waiting -= records
        self.waiting_bytes -= size
        if next_age is not None:
            self._since = self._clock() - max(next_age, 0.0)

    def leave(self, batch: Iterable[Claimed]) -> list[Held]:
        """Give out what is claimed of these runs, to be acked or buried."""
        leaving = self._claims.take(_spans(batch))
        self._leaving.add(leaving)
        return leaving

    def stay(self, leaving: Sequence[Held]) -> None:
        """Let what was given out be as the other claimed records again."""
        self._claims.add(self._leaving.take((held.start, held.stop) for held in leaving))

    def ack(self, gone: Sequence[Held]) -> None:
        """Count claimed records as gone."""
        _, size = self._take(gone)
        self.bytes -= size

    def bury(self, buried: Sequence[Held]) -> None:
        """Count claimed records as dead."""
        records, _ = self._take(buried)
        self.dead += records

    def release(self, batch: Iterable[Claimed]) -> list[Held]:
        """Count what is claimed of these runs as waiting again, since the oldest of their batch was put."""
        if taken := self._claims.take(_spans(batch)):
            self._wait(*self._unclaim(taken), self._clock() - min(held.since for held in taken))
        return taken

    def _take(self, runs: Sequence[Held]) -> tuple[int, int]:
        return self._unclaim(self._claims.take((held.start, held.stop) for held in runs))

    def _unclaim(self, runs: Sequence[Held]) -> tuple[int, int]:
        """Count records as no longer claimed; gives how many, and the size of their data."""
        records, size = totals(runs)
        self.claimed -= records
        self._claimed_bytes -= size
        return records, size

    def _wait(self, records: int, size: int, age: float) -> None:
        since = self._clock() - max(age, 0.0)
        first = self.waiting <= 0
        self._since = since if first else min(self._since, since)
        self.waiting += records
        self.waiting_bytes += size
        if first or self._is_enough():
            self._enough.set()

    async def ready(self, max_records: int, max_bytes: int, wait: float) -> None:
        """Wait until so much waits, or the oldest has waited `wait` seconds."""
        self._wanted = (max_records, max_bytes)
        while not self._is_enough():
            left = self._since + wait - self._clock() if self.waiting > 0 else None
            if left is not None and left <= 0:
                return
            self._enough.clear()
            try:
                async with asyncio.timeout(left):
                    await self._enough.wait()
            except TimeoutError:
                continue

    def _is_enough(self) -> bool:
        records, size = self._wanted
        return self.waiting >= records or self.waiting_bytes >= size


def totals(runs: Iterable[Held]) -> tuple[int, int]:
    """How many records these are, and the size of their data."""
    records = size = 0
    for held in runs:
        records += len(held.lengths)
        size += sum(held.lengths)
    return records, size


def _spans(batch: Iterable[Claimed]) -> Iterable[tuple[int, int]]:
    return ((run.id, run.id + len(run.lengths)) for run in batch)
