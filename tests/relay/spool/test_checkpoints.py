"""The write-ahead log stays short: whatever the load, a reader that stays, or a disk that fails."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import record

from relay.spool._checkpoints import EVERY, MOST, Checkpoints
from relay.spool._reserve import SIZE
from relay.spool.sqlite import open_engine

PAGE = 4_096
FRAME = PAGE + 24


class FailingConnection(sqlite3.Connection):
    """A connection whose checkpoints fail while `failing` is set."""

    failing = False

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if self.failing and "wal_checkpoint" in sql:
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *arguments)


class Log:
    """A database whose log is kept short, and how long its log is."""

    def __init__(self, path: Path, every: int) -> None:
        self.path = path
        self.writer = self.connect()
        self.writer.execute("PRAGMA journal_mode = WAL")
        self.writer.execute("PRAGMA wal_autocheckpoint = 0")
        self.writer.execute("CREATE TABLE value (data BLOB)")
        self.checkpoints = Checkpoints(self.connect(), every)

    def connect(self) -> FailingConnection:
        return sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, factory=FailingConnection
        )

    def commit(self, pages: int = 10) -> None:
        """As the writer does."""
        self.checkpoints.make_way(self.writer)
        self.writer.execute("INSERT INTO value VALUES (zeroblob(?))", (pages * PAGE,))
        self.checkpoints.grew(0, pages * PAGE)

    @property
    def longest(self) -> int:
        """Pages of the log when it was longest."""
        return Path(f"{self.path}-wal").stat().st_size // FRAME

    def close(self) -> None:
        self.checkpoints.close()
        self.writer.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with closing(Log(tmp_path / "db", every=100)) as log:
        yield log


def test_the_log_stays_short_under_load_without_a_pause(log: Log) -> None:
    for _ in range(1_000):
        log.commit()
    assert log.longest < (MOST + 1) * 100
    assert log.path.stat().st_size > 9_000 * PAGE


def test_the_reserve_is_several_times_what_the_log_grows_by_between_checkpoints() -> None:
    assert SIZE >= 4 * EVERY * PAGE


def test_a_reader_that_stays_stops_nobody_and_once_it_is_gone_the_log_begins_anew(log: Log) -> None:
    log.commit()
    with closing(log.connect()) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM value").fetchone()
        for _ in range(100):
            log.commit()
        reached = log.longest
        assert reached > 1_000
    for _ in range(200):
        log.commit()
    assert log.longest < reached + (MOST + 1) * 100


def test_checkpoints_that_fail_are_told_once_the_log_is_too_long(log: Log) -> None:
    log.checkpoints._connection.failing = True  # type: ignore[attr-defined]
    log.writer.failing = True
    for _ in range(MOST * 100 // 16):  # it is reckoned with some pages more than there are
        log.commit()
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        log.commit()
    assert (MOST - 2) * 100 < log.longest < (MOST + 1) * 100
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        log.commit()
    log.writer.failing = False
    log.checkpoints._connection.failing = False  # type: ignore[attr-defined]
    for _ in range(100):
        log.commit()
    assert log.longest < (MOST + 2) * 100


def test_the_spool_leaves_checkpoints_to_another_thread_and_its_log_stays_short(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"

    async def main() -> None:
        spool = await open_engine(str(path), max_bytes=10**9)
        assert spool._files.writer.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)
        for _ in range(30):
            await asyncio.gather(*(spool.put([record("x" * 500_000)]) for _ in range(3)))
        log = Path(f"{path}-wal").stat().st_size
        assert log < (MOST + 1) * EVERY * FRAME
        assert path.stat().st_size > 20_000_000
        await spool.close()
        assert not Path(f"{path}-wal").exists()

    asyncio.run(main())
