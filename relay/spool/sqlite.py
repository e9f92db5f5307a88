"""The embedded engine: one SQLite file, write-ahead log, synced at every commit.

SQLite is a transactional store that is already on every machine. `synchronous=FULL` makes each commit
durable (https://www.sqlite.org/pragma.html#pragma_synchronous); group commit shares the cost of the sync.
One connection writes, in its own thread; another reads batches, in another thread, and never waits for
the first; a third one keeps the log short (https://www.sqlite.org/wal.html#concurrency).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial

from relay import background
from relay.envelope import Record
from relay.errors import SpoolDamaged
from relay.spool import Claimed, Depth
from relay.spool._backlog import Backlog, totals
from relay.spool._checkpoints import Checkpoints
from relay.spool._claims import Held
from relay.spool._group_commit import GroupCommit
from relay.spool._recent import Recent
from relay.spool._runs import joined, take
from relay.spool._sqlite_claim import select
from relay.spool._sqlite_file import Files, open_files
from relay.spool._sqlite_letters import SqliteLetters
from relay.spool._sqlite_puts import Puts
from relay.spool._sqlite_runs import bury, data_version, delete
from relay.spool._sqlite_tables import Contents, contents, touch

DURABLE = True


async def open_engine(
    location: str, *, max_bytes: int, after: int = 0, clock: Callable[[], float] = time.time
) -> "SqliteSpool":
    """Open the spool in the file `location`, making it (mode 0600) if it is not there.

    Args:
        location: the file's path; its directory must exist.
        max_bytes: of all records' data, dead letters included.
        after: what is put gets greater ids than this one.
        clock: the wall clock, in epoch seconds.

    Raises:
        SpoolUnusable: the file cannot be a spool, or is in use.
        SpoolUnwritable: it cannot be opened at present, or is of a newer version.
    """
    files = await asyncio.to_thread(open_files, location)
    return SqliteSpool(files, max_bytes=max_bytes, after=after, clock=clock)


def open_letters(location: str) -> SqliteLetters:
    """Open the dead letters in the file `location`; see `relay.spool.open_letters`."""
    return SqliteLetters(location)


class SqliteSpool:
    """See `relay.spool.Engine`, whose methods these are.

    Claiming reads forward through the ids. `_position` is the last id read; whatever lies between it and the
    last one whose put is counted, and is not claimed, waits. A release moves the position back. Once it has
    come to what is in memory, claiming reads there.
    """

    def __init__(self, files: Files, *, max_bytes: int, after: int, clock: Callable[[], float]) -> None:
        self.was_damaged = files.was_damaged
        self._files = files
        self._backlog = Backlog()
        self._recent = Recent()
        last_id = max(files.contents.last_id, after)
        self._puts = Puts(files.keys, self._backlog, self._recent, last_id, max_bytes, clock)
        self._checkpoints = Checkpoints(files.copier)
        self._writer = GroupCommit(files.writer, files.reserve, self._puts, self._checkpoints, files.check)
        self._reader = background.one_thread("spool-reader")
        self._reading = asyncio.Lock()
        self._max_bytes = max_bytes
        self._clock = clock
        self._position = 0
        self._restore(files.contents)
        self._version: int | None = None  # what was changed while the files were opened is noticed, too

    @property
    def last_id(self) -> int:
        """See `Engine`."""
        return self._puts.last_id

    def put(self, records: Sequence[Record]) -> asyncio.Future[int]:
        """See `Spool.put`."""
        return self._writer.put(records)

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

    async def ack(self, batch: Sequence[Claimed]) -> None:
        """See `Spool.ack`."""
        await self._commit(batch, delete, self._backlog.ack)

    async def release(self, batch: Sequence[Claimed]) -> None:
        """See `Spool.release`."""
        async with self._reading:
            for held in self._backlog.release(batch):
                self._position = min(self._position, held.start - 1)

    async def bury(self, batch: Sequence[Claimed], reason: str, answer: str) -> None:
        """See `Spool.bury`."""
        letter = (int(self._clock() * 1000), reason, answer)
        await self._commit(batch, partial(bury, letter), self._backlog.bury)

    def depth(self) -> Depth:
        """See `Spool.depth`."""
        return self._backlog.depth()

    async def probe(self) -> None:
        """See `Spool.probe`."""
        if self._backlog.bytes + self._puts.refused > self._max_bytes:
            raise self._puts.full()
        await self._writer.run(touch, fills=True)

    async def refresh(self) -> None:
        """See `Engine.refresh`."""
        async with self._reading:
            await self._writer.run(self._changed, self._notice)

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
        """End all threads; may be called again."""
        await self._writer.close()
        await asyncio.to_thread(self._checkpoints.close)
        await asyncio.to_thread(self._reader.shutdown)
        self._files.reader.close()

    def _changed(self, connection: sqlite3.Connection) -> tuple[int, Contents] | None:
        """The file's version and what it holds, if another process has changed it.

        Runs in the writer's thread, and twice if its transaction was undone: so it changes nothing itself.
        """
        version = data_version(connection)
        return None if version == self._version else (version, contents(connection))

    def _notice(self, change: tuple[int, Contents] | None) -> None:
        if change:
            self._version, found = change
            self._restore(found)

    def _restore(self, found: Contents) -> None:
        """Count what the file holds, and claim from its beginning."""
        self._position = 0
        self._recent.clear()  # it holds no more than the file, which may have less now
        age = self._clock() - found.oldest / 1000 if found.oldest else 0.0
        self._backlog.restore(found.records, found.record_bytes, found.dead, found.dead_bytes, age)
        self._backlog.dropped = found.dropped

    async def _commit(
        self,
        batch: Sequence[Claimed],
        change: Callable[[Sequence[Held], int, int, sqlite3.Connection], None],
        count: Callable[[Sequence[Held]], None],
    ) -> None:
        """Change claimed records on disk, then count them."""
        leaving = self._backlog.leave(batch)
        await self._writer.run(
            partial(change, leaving, *totals(leaving)),
            then=lambda _: count(leaving),
            always=lambda: self._backlog.stay(leaving),
        )

    async def _claim_some(self, max_records: int, max_bytes: int, *, newest: bool) -> list[Claimed]:
        span = (self._position, self._puts.last_id)
        spans = self._backlog.unclaimed(span[0] + 1, span[1])
        batch, next_at = await self._read(spans, max_records, max_bytes, newest=newest)
        if not batch:
            self._look_again(span)
            return []
        if newest:
            self._recent.clear()  # these were its last ones
            self._backlog.claim(batch)
        else:
            self._position = batch[-1].ids[-1]
            self._recent.remove_until(self._position)
            self._backlog.claim(batch, self._age(next_at))
        return batch

    async def _read(
        self, spans: Sequence[tuple[int, int]], max_records: int, max_bytes: int, *, newest: bool
    ) -> tuple[list[Claimed], int | None]:
        """As `select`; from memory, where the oldest of the records is there."""
        if spans and not newest and (recent := self._recent.from_id(spans[0][0])):
            batch, next_at = take(recent, max_records, max_bytes)
            return joined(batch), next_at
        rows = partial(select, self._files.reader, spans, max_records, max_bytes, newest=newest)
        return await asyncio.get_running_loop().run_in_executor(self._reader, rows)

    def _look_again(self, span: tuple[int, int]) -> None:
        """After a look that found nothing: if there should be something, look from the beginning.

        Raises:
            SpoolDamaged: there is nothing there either.
        """
        if self._backlog.waiting > 0 and span == (self._position, self._puts.last_id):
            if not self._position:
                raise SpoolDamaged("The spool does not hold what it counts.")
            self._position = 0

    def _age(self, stored_at: int | None) -> float:
        return self._clock() - stored_at / 1000 if stored_at else 0.0
