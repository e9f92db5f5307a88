"""The dead letters in a spool file, for a person who looks at them while a relay may have it open."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from relay.errors import SpoolError, SpoolUnusable, SpoolUnwritable
from relay.spool import Letter
from relay.spool._sqlite_faults import fault
from relay.spool._sqlite_file import WRITER, connect
from relay.spool._sqlite_tables import VERSION, count_dead, count_dropped, version_of

_AT_ONCE = 1_000
"""Letters changed in one transaction: the relay's own writes wait meanwhile."""

_SELECT = "SELECT id, stored_at, buried_at, reason, answer, data FROM dead WHERE id > ? ORDER BY id LIMIT ?"

_COUNT = """SELECT count(*), ifnull(sum(length(data)), 0) FROM dead
    WHERE id IN (SELECT value FROM json_each(?))"""
_RETRY = """INSERT INTO run (id, records, stored_at, earliest, latest, lengths, data)
    SELECT id, 1, stored_at, earliest, latest, '[' || length(data) || ']', data FROM dead
    WHERE id IN (SELECT value FROM json_each(?))"""
_DELETE = "DELETE FROM dead WHERE id IN (SELECT value FROM json_each(?))"


class SqliteLetters:
    """See `relay.spool.DeadLetters`, whose methods these are.

    A relay that has the file open notices the changes: `PRAGMA data_version` tells it that there are any.
    """

    def __init__(self, location: str) -> None:
        path = Path(location).absolute()
        if not path.is_file():
            raise SpoolUnusable(f"There is no spool {location}. Set RELAY_SPOOL to the relay's.")
        try:
            self._connection = connect(path, WRITER)
        except sqlite3.Error as error:
            raise fault(error, "opened") from error
        if not self._is_spool(location):
            self._connection.close()
            raise SpoolUnusable(f"The file {location} is empty. Set RELAY_SPOOL to the relay's.")

    def all(self) -> Iterator[Letter]:
        """See `DeadLetters.all`."""
        last = 0
        while rows := self._read(last):
            yield from (Letter(*row) for row in rows)
            last = rows[-1][0]

    def retry(self, ids: Sequence[int]) -> int:
        """See `DeadLetters.retry`."""
        return self._change(ids, _retry)

    def drop(self, ids: Sequence[int]) -> int:
        """See `DeadLetters.drop`."""
        return self._change(ids, _drop)

    def close(self) -> None:
        """See `DeadLetters.close`."""
        self._connection.close()

    def _is_spool(self, location: str) -> bool:
        try:
            version = version_of(self._connection, location)
        except (sqlite3.Error, SpoolError) as error:
            self._connection.close()
            raise fault(error, "read") if isinstance(error, sqlite3.Error) else error from error
        if 0 < version < VERSION:
            self._connection.close()
            raise SpoolUnwritable(
                f"The spool {location} is of version {version}. Start the relay: it brings it up to date."
            )
        return version == VERSION

    def _read(self, last: int) -> list[tuple[int, int, int, str, str, bytes]]:
        """Some letters at a time: an open query would keep the relay from emptying its log."""
        try:
            with closing(self._connection.execute(_SELECT, (last, 100))) as rows:
                return rows.fetchall()
        except sqlite3.Error as error:
            raise fault(error, "read") from error

    def _change(self, ids: Sequence[int], change: Callable[[sqlite3.Connection, Sequence[int]], int]) -> int:
        """Change letters, some in each transaction; gives how many there were."""
        try:
            return sum(
                self._commit(partial(change, self._connection, ids[start : start + _AT_ONCE]))
                for start in range(0, len(ids), _AT_ONCE)
            )
        except sqlite3.Error as error:
            raise fault(error, "written") from error

    def _commit(self, change: Callable[[], int]) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            changed = change()
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        return changed


def _retry(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    chosen = (json.dumps([*ids]),)
    letters, size = connection.execute(_COUNT, chosen).fetchone()
    connection.execute(
        _RETRY,
        chosen,
    )
    connection.execute(_DELETE, chosen)
    count_dead(connection, -letters, -size)
    return int(letters)


def _drop(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    chosen = (json.dumps([*ids]),)
    letters, size = connection.execute(_COUNT, chosen).fetchone()
    connection.execute(_DELETE, chosen)
    count_dropped(connection, letters, size)
    return int(letters)
