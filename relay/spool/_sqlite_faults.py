"""What SQLite's errors mean for the spool.

https://www.sqlite.org/rescode.html lists them.
"""

import sqlite3

from relay.errors import SpoolDamaged, SpoolUnwritable


def fault(error: sqlite3.Error, verb: str) -> SpoolUnwritable:
    """The spool's error for one of SQLite's."""
    is_damaged = _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
    return (SpoolDamaged if is_damaged else SpoolUnwritable)(f"The spool cannot be {verb}: {error}.")


def is_full(error: sqlite3.Error) -> bool:
    """Whether the disk has no room."""
    return _code(error) == sqlite3.SQLITE_FULL


def _code(error: sqlite3.Error) -> int:
    """The primary result code; an error of the module itself has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
