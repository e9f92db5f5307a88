"""A spool file of version 1 is brought up to date when it is opened, whole, or is as it was."""

import asyncio
import logging
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from fakes import Clock, json_of

from relay.envelope import Record
from relay.errors import SpoolUnwritable
from relay.spool import Depth, open_letters
from relay.spool.sqlite import open_engine

ROOM = 10**9
RECORDS = 1_200
VERSION_1 = """
PRAGMA journal_mode = WAL;
BEGIN;
PRAGMA application_id = 0x6F6B7464;
PRAGMA user_version = 1;
CREATE TABLE record (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, date INTEGER, data BLOB NOT NULL);
CREATE TABLE seen (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, key BLOB NOT NULL UNIQUE);
CREATE TABLE dead (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, date INTEGER, buried_at INTEGER NOT NULL,
    reason TEXT NOT NULL, answer TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE total (records INTEGER NOT NULL, record_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL, dead_bytes INTEGER NOT NULL, dropped INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0, 0, 0, 3);
COMMIT;
"""


def data(id_: int) -> bytes:
    size = 700_000 if id_ % 400 == 0 else 50
    return json_of({"n": id_, "text": "x" * size}).encode()


def key(id_: int) -> bytes:
    return b"2026-03-04T05:06:07.000Z" + id_.to_bytes(4, "big") * 4


def is_dead(id_: int) -> bool:
    return id_ % 50 == 0


def is_gone(id_: int) -> bool:
    return 100 <= id_ < 110


WAITING = [id_ for id_ in range(1, RECORDS + 1) if not is_dead(id_) and not is_gone(id_)]
DEAD = [id_ for id_ in range(1, RECORDS + 1) if is_dead(id_) and not is_gone(id_)]
BYTES = sum(len(data(id_)) for id_ in WAITING + DEAD)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file as a relay of version 1 leaves it after a kill: its newest rows are in the log."""
    made = tmp_path / "made.db"
    path = tmp_path / "spool.db"
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.executescript(VERSION_1)
        for id_ in range(1, RECORDS + 1):
            stored_at = 1_772_600_000_000 + id_
            connection.execute("INSERT INTO seen VALUES (?, ?, ?)", (id_, stored_at, key(id_)))
            if is_gone(id_):
                continue
            date = None if id_ % 3 else 1_772_500_000_000 + id_
            if is_dead(id_):
                letter = (id_, stored_at, date, stored_at + 5, "HTTP 400", "é", data(id_))
                connection.execute("INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?, ?)", letter)
            else:
                row = (id_, stored_at, date, data(id_))
                connection.execute("INSERT INTO record VALUES (?, ?, ?, ?)", row)
        connection.execute(
            "UPDATE total SET (records, record_bytes) = (SELECT count(*), sum(length(data)) FROM record),"
            " (dead, dead_bytes) = (SELECT count(*), sum(length(data)) FROM dead)"
        )
        for suffix in ("", "-wal"):
            shutil.copy(f"{made}{suffix}", f"{path}{suffix}")
    made.unlink()
    # of which the relay had found that it was its own
    Path(f"{path}.lock").write_text("A relay keeps its spool here.\n")
    return path


def check(path: Path) -> None:
    """Open the file: nothing is lost, and it is up to date."""

    async def main() -> None:
        spool = await open_engine(str(path), max_bytes=ROOM, clock=Clock(1_772_600_100.0))
        depth = spool.depth()
        assert (depth.waiting, depth.dead, depth.bytes, depth.dropped) == (len(WAITING), len(DEAD), BYTES, 3)
        assert 99 < depth.oldest_age < 160
        assert await spool.put([Record(b"again", key(id_)) for id_ in range(1, RECORDS + 1)]) == 0
        assert await spool.put([Record(b"{}", key(RECORDS + 1))]) == 1
        batch = await spool.claim(9_999, ROOM, 0)
        found = {id_: entry for run in batch for id_, entry in zip(run.ids, run.entries, strict=True)}
        assert found.pop(RECORDS + 1) == b"{}"
        assert found == {id_: data(id_) for id_ in WAITING}
        for run in batch:
            dated = [id_ for id_ in run.ids if id_ % 3 == 0 and id_ <= RECORDS]
            assert all(run.earliest <= 1_772_500_000_000 + id_ <= run.latest for id_ in dated)
            if len(dated) < len(run.ids):
                assert run.latest >= run.stored_at
        assert len(batch) < 60
        await spool.release(batch)
        await spool.close()

    asyncio.run(main())
    with closing(open_letters(f"sqlite:{path}")) as letters:
        assert [(one.id, one.data, one.answer) for one in letters.all()] == [
            (id_, data(id_), "é") for id_ in DEAD
        ]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert not list(path.parent.glob("spool.db.sav*"))


def test_a_file_of_version_1_is_brought_up_to_date_with_all_that_it_holds(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    check(path)
    counts = f"{len(WAITING)} records, {len(DEAD)} dead letters, {RECORDS} keys"
    assert caplog.messages == [f"The spool {path} was brought up to version 2: {counts}."]


def test_an_empty_file_of_version_1_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1)

    async def main() -> None:
        spool = await open_engine(str(path), max_bytes=ROOM)
        assert spool.depth() == Depth(0, 0, 0, 0, 0.0, 3)
        await spool.close()

    asyncio.run(main())


def test_letters_are_not_to_be_changed_before(path: Path) -> None:
    with pytest.raises(
        SpoolUnwritable, match=r"is of version 1\. Start the relay: it brings it up to date\.$"
    ):
        open_letters(f"sqlite:{path}")


OPEN = """
import asyncio, os, resource, signal, sys
from relay.spool import open_spool

path, number = sys.argv[1], int(sys.argv[2])

async def main():
    spool = await open_spool("sqlite:" + path, max_bytes=10**9)
    await spool.close()
"""
KILLED = """
steps = 0

def kill_at_step(event, arguments):
    global steps
    if event in {"open", "os.remove", "os.rename", "sqlite3.connect/handle"}:
        if event != "open" or str(arguments[0]).startswith(os.path.dirname(path)):
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill_at_step)
asyncio.run(main())
"""
IN_THE_MIDDLE = """
from relay.spool import _upgrade

def killing(rows):
    for place, row in enumerate(runs(rows)):
        if place == number:
            os.kill(os.getpid(), signal.SIGKILL)
        yield row

runs, _upgrade._runs = _upgrade._runs, killing
asyncio.run(main())
"""
ON_A_FULL_DISK = """
resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
asyncio.run(main())
"""


def run(code: str, path: Path, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", OPEN + code, str(path), str(number)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def copied(path: Path, name: str) -> Path:
    copy = path.parent / name / "spool.db"
    copy.parent.mkdir()
    for suffix in ("", "-wal", ".lock"):
        shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    return copy


@pytest.mark.slow
def test_a_kill_at_any_step_loses_nothing(path: Path) -> None:
    for step in count(1):
        copy = copied(path, str(step))
        ended = run(KILLED, copy, step)
        if ended.returncode == 0:
            assert step > 10
            return
        assert ended.returncode == -9, ended.stderr
        check(copy)


def test_a_kill_before_all_is_copied_leaves_the_file_as_it_was(path: Path) -> None:
    ended = run(IN_THE_MIDDLE, path, 5)
    assert ended.returncode == -9, ended.stderr
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (len(WAITING),)
    check(path)


def test_a_full_disk_is_told_and_leaves_the_file_as_it_was(path: Path) -> None:
    ended = run(ON_A_FULL_DISK, path, 1_000_000)
    assert ended.returncode == 1
    assert "SpoolUnwritable: The spool cannot be brought up to date: " in ended.stderr
    check(path)


# --- a damaged file of version 1


def fold(path: Path) -> None:
    """Put all that the log holds into the file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def saved(path: Path) -> set[int]:
    """The records that are saved of a damaged file, each with the data that was put."""

    async def main() -> set[int]:
        spool = await open_engine(str(path), max_bytes=ROOM)
        assert spool.was_damaged
        batch = await spool.claim(9_999, ROOM, 0)
        found = {id_: entry for run in batch for id_, entry in zip(run.ids, run.entries, strict=True)}
        assert found.items() <= {id_: data(id_) for id_ in WAITING}.items()
        depth = spool.depth()
        assert depth.claimed == len(found)
        assert depth.dead == len(DEAD)
        await spool.close()
        return set(found)

    found = asyncio.run(main())
    assert len(list(path.parent.glob("spool.db.damaged-*"))) == 1
    return found


def test_a_damaged_file_of_version_1_is_set_aside_and_what_can_be_read_is_saved(path: Path) -> None:
    fold(path)
    page = path.read_bytes().find(b'{"n":611,') // 4096
    with path.open("r+b") as file:
        file.seek(4096 * page)
        file.write(bytes(4096))
    lost = set(WAITING) - saved(path)
    assert 0 < len(lost) < 80
    assert 611 in lost


@pytest.mark.parametrize("size", [100, 4096])
def test_a_file_of_version_1_without_its_first_page_is_saved_whole(path: Path, size: int) -> None:
    fold(path)
    with path.open("r+b") as file:
        file.write(bytes(size))
    assert saved(path) == set(WAITING)
