"""Reads what can be claimed, in the reader's thread."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing

import orjson

from relay.errors import SpoolDamaged
from relay.spool import Claimed
from relay.spool._runs import joined, take
from relay.spool._sqlite_faults import fault

_SPAN = """SELECT id, records, stored_at, earliest, latest, lengths, data FROM run
    WHERE id >= ifnull((SELECT max(id) FROM run WHERE id <= ?1), ?1) AND id <= ?2 AND id + records > ?1
    ORDER BY id """


def select(
    connection: sqlite3.Connection,
    spans: Sequence[tuple[int, int]],
    max_records: int,
    max_bytes: int,
    *,
    newest: bool,
) -> tuple[list[Claimed], int | None]:
    """The oldest or newest records that fit, oldest first, and when the next one was stored, if any.

    Args:
        connection: for reading.
        spans: of ids, first and last one, that nobody has claimed, in their order.
        max_records: at most so many.
        max_bytes: at most so many bytes of data in sum; but one record at least.
        newest: take those with the greatest ids.
    """
    try:
        with closing(_runs(connection, spans, newest=newest)) as runs:
            batch, next_at = take(runs, max_records, max_bytes, newest=newest)
    except sqlite3.Error as error:
        raise fault(error, "read") from error
    return joined(batch[::-1] if newest else batch), next_at


def _runs(
    connection: sqlite3.Connection, spans: Sequence[tuple[int, int]], *, newest: bool
) -> Generator[Claimed]:
    """The runs in spans of ids, without what of them lies outside."""
    order = "DESC" if newest else "ASC"
    for first, last in spans[::-1] if newest else spans:
        with closing(connection.execute(_SPAN + order, (first, last))) as rows:
            for row in rows:
                run = _sound(*row)
                start, stop = max(first - run.id, 0), min(last + 1 - run.id, len(run.lengths))
                yield run if stop - start == len(run.lengths) else run.part(start, stop)


def _sound(  # noqa: PLR0913, PLR0917  # a row's columns
    id_: int, records: int, stored_at: int, earliest: int, latest: int, lengths: str, data: bytes
) -> Claimed:
    """A row as a run.

    Raises:
        SpoolDamaged: its columns contradict each other.
    """
    try:
        numbers = orjson.loads(lengths)
        if len(numbers) == records and sum(numbers) + records - 1 == len(data):
            return Claimed(id_, stored_at, earliest, latest, numbers, data)
    except (TypeError, orjson.JSONDecodeError):
        pass
    raise SpoolDamaged(f"The spool's records from number {id_} on are broken.")
