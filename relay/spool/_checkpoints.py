"""Keeps the write-ahead log short, apart from the thread that writes.

To copy the log into the file takes longer than many commits. So another thread does it, with a connection of
its own, while commits go on; only what they have written meanwhile is copied between two of them, for a log
begins anew only once all of it is copied. https://www.sqlite.org/wal.html#ckpt
"""

import contextlib
import sqlite3
import threading

from relay.background import give_way

EVERY = 1_000
"""Pages by which the log grows between two checkpoints."""

MOST = 4
"""At so many times as many pages, commits wait for a checkpoint."""

_PAGE = 4_092
"""Bytes of a long value in one page."""

_PUT_PAGES = 6
_JOB_PAGES = 20
"""What else a commit writes: leaves, their parents, totals, lists of free pages."""


_READER_MS = 100
"""A log that is read cannot begin anew. Where it is too long, it is waited so long for the reader to end."""

_WRITER_MS = 5_000
"""So long SQLite waits for another process that writes; Python's own choice."""


class Checkpoints:
    """A thread that makes a checkpoint whenever the log has grown.

    By how much it has is reckoned from what was stored, for SQLite tells it only with a checkpoint.
    """

    def __init__(self, connection: sqlite3.Connection, every: int = EVERY) -> None:
        """Begin.

        Args:
            connection: is used by this thread only, and closed at the end.
            every: as `EVERY`.
        """
        self._connection = connection
        self._every = every
        self._pages = 0
        self._due = every
        self._is_copied = False
        self._was_read = False
        self._closed = False
        self._wanted = threading.Event()
        self._copying = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="spool-checkpoints", daemon=True)
        self._thread.start()

    def grew(self, jobs: int, size: int) -> None:
        """A transaction was committed: so many jobs beside puts, and so many bytes of data put."""
        self._pages += size // _PAGE + _PUT_PAGES + jobs * _JOB_PAGES
        if self._pages >= self._due:
            self._due = self._pages + self._every
            self._wanted.set()

    def make_way(self, connection: sqlite3.Connection) -> None:
        """Finish a checkpoint, if one was made, in the thread that writes and between its transactions.

        Raises:
            sqlite3.Error: none has succeeded for long.
        """
        too_long = self._pages >= MOST * self._every
        if not (self._is_copied or too_long):
            return
        with self._copying:
            self._is_copied = False
            try:
                self._checkpoint(connection, "RESTART" if too_long or self._was_read else "PASSIVE")
            except sqlite3.Error:
                if too_long:
                    raise

    def empty(self, connection: sqlite3.Connection) -> None:
        """Give the log's room back to the disk. Raises `sqlite3.Error`."""
        with self._copying:
            self._checkpoint(connection, "TRUNCATE")

    def close(self) -> None:
        """End the thread and close its connection. Blocks; may be called again."""
        self._closed = True
        self._wanted.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        give_way()
        while self._wanted.wait() and not self._closed:
            self._wanted.clear()
            # what fails here fails again in `make_way`, where somebody can be told
            with self._copying, contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._is_copied = True

    def _checkpoint(self, connection: sqlite3.Connection, mode: str) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_READER_MS}")
        try:
            busy, pages, _ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        finally:
            connection.execute(f"PRAGMA busy_timeout = {_WRITER_MS}")
        self._was_read = pages >= MOST * self._every and (bool(busy) or mode == "PASSIVE")
        self._pages = 0
        self._due = self._every
