"""Which keys were put within the window, so that repeats are known: all on disk, the latest in memory.

A unique index of all keys would cost more than the records themselves. Instead each commit appends the keys
of its new records to `seen`, as one row or few, and the latest rows' keys are in memory too. What leaves
memory while it is still to be known goes into `old`, sorted. A key begins with its event's own time: fresh
events' keys are greater than all that left, and need not be looked for there.
"""

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from typing import NamedTuple

from relay.envelope import Record

REPEAT_WINDOW = 3600
"""For how long a record's key is remembered, in seconds. Whether and when Okta repeats is not published."""

IN_MEMORY = 100_000
"""So many keys are in memory: some 15 MB."""

_ROW = 250
"""Keys of one row at most: rows leave memory, and are forgotten, whole."""

_AT_ONCE = 500
"""So many keys leave memory, or are forgotten, in one transaction, or twice as many as came in with one: that
takes 1 ms, and no put has to wait for longer."""

_FORGET_EVERY_MS = 1_000

_PIECES = """WITH RECURSIVE piece(start) AS (
    VALUES(1) UNION ALL SELECT start + ?2 FROM piece WHERE start + ?2 <= length(?1)) """
"""Cuts a row's keys apart within SQLite: a statement for each key would take longer to call than to run."""

_AGE = f"{_PIECES} INSERT OR IGNORE INTO old SELECT substr(?1, start, ?2) FROM piece"  # noqa: S608  # our own text
_FORGET = f"{_PIECES} DELETE FROM old WHERE key IN (SELECT substr(?1, start, ?2) FROM piece)"  # noqa: S608


_OLDEST = "SELECT id, stored_at, length(keys) / length FROM seen ORDER BY id LIMIT ?"
_LATEST = "SELECT id, length(keys) / length FROM seen WHERE id > ? ORDER BY id DESC"
_NEXT = "SELECT id, length, keys FROM seen WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"


class _Row(NamedTuple):
    """A row of `seen` whose keys are in memory."""

    id: int
    keys: list[bytes]


class Keys:
    """The keys that are known; used by one thread, the writer's.

    What is in memory changes with each transaction. `begin` takes back what an earlier one changed that was
    not said to be `committed`, so that memory is as the file is.
    """

    def __init__(self, connection: sqlite3.Connection, most: int = IN_MEMORY) -> None:
        """Read the latest keys.

        Args:
            connection: whose transactions these are; none is open.
            most: keys in memory.
        """
        self._connection = connection
        self._most = most
        self._known: set[bytes] = set()
        self._rows: deque[_Row] = deque()
        self._new: dict[bytes, None] = {}
        self._added = 0
        self._left: list[_Row] = []
        self._forgot = False
        self._looked = 0
        self._portion = _AT_ONCE
        self._greatest, self._aged = self._read_old()
        (last,) = connection.execute("SELECT ifnull(max(id), 0) FROM seen").fetchone()
        self._next = max(last, self._aged) + 1
        self._load()

    def __len__(self) -> int:
        """How many keys are in memory."""
        return len(self._known)

    def begin(self) -> None:
        """Begin a transaction."""
        if self._added or self._left or self._forgot:
            self._next -= self._added
            for _ in range(self._added):
                self._known.difference_update(self._rows.pop().keys)
            for row in reversed(self._left):
                self._rows.appendleft(row)
                self._known.update(row.keys)
            self._greatest, self._aged = self._read_old()
        self.committed()

    def committed(self) -> None:
        """Keep what was changed since `begin`."""
        self._new.clear()
        self._left.clear()
        self._added = 0
        self._forgot = False

    def are_new(self, keys: Sequence[bytes | None]) -> bool:
        """Whether the records of these keys are all new, which nearly always they are; then they are known.

        Where this cannot be told by a look at all at once, `without_repeats` looks at each.
        """
        given = [key for key in keys if key]
        new = dict.fromkeys(given)
        if given and (len(new) < len(given) or min(new) <= self._greatest or not self._known.isdisjoint(new)):
            return False
        self._new = new
        return True

    def without_repeats(self, records: Iterable[Record]) -> list[Record]:
        """The records whose key is not known; from now on it is."""
        new: list[Record] = []
        for record in records:
            if key := record.key:
                if key in self._known or key in self._new or (key <= self._greatest and self._is_old(key)):
                    continue
                self._new[key] = None
            new.append(record)
        return new

    def take_back(self, records: Iterable[Record] | None = None) -> None:
        """Let the keys of new records, or of all, be as if they had not been put in this transaction."""
        if records is None:
            self._new.clear()
            return
        for record in records:
            if record.key:
                self._new.pop(record.key, None)

    def keep(self, now: int) -> None:
        """Write the new keys, at a time in epoch milliseconds, and let older ones leave memory."""
        if not self._new:
            return
        for length in sorted(set(map(len, self._new))):
            for some in _parts([key for key in self._new if len(key) == length]):
                row = _Row(self._next, some)
                values = (row.id, now, length, b"".join(some))
                self._connection.execute("INSERT INTO seen VALUES (?, ?, ?, ?)", values)
                self._rows.append(row)
                self._next += 1
                self._added += 1
        self._known.update(self._new)
        self._portion = max(_AT_ONCE, 2 * len(self._new))
        if len(self._known) > self._most + self._most // 256:  # some hundred at a time take half as long
            self._let_go()

    def forget(self, now: int) -> None:
        """Forget some of the keys that were put before the window, from the old end, and seldom.

        A row behind which there is one that was put before the window is older still, whatever the clock
        said then.
        """
        if abs(now - self._looked) < _FORGET_EVERY_MS:
            return
        number = 0
        last = None
        with closing(self._connection.execute(_OLDEST, (self._portion,))) as rows:
            for id_, stored_at, keys in rows:
                number += keys
                if number > max(self._portion, keys):
                    break
                if stored_at < now - 1000 * REPEAT_WINDOW:
                    last = id_
        if number <= self._portion or last is None:
            self._looked = now  # or else there may be more, for the next transaction
        if last is not None:
            self._forget_until(last)

    def _forget_until(self, last: int) -> None:
        self._forgot = True
        while self._rows and self._rows[0].id <= last:
            self._pop()
        until = min(last, self._aged)
        rows = self._connection.execute("SELECT length, keys FROM seen WHERE id <= ?", (until,)).fetchall()
        if rows:
            for length, keys in _by_length(key for row in rows for key in _apart(*row)):
                self._connection.execute(_FORGET, (keys, length))
        self._connection.execute("DELETE FROM seen WHERE id <= ?", (last,))
        if rows:
            self._greatest, self._aged = self._read_old()

    def _let_go(self) -> None:
        """Move the oldest keys from memory to `old`."""
        left = self._portion
        last = self._next - self._added
        gone: list[bytes] = []
        while len(self._known) > self._most and left > 0 and self._rows[0].id < last:
            row = self._pop()
            left -= len(row.keys)
            gone += row.keys
            self._aged = row.id
        if gone:
            self._age(gone)

    def _pop(self) -> _Row:
        row = self._rows.popleft()
        self._left.append(row)
        self._known.difference_update(row.keys)
        return row

    def _age(self, keys: list[bytes]) -> None:
        for length, some in _by_length(keys):
            self._connection.execute(_AGE, (some, length))
        self._connection.execute("UPDATE total SET aged = ?", (self._aged,))
        self._greatest = max(self._greatest, *keys)

    def _is_old(self, key: bytes) -> bool:
        return self._connection.execute("SELECT 1 FROM old WHERE key = ?", (key,)).fetchone() is not None

    def _read_old(self) -> tuple[bytes, int]:
        """The greatest key in `old`, and the last row whose keys are there."""
        found = self._connection.execute("SELECT (SELECT max(key) FROM old), aged FROM total").fetchone()
        return found[0] or b"", found[1]

    def _load(self) -> None:
        """Fill memory from the latest rows; more than it may hold is moved to `old` before.

        There is more after an upgrade, or after damage.
        """
        number = 0
        rows = self._connection.execute(_LATEST, (self._aged,))
        until = next((id_ for id_, keys in rows if (number := number + keys) > self._most), self._aged)
        rows.close()
        while self._aged < until:
            self._connection.execute("BEGIN IMMEDIATE")
            some = self._connection.execute(_NEXT, (self._aged, until, _AT_ONCE // _ROW * 10)).fetchall()
            self._aged = some[-1][0]
            self._age([key for _, *row in some for key in _apart(*row)])
            self._connection.execute("COMMIT")
        for id_, *row in self._connection.execute(_NEXT, (self._aged, self._next, -1)):
            self._rows.append(_Row(id_, _apart(*row)))
            self._known.update(self._rows[-1].keys)


def _parts(keys: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), _ROW):
        yield keys[start : start + _ROW]


def _apart(length: int, keys: bytes) -> list[bytes]:
    return [keys[start : start + length] for start in range(0, len(keys), length)]


def _by_length(keys: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Keys sorted and joined, those of each length by themselves."""
    for length, some in groupby(sorted(keys, key=lambda key: (len(key), key)), len):
        yield length, b"".join(some)
