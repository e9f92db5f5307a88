"""What waits in a spool, counted in memory, and the claimer that waits for enough of it."""

import asyncio
import time
from collections.abc import Callable, Iterable

from relay.spool import Depth


class Backlog:
    """Counts of an engine's records; belongs to one event loop.

    Attributes:
        bytes: data of all records, dead ones too.
        waiting, waiting_bytes: records that nobody has claimed, and their data.
        claimed: of each claimed record, by id, the size of its data and since when its batch waits.
        dead: how many dead letters there are.
        dropped: how many the user has thrown away.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.bytes = 0
        self.waiting = 0
        self.waiting_bytes = 0
        self.claimed: dict[int, tuple[int, float]] = {}
        self.dead = 0
        self.dropped = 0
        self._clock = clock
        self._since = clock()
        self._wanted = (1, 1)
        self._enough = asyncio.Event()

    def depth(self) -> Depth:
        """The counts, as the spool shows them."""
        now = self._clock()
        waiting = [self._since] if self.waiting else []
        oldest = min([*waiting, *(since for _, since in self.claimed.values())], default=now)
        return Depth(self.waiting, len(self.claimed), self.dead, self.bytes, now - oldest, self.dropped)

    def claimed_bytes(self, ids: Iterable[int]) -> int:
        """The size of claimed records."""
        return sum(self.claimed[id_][0] for id_ in ids)

    def restore(self, records: int, size: int, dead: int, dead_size: int, age: float) -> None:
        """Count all anew, as another process left it, the oldest record put `age` seconds ago."""
        self.dead = dead
        self.bytes = size + dead_size
        self.waiting = 0
        self.waiting_bytes = 0
        if waiting := records - len(self.claimed):
            self._wait(waiting, size - self.claimed_bytes(self.claimed), age)

    def put(self, records: int, size: int) -> None:
        """Count new records."""
        self.bytes += size
        if records:
            self._wait(records, size, 0.0)

    def claim(self, sizes: dict[int, int], next_age: float | None = None) -> None:
        """Count waiting records as claimed.

        Args:
            sizes: of their data, by id.
            next_age: so many seconds has the oldest of those left waited; None if it is still the same one.
        """
        self.claimed.update({id_: (size, self._since) for id_, size in sizes.items()})
        self.waiting -= len(sizes)
        self.waiting_bytes -= sum(sizes.values())
        if next_age is not None:
            self._since = self._clock() - max(next_age, 0.0)

    def ack(self, ids: Iterable[int]) -> None:
        """Count claimed records as gone."""
        self.bytes -= sum(self.claimed.pop(id_)[0] for id_ in ids)

    def bury(self, ids: Iterable[int]) -> None:
        """Count claimed records as dead."""
        for id_ in ids:
            del self.claimed[id_]
            self.dead += 1

    def release(self, ids: Iterable[int]) -> None:
        """Count claimed records as waiting again, since when the oldest of their batch was put."""
        if taken := [self.claimed.pop(id_) for id_ in ids]:
            oldest = min(since for _, since in taken)
            self._wait(len(taken), sum(size for size, _ in taken), self._clock() - oldest)

    def _wait(self, records: int, size: int, age: float) -> None:
        since = self._clock() - max(age, 0.0)
        self._since = min(self._since, since) if self.waiting else since
        first = not self.waiting
        self.waiting += records
        self.waiting_bytes += size
        if first or self._is_enough():
            self._enough.set()

    async def ready(self, max_records: int, max_bytes: int, wait: float) -> None:
        """Wait until so much waits, or the oldest has waited `wait` seconds."""
        self._wanted = (max_records, max_bytes)
        while not self._is_enough():
            left = self._since + wait - self._clock() if self.waiting else None
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
