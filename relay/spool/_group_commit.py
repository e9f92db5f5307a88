"""One thread that writes: whatever gathers while a commit runs shares the next one."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

from relay.errors import SpoolError, SpoolUnwritable

R = TypeVar("R")


class _Job(Generic[R]):
    """An operation to be committed, and who waits for it."""

    __slots__ = ("_operation", "_outcome", "_then", "future")

    def __init__(
        self,
        operation: Callable[[sqlite3.Connection], R],
        then: Callable[[R], None],
        future: asyncio.Future[R],
    ) -> None:
        self._operation = operation
        self._then = then
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

    def settle(self) -> None:
        """Tell the outcome, in the event loop; `then` runs even if nobody waits any more."""
        outcome = self._outcome
        if isinstance(outcome, Exception):
            if not self.future.cancelled():
                self.future.set_exception(outcome)
            return
        self._then(outcome)
        if not self.future.cancelled():
            self.future.set_result(outcome)


class GroupCommit:
    """Runs operations in transactions, many in one, in a thread of its own.

    While one transaction is being synced to disk, the next operations gather; so many requests share one
    fsync under load, and a lonely one does not wait for others.

    Attributes:
        fault: why the last transaction failed; None if it did not.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.fault: SpoolUnwritable | None = None
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="spool-writer", daemon=True)
        self._thread.start()

    async def run(
        self, operation: Callable[[sqlite3.Connection], R], then: Callable[[R], None] = lambda _: None
    ) -> R:
        """Run an operation and return its result once it is committed.

        Args:
            operation: runs in the writer's thread; may share its transaction with others.
            then: runs in the event loop after the commit, even if the caller was cancelled meanwhile.

        Raises:
            SpoolUnwritable: the transaction failed, and with it all that shared it.
            SpoolError: what the operation raised.
        """
        future: asyncio.Future[R] = self._loop.create_future()
        self._jobs.put(_Job(operation, then, future))  # type: ignore[arg-type]  # a queue of every result type
        return await future

    def close(self) -> None:
        """Commit what has gathered, end the thread and close the connection. Blocks."""
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        closing = False
        while not closing:
            taken = [self._jobs.get()]
            while not self._jobs.empty():
                taken.append(self._jobs.get_nowait())
            group = [job for job in taken if job]
            closing = len(group) < len(taken)
            self._commit(group)
            self._loop.call_soon_threadsafe(_settle, group)

    def _commit(self, group: list[_Job[object]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in group:
                job.run(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self.fault = SpoolUnwritable(f"The spool cannot be written: {error}.")
            self._undo(group, self.fault)
        except Exception as error:  # noqa: BLE001  # a fault of ours is told to who waits, who would else wait for ever
            self._undo(group, error)
        else:
            self.fault = None

    def _undo(self, group: list[_Job[object]], error: Exception) -> None:
        for job in group:
            job.fail(error)
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _settle(group: list[_Job[object]]) -> None:
    for job in group:
        job.settle()
