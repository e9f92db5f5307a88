"""The tables of the embedded engine, and the running totals beside them."""

import sqlite3
from dataclasses import dataclass

from relay.errors import SpoolDamaged, SpoolUnusable, SpoolUnwritable

APPLICATION_ID = 0x6F6B7464
VERSION = 2
_SCHEMA = """
CREATE TABLE run (id INTEGER PRIMARY KEY, records INTEGER NOT NULL, stored_at INTEGER NOT NULL,
    earliest INTEGER NOT NULL, latest INTEGER NOT NULL, lengths TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE dead (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL,
    earliest INTEGER NOT NULL, latest INTEGER NOT NULL,
    buried_at INTEGER NOT NULL, reason TEXT NOT NULL, answer TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE seen (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, length INTEGER NOT NULL,
    keys BLOB NOT NULL);
CREATE TABLE old (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE total (records INTEGER NOT NULL, record_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL, dead_bytes INTEGER NOT NULL, dropped INTEGER NOT NULL, aged INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0, 0, 0, 0, 0);
"""
"""`run` holds records put together, as `relay.spool.Claimed` does, their lengths as JSON; `id` is the first
one's, and no row covers another's ids, nor a letter's. `seen` and `old` are explained in `relay.spool._keys`.

`total` is one row, changed in the transaction that changes what it counts: counting rows would read them
all at each start. `dropped` are letters that are gone by the user's wish, `aged` is the last row of `seen`
whose keys are in `old`."""

TABLES = frozenset({"run", "dead", "seen", "old", "total"})


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds. `oldest`: when the oldest record was put, epoch ms, or None."""

    records: int
    record_bytes: int
    dead: int
    dead_bytes: int
    dropped: int
    last_id: int
    oldest: int | None


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file."""
    connection.executescript(
        f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        f"{_SCHEMA} COMMIT;"
    )


def version_of(connection: sqlite3.Connection, location: str) -> int:
    """The version of a spool file; 0 if it is empty.

    Raises:
        SpoolUnusable: it is another program's.
        SpoolUnwritable: it is of a newer version.
    """
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        return 0
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise SpoolUnusable(f"The file {location} is not a relay's spool. Set RELAY_SPOOL to another path.")
    if not 1 <= version <= VERSION:
        raise SpoolUnwritable(
            f"The spool {location} is of version {version}; this relay knows {VERSION}. Update it."
        )
    return int(version)


def contents(connection: sqlite3.Connection) -> Contents:
    """Read what the file holds: totals, and both ends of the records."""
    totals = connection.execute(
        "SELECT records, record_bytes, dead, dead_bytes, dropped FROM total"
    ).fetchone()
    if totals is None:
        raise SpoolDamaged("The spool has lost its totals.")
    (last_id,) = connection.execute(
        "SELECT max(ifnull((SELECT id + records - 1 FROM run ORDER BY id DESC LIMIT 1), 0),"
        " ifnull((SELECT max(id) FROM dead), 0))"
    ).fetchone()
    oldest = connection.execute("SELECT stored_at FROM run ORDER BY id LIMIT 1").fetchone()
    records, size, dead, dead_size, dropped = totals
    return Contents(records, size, dead, dead_size, dropped, last_id, oldest[0] if oldest else None)


def count_stored(connection: sqlite3.Connection, records: int, size: int, limit: int) -> bool:
    """Count records that are about to be stored; False if they would pass the limit."""
    changed = connection.execute(
        "UPDATE total SET records = records + ?, record_bytes = record_bytes + ?"
        " WHERE record_bytes + dead_bytes + ? <= ?",
        (records, size, size, limit),
    )
    return changed.rowcount == 1


def bytes_stored(connection: sqlite3.Connection) -> int:
    """The data of all records, dead ones too."""
    (size,) = connection.execute("SELECT record_bytes + dead_bytes FROM total").fetchone()
    return int(size)


def count_gone(connection: sqlite3.Connection, records: int, size: int) -> None:
    """Count records as no longer stored."""
    connection.execute(
        "UPDATE total SET records = records - ?, record_bytes = record_bytes - ?", (records, size)
    )


def count_dead(connection: sqlite3.Connection, records: int, size: int) -> None:
    """Count records as dead letters; negative numbers turn that round."""
    count_gone(connection, records, size)
    connection.execute("UPDATE total SET dead = dead + ?, dead_bytes = dead_bytes + ?", (records, size))


def count_dropped(connection: sqlite3.Connection, letters: int, size: int) -> None:
    """Count dead letters as thrown away."""
    connection.execute(
        "UPDATE total SET dead = dead - ?, dead_bytes = dead_bytes - ?, dropped = dropped + ?",
        (letters, size, letters),
    )


def count_anew(connection: sqlite3.Connection) -> None:
    """Count what the tables hold."""
    connection.execute(
        "UPDATE total SET (records, record_bytes) ="
        " (SELECT ifnull(sum(records), 0), ifnull(sum(length(data) - records + 1), 0) FROM run),"
        " (dead, dead_bytes) = (SELECT count(*), ifnull(sum(length(data)), 0) FROM dead)"
    )


def touch(connection: sqlite3.Connection) -> None:
    """Write without changing anything, to see whether the disk takes it.

    Two changes that cancel each other: SQLite writes nothing for a single one that changes nothing.
    """
    connection.execute("UPDATE total SET records = records + 1")
    connection.execute("UPDATE total SET records = records - 1")
