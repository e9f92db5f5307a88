"""One thread that writes: whatever gathers while a commit runs shares the next one."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Protocol, TypeVar, cast

from relay.errors import SpoolError, SpoolUnwritable
from relay.spool._checkpoints import Checkpoints
from relay.spool._reserve import Reserve
from relay.spool._sqlite_faults import fault, is_full
from relay.spool._work import Group, Job, Put, Stored

R = TypeVar("R")


_FREE_PAGES = 256
"""With so many unused pages of 4 KiB in it, the file need not grow; SQLite does not shrink it by itself."""


class Store(Protocol):
    """What the writer does with puts."""

    def store(self, puts: Sequence[Put], connection: sqlite3.Connection) -> Stored:
        """Store the records of puts, in one transaction."""
        ...

    def committed(self) -> None:
        """What was stored last is committed. If this is not called before the next `store`, it was undone."""
        ...

    def count(self, stored: Stored) -> None:
        """Count what was stored; in the event loop, before who waits for it is told."""
        ...


class GroupCommit:
    """Runs operations in transactions, many in one, in a thread of its own.

    While one transaction is being synced to disk, the next operations gather; so many requests share one
    fsync under load, and a lonely one does not wait for others. What comes in one iteration of the event loop
    is handed over together, at its end.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        reserve: Reserve,
        store: Store,
        checkpoints: Checkpoints,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin.

        Args:
            connection: is used by this thread only, from now on until `close`.
            reserve: is given back when the disk is full.
            store: stores what is put.
            checkpoints: keep the log short.
            check: is called before each transaction; raises `SpoolError` if there must be none.
        """
        self._connection = connection
        self._reserve = reserve
        self._store = store
        self._checkpoints = checkpoints
        self._check = check
        self._loop = asyncio.get_running_loop()
        self._gathered = Group()
        self._handed_over: SimpleQueue[Group | None] = SimpleQueue()
        self._stored: list[Stored] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)
        self._thread.start()

    def put(self, records: Put) -> asyncio.Future[int]:
        """Store records; the future tells how many, once they are committed. Raises as `run` does."""
        future: asyncio.Future[int] = self._loop.create_future()
        gathered = self._gather()
        gathered.puts.append(records)
        gathered.waiting.append(future)
        return future

    async def run(
        self,
        operation: Callable[[sqlite3.Connection], R],
        then: Callable[[R], None] = lambda _: None,
        always: Callable[[], None] = lambda: None,
        *,
        fills: bool = False,
    ) -> R:
        """Run an operation and return its result once it is committed.

        Args:
            operation: runs in the writer's thread; may share its transaction with others, and run twice if
                the first transaction was undone.
            then: runs in the event loop after the commit, even if the caller was cancelled meanwhile.
            always: runs there before it, whether or not the commit succeeded.
            fills: whether it makes the spool fuller, which a full disk refuses.

        Raises:
            SpoolUnwritable: the transaction failed, and with it all that shared it.
            SpoolError: what the operation raised.
        """
        future: asyncio.Future[R] = self._loop.create_future()
        job = Job(operation, then, always, fills, future)
        self._gather().jobs.append(cast("Job[object]", job))
        return await future

    async def close(self) -> None:
        """Commit what has gathered and end the thread; the connection stays open. May be called again."""
        self._closed = True
        self._hand_over()
        self._handed_over.put(None)
        await asyncio.to_thread(self._thread.join)

    def _gather(self) -> Group:
        """Give the group that is handed over at the end of this iteration of the event loop."""
        if self._closed:
            raise SpoolUnwritable("The spool is closed.")
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        return self._gathered

    def _hand_over(self) -> None:
        if self._gathered:
            self._handed_over.put(self._gathered)
            self._gathered = Group()

    def _run(self) -> None:
        while group := self._handed_over.get():
            closing = False
            while not self._handed_over.empty():
                if more := self._handed_over.get_nowait():
                    group.add(more)
                else:
                    closing = True
            self._commit(group)
            stored, self._stored = self._stored, []
            self._loop.call_soon_threadsafe(self._tell, group, stored)
            if closing:
                break

    def _tell(self, group: Group, stored: list[Stored]) -> None:
        for one in stored:
            self._store.count(one)
        group.tell()

    def _commit(self, group: Group, full: int = 0) -> None:
        """Carry a group out in one transaction. Raises nothing: who waits would else wait for ever.

        Args:
            group: the puts and other jobs.
            full: how often the disk was full for them before.
        """
        try:
            self._check()
            self._transact(group, is_full=full > 1 or not self._has_room())
        except sqlite3.Error as error:
            self._undo()
            if is_full(error) and full < 2:
                self._reserve.give()
                self._commit(group, full + 1)
            else:
                group.fail(fault(error, "written"))
        except SpoolError as error:
            self._undo()
            group.fail(error)
        except Exception as error:  # noqa: BLE001  # a fault of ours, told to the one that it belongs to
            self._undo()
            if len(group) == 1:
                group.fail(error)
            else:
                parts = group.apart()
                for part in parts:
                    self._commit(part)
                group.outcomes = [outcome for part in parts for outcome in part.outcomes]

    def _has_room(self) -> bool:
        """Whether there is room for more: on the disk, or in the file itself, once the log is emptied."""
        if self._reserve.hold():
            return True
        with contextlib.suppress(sqlite3.Error):
            self._checkpoints.empty(self._connection)
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            return self._reserve.hold() or free >= _FREE_PAGES
        return False

    def _transact(self, group: Group, *, is_full: bool) -> None:
        """Carry a group out, on a full disk only what makes the spool emptier."""
        jobs = group.jobs
        if is_full:
            group.fail(SpoolUnwritable("The spool cannot be written: the disk is full."))
            jobs = [job for job in jobs if not job.fills]
        stored = None
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")  # of the last one, which could not be undone then
        self._checkpoints.make_way(self._connection)
        self._connection.execute("BEGIN IMMEDIATE")
        if group.puts and not is_full:
            stored = self._store.store(group.puts, self._connection)
            group.outcomes = stored.outcomes
        for job in jobs:  # after the puts, which are counted before a job's outcome: one may count everything
            job.run(self._connection)
        self._connection.execute("COMMIT")
        if stored:
            self._store.committed()
            self._stored.append(stored)
        self._checkpoints.grew(len(jobs), stored.size if stored else 0)

    def _undo(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
