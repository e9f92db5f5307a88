"""What the embedded engine does with the rows of its tables; each function runs in one of its threads."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing

from relay.envelope import Record
from relay.spool import Claimed
from relay.spool._sqlite_faults import fault
from relay.spool._sqlite_tables import count_dead, count_gone

_SELECT_KEY = "SELECT 1 FROM seen WHERE key = ?"
_SELECT_SPAN = "SELECT id, stored_at, data, date FROM record WHERE id > ? AND id <= ? ORDER BY id"


def data_version(connection: sqlite3.Connection) -> int:
    """A number that another connection's commit changes.

    https://www.sqlite.org/pragma.html#pragma_data_version
    """
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def without_repeats(records: Iterable[Record], connection: sqlite3.Connection) -> list[Record]:
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


def size_of(records: Iterable[Record]) -> int:
    """The data of records, in bytes."""
    return sum(len(record.data) for record in records)


def select(
    connection: sqlite3.Connection,
    span: tuple[int, int],
    claimed: Collection[int],
    max_records: int,
    max_bytes: int,
    *,
    newest: bool,
) -> tuple[list[Claimed], int | None]:
    """The oldest or newest records that fit, oldest first, and when the next one was stored, if any."""
    batch: list[Claimed] = []
    size = 0
    next_at = None
    try:
        with closing(connection.execute(f"{_SELECT_SPAN} {'DESC' if newest else 'ASC'}", span)) as rows:
            for id_, stored_at, data, date in rows:
                if id_ in claimed:
                    continue
                size += len(data)
                if len(batch) == max_records or (batch and size > max_bytes):
                    next_at = stored_at
                    break
                batch.append(Claimed(id_, stored_at, data, date))
    except sqlite3.Error as error:
        raise fault(error, "read") from error
    return batch[::-1] if newest else batch, next_at


def insert(rows: Sequence[tuple[int, Record]], now: int, connection: sqlite3.Connection) -> None:
    """Store records under these ids, and their keys."""
    keys = [(now, record.key) for _, record in rows if record.key is not None]
    connection.executemany("INSERT INTO seen (stored_at, key) VALUES (?, ?)", keys)
    values = [(id_, now, record.date, record.data) for id_, record in rows]
    connection.executemany("INSERT INTO record (id, stored_at, date, data) VALUES (?, ?, ?, ?)", values)


def forget(before: int, most: int, connection: sqlite3.Connection) -> None:
    """Forget keys that were put before a time, from the old end of the table, at most so many."""
    connection.execute(
        "DELETE FROM seen WHERE id <= (SELECT max(id) FROM"
        " (SELECT id, stored_at FROM seen ORDER BY id LIMIT ?) WHERE stored_at < ?)",
        (most, before),
    )


def delete(ids: Sequence[int], size: int, connection: sqlite3.Connection) -> None:
    """Delete records, whose data comes to `size` bytes."""
    connection.executemany("DELETE FROM record WHERE id BETWEEN ? AND ?", _ranges(ids))
    count_gone(connection, len(ids), size)


def bury(letter: tuple[int, str, str], ids: Sequence[int], size: int, connection: sqlite3.Connection) -> None:
    """Move records to the dead letters; `letter` is when, why, and what Datadog answered."""
    for first, last in _ranges(ids):
        connection.execute(
            "INSERT INTO dead (id, stored_at, date, buried_at, reason, answer, data)"
            " SELECT id, stored_at, date, ?, ?, ?, data FROM record WHERE id BETWEEN ? AND ?",
            (*letter, first, last),
        )
        connection.execute("DELETE FROM record WHERE id BETWEEN ? AND ?", (first, last))
    count_dead(connection, len(ids), size)


def _ranges(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted ids as runs without gaps: a batch is one range, or nearly so."""
    runs: list[tuple[int, int]] = []
    for id_ in ids:
        if runs and id_ == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], id_)
        else:
            runs.append((id_, id_))
    return runs
