"""What waits for the writer: puts, which it stores together, and other jobs; each with who waits for it."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from relay.envelope import Record
from relay.errors import SpoolError
from relay.spool import Claimed

R = TypeVar("R")

Put: TypeAlias = Sequence[Record]
"""What is stored as one, or not at all."""

Outcome: TypeAlias = int | Exception
"""What became of a put: how many of its records were stored, for repeats are not, or why none was."""


class Stored(NamedTuple):
    """What one transaction stored.

    Attributes:
        records: how many, of all puts.
        size: of their data, in bytes.
        last_id: of the last one.
        recent: the last ones, as they are claimed: so many as are to be in memory.
        outcomes: what became of each put, in their order.
        refused: the size of a put that did not fit, if there was one.
    """

    records: int
    size: int
    last_id: int
    recent: Iterable[Claimed]
    outcomes: Sequence[Outcome]
    refused: int = 0


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


class Group:
    """What gathers for one transaction. It has no object for each put, for there are thousands a second.

    Attributes:
        puts: to be stored.
        waiting: who waits for each of them, in the same order.
        outcomes: what became of each, likewise.
        jobs: other operations.
    """

    __slots__ = ("jobs", "outcomes", "puts", "waiting")

    def __init__(self) -> None:
        self.puts: list[Put] = []
        self.waiting: list[asyncio.Future[int]] = []
        self.outcomes: Sequence[Outcome] = ()
        self.jobs: list[Job[object]] = []

    def __len__(self) -> int:
        return len(self.puts) + len(self.jobs)

    def add(self, other: "Group") -> None:
        """Take in what another one has gathered."""
        self.puts += other.puts
        self.waiting += other.waiting
        self.jobs += other.jobs

    def fail(self, error: Exception) -> None:
        """Nothing came of all of it."""
        self.outcomes = [error] * len(self.puts)
        for job in self.jobs:
            job.fail(error)

    def apart(self) -> "list[Group]":
        """Each put and each job as a group of its own."""
        groups: list[Group] = []
        for put in self.puts:
            groups.append(Group())
            groups[-1].puts.append(put)
        for job in self.jobs:
            groups.append(Group())
            groups[-1].jobs.append(job)
        return groups

    def tell(self) -> None:
        """Tell each who waits what became of it, in the event loop."""
        for future, outcome in zip(self.waiting, self.outcomes, strict=True):
            if future.done():  # cancelled
                continue
            if isinstance(outcome, int):
                future.set_result(outcome)
            else:
                future.set_exception(outcome)
        for job in self.jobs:
            job.tell()
