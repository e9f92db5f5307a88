"""The file of the embedded engine: opening it safely, its tables, and its running totals."""

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.errors import SpoolInUse, SpoolUnusable

_APPLICATION_ID = 0x6F6B7464
_VERSION = 1
_SCHEMA = """
CREATE TABLE record (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE seen (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, key BLOB NOT NULL UNIQUE);
CREATE TABLE dead (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, buried_at INTEGER NOT NULL,
    reason TEXT NOT NULL, answer TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE total (records INTEGER NOT NULL, record_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL, dead_bytes INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0, 0, 0);
"""
"""`total` is one row, changed in the transaction that changes what it counts: counting rows would read them
all at each start."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file held when it was opened. `oldest`: when the oldest record was put, epoch ms, or None."""

    records: int
    record_bytes: int
    dead: int
    dead_bytes: int
    last_id: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Files:
    """An open spool file: the connection that writes, the one that reads, the lock against others."""

    writer: sqlite3.Connection
    reader: sqlite3.Connection
    lock: int
    contents: Contents

    def unlock(self) -> None:
        """Let the next relay in. The connections are closed before, each in the thread that uses it."""
        os.close(self.lock)


def open_files(location: str) -> Files:
    """Open the spool file, making it if it is not there.

    Raises:
        SpoolUnusable: it cannot be opened; says why and what to do.
    """
    path = Path(location).absolute()  # for SQLite, the relative `:memory:` would be no file at all
    if not location or not path.parent.is_dir():
        raise SpoolUnusable(
            f"The directory of the spool {location!r} does not exist. Make it, or set RELAY_SPOOL."
        )
    try:
        lock = _lock(path)
    except OSError as error:
        raise SpoolUnusable(
            f"The spool {location} cannot be written: {error.strerror}."
            " Give this user the right, or set RELAY_SPOOL."
        ) from error
    try:
        writer = _connect(path, _WRITER)
        try:
            contents = _prepare(writer, location)
            return Files(writer, _connect(path, _READER), lock, contents)
        except BaseException:
            writer.close()
            raise
    except sqlite3.Error as error:
        os.close(lock)
        raise SpoolUnusable(f"The spool {location} cannot be opened: {error}.") from error
    except BaseException:
        os.close(lock)
        raise


def _lock(path: Path) -> int:
    """Make the files, readable by this user only, and hold the lock until the process ends."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        _sync_directory(path.parent)
    except BlockingIOError as error:
        os.close(lock)
        raise SpoolInUse(
            f"The spool {path} is in use by another relay. Stop it, or set RELAY_SPOOL."
        ) from error
    except BaseException:
        os.close(lock)
        raise
    return lock


def _sync_directory(directory: Path) -> None:
    """Make the file's name as durable as its contents."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_WRITER = (
    "PRAGMA synchronous = FULL",
    # on macOS a plain fsync leaves the data in the drive's cache; elsewhere these mean nothing
    "PRAGMA fullfsync = 1",
    "PRAGMA checkpoint_fullfsync = 1",
    "PRAGMA journal_size_limit = 67108864",
)
_READER = ("PRAGMA query_only = 1",)


def _connect(path: Path, settings: Sequence[str]) -> sqlite3.Connection:
    """Open the file; what is no database is found out here."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for setting in settings:
            connection.execute(setting)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, location: str) -> Contents:
    """Make the tables in a new file; see that an old one is ours; read its totals."""
    empty = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not empty and application != _APPLICATION_ID:
        raise SpoolUnusable(f"The file {location} is not a relay's spool. Set RELAY_SPOOL to another path.")
    if not empty and version != _VERSION:
        raise SpoolUnusable(
            f"The spool {location} is of version {version}; this relay knows {_VERSION}. Update it."
        )
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":  # without shared memory, as on some network file systems, SQLite keeps another mode
        raise SpoolUnusable(
            f"The spool {location} cannot keep a write-ahead log there. Put it on a local disk."
        )
    if empty:
        connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {_VERSION};"
            f"{_SCHEMA} COMMIT;"
        )
    records, record_bytes, dead, dead_bytes = connection.execute(
        "SELECT records, record_bytes, dead, dead_bytes FROM total"
    ).fetchone()
    (last_id,) = connection.execute(
        "SELECT max(ifnull((SELECT max(id) FROM record), 0), ifnull((SELECT max(id) FROM dead), 0))"
    ).fetchone()
    oldest = connection.execute("SELECT stored_at FROM record ORDER BY id LIMIT 1").fetchone()
    return Contents(records, record_bytes, dead, dead_bytes, last_id, oldest[0] if oldest else None)


def count_stored(connection: sqlite3.Connection, records: int, size: int, limit: int) -> bool:
    """Count records that are about to be stored; False if they would pass the limit."""
    changed = connection.execute(
        "UPDATE total SET records = records + ?, record_bytes = record_bytes + ?"
        " WHERE record_bytes + dead_bytes + ? <= ?",
        (records, size, size, limit),
    )
    return changed.rowcount == 1


def count_gone(connection: sqlite3.Connection, records: int, size: int) -> None:
    """Count records as no longer stored."""
    connection.execute(
        "UPDATE total SET records = records - ?, record_bytes = record_bytes - ?", (records, size)
    )


def count_dead(connection: sqlite3.Connection, records: int, size: int) -> None:
    """Count records as dead letters."""
    count_gone(connection, records, size)
    connection.execute("UPDATE total SET dead = dead + ?, dead_bytes = dead_bytes + ?", (records, size))


def touch(connection: sqlite3.Connection) -> None:
    """Write without changing anything, to see whether the disk takes it.

    Two changes that cancel each other: SQLite writes nothing for a single one that changes nothing.
    """
    connection.execute("UPDATE total SET records = records + 1")
    connection.execute("UPDATE total SET records = records - 1")
