"""What the embedded engine does with its rows of records; each function runs in the writer's thread.

All records of a transaction share rows: a row costs SQLite much the same whether it holds one or fifty. What
is done with some of a row's records only cuts it in two there before.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence

import orjson

from relay import dates
from relay.envelope import Record
from relay.spool import Claimed
from relay.spool._claims import Held
from relay.spool._runs import MOST_BYTES, MOST_RECORDS
from relay.spool._sqlite_tables import count_dead, count_gone

_INSERT = (
    "INSERT INTO run (id, records, stored_at, earliest, latest, lengths, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_BURY = """INSERT INTO dead (id, stored_at, earliest, latest, buried_at, reason, answer, data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_TAIL = """INSERT INTO run (id, records, stored_at, earliest, latest, lengths, data)
    SELECT ?, records - ?, stored_at, earliest, latest, ?, substr(data, ?) FROM run WHERE id = ?"""
_HEAD = "UPDATE run SET records = ?, lengths = ?, data = substr(data, 1, ?) WHERE id = ?"


def data_version(connection: sqlite3.Connection) -> int:
    """A number that another connection's commit changes.

    https://www.sqlite.org/pragma.html#pragma_data_version
    """
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def written(lengths: Sequence[int]) -> str:
    """Lengths as a row holds them."""
    return orjson.dumps(lengths).decode()


def insert(
    records: Sequence[Record],
    first_id: int,
    now: int,
    connection: sqlite3.Connection,
    keep: Callable[[Claimed], None],
) -> None:
    """Store records under ids from the first one on, and give each run of them to `keep`."""
    data = [record.data for record in records]
    dated = [record.date for record in records]
    lengths = list(map(len, data))
    start = 0
    for stop in _ends(lengths):
        bounds = dates.span(dated[start:stop], now)
        run = Claimed(first_id + start, now, *bounds, lengths[start:stop], b",".join(data[start:stop]))
        row = (run.id, stop - start, now, *bounds, written(run.lengths), run.data)
        connection.execute(_INSERT, row)
        keep(run)
        start = stop


def _ends(lengths: Sequence[int]) -> Iterator[int]:
    """The places behind each row's last record."""
    if 0 < len(lengths) <= MOST_RECORDS and sum(lengths) <= MOST_BYTES:
        yield len(lengths)  # as nearly always
        return
    start = size = 0
    for place, length in enumerate(lengths):
        if place - start == MOST_RECORDS or (place > start and size + length > MOST_BYTES):
            yield place
            start, size = place, 0
        size += length
    if lengths:
        yield len(lengths)


def delete(held: Sequence[Held], records: int, size: int, connection: sqlite3.Connection) -> None:
    """Delete so many records, whose data comes to `size` bytes."""
    for first, stop in _cut_out(held, connection):
        connection.execute("DELETE FROM run WHERE id >= ? AND id < ?", (first, stop))
    count_gone(connection, records, size)


def bury(
    letter: tuple[int, str, str],
    held: Sequence[Held],
    records: int,
    size: int,
    connection: sqlite3.Connection,
) -> None:
    """Move so many records to the dead letters; `letter` is when, why, and what Datadog answered."""
    for first, stop in _cut_out(held, connection):
        rows = connection.execute(
            "SELECT id, stored_at, earliest, latest, lengths, data FROM run WHERE id >= ? AND id < ?",
            (first, stop),
        )
        connection.executemany(
            _BURY,
            [
                (id_ + place, *dates, *letter, data)
                for id_, *dates, lengths, joined in rows.fetchall()
                for place, data in enumerate(pieces(joined, orjson.loads(lengths)))
            ],
        )
        connection.execute("DELETE FROM run WHERE id >= ? AND id < ?", (first, stop))
    count_dead(connection, records, size)


def pieces(data: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    """Each record's data."""
    start = 0
    for length in lengths:
        yield data[start : start + length]
        start += length + 1


def _cut_out(held: Sequence[Held], connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """The spans of ids of claimed records, each to behind its last one; rows begin and end there now."""
    spans: list[tuple[int, int]] = []
    for run in sorted(held):
        if spans and run.start == spans[-1][1]:
            spans[-1] = (spans[-1][0], run.stop)
        else:
            spans.append((run.start, run.stop))
    for first, stop in spans:
        _cut(first, connection)
        _cut(stop, connection)
    return spans


def _cut(id_: int, connection: sqlite3.Connection) -> None:
    """Cut the row in two that holds this record behind another one, if there is such a row."""
    found = connection.execute(
        "SELECT id, records, lengths FROM run WHERE id < ? ORDER BY id DESC LIMIT 1", (id_,)
    ).fetchone()
    if not found or found[0] + found[1] <= id_:
        return
    first, _, text = found
    lengths = orjson.loads(text)
    head = lengths[: id_ - first]
    size = sum(head) + len(head) - 1
    connection.execute(_TAIL, (id_, len(head), written(lengths[len(head) :]), size + 2, first))
    connection.execute(_HEAD, (len(head), written(head), size, first))
