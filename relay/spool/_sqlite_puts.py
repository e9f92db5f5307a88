"""Stores what is put: all that gathered for one transaction in one pass."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence

from relay.envelope import Record
from relay.errors import SpoolFull
from relay.spool._backlog import Backlog
from relay.spool._keys import Keys
from relay.spool._sqlite_runs import insert
from relay.spool._sqlite_tables import bytes_stored, count_stored
from relay.spool._work import Put, Stored


class Puts:
    """See `relay.spool._group_commit.Store`, whose methods these are.

    Attributes:
        last_id: of the last record whose put is counted.
    """

    def __init__(
        self, keys: Keys, backlog: Backlog, last_id: int, max_bytes: int, clock: Callable[[], float]
    ) -> None:
        self.last_id = last_id
        self._keys = keys
        self._backlog = backlog
        self._next_id = last_id + 1
        self._max_bytes = max_bytes
        self._clock = clock

    def store(self, puts: Sequence[Put], connection: sqlite3.Connection) -> Stored:
        """See `Store.store`."""
        now = int(self._clock() * 1000)
        self._keys.begin()
        self._keys.forget(now)
        records = self._without_repeats(puts)
        size = size_of(records)
        if records and not count_stored(connection, len(records), size, self._max_bytes):
            records = self._fitting(puts, connection)
            size = size_of(records)
        if not records:
            return Stored(0, 0, 0)
        first_id, self._next_id = self._next_id, self._next_id + len(records)
        insert(records, first_id, now, connection)
        self._keys.keep(now)
        return Stored(len(records), size, self._next_id - 1)

    def _without_repeats(self, puts: Sequence[Put]) -> list[Record]:
        """What is new of all puts; each is told how much of it."""
        records = [record for put in puts for record in put.records]
        if self._keys.are_new([record.key for record in records]):
            for put in puts:
                put.stored, put.error = len(put.records), None
            return records
        records = []
        for put in puts:
            new = self._keys.without_repeats(put.records)
            put.stored, put.error = len(new), None
            records += new
        return records

    def committed(self) -> None:
        """See `Store.committed`."""
        self._keys.committed()

    def count(self, stored: Stored) -> None:
        """See `Store.count`."""
        self.last_id = max(self.last_id, stored.last_id)
        self._backlog.put(stored.records, stored.size)

    def full(self) -> SpoolFull:
        """The error of a put that does not fit."""
        return SpoolFull(f"The spool holds its limit of {self._max_bytes:,} bytes.")

    def _fitting(self, puts: Sequence[Put], connection: sqlite3.Connection) -> list[Record]:
        """Try each put by itself, in their order; gives what of those that fit is new, and counts it."""
        records: list[Record] = []
        used = bytes_stored(connection)
        self._keys.take_back()
        for put in puts:
            new = self._keys.without_repeats(put.records)
            size = size_of(new)
            put.stored, put.error = len(new), None
            if new and used + size > self._max_bytes:
                put.stored, put.error = 0, self.full()
                self._keys.take_back(new)
            else:
                used += size
                records += new
        if records:
            count_stored(connection, len(records), size_of(records), self._max_bytes)
        return records


def size_of(records: Iterable[Record]) -> int:
    """The data of records, in bytes."""
    return sum([len(record.data) for record in records])
