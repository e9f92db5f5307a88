"""One thread that writes: whatever gathers while a commit runs shares the next one."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

from relay.errors import SpoolError, SpoolUnwritable
from relay.spool._reserve import Reserve
from relay.spool._sqlite_faults import fault, is_full

R = TypeVar("R")


_FREE_PAGES = 256
"""With so many unused pages of 4 KiB in it, the file need not grow; SQLite does not shrink it by itself."""


class _Job(Generic[R]):
    """An operation to be committed, and who waits for it."""

    __slots__ = ("_always", "_operation", "_outcome", "_then", "fills", "future")

    def __init__(
        self,
        operation: Callable[[sqlite3.Connection], R],
        then: Callable[[R], None],
        always: Callable[[], None],
        fills: bool,
        future: asyncio.Future[R],
    ) -> None:
        self.fills = fills
        self._operation = operation
        self._then = then
        self._always = always
        self._outcome: R | Exception
        self.future = future

    def run(self, connection: sqlite3.Connection) -> None:
        """Do it, in the writer's thread. A `SpoolError` is this job's own: it must not have written yet."""
        try:
            self._outcome = self._operation(connection)
        except SpoolError as error:
            self._outcome = error

    def fail(self, error: Exception) -> None:
        """Nothing came of it, for its transaction was undone."""
        self._outcome = error

    def tell(self) -> None:
        """Tell the outcome, in the event loop, even if nobody waits any more."""
        self._always()
        outcome = self._outcome
        if not isinstance(outcome, Exception):
            self._then(outcome)
        if self.future.cancelled():
            return
        if isinstance(outcome, Exception):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class GroupCommit:
    """Runs operations in transactions, many in one, in a thread of its own.

    While one transaction is being synced to disk, the next operations gather; so many requests share one
    fsync under load, and a lonely one does not wait for others.
    """

    def __init__(
        self, connection: sqlite3.Connection, reserve: Reserve, check: Callable[[], None] = lambda: None
    ) -> None:
        """Begin.

        Args:
            connection: is used by this thread only, from now on until `close`.
            reserve: is given back when the disk is full.
            check: is called before each transaction; raises `SpoolError` if there must be none.
        """
        self._connection = connection
        self._reserve = reserve
        self._check = check
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)
        self._thread.start()

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
        if self._closed:
            raise SpoolUnwritable("The spool is closed.")
        future: asyncio.Future[R] = self._loop.create_future()
        job = _Job(operation, then, always, fills, future)
        self._jobs.put(job)  # type: ignore[arg-type]  # a queue of every result type
        return await future

    def close(self) -> None:
        """Commit what has gathered and end the thread; the connection stays open. Blocks."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        closing = False
        while not closing:
            taken = [self._jobs.get()]
            while not self._jobs.empty():
                taken.append(self._jobs.get_nowait())
            group = [job for job in taken if job]
            closing = len(group) < len(taken)
            self._commit(group)
            self._loop.call_soon_threadsafe(_tell_all, group)

    def _commit(self, group: list[_Job[object]], full: int = 0) -> None:
        """Carry a group out in one transaction. Raises nothing: who waits would else wait for ever.

        Args:
            group: the jobs.
            full: how often the disk was full for them before.
        """
        try:
            self._check()
            if full > 1 or not self._has_room():
                group = _emptying(group)
            self._transact(group)
        except sqlite3.Error as error:
            self._undo()
            if is_full(error) and full < 2:
                self._reserve.give()
                self._commit(group, full + 1)
            else:
                _fail_all(group, fault(error, "written"))
        except SpoolError as error:
            _fail_all(group, error)
        except Exception as error:  # noqa: BLE001  # a fault of ours, told to the one that it belongs to
            self._undo()
            if len(group) == 1:
                group[0].fail(error)
            else:
                for job in group:
                    self._commit([job])

    def _has_room(self) -> bool:
        """Whether there is room for more: on the disk, or in the file itself, once the log is emptied."""
        if self._reserve.hold():
            return True
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            return self._reserve.hold() or free >= _FREE_PAGES
        return False

    def _transact(self, group: list[_Job[object]]) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")  # of the last one, which could not be undone then
        self._connection.execute("BEGIN IMMEDIATE")
        for job in group:
            job.run(self._connection)
        self._connection.execute("COMMIT")

    def _undo(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _emptying(group: list[_Job[object]]) -> list[_Job[object]]:
    """The jobs that make the spool emptier; the others fail."""
    full = SpoolUnwritable("The spool cannot be written: the disk is full.")
    _fail_all([job for job in group if job.fills], full)
    return [job for job in group if not job.fills]


def _fail_all(group: list[_Job[object]], error: Exception) -> None:
    for job in group:
        job.fail(error)


def _tell_all(group: list[_Job[object]]) -> None:
    for job in group:
        job.tell()
