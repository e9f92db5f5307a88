"""Reads what can be read of a damaged spool file into a new one.

The damaged file is never written. It is read leaf by leaf: the interior pages of SQLite's B-trees hold each
leaf's last id, so that behind a broken one it is known where to go on. A broken page costs a seek or two,
whatever the ids, and the work is bounded by the number of pages and rows.
https://www.sqlite.org/fileformat2.html#b_tree_pages
"""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, pairwise
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

from relay.spool._sound import Columns, Sound, columns
from relay.spool._sqlite_tables import count_anew
from relay.spool._upgrade import filling

log = logging.getLogger(__name__)

_LAST_ID = 2**55
"""A broken row may bear any id, and the next record's has to be greater; no sound one gets so far."""

_LONGEST = 64 * 1024 * 1024
"""Bytes of the longest value, with ample room: a broken row may claim as many as the whole file has."""

_LOG_EVERY = 10.0


_Tables: TypeAlias = dict[str, Columns]
"""The tables that are read, in this order; those of version 1 have other columns."""


def save(path: Path, saving: Path) -> tuple[int, int]:
    """Copy what can be read into the new file; tells how many records and dead letters.

    Of a file of another version than the new one's, nothing can be read.
    """
    first_page = saving.read_bytes()[:4096]
    with filling(saving) as new:
        names = [name for name in ("dead", "run", "record", "seen") if columns(new, name)]
        tables = {name: columns(new, name) for name in names}
        old = _open(path, tables) or _open(_with_first_page(path, first_page), tables)
        if old:
            with closing(old):
                _copy_rows(old, new, tables, path)
        if "record" in tables:
            # a record whose burial is on disk in part only; the letter has its data too
            new.execute("DELETE FROM record WHERE id IN (SELECT id FROM dead)")
            return _first(new, "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM dead)") or (0, 0)
        count_anew(new)
        return _first(new, "SELECT records, dead FROM total") or (0, 0)


def _open(path: Path, tables: _Tables) -> sqlite3.Connection | None:
    """Open a damaged file for reading; None if its first page does not tell where the tables are."""
    if next(_blocks(path, 16), b"") != b"SQLite format 3\0":
        return None  # SQLite would take a file of no length for a new one, and delete the log beside it
    how = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"  # the latter puts no files beside it
    old = sqlite3.connect(f"{path.as_uri()}?{how}", uri=True)
    old.text_factory = lambda text: text.decode(errors="replace")
    old.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    try:
        old.execute("PRAGMA query_only = ON")
        old.execute("PRAGMA writable_schema = ON")  # takes a file that is shorter than it says
        for table, kinds in tables.items():
            old.execute(f"SELECT {','.join(kinds)} FROM {table} LIMIT 0")  # noqa: S608  # our own names
    except sqlite3.Error:
        old.close()
        return None
    return old


def _with_first_page(path: Path, first_page: bytes) -> Path:
    """Copy a damaged file, but with a new file's first page, which says of the tables' places the same.

    https://www.sqlite.org/fileformat2.html#the_database_header
    """
    copy = Path(f"{path}.saving-copy")
    copy_file(path, copy)
    copy_file(Path(f"{path}-wal"), Path(f"{copy}-wal"))
    pages = max(1, -(-copy.stat().st_size // len(first_page)))
    page = bytearray(first_page)
    page[28:32] = pages.to_bytes(4, "big")
    page[92:96] = page[24:28]  # or else the number of pages would not count
    with copy.open("r+b") as file:
        file.write(page)
        file.truncate(pages * len(page))
    return copy


def _copy_rows(old: sqlite3.Connection, new: sqlite3.Connection, tables: _Tables, path: Path) -> None:
    """Copy each row that can be read and is what it should be; and how many letters were dropped."""
    ends = [0, *_leaf_ends(path), _LAST_ID]
    sound = Sound(new, _LAST_ID)
    copied, told = 0, monotonic()
    for table, kinds in tables.items():
        names, places = ",".join(kinds), ",".join("?" * len(kinds))
        insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"  # noqa: S608  # our own names
        for row in _rows(old, table, names, ends):
            for kept in sound.rows(table, row, kinds):
                copied += new.execute(insert, kept).rowcount
            if monotonic() - told > _LOG_EVERY:
                told = monotonic()
                log.info("Saving what can be read of %s: %d rows so far.", path, copied)
    (dropped,) = _first(old, "SELECT dropped FROM total") or (0,)
    if isinstance(dropped, int) and 0 < dropped < _LAST_ID:
        new.execute("UPDATE total SET dropped = ?", (dropped,))


def _rows(old: sqlite3.Connection, table: str, names: str, ends: list[int]) -> Iterator[tuple[Any, ...]]:
    """The rows that can be read, those with the ids from one end to the next by themselves."""
    # `>=`, for with `>` SQLite looks into the leaf before, which may be broken
    rows = f"FROM {table} WHERE id >= ? AND id <= ? ORDER BY id"
    for before, end in pairwise(ends):
        at = before + 1
        while at <= end:
            try:
                for row in old.execute(f"SELECT {names} {rows}", (at, end)):
                    if row[0] >= at:  # a broken page may lead anywhere
                        at = row[0] + 1
                        yield row
                break
            except sqlite3.Error:
                # the module reads one row ahead, so the next one may be whole; or only its data is broken
                row = _first(old, f"SELECT {names} {rows} LIMIT 1", at, end)
                if row and row[0] >= at:
                    yield row
                known = row or _first(old, f"SELECT id {rows} LIMIT 1", at, end)
                at = max(at, known[0] if known else end) + 1


def _first(old: sqlite3.Connection, query: str, *values: int) -> tuple[Any, ...] | None:
    try:
        row: tuple[Any, ...] | None = old.execute(query, values).fetchone()
    except sqlite3.Error:
        return None
    return row


def _leaf_ends(path: Path) -> list[int]:
    """The last ids of all tables' leaves, in order, as the file and its log have them."""
    ends: set[int] = set()
    for page in chain(_blocks(path, 4096), _blocks(Path(f"{path}-wal"), 4096, first=56, gap=24)):
        if page[:1] == b"\5":
            ends.update(_ids(page))
    return sorted(ends)


def _ids(page: bytes) -> Iterator[int]:
    """The ids in an interior page, which rise; what does not is broken."""
    last = 0
    for slot in range(12, 12 + 2 * int.from_bytes(page[3:5], "big"), 2):
        at = int.from_bytes(page[slot : slot + 2], "big") + 4
        id_ = 0
        for byte in page[at : at + 8]:
            id_ = id_ << 7 | byte & 0x7F
            if byte < 0x80:
                break
        if not last < id_ < _LAST_ID:
            return
        yield id_
        last = id_


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, as far as the disk gives it back, and sync it."""
    target.touch(0o600)
    with target.open("wb") as file:
        file.writelines(_blocks(source, 4096))
        os.fsync(file.fileno())


def _blocks(path: Path, size: int, first: int = 0, gap: int = 0) -> Iterator[bytes]:
    """Read a file in pieces, if it is there; what the disk does not give back is zeros."""
    if path.exists():
        with path.open("rb", buffering=0) as file:
            for offset in range(first, path.stat().st_size, size + gap):
                try:
                    block = os.pread(file.fileno(), size, offset)
                except OSError:
                    block = bytes(size)
                yield block
