"""What waits for the writer: puts, which it stores together, and other jobs; each with who waits for it."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from relay.envelope import Record
from relay.errors import SpoolError

R = TypeVar("R")


class Stored(NamedTuple):
    """What one transaction stored: how many records, how many bytes, and the last one's id."""

    records: int
    size: int
    last_id: int


class Put:
    """Records to be stored, and who waits for that.

    Attributes:
        records: that were put.
        stored: how many of them were stored; they are not repeats.
        error: why none was.
        future: of who waits.
    """

    __slots__ = ("error", "future", "records", "stored")
    fills = True

    def __init__(self, records: Sequence[Record], future: asyncio.Future[int]) -> None:
        self.records = records
        self.stored = 0
        self.error: Exception | None = None
        self.future = future

    def fail(self, error: Exception) -> None:
        """Nothing came of it."""
        self.error = error

    def tell(self) -> None:
        """Tell the outcome, in the event loop."""
        if self.future.done():
            return
        if self.error:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.stored)


class Job(Generic[R]):
    """Another operation to be committed, and who waits for it."""

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


Work: TypeAlias = "Put | Job[object]"
