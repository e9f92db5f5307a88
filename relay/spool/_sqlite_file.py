"""The file of the embedded engine: opened by one relay only, set aside when it is damaged."""

import errno
import fcntl
import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from relay.errors import SpoolDamaged, SpoolError, SpoolInUse, SpoolUnusable, SpoolUnwritable
from relay.spool import _salvage
from relay.spool._keys import Keys
from relay.spool._reserve import Reserve
from relay.spool._sqlite_faults import fault
from relay.spool._sqlite_tables import TABLES, VERSION, Contents, contents, make_tables, version_of
from relay.spool._upgrade import SCHEMA_1, is_older, upgrade

log = logging.getLogger(__name__)

_MARK = b"A relay keeps its spool here.\n"
"""Stands in the lock file once the file was a spool: what is broken there later is ours to set aside, and not
some other file at which RELAY_SPOOL points by mistake."""

_SETUP_FAULTS = {
    *(errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP),
}
"""What no waiting mends."""


@dataclass(frozen=True, slots=True)
class Files:
    """An open spool file.

    Attributes:
        writer, reader, copier: the connection that writes, the one that reads, and the one that copies the
            log into the file.
        contents: what was in it.
        keys: those that are known.
        reserve: room on the disk for deliveries.
        was_damaged: whether what was at its path had to be set aside.
    """

    path: Path
    writer: sqlite3.Connection
    reader: sqlite3.Connection
    copier: sqlite3.Connection
    contents: Contents
    keys: Keys
    reserve: Reserve
    identity: tuple[int, int]
    lock: int
    was_damaged: bool = False

    def check(self) -> None:
        """See that the open file is still the one at its path.

        Raises:
            SpoolDamaged: it was deleted or replaced: what is put into it would be gone with this process.
        """
        if _identity(self.path) != self.identity:
            raise SpoolDamaged(f"The spool {self.path} was deleted or replaced while it was open.")

    def set_aside(self) -> None:
        """Keep a damaged file under another name, and save what can be read for the next opening.

        Raises:
            SpoolUnwritable: that is not possible at present; may be called again.
        """
        try:
            if _identity(self.path) != self.identity:
                _salvage.rescue(self.writer, self.path, datetime.now(UTC))
                log.error("What the spool held was saved; it goes on at %s.", self.path)
            else:
                _set_aside(self.path)
        except (OSError, sqlite3.Error) as error:
            raise SpoolUnwritable(f"The damaged spool {self.path} cannot be saved: {error}.") from error

    def close(self) -> None:
        """Let the next relay in. The other connections are closed before."""
        self.writer.close()
        self.reserve.give()
        os.close(self.lock)


def open_files(location: str) -> Files:
    """Open the spool file, making it if it is not there; what is damaged is set aside.

    Raises:
        SpoolUnusable: it cannot be a spool; says why and what to do.
        SpoolUnwritable: it cannot be opened at present; a file of a newer version waits for another relay.
    """
    path = Path(location).absolute()  # for SQLite, the relative `:memory:` would be no file at all
    if not location or not path.parent.is_dir():
        raise SpoolUnusable(
            f"The directory of the spool {location!r} does not exist. Make it, or set RELAY_SPOOL."
        )
    lock = -1
    try:
        lock = _lock(path)
        _salvage.finish(path)
        return _open_or_set_aside(path, location, lock)
    except BaseException as error:
        if lock >= 0:
            os.close(lock)
        if isinstance(error, OSError | sqlite3.Error):
            raise _cannot_open(location, error) from error
        raise


def connect(path: Path, settings: Sequence[str] = ()) -> sqlite3.Connection:
    """Open a file; what is no database is found out with the first setting."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for setting in settings:
            connection.execute(setting)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


WRITER = (
    "PRAGMA synchronous = FULL",
    # on macOS a plain fsync leaves the data in the drive's cache; elsewhere these mean nothing
    "PRAGMA fullfsync = 1",
    "PRAGMA checkpoint_fullfsync = 1",
    "PRAGMA journal_size_limit = 67108864",
    # some builds overwrite what is deleted with zeros, which costs as much as to write it
    "PRAGMA secure_delete = OFF",
)
_OWN_WRITER = (*WRITER, "PRAGMA wal_autocheckpoint = 0")
"""Checkpoints are made by another connection while the relay runs."""

_READER = ("PRAGMA query_only = 1",)


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


def _open_or_set_aside(path: Path, location: str, lock: int) -> Files:
    was_spool = os.pread(lock, len(_MARK), 0) == _MARK
    try:
        files = _open(path, location, lock, was_spool=was_spool)
    except SpoolDamaged as error:
        if not was_spool:
            raise SpoolUnusable(
                f"The file {location} is not a relay's spool: {error} Set RELAY_SPOOL to another path."
            ) from error
        log.warning("%s", error)
        _set_aside(path)
        files = replace(_open(path, location, lock, was_spool=True), was_damaged=True)
    if not was_spool:
        os.pwrite(lock, _MARK, 0)
        os.fsync(lock)
    return files


def _open(path: Path, location: str, lock: int, *, was_spool: bool) -> Files:
    _bring_up_to_date(path)
    with ExitStack() as opened:
        try:
            writer = opened.enter_context(closing(connect(path, _OWN_WRITER)))
            found = _prepare(writer, location, was_spool=was_spool)
            keys = Keys(writer)
            reader = opened.enter_context(closing(connect(path, _READER)))
            copier = opened.enter_context(closing(connect(path, WRITER)))
        except sqlite3.Error as error:
            raise fault(error, "opened") from error
        files = Files(
            path, writer, reader, copier, found, keys, Reserve(Path(f"{path}.reserve")), _identity(path), lock
        )
        opened.pop_all()
        return files


def _bring_up_to_date(path: Path) -> None:
    if not is_older(path):
        return
    counts = (0, 0, 0)

    def make(new: Path) -> None:
        nonlocal counts
        _make_new(new)
        counts = upgrade(path, new)

    try:
        _salvage.renew(path, make)
    except sqlite3.Error as error:
        raise fault(error, "brought up to date") from error
    log.info(
        "The spool %s was brought up to version %d: %d records, %d dead letters, %d keys.",
        *(path, VERSION, *counts),
    )


def _prepare(connection: sqlite3.Connection, location: str, *, was_spool: bool) -> Contents:
    """Make the tables in a new file; see that an old one is ours; read its totals."""
    try:
        is_new = not version_of(connection, location)
    except SpoolUnusable as error:
        raise (SpoolDamaged(f"The spool {location} has lost its head.") if was_spool else error) from error
    if is_new and was_spool:
        log.warning("The spool %s was there before, and is empty or gone. It begins anew.", location)
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":  # without shared memory, as on some network file systems, SQLite keeps another mode
        raise SpoolUnusable(
            f"The spool {location} cannot keep a write-ahead log there. Put it on a local disk."
        )
    if is_new:
        make_tables(connection)
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables >= TABLES:
        raise SpoolDamaged(f"The spool {location} has lost a table.")
    return contents(connection)


def _set_aside(path: Path) -> None:
    saved = _salvage.set_aside(path, _make_new, datetime.now(UTC), _make_older)
    log.error(
        "The damaged spool is kept as %s. A new one has what could be read: %d records, %d dead letters.",
        *(saved.aside, saved.records, saved.dead),
    )


def _make_new(path: Path) -> None:
    """Make an empty spool file at `path`."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    with closing(connect(path, ("PRAGMA journal_mode = WAL", *WRITER))) as connection:
        make_tables(connection)


def _make_older(path: Path) -> None:
    """Make an empty file of version 1."""
    with closing(connect(path, ("PRAGMA journal_mode = WAL", *WRITER))) as connection:
        connection.executescript(SCHEMA_1)


def _identity(path: Path) -> tuple[int, int]:
    """What tells a file from another one that takes its path; zeros if there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def _cannot_open(location: str, error: OSError | sqlite3.Error) -> SpoolError:
    if isinstance(error, OSError) and error.errno in _SETUP_FAULTS:
        return SpoolUnusable(
            f"The spool {location} cannot be written: {error.strerror}."
            " Give this user the right, or set RELAY_SPOOL."
        )
    return SpoolUnwritable(f"The spool {location} cannot be opened: {error}.")
