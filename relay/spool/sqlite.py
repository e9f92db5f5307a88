"""The embedded engine: one SQLite file, write-ahead log, synced at every commit.

SQLite is a transactional store that is already on every machine. `synchronous=FULL` makes each commit
durable (https://www.sqlite.org/pragma.html#pragma_synchronous); group commit shares the cost of the sync.
One connection writes, in its own thread; another reads batches, in another thread, and never waits for
the first (https://www.sqlite.org/wal.html#concurrency).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count

from relay.envelope import Record
from relay.errors import SpoolFull, SpoolUnwritable
from relay.spool import Claimed, Depth, _sqlite_file
from relay.spool._backlog import Backlog
from relay.spool._group_commit import GroupCommit

DURABLE = True

_SELECT_KEY = "SELECT 1 FROM seen WHERE key = ?"
_SELECT_SPAN = "SELECT id, stored_at, data FROM record WHERE id > ? AND id <= ? ORDER BY id"

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
        SpoolUnusable: the file cannot be opened, is no spool, is of a newer version, or is in use.
    """
    files = await asyncio.to_thread(_sqlite_file.open_files, location)
    return SqliteSpool(files, max_bytes=max_bytes, clock=clock)


@dataclass(frozen=True, slots=True)
class _Put:
    """What came of a put: how many records, how many bytes, and the last one's id."""

    records: int
    size: int
    last_id: int


class SqliteSpool:
    """See `relay.spool.Spool`, whose methods these are.

    Claiming reads forward through the ids. `_position` is the last id read, `_last_id` the last one whose
    put is counted; whatever lies between and is not claimed, waits. A release moves the position back.
    `_refused` is the size of the last put if there was no room for it, else 0. `_leaving` are claimed records
    whose ack or burial is being committed, if need be without their claimer, who was cancelled.
    """

    def __init__(self, files: _sqlite_file.Files, *, max_bytes: int, clock: Callable[[], float]) -> None:
        self._files = files
        self._writer = GroupCommit(files.writer)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="spool-reader")
        self._reading = asyncio.Lock()
        self._max_bytes = max_bytes
        self._clock = clock
        found = files.contents
        self._position = 0
        self._last_id = found.last_id
        self._ids = count(found.last_id + 1)
        self._forgot = 0
        self._refused = 0
        self._leaving: set[int] = set()
        self._backlog = Backlog()
        self._backlog.restore(
            found.records, found.record_bytes, found.dead, found.dead_bytes, self._age(found.oldest)
        )

    async def put(self, records: Sequence[Record]) -> int:
        """See `Spool.put`."""
        try:
            done = await self._writer.run(partial(self._insert, records), self._count)
        except SpoolFull:
            self._refused = min(_size(records), self._max_bytes)
            raise
        self._refused = 0
        return done.records

    async def claim(self, max_records: int, max_bytes: int, wait: float) -> list[Claimed]:
        """See `Spool.claim`."""
        batch: list[Claimed] = []
        while not batch:
            await self._backlog.ready(max_records, max_bytes, wait)
            async with self._reading:
                batch = await self._claim_next(max_records, max_bytes)
        return batch

    async def ack(self, ids: Sequence[int]) -> None:
        """See `Spool.ack`."""
        await self._commit(ids, _delete, self._backlog.ack)

    async def release(self, ids: Sequence[int]) -> None:
        """See `Spool.release`."""
        async with self._reading:
            if known := self._claimed(ids):
                self._position = min(self._position, known[0] - 1)
                self._backlog.release(known)

    async def bury(self, ids: Sequence[int], reason: str, answer: str) -> None:
        """See `Spool.bury`."""
        letter = (int(self._clock() * 1000), reason, answer)
        await self._commit(ids, partial(_bury, letter), self._backlog.bury)

    def depth(self) -> Depth:
        """See `Spool.depth`."""
        return self._backlog.depth()

    async def probe(self) -> None:
        """See `Spool.probe`."""
        if self._backlog.bytes + self._refused > self._max_bytes:
            raise self._full()
        await self._writer.run(_sqlite_file.touch)

    async def close(self) -> None:
        """See `Spool.close`."""
        # the last connection to close copies the log into the file, so that must not be the event loop's
        await asyncio.get_running_loop().run_in_executor(self._reader, self._files.reader.close)
        self._reader.shutdown()
        await asyncio.to_thread(self._writer.close)
        self._files.unlock()

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

    async def _claim_next(self, max_records: int, max_bytes: int) -> list[Claimed]:
        span = (self._position, self._last_id)
        rows = partial(
            _rows, self._files.reader, span, frozenset(self._backlog.claimed), max_records, max_bytes
        )
        batch, next_at = await asyncio.get_running_loop().run_in_executor(self._reader, rows)
        if batch:
            self._position = batch[-1].id
            self._backlog.claim({record.id: len(record.data) for record in batch}, self._age(next_at))
        return batch

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
        new = _without_repeats(records, connection)
        if not new:
            return _Put(0, 0, 0)
        if not _sqlite_file.count_stored(connection, len(new), _size(new), self._max_bytes):
            raise self._full()
        keys = [(now, record.key) for record in new if record.key is not None]
        connection.executemany("INSERT INTO seen (stored_at, key) VALUES (?, ?)", keys)
        rows = [(next(self._ids), now, record.data) for record in new]
        connection.executemany("INSERT INTO record (id, stored_at, data) VALUES (?, ?, ?)", rows)
        return _Put(len(new), _size(new), rows[-1][0])

    def _forget(self, now: int, connection: sqlite3.Connection) -> None:
        """Forget keys that are older than the window, from the old end of the table."""
        if abs(now - self._forgot) < _FORGET_EVERY_MS:
            return
        self._forgot = now
        connection.execute(
            "DELETE FROM seen WHERE id <= (SELECT max(id) FROM"
            " (SELECT id, stored_at FROM seen ORDER BY id LIMIT ?) WHERE stored_at < ?)",
            (_FORGET_AT_ONCE, now - 1000 * REPEAT_WINDOW),
        )


def _without_repeats(records: Iterable[Record], connection: sqlite3.Connection) -> list[Record]:
    """The records whose key was put neither before nor among these."""
    keys: set[bytes] = set()
    new: list[Record] = []
    for record in records:
        if record.key is not None:
            if record.key in keys or connection.execute(_SELECT_KEY, (record.key,)).fetchone():
                continue
            keys.add(record.key)
        new.append(record)
    return new


def _size(records: Iterable[Record]) -> int:
    return sum(len(record.data) for record in records)


def _rows(
    connection: sqlite3.Connection,
    span: tuple[int, int],
    claimed: Collection[int],
    max_records: int,
    max_bytes: int,
) -> tuple[list[Claimed], int | None]:
    """The next records that fit, and when the first one that no longer fits was stored."""
    batch: list[Claimed] = []
    size = 0
    try:
        with closing(connection.execute(_SELECT_SPAN, span)) as rows:
            for id_, stored_at, data in rows:
                if id_ in claimed:
                    continue
                size += len(data)
                if len(batch) == max_records or (batch and size > max_bytes):
                    return batch, stored_at
                batch.append(Claimed(id_, stored_at, data))
    except sqlite3.Error as error:
        raise SpoolUnwritable(f"The spool cannot be read: {error}.") from error
    return batch, None


def _delete(ids: Sequence[int], size: int, connection: sqlite3.Connection) -> None:
    connection.executemany("DELETE FROM record WHERE id BETWEEN ? AND ?", _ranges(ids))
    _sqlite_file.count_gone(connection, len(ids), size)


def _bury(
    letter: tuple[int, str, str], ids: Sequence[int], size: int, connection: sqlite3.Connection
) -> None:
    """Move records to the dead letters; `letter` is when, why, and what Datadog answered."""
    for first, last in _ranges(ids):
        connection.execute(
            "INSERT INTO dead (id, stored_at, buried_at, reason, answer, data)"
            " SELECT id, stored_at, ?, ?, ?, data FROM record WHERE id BETWEEN ? AND ?",
            (*letter, first, last),
        )
        connection.execute("DELETE FROM record WHERE id BETWEEN ? AND ?", (first, last))
    _sqlite_file.count_dead(connection, len(ids), size)


def _ranges(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted ids as runs without gaps: a batch is one range, or nearly so."""
    runs: list[tuple[int, int]] = []
    for id_ in ids:
        if runs and id_ == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], id_)
        else:
            runs.append((id_, id_))
    return runs
