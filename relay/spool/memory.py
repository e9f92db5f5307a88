"""An engine that keeps nothing beyond the process: for tests."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from relay import dates
from relay.envelope import Record
from relay.errors import SpoolFull
from relay.spool import Claimed, Depth
from relay.spool._backlog import Backlog

DURABLE = False


async def open_engine(
    location: str, *, max_bytes: int, after: int = 0, clock: Callable[[], float] = time.time
) -> "MemorySpool":
    """Make an empty spool; `location` means nothing."""
    del location
    return MemorySpool(max_bytes=max_bytes, after=after, clock=clock)


class MemorySpool:
    """See `relay.spool.Engine`, whose methods these are; keys are never forgotten, a run is one record.

    Attributes:
        dead: each dead letter with its reason and Datadog's answer, by id.
    """

    was_damaged = False

    def __init__(self, *, max_bytes: int, after: int = 0, clock: Callable[[], float]) -> None:
        self.dead: dict[int, tuple[Claimed, str, str]] = {}
        self._max_bytes = max_bytes
        self._clock = clock
        self._ids = count(after + 1)
        self._records: dict[int, Claimed] = {}
        self.last_id = after
        self._seen: set[bytes] = set()
        self._refused = 0
        self._backlog = Backlog()

    async def put(self, records: Sequence[Record]) -> int:
        """See `Spool.put`."""
        new = self._without_repeats(records)
        size = sum(len(record.data) for record in new)
        if self._backlog.bytes + size > self._max_bytes:
            self._refused = min(size, self._max_bytes)
            raise self._full()
        self._refused = 0
        for record in new:
            self.last_id = id_ = next(self._ids)
            now = int(self._clock() * 1000)
            bounds = dates.span([record.date], now)
            self._records[id_] = Claimed(id_, now, *bounds, [len(record.data)], record.data)
        self._seen.update(record.key for record in new if record.key is not None)
        self._backlog.put(len(new), size)
        return len(new)

    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        """See `Spool.claim`."""
        await self._backlog.ready(max_records, max_bytes, wait)
        batch: list[Claimed] = []
        size = 0
        next_at: int | None = None
        spans = self._backlog.unclaimed(1, self.last_id)
        ids = [id_ for first, last in spans for id_ in range(first, last + 1) if id_ in self._records]
        for id_ in ids[::-1] if newest else ids:
            record = self._records[id_]
            size += len(record.data)
            if len(batch) == max_records or (batch and size > max_bytes):
                next_at = record.stored_at
                break
            batch.append(record)
        age = self._clock() - next_at / 1000 if next_at else 0.0
        batch = batch[::-1] if newest else batch
        self._backlog.claim(batch, None if newest else age)
        return batch

    async def ack(self, batch: Sequence[Claimed]) -> None:
        """See `Spool.ack`."""
        held = self._backlog.leave(batch)
        self._backlog.stay(held)
        self._backlog.ack(held)
        for run in held:
            del self._records[run.start]

    async def release(self, batch: Sequence[Claimed]) -> None:
        """See `Spool.release`."""
        self._backlog.release(batch)

    async def bury(self, batch: Sequence[Claimed], reason: str, answer: str) -> None:
        """See `Spool.bury`."""
        held = self._backlog.leave(batch)
        self._backlog.stay(held)
        self._backlog.bury(held)
        for run in held:
            self.dead[run.start] = (self._records.pop(run.start), reason, answer)

    def depth(self) -> Depth:
        """See `Spool.depth`."""
        return self._backlog.depth()

    async def probe(self) -> None:
        """See `Spool.probe`."""
        if self._backlog.bytes + self._refused > self._max_bytes:
            raise self._full()

    async def close(self) -> None:
        """See `Spool.close`."""

    async def refresh(self) -> None:
        """See `Engine.refresh`."""

    async def set_aside(self) -> None:
        """See `Engine.set_aside`."""

    def _full(self) -> SpoolFull:
        return SpoolFull(f"The spool holds its limit of {self._max_bytes:,} bytes.")

    def _without_repeats(self, records: Iterable[Record]) -> list[Record]:
        keys = set(self._seen)
        new: list[Record] = []
        for record in records:
            if record.key is None or record.key not in keys:
                new.append(record)
            if record.key is not None:
                keys.add(record.key)
        return new
