"""Puts a new spool file in the place of a damaged one, with what can be read of it.

Each step can be cut short by a kill at any moment: what is on disk then is made good by the next try.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from itertools import chain, count
from pathlib import Path
from typing import TypeAlias

from relay.spool._damaged import copy_file, save


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was done: where the damaged file is kept; how many records and dead letters were saved."""

    aside: Path
    records: int
    dead: int


Make: TypeAlias = Callable[[Path], None]
"""Makes an empty spool file where there is an empty file."""


def set_aside(path: Path, make_new: Make, now: datetime, make_older: Make | None = None) -> Salvaged:
    """Keep a damaged file as `<path>.damaged-<now>`, and put a new one with what can be read in its place.

    After a kill at any moment, `finish` and another call make it good.

    Args:
        path: the spool file; nobody may write it from now on.
        make_new: makes a spool file.
        now: for the name.
        make_older: makes one of the version before, for what can be read only so.

    Raises:
        OSError, sqlite3.Error: the new file cannot be written; may be called again.
    """
    path = path.resolve()  # what has to be replaced is the file, not a link to it
    finish(path)
    with _unfinished(path) as saving:
        records, dead = _save(path, saving, make_new)
        if make_older and not records + dead:
            records, dead = _save(path, saving, make_older)
            if not records + dead:
                _save(path, saving, make_new)
        aside = _exchange(path, saving, now)
    finish(path)
    return Salvaged(aside, records, dead)


def _save(path: Path, saving: Path, make: Make) -> tuple[int, int]:
    saving.write_bytes(b"")
    make(saving)
    return save(path, saving)


def renew(path: Path, make: Make) -> None:
    """Put the file that `make` makes in the place of a sound one that nobody has open.

    A kill at any moment leaves the one or the other, and errors are raised, as by `set_aside`.
    """
    path = path.resolve()
    finish(path)
    with _unfinished(path) as saving:
        make(saving)
        _put_in_place(path, saving)
    finish(path)


def rescue(connection: sqlite3.Connection, path: Path, now: datetime) -> None:
    """Bring back to its path a sound file that is open, but was deleted or replaced.

    What is there instead is kept, and errors are raised, as by `set_aside`.
    """
    path = path.resolve()
    finish(path)
    with _unfinished(path) as saving:
        with closing(sqlite3.connect(saving)) as new:
            connection.backup(new)
        _exchange(path, saving, now)
    finish(path)


def finish(path: Path) -> None:
    """Let the saved file, if there is one, take the place of the damaged one."""
    path = path.resolve()
    saved = Path(f"{path}.saved")
    if saved.exists():
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        _sync(path.parent)  # SQLite would take an old log for the saved file's own
        saved.replace(path)
        _sync(path.parent)


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """An empty file to save into. Whatever has its name is deleted before, and afterwards: it takes room."""

    def clear() -> None:
        for left in path.parent.glob(f"{escape(path.name)}.saving*"):
            left.unlink()

    clear()
    try:
        saving = Path(f"{path}.saving")
        saving.touch(0o600)
        yield saving
    finally:
        clear()


def _exchange(path: Path, saving: Path, now: datetime) -> Path:
    """Give the damaged file its second name, then the new one the name by which `finish` knows it."""
    _sync(saving)
    aside = _keep(path, now)
    _sync(path.parent)
    _put_in_place(path, saving)
    return aside


def _put_in_place(path: Path, saving: Path) -> None:
    """Give the new file the name by which `finish` knows it."""
    _sync(saving)
    saving.replace(f"{path}.saved")
    _sync(path.parent)


def _keep(path: Path, now: datetime) -> Path:
    """Link the damaged file and its log to a name that is free, or that they got in an earlier try."""
    name = f"{path}.damaged-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    earlier = sorted(path.parent.glob(f"{escape(path.name)}.damaged-*"))
    names = chain(earlier, [Path(name)], (Path(f"{name}-{number}") for number in count(2)))
    aside = next(aside for aside in names if all(_may_be(*pair) for pair in _pairs(path, aside)))
    for old, kept in _pairs(path, aside):
        if old.exists() and not kept.exists():
            _link(old, kept, Path(f"{path}.saving-aside"))
    return aside


def _pairs(path: Path, aside: Path) -> list[tuple[Path, Path]]:
    return [(path, aside), (Path(f"{path}-wal"), Path(f"{aside}-wal"))]


def _may_be(old: Path, kept: Path) -> bool:
    return not kept.exists() or (old.exists() and kept.samefile(old))


def _link(old: Path, kept: Path, unfinished: Path) -> None:
    try:
        kept.hardlink_to(old)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS}:
            raise
        copy_file(old, unfinished)  # this file system has no links
        unfinished.replace(kept)


def _sync(path: Path) -> None:
    """Make a file, or the names in a directory, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
