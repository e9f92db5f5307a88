"""Which rows of a damaged spool file are what they should be, and what of them can be kept."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import orjson

from relay.spool import Claimed

Columns: TypeAlias = dict[str, tuple[type, ...]]
"""The names of a table's columns, and what may be in them; the first one is `id`."""


def columns(new: sqlite3.Connection, table: str) -> Columns:
    """A table's columns."""
    classes = {"INTEGER": int, "TEXT": str, "BLOB": bytes}
    info = new.execute('SELECT name, type, "notnull" OR pk FROM pragma_table_info(?)', (table,))
    return {name: (classes[kind],) if must else (classes[kind], type(None)) for name, kind, must in info}


class Sound:
    """Looks at rows in the order of their ids, a table after the other, letters before records."""

    def __init__(self, new: sqlite3.Connection, last_id: int) -> None:
        """Begin.

        Args:
            new: the file into which the rows go.
            last_id: no record may have a greater one.
        """
        self._new = new
        self._last_id = last_id
        self._next = 1

    def rows(self, table: str, row: Sequence[Any], kinds: Columns) -> Iterator[Sequence[Any]]:
        """What can be kept of a row, as rows; nothing if it is not what it should be."""
        if all(_is_sound(value, *column) for value, column in zip(row, kinds.items(), strict=True)):
            if table == "run":
                yield from self._runs(*row)
            elif "keys" not in kinds or (row[2] > 0 and len(row[3]) % row[2] == 0):
                yield row

    def _runs(self, id_: int, records: int, *row: Any) -> Iterator[Sequence[Any]]:  # noqa: ANN401
        """A row of records without those that an earlier row has, or a letter.

        Of a cut or a burial, the disk may have the one half only.
        """
        stored_at, earliest, latest, lengths, data = row
        run = Claimed(id_, stored_at, earliest, latest, _lengths(lengths), data)
        if len(run.lengths) != records or not _is_whole(run) or run.ids[-1] > self._last_id:
            return
        letters = self._new.execute(
            "SELECT id FROM dead WHERE id >= ? AND id <= ? ORDER BY id", (id_, run.ids[-1])
        )
        bounds = [max(id_, self._next) - 1, *(letter for (letter,) in letters), run.ids.stop]
        self._next = max(self._next, run.ids.stop)
        for before, behind in pairwise(bounds):
            if before + 1 < behind:
                part = run.part(before + 1 - id_, behind - id_)
                text = orjson.dumps(part.lengths).decode()
                yield part.id, len(part.lengths), *part[1:4], text, part.data


def _lengths(text: str) -> list[int]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    return found if isinstance(found, list) and all(type(length) is int for length in found) else []


def _is_whole(run: Claimed) -> bool:
    """Whether the data is records of these lengths with commas between them."""
    if not run.lengths or min(run.lengths) < 0 or run.size + len(run.lengths) - 1 != len(run.data):
        return False
    return b",".join(run.entries) == run.data


def _is_sound(value: object, column: str, kinds: tuple[type, ...]) -> bool:
    """Whether a column may hold this: `data` is JSON, thus UTF-8 without control characters.

    What was overwritten, with zeros or anything else, is hardly ever such text.
    """
    if column == "data" and isinstance(value, bytes):
        try:
            value.decode()
        except UnicodeDecodeError:
            return False
        return len(value.translate(None, bytes(range(32)))) == len(value)
    return isinstance(value, kinds)
