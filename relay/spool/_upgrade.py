"""Brings a spool file of version 1, which had a row for each record and each key, up to date.

A new file is made beside it, in one transaction, and takes its place once it is synced: a kill at any moment
leaves the one or the other. So the new one's pages are where `relay.spool._damaged` expects them.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from relay.spool._runs import MOST_BYTES, MOST_RECORDS
from relay.spool._sqlite_runs import written
from relay.spool._sqlite_tables import APPLICATION_ID, count_anew

SCHEMA_1 = f"""
BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;
CREATE TABLE record (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, date INTEGER, data BLOB NOT NULL);
CREATE TABLE seen (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, key BLOB NOT NULL UNIQUE);
CREATE TABLE dead (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, date INTEGER,
    buried_at INTEGER NOT NULL, reason TEXT NOT NULL, answer TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE total (records INTEGER NOT NULL, record_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL, dead_bytes INTEGER NOT NULL, dropped INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0, 0, 0, 0);
COMMIT;
"""  # noqa: S608  # our own number
"""What is read of a damaged file of version 1 goes into such a one, which is then brought up to date."""

_RECORDS = "SELECT id, stored_at, ifnull(date, stored_at), data FROM record ORDER BY id"
_LETTERS = """SELECT id, stored_at, ifnull(date, stored_at), ifnull(date, stored_at),
    buried_at, reason, answer, data FROM dead ORDER BY id"""
_KEYS = "SELECT stored_at, key FROM seen ORDER BY id"

_MOST_KEYS = 500
_MOST_MS = 60_000
"""Of one row of keys: all are known for as long as the last one."""


def is_older(path: Path) -> bool:
    """Whether a file is a spool of version 1; False if it is damaged in a way that hides it."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [
                connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
            ]
    except sqlite3.Error:
        return False
    return found == [(APPLICATION_ID,), (1,)]


def upgrade(path: Path, new_path: Path) -> tuple[int, int, int]:
    """Copy what a spool of version 1 holds into an empty one; tells how many records, dead letters and keys.

    Raises:
        sqlite3.Error: it cannot be read, or the other one not be written.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as old, filling(new_path) as new:
        old.execute("BEGIN IMMEDIATE")  # nobody changes letters meanwhile
        new.executemany("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)", _runs(old.execute(_RECORDS)))
        new.executemany("INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?, ?, ?)", old.execute(_LETTERS))
        new.executemany(
            "INSERT INTO seen (stored_at, length, keys) VALUES (?, ?, ?)", _keys(old.execute(_KEYS))
        )
        new.execute("UPDATE total SET dropped = ?", old.execute("SELECT dropped FROM total").fetchone())
        count_anew(new)
        records, letters, keys = new.execute(
            "SELECT records, dead, (SELECT ifnull(sum(length(keys) / length), 0) FROM seen) FROM total"
        ).fetchone()
    return records, letters, keys


@contextmanager
def filling(path: Path) -> Iterator[sqlite3.Connection]:
    """Fill a file that nobody uses yet in one transaction: of what goes wrong, nothing is kept.

    It is to be synced at the end.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as new:
        (mode,) = new.execute("PRAGMA journal_mode").fetchone()
        new.execute("PRAGMA journal_mode = OFF")
        new.execute("PRAGMA synchronous = OFF")
        new.execute("BEGIN")
        yield new
        new.execute("COMMIT")
        new.execute(f"PRAGMA journal_mode = {mode}")


def _runs(records: Iterable[Sequence[Any]]) -> Iterator[tuple[object, ...]]:
    """Rows of records whose ids follow each other."""
    run: list[Sequence[Any]] = []
    size = 0
    for record in records:
        size += len(record[3])
        if run and (record[0] != run[-1][0] + 1 or len(run) == MOST_RECORDS or size > MOST_BYTES):
            yield _run(run)
            run, size = [], len(record[3])
        run.append(record)
    if run:
        yield _run(run)


def _run(records: Sequence[Sequence[Any]]) -> tuple[object, ...]:
    ids, stored_at, dates, data = zip(*records, strict=True)
    lengths = written([len(each) for each in data])
    return ids[0], len(ids), min(stored_at), min(dates), max(dates), lengths, b",".join(data)


def _keys(rows: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, int, bytes]]:
    """Rows of keys that are of the same length and were put at about the same time."""
    keys: list[bytes] = []
    first = last = 0
    for stored_at, key in rows:
        if keys and (
            len(key) != len(keys[0]) or len(keys) == _MOST_KEYS or abs(stored_at - first) > _MOST_MS
        ):
            yield last, len(keys[0]), b"".join(keys)
            keys = []
        first, last = first if keys else stored_at, max(last, stored_at) if keys else stored_at
        keys.append(key)
    if keys:
        yield last, len(keys[0]), b"".join(keys)
