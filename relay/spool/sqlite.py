"""The embedded engine: one SQLite file, write-ahead log, synced at every commit.

SQLite is a transactional store that is already on every machine. `synchronous=FULL` makes each commit
durable (https://www.sqlite.org/pragma.html#pragma_synchronous); group commit shares the cost of the sync.
One connection writes, in its own thread; another reads batches, in another thread, and never waits for
the first (https://www.sqlite.org/wal.html#concurrency).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count

from relay.envelope import Record
from relay.errors import SpoolDamaged, SpoolFull
from relay.spool import Claimed, Depth
from relay.spool._backlog import Backlog
from relay.spool._group_commit import GroupCommit
from relay.spool._sqlite_file import Files, open_files
from relay.spool._sqlite_letters import SqliteLetters
from relay.spool._sqlite_rows import (
    bury,
    data_version,
    delete,
    forget,
    insert,
    select,
    size_of,
    without_repeats,
)
from relay.spool._sqlite_tables import Contents, contents, count_stored, touch

DURABLE = True

REPEAT_WINDOW = 3600
"""For how long a record's key is remembered, in seconds. Whether and when Okta repeats is not published."""

_FORGET_EVERY_MS = 1_000
_FORGET_AT_ONCE = 10_000
"""Keys are forgotten a few at a time, at most so often and at most so many, so that no put
has to wait long; together more a second than one process can receive."""


async def open_engine(
    location: str, *, max_bytes: int, clock: Callable[[], float] = time.time
) -> "SqliteSpool":
    """Open the spool in the file `location`, making it (mode 0600) if it is not there.

    Args:
        location: the file's path; its directory must exist.
        max_bytes: of all records' data, dead letters included.
        clock: the wall clock, in epoch seconds.

    Raises:
        SpoolUnusable: the file cannot be a spool, or is in use.
        SpoolUnwritable: it cannot be opened at present, or is of a newer version.
    """
    files = await asyncio.to_thread(open_files, location)
    return SqliteSpool(files, max_bytes=max_bytes, clock=clock)


def open_letters(location: str) -> SqliteLetters:
    """Open the dead letters in the file `location`; see `relay.spool.open_letters`."""
    return SqliteLetters(location)


@dataclass(frozen=True, slots=True)
class _Put:
    """What came of a put: how many records, how many bytes, and the last one's id."""

    records: int
    size: int
    last_id: int


class SqliteSpool:
    """See `relay.spool.Engine`, whose methods these are.

    Claiming reads forward through the ids. `_position` is the last id read, `_last_id` the last one whose
    put is counted; whatever lies between and is not claimed, waits. A release moves the position back.
    `_refused` is the size of the last put if there was no room for it, else 0. `_leaving` are claimed records
    whose ack or burial is being committed, if need be without their claimer, who was cancelled.
    """

    def __init__(self, files: Files, *, max_bytes: int, clock: Callable[[], float]) -> None:
        self.was_damaged = files.was_damaged
        self._files = files
        self._writer = GroupCommit(files.writer, files.reserve, files.check)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="spool-reader")
        self._reading = asyncio.Lock()
        self._max_bytes = max_bytes
        self._clock = clock
        self._position = 0
        self._last_id = 0
        self._ids = count(files.contents.last_id + 1)
        self._forgot = 0
        self._refused = 0
        self._leaving: set[int] = set()
        self._backlog = Backlog()
        self._restore(files.contents)
        self._version = data_version(files.writer)

    async def put(self, records: Sequence[Record]) -> int:
        """See `Spool.put`."""
        try:
            done = await self._writer.run(partial(self._insert, records), self._count, fills=True)
        except SpoolFull:
            self._refused = min(size_of(records), self._max_bytes)
            raise
        self._refused = 0
        return done.records

    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        """See `Spool.claim`."""
        batch: list[Claimed] = []
        while not batch:
            await self._backlog.ready(max_records, max_bytes, wait)
            async with self._reading:
                batch = await self._claim_some(max_records, max_bytes, newest=newest)
        return batch

    async def ack(self, ids: Sequence[int]) -> None:
        """See `Spool.ack`."""
        await self._commit(ids, delete, self._backlog.ack)

    async def release(self, ids: Sequence[int]) -> None:
        """See `Spool.release`."""
        async with self._reading:
            if known := self._claimed(ids):
                self._position = min(self._position, known[0] - 1)
                self._backlog.release(known)

    async def bury(self, ids: Sequence[int], reason: str, answer: str) -> None:
        """See `Spool.bury`."""
        letter = (int(self._clock() * 1000), reason, answer)
        await self._commit(ids, partial(bury, letter), self._backlog.bury)

    def depth(self) -> Depth:
        """See `Spool.depth`."""
        return self._backlog.depth()

    async def probe(self) -> None:
        """See `Spool.probe`."""
        if self._backlog.bytes + self._refused > self._max_bytes:
            raise self._full()
        await self._writer.run(touch, fills=True)

    async def refresh(self) -> None:
        """See `Engine.refresh`."""
        async with self._reading:
            await self._writer.run(self._changed, lambda found: self._restore(found) if found else None)

    async def close(self) -> None:
        """See `Spool.close`."""
        await self._end()
        # the last connection to close copies the log into the file, so that must not be the event loop's
        await asyncio.to_thread(self._files.close)

    async def set_aside(self) -> None:
        """See `Engine.set_aside`."""
        await self._end()
        await asyncio.to_thread(self._files.set_aside)
        await asyncio.to_thread(self._files.close)

    async def _end(self) -> None:
        """End both threads; may be called again."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._reader.shutdown)
        self._files.reader.close()

    def _changed(self, connection: sqlite3.Connection) -> Contents | None:
        """What the file holds, if another process has changed it; runs in the writer's thread."""
        version = data_version(connection)
        if version == self._version:
            return None
        self._version = version
        return contents(connection)

    def _restore(self, found: Contents) -> None:
        """Count what the file holds, and claim from its beginning."""
        self._position = 0
        self._last_id = max(self._last_id, found.last_id)
        age = self._clock() - found.oldest / 1000 if found.oldest else 0.0
        self._backlog.restore(found.records, found.record_bytes, found.dead, found.dead_bytes, age)
        self._backlog.dropped = found.dropped

    def _count(self, done: _Put) -> None:
        self._last_id = max(self._last_id, done.last_id)
        self._backlog.put(done.records, done.size)

    async def _commit(
        self,
        ids: Sequence[int],
        change: Callable[[Sequence[int], int, sqlite3.Connection], None],
        count: Callable[[Iterable[int]], None],
    ) -> None:
        """Change claimed records on disk, then count them."""
        known = self._claimed(ids)
        size = self._backlog.claimed_bytes(known)
        self._leaving.update(known)
        await self._writer.run(
            partial(change, known, size),
            then=lambda _: count(known),
            always=lambda: self._leaving.difference_update(known),
        )

    async def _claim_some(self, max_records: int, max_bytes: int, *, newest: bool) -> list[Claimed]:
        span = (self._position, self._last_id)
        claimed = frozenset(self._backlog.claimed)
        rows = partial(select, self._files.reader, span, claimed, max_records, max_bytes, newest=newest)
        batch, next_at = await asyncio.get_running_loop().run_in_executor(self._reader, rows)
        if not batch:
            self._look_again(span)
            return []
        sizes = {record.id: len(record.data) for record in batch}
        if newest:
            self._backlog.claim(sizes)
        else:
            self._position = batch[-1].id
            self._backlog.claim(sizes, self._age(next_at))
        return batch

    def _look_again(self, span: tuple[int, int]) -> None:
        """After a look that found nothing: if there should be something, look from the beginning.

        Raises:
            SpoolDamaged: there is nothing there either.
        """
        if self._backlog.waiting and span == (self._position, self._last_id):
            if not self._position:
                raise SpoolDamaged("The spool does not hold what it counts.")
            self._position = 0

    def _claimed(self, ids: Iterable[int]) -> list[int]:
        return sorted({id_ for id_ in ids if id_ in self._backlog.claimed} - self._leaving)

    def _age(self, stored_at: int | None) -> float:
        return self._clock() - stored_at / 1000 if stored_at else 0.0

    def _full(self) -> SpoolFull:
        return SpoolFull(f"The spool holds its limit of {self._max_bytes:,} bytes.")

    def _insert(self, records: Sequence[Record], connection: sqlite3.Connection) -> _Put:
        """Store what is no repeat; runs in the writer's thread."""
        now = int(self._clock() * 1000)
        self._forget(now, connection)
        new = without_repeats(records, connection)
        if not new:
            return _Put(0, 0, 0)
        if not count_stored(connection, len(new), size_of(new), self._max_bytes):
            raise self._full()
        rows = [(next(self._ids), record) for record in new]
        insert(rows, now, connection)
        return _Put(len(new), size_of(new), rows[-1][0])

    def _forget(self, now: int, connection: sqlite3.Connection) -> None:
        """Forget keys that are older than the window, from the old end of the table."""
        if abs(now - self._forgot) < _FORGET_EVERY_MS:
            return
        self._forgot = now
        forget(now - 1000 * REPEAT_WINDOW, _FORGET_AT_ONCE, connection)
