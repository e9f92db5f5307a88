"""Stores what is put: all that gathered for one transaction in one pass."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from relay.envelope import Record
from relay.errors import SpoolFull
from relay.spool._backlog import Backlog
from relay.spool._keys import Keys
from relay.spool._recent import Recent
from relay.spool._sqlite_runs import insert
from relay.spool._sqlite_tables import bytes_stored, count_stored
from relay.spool._work import Outcome, Put, Stored


class Puts:
    """See `relay.spool._group_commit.Store`, whose methods these are.

    Attributes:
        last_id: of the last record whose put is counted.
        refused: the size of a put that did not fit, if the last transaction had one.
    """

    def __init__(
        self,
        keys: Keys,
        backlog: Backlog,
        recent: Recent,
        last_id: int,
        max_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self.last_id = last_id
        self.refused = 0
        self._keys = keys
        self._backlog = backlog
        self._recent = recent
        self._next_id = last_id + 1
        self._max_bytes = max_bytes
        self._clock = clock

    def store(self, puts: Sequence[Put], connection: sqlite3.Connection) -> Stored:
        """See `Store.store`."""
        now = int(self._clock() * 1000)
        self._keys.begin()
        self._keys.forget(now)
        outcomes, records = self._without_repeats(puts)
        size = size_of(records)
        refused = 0
        if records and not count_stored(connection, len(records), size, self._max_bytes):
            outcomes, records, refused = self._fitting(puts, connection)
            size = size_of(records)
        if not records:
            return Stored(0, 0, 0, (), outcomes, refused)
        first_id, self._next_id = self._next_id, self._next_id + len(records)
        recent = Recent()  # of this transaction; `count` takes it in, in the event loop
        insert(records, first_id, now, connection, recent.put)
        self._keys.keep(now)
        return Stored(len(records), size, self._next_id - 1, recent.runs(), outcomes, refused)

    def _without_repeats(self, puts: Sequence[Put]) -> tuple[list[Outcome], list[Record]]:
        """What becomes of each put, and what is new of all of them."""
        records = list(chain.from_iterable(puts))
        if self._keys.are_new([record.key for record in records]):
            return list(map(len, puts)), records
        news = [self._keys.without_repeats(put) for put in puts]
        return list(map(len, news)), list(chain.from_iterable(news))

    def committed(self) -> None:
        """See `Store.committed`."""
        self._keys.committed()

    def count(self, stored: Stored) -> None:
        """See `Store.count`."""
        self.last_id = max(self.last_id, stored.last_id)
        self.refused = min(stored.refused, self._max_bytes)
        self._backlog.put(stored.records, stored.size)
        for run in stored.recent:
            self._recent.put(run)

    def full(self) -> SpoolFull:
        """The error of a put that does not fit."""
        return SpoolFull(f"The spool holds its limit of {self._max_bytes:,} bytes.")

    def _fitting(
        self, puts: Sequence[Put], connection: sqlite3.Connection
    ) -> tuple[list[Outcome], list[Record], int]:
        """Try each put by itself, in their order.

        Returns:
            What becomes of each; what is new of those that fit, which is counted; the size of one that
            does not.
        """
        outcomes: list[Outcome] = []
        records: list[Record] = []
        refused = 0
        used = bytes_stored(connection)
        self._keys.take_back()
        for put in puts:
            new = self._keys.without_repeats(put)
            size = size_of(new)
            if new and used + size > self._max_bytes:
                outcomes.append(self.full())
                refused = size
                self._keys.take_back(new)
            else:
                outcomes.append(len(new))
                used += size
                records += new
        if records:
            count_stored(connection, len(records), size_of(records), self._max_bytes)
        return outcomes, records, refused


def size_of(records: Iterable[Record]) -> int:
    """The data of records, in bytes."""
    return sum([len(record.data) for record in records])
