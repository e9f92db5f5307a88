"""What is saved of a damaged spool file: all that its whole pages hold, whatever happens meanwhile."""

import errno
import logging
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import orjson
import pytest
from fakes import json_of, unhurried
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.spool import Claimed, _damaged
from relay.spool._salvage import Salvaged, finish, rescue, set_aside

PAGE = 4096
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RECORDS = 6_000
SCHEMA = """
PRAGMA journal_mode = WAL;
BEGIN;
PRAGMA application_id = 0x6F6B7464;
PRAGMA user_version = 2;
CREATE TABLE run (id INTEGER PRIMARY KEY, records INTEGER NOT NULL, stored_at INTEGER NOT NULL,
    earliest INTEGER NOT NULL, latest INTEGER NOT NULL, lengths TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE dead (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL,
    earliest INTEGER NOT NULL, latest INTEGER NOT NULL,
    buried_at INTEGER NOT NULL, reason TEXT NOT NULL, answer TEXT NOT NULL, data BLOB NOT NULL);
CREATE TABLE seen (id INTEGER PRIMARY KEY, stored_at INTEGER NOT NULL, length INTEGER NOT NULL,
    keys BLOB NOT NULL);
CREATE TABLE old (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE total (records INTEGER NOT NULL, record_bytes INTEGER NOT NULL,
    dead INTEGER NOT NULL, dead_bytes INTEGER NOT NULL, dropped INTEGER NOT NULL, aged INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0, 0, 0, 0, 0);
COMMIT;
"""

Rows: TypeAlias = dict[str, dict[int, tuple[Any, ...]]]


def make_new(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA)


def fill(path: Path, records: int) -> sqlite3.Connection:
    """Put records of all sizes, in runs of all lengths; every tenth is dead. Part is in the log still."""
    make_new(path)
    sizes = random.Random(1)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    run: list[bytes] = []
    for id_ in range(1, records + 1):
        size = 1_000_000 if id_ % 2_000 == 999 else 20_000 if id_ % 101 == 0 else sizes.randrange(20, 1_500)
        data = json_of({"n": id_, "text": f"{id_:x}." * (size // 4)}).encode()
        if id_ % 10:
            run.append(data)
        else:
            letter = (id_, 1_000 + id_, 900 + id_, 950 + id_, 5_000, "rejected", "400: é", data)
            connection.execute("INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?, ?, ?)", letter)
        if run and (id_ % 10 in {0, 9} or sizes.randrange(4) == 0):
            put(connection, id_ - len(run) + (id_ % 10 > 0), *run)
            run.clear()
        if id_ % 20 == 0:
            keys = b"".join(key.to_bytes(4, "big") * 4 for key in range(id_ - 20, id_))
            connection.execute("INSERT INTO seen VALUES (?, ?, ?, ?)", (id_ // 20, 1_000 + id_, 16, keys))
        if id_ % 500 == 0:
            connection.execute("COMMIT")
            connection.execute("BEGIN")
    connection.execute("UPDATE total SET dropped = 7")
    connection.execute("COMMIT")
    return connection


def put(connection: sqlite3.Connection, id_: int, *records: bytes) -> None:
    """Put a run."""
    lengths = json_of([len(data) for data in records])
    row = (id_, len(records), 1_000 + id_, 900, 950, lengths, b",".join(records))
    connection.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def read(path: Path) -> Rows:
    """All rows of a spool file, which has to be sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {
            table: {row[0]: row for row in connection.execute(f"SELECT * FROM {table}")}
            for table in ("run", "dead", "seen")
        }


def contents(path: Path) -> Rows:
    """All rows of a spool file, which has to be sound and its totals true."""
    rows = read(path)
    with closing(sqlite3.connect(path)) as connection:
        totals = connection.execute("SELECT records, record_bytes, dead, dead_bytes FROM total").fetchall()
    records, letters = waiting(rows), rows["dead"]
    assert not records.keys() & letters.keys()
    sizes = [sum(map(len, data)) for data in (records.values(), [row[-1] for row in letters.values()])]
    assert totals == [(len(records), sizes[0], len(letters), sizes[1])]
    return rows


def waiting(rows: Rows) -> dict[int, bytes]:
    """The records of runs, none of which overlaps another one, by their ids."""
    found: dict[int, bytes] = {}
    for id_, records, *_, lengths, data in rows["run"].values():
        run = Claimed(id_, 0, 0, 0, orjson.loads(lengths), data)
        assert len(run.lengths) == records
        assert b",".join(run.entries) == data
        assert not found.keys() & set(run.ids)
        found |= zip(run.ids, run.entries, strict=True)
    return found


def dropped(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute("SELECT dropped FROM total").fetchone()
        return int(number)


class Sound:
    """A spool that is not damaged yet, its rows, and its pages by what they are."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "sound.db"
        fill(self.path, RECORDS).close()
        self.rows = read(self.path)
        self.bytes = self.path.read_bytes()
        self.pages = len(self.bytes) // PAGE
        self.leaves = self._pages(13)
        self.interior = self._pages(5)
        others = {1, *self.leaves, *self.interior, *self._pages(2), *self._pages(10)}
        self.overflow = sorted(set(range(1, self.pages + 1)) - others)

    def page(self, number: int) -> bytes:
        return self.bytes[(number - 1) * PAGE : number * PAGE]

    def rows_of(self, leaf: int) -> int:
        return int.from_bytes(self.page(leaf)[3:5], "big")

    def root(self, table: str) -> int:
        with closing(sqlite3.connect(self.path)) as connection:
            query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
            return int(connection.execute(query, (table,)).fetchone()[0])

    def _pages(self, kind: int) -> list[int]:
        return [number for number in range(2, self.pages + 1) if self.page(number)[0] == kind]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return Sound(tmp_path_factory.mktemp("sound"))


@pytest.fixture
def path(tmp_path: Path, sound: Sound) -> Path:
    path = tmp_path / "spool.db"
    shutil.copy(sound.path, path)
    return path


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    """A spool as a kill leaves it: the newest rows are in its log only."""
    connection = fill(tmp_path / "open.db", 200)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    for id_ in range(201, 301):
        put(connection, id_, b'{"new":%d}' % id_)
    path = tmp_path / "spool.db"
    for suffix in ("", "-wal"):
        shutil.copy(f"{tmp_path / 'open.db'}{suffix}", f"{path}{suffix}")
    connection.close()
    for left in tmp_path.glob("open.db*"):
        left.unlink()
    return path


ALL_LOGGED = {id_ for id_ in range(1, 201) if id_ % 10} | set(range(201, 301))


def overwrite(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def zero(path: Path, *pages: int) -> None:
    for page in pages:
        overwrite(path, (page - 1) * PAGE, bytes(PAGE))


def save(path: Path) -> tuple[Salvaged, Rows]:
    """Set the file aside; the old one is kept as it was, and only it and the new one are there."""
    files = {suffix: Path(f"{path}{suffix}") for suffix in ("", "-wal")}
    before = {suffix: file.read_bytes() for suffix, file in files.items() if file.exists()}
    salvaged = set_aside(path, make_new, NOW)
    kept = {suffix: Path(f"{salvaged.aside}{suffix}") for suffix in before}
    assert {suffix: file.read_bytes() for suffix, file in kept.items()} == before
    assert sorted(path.parent.iterdir()) == sorted([path, *kept.values()])
    rows = contents(path)
    assert (salvaged.records, salvaged.dead) == (len(waiting(rows)), len(rows["dead"]))
    return salvaged, rows


def lost(sound: Sound, rows: Rows) -> int:
    """How many rows are gone; the others are what they were."""
    for table, saved in rows.items():
        assert saved.items() <= sound.rows[table].items()
    return sum(len(sound.rows[table]) - len(saved) for table, saved in rows.items())


# --- what is saved


def test_a_whole_file_is_saved_whole(path: Path, sound: Sound) -> None:
    salvaged, rows = save(path)
    assert rows == sound.rows
    assert dropped(path) == 7
    assert salvaged == Salvaged(path.with_name("spool.db.damaged-20260304T050607Z"), 5_400, 600)


def test_the_new_file_is_readable_by_its_owner_only_and_has_no_log(path: Path) -> None:
    save(path)
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert path.read_bytes()[18:20] == b"\2\2", "it is in WAL mode as it was made"


@pytest.mark.parametrize("filling", [bytes(PAGE), b"\xff" * PAGE, random.Random(2).randbytes(PAGE)])
def test_a_broken_leaf_loses_its_own_rows_only(path: Path, sound: Sound, filling: bytes) -> None:
    leaf = max(sound.leaves, key=sound.rows_of)
    overwrite(path, (leaf - 1) * PAGE, filling)
    _, rows = save(path)
    assert lost(sound, rows) == sound.rows_of(leaf)


def test_a_broken_overflow_page_loses_its_own_run_only(path: Path, sound: Sound) -> None:
    zero(path, sound.overflow[len(sound.overflow) // 2])
    _, rows = save(path)
    assert lost(sound, rows) == 1


@pytest.mark.parametrize("end", [0, -1])
def test_a_table_is_read_behind_its_first_leaf_and_before_its_last(
    path: Path, sound: Sound, end: int
) -> None:
    ids = sorted(sound.rows["run"])
    text = b'{"n":%d,' % ids[end]
    leaf = next(page for page in sound.leaves if text in sound.page(page))
    zero(path, leaf)
    _, rows = save(path)
    assert lost(sound, rows) == sound.rows_of(leaf)


def test_ids_far_apart_do_not_matter(path: Path, sound: Sound) -> None:
    far = 2**40
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE run SET id = id + ? WHERE id > 1500", (far,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = path.read_bytes().find(b'{"n":1501,') // PAGE + 1
    zero(path, page)
    _, rows = save(path)
    assert len(rows["run"]) > len(sound.rows["run"]) - 20
    assert max(waiting(rows)) == far + 5_999


def test_without_its_first_page_a_file_is_saved_whole(path: Path, sound: Sound) -> None:
    zero(path, 1)
    _, rows = save(path)
    assert rows == sound.rows
    assert dropped(path) == 7


@pytest.mark.parametrize(("offset", "size"), [(0, 16), (16, 84), (100, 40), (3_000, 1_096)])
def test_part_of_the_first_page_may_be_broken(path: Path, sound: Sound, offset: int, size: int) -> None:
    overwrite(path, offset, random.Random(3).randbytes(size))
    _, rows = save(path)
    assert rows == sound.rows


def test_a_broken_interior_page_loses_what_is_below(path: Path, sound: Sound) -> None:
    roots = [sound.root(table) for table in ("run", "seen", "dead")]
    zero(path, next(page for page in sound.interior if page not in roots))
    _, rows = save(path)
    assert 0 < lost(sound, rows) < sum(map(len, sound.rows.values())) / 2


@pytest.mark.parametrize("table", ["run", "seen", "dead"])
def test_a_broken_root_loses_its_table_only(path: Path, sound: Sound, table: str) -> None:
    zero(path, sound.root(table))
    _, rows = save(path)
    assert rows == {**sound.rows, table: {}}


def test_without_the_totals_they_are_counted_anew(path: Path, sound: Sound) -> None:
    zero(path, sound.root("total"))
    _, rows = save(path)
    assert rows == sound.rows
    assert dropped(path) == 0


@pytest.mark.parametrize("odd", [0, 1_000])
@pytest.mark.parametrize("damage", [lambda _: None, lambda path: zero(path, 1)])
def test_of_a_file_cut_short_all_that_is_left_is_saved(
    path: Path, sound: Sound, odd: int, damage: Callable[[Path], None]
) -> None:
    left = max(sound.interior) + 10
    os.truncate(path, left * PAGE + odd)
    damage(path)
    _, rows = save(path)
    missing = [sound.rows_of(page) for page in sound.leaves if page > left]
    overflow = [page for page in sound.overflow if page > left]
    assert 0 < lost(sound, rows) <= sum(missing) + len(overflow)


def test_of_a_file_cut_short_a_table_is_lost_with_its_interior_pages(path: Path, sound: Sound) -> None:
    os.truncate(path, sound.pages // 2 * PAGE)
    _, rows = save(path)
    lost(sound, rows)
    assert len(rows["run"]) == 0
    assert len(rows["seen"]) > 100
    assert len(rows["dead"]) > 100


def test_of_garbage_nothing_is_saved(path: Path, sound: Sound) -> None:
    path.write_bytes(random.Random(4).randbytes(len(sound.bytes)))
    assert save(path)[1] == {"run": {}, "dead": {}, "seen": {}}


def test_of_an_empty_file_nothing_is_saved(path: Path) -> None:
    path.write_bytes(b"")
    assert save(path)[1] == {"run": {}, "dead": {}, "seen": {}}


def test_a_row_that_is_not_what_it_should_be_is_left_out(path: Path, sound: Sound) -> None:
    sets = [
        "data = cast(data AS TEXT)",
        "data = cast(replace(data, '{', x'00') AS BLOB)",
        "data = cast(x'ff' || substr(data, 2) AS BLOB)",
        "stored_at = 'then'",
        "latest = 1.5",
        "records = records + 1",
        "records = 0",
        "lengths = '[' || length(data) || ',0]'",
        "lengths = '[-1]'",
        "lengths = '[true]'",
        "lengths = '{}'",
        "lengths = '['",
        "lengths = replace(lengths, '[', '[0.0,')",
        "data = cast(data || '}' AS BLOB)",
        "id = 9223372036854775000",
        f"id = {2**55}, records = 2, lengths = '[1,1]', data = x'302c30'",
        "id = -600",
    ]
    ids = sorted(sound.rows["run"])[: 2 * len(sets)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for id_, change in zip(ids[::2], sets, strict=True):
            assert connection.execute(f"UPDATE run SET {change} WHERE id = ?", (id_,)).rowcount == 1
        connection.execute("UPDATE dead SET reason = cast(x'61ff' AS TEXT) WHERE id = 10")
        connection.execute("UPDATE seen SET length = 0 WHERE id = 1")
        connection.execute("UPDATE seen SET length = 17 WHERE id = 2")
    set_aside(path, make_new, NOW)
    rows = contents(path)
    assert sorted(rows["run"])[: len(sets)] == ids[1::2]
    assert max(waiting(rows)) == 5_999
    assert rows["dead"][10][5] == "a\N{REPLACEMENT CHARACTER}"
    assert sorted(rows["seen"])[:2] == [3, 4]


def test_data_without_a_comma_between_its_records_is_left_out(path: Path, sound: Sound) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        put(connection, 50_000, b"{}", b"{}")
        connection.execute("UPDATE run SET data = CAST('{};{}' AS BLOB) WHERE id = 50000")
    set_aside(path, make_new, NOW)
    assert contents(path) == sound.rows


def test_of_a_cut_or_a_burial_that_is_on_disk_in_part_each_record_is_saved_once(path: Path) -> None:
    data = [b'{"n":%d}' % number for number in range(10)]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        put(connection, 50_000, *data)
        put(connection, 50_004, *data[4:])  # the row before was to end here
        put(connection, 50_008, *data[8:], b'{"n":10}')
        put(connection, 60_000, *data)
        for id_ in (60_000, 60_003, 60_004, 60_009):
            letter = (id_, 1, 2, 3, 4, "rejected", "400", data[id_ - 60_000])
            connection.execute("INSERT INTO dead VALUES (?, ?, ?, ?, ?, ?, ?, ?)", letter)
    set_aside(path, make_new, NOW)
    rows = contents(path)
    records = {id_: data for id_, data in waiting(rows).items() if id_ >= 50_000}
    expected = {50_000 + number: b'{"n":%d}' % number for number in range(11)}
    expected |= {60_000 + number: data[number] for number in (1, 2, 5, 6, 7, 8)}
    assert records == expected
    assert {60_000, 60_003, 60_004, 60_009} <= rows["dead"].keys()


@settings(unhurried, max_examples=25)
@given(data=st.data(), filling=st.sampled_from([b"\0", b"\xff", b"\x0d\x05", None]))
def test_whatever_leaves_and_overflow_pages_are_broken_no_other_row_is_lost(
    sound: Sound, data: st.DataObject, filling: bytes | None
) -> None:
    broken = data.draw(st.sets(st.sampled_from(sound.leaves + sound.overflow), max_size=60))
    noise = random.Random(5)
    with TemporaryDirectory() as directory:
        path = Path(directory, "spool.db")
        shutil.copy(sound.path, path)
        for page in broken:
            overwrite(
                path,
                (page - 1) * PAGE,
                filling * (PAGE // len(filling)) if filling else noise.randbytes(PAGE),
            )
        _, rows = save(path)
    most = sum(sound.rows_of(page) if page in sound.leaves else 1 for page in broken)
    assert lost(sound, rows) <= most


@settings(unhurried, max_examples=30)
@given(
    ranges=st.lists(st.tuples(st.floats(0, 0.999), st.integers(16, 20_000)), min_size=1, max_size=30),
    filling=st.sampled_from([b"\0", b"\xff", None]),
    cut=st.none() | st.floats(0, 1),
)
def test_whatever_is_overwritten_only_what_was_put_is_saved(
    sound: Sound, ranges: list[tuple[float, int]], filling: bytes | None, cut: float | None
) -> None:
    noise = random.Random(6)
    with TemporaryDirectory() as directory:
        path = Path(directory, "spool.db")
        shutil.copy(sound.path, path)
        for place, size in ranges:
            data = filling * size if filling else noise.randbytes(size)
            overwrite(path, int(place * len(sound.bytes)), data)
        if cut is not None:
            os.truncate(path, int(cut * len(sound.bytes)))
        _, rows = save(path)
    assert set(waiting(rows).values()) <= set(waiting(sound.rows).values())
    assert {row[-1] for row in rows["dead"].values()} <= {row[-1] for row in sound.rows["dead"].values()}


# --- the log beside the file


def test_what_only_the_log_holds_is_saved(logged: Path) -> None:
    _, rows = save(logged)
    assert set(waiting(rows)) == ALL_LOGGED


@pytest.mark.parametrize("size", [PAGE, 100, 16])
def test_the_log_counts_for_a_file_without_its_first_page(logged: Path, size: int) -> None:
    overwrite(logged, 0, bytes(size))
    _, rows = save(logged)
    assert set(waiting(rows)) == ALL_LOGGED


def test_what_the_log_holds_is_saved_of_a_file_cut_to_nothing(tmp_path: Path) -> None:
    connection = fill(tmp_path / "open.db", 0)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("DELETE FROM seen")
    for id_ in range(1, 999):
        put(connection, id_, b'{"text":"%d"}' % id_)
    path = tmp_path / "other" / "spool.db"
    path.parent.mkdir()
    shutil.copy(tmp_path / "open.db-wal", f"{path}-wal")
    connection.close()
    path.touch()
    _, rows = save(path)
    assert len(rows["run"]) == 998


def test_a_broken_page_that_the_log_holds_anew_loses_nothing(logged: Path) -> None:
    newest = max(range(2, logged.stat().st_size // PAGE + 1), key=lambda page: _last_write(logged, page))
    zero(logged, newest)
    _, rows = save(logged)
    assert set(waiting(rows)) == ALL_LOGGED


def _last_write(path: Path, page: int) -> int:
    log = Path(f"{path}-wal").read_bytes()
    numbers = [int.from_bytes(log[at : at + 4], "big") for at in range(32, len(log), PAGE + 24)]
    return max((place for place, number in enumerate(numbers) if number == page), default=-1)


def test_of_a_broken_log_what_comes_before_the_break_is_saved(logged: Path) -> None:
    log = Path(f"{logged}-wal")
    overwrite(log, log.stat().st_size // 2, bytes(100))
    _, rows = save(logged)
    assert set(range(1, 201)) & ALL_LOGGED <= waiting(rows).keys()
    assert 40 < len(waiting(rows).keys() - set(range(1, 201))) < 60


# --- names, kills, full disks


def test_names_are_in_utc_and_never_taken_twice(path: Path) -> None:
    names = [set_aside(path, make_new, NOW).aside.name for _ in range(3)]
    start = "spool.db.damaged-20260304T050607Z"
    assert names == [start, f"{start}-2", f"{start}-3"]


def test_a_link_to_the_spool_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    aside = set_aside(link, make_new, NOW).aside
    assert link.is_symlink()
    assert aside.parent == path.parent


def test_where_links_are_not_possible_the_damaged_file_is_copied(
    logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    _, rows = save(logged)
    assert set(waiting(rows)) == ALL_LOGGED


def test_other_faults_of_linking_are_raised(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        set_aside(path, make_new, NOW)
    assert [file.name for file in path.parent.iterdir()] == ["spool.db"]


def test_what_the_disk_does_not_give_back_counts_as_zeros(
    path: Path, sound: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = os.pread

    damaged = path.stat().st_ino

    def fail_at_first_page(file: int, size: int, offset: int) -> bytes:
        if offset == 0 and os.fstat(file).st_ino == damaged:
            raise OSError(errno.EIO, "Input/output error")
        return read(file, size, offset)

    monkeypatch.setattr(os, "pread", fail_at_first_page)
    set_aside(path, make_new, NOW)
    assert contents(path) == sound.rows


def test_progress_is_logged(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_damaged, "_LOG_EVERY", -1.0)
    caplog.set_level(logging.INFO)
    save(path)
    assert caplog.messages[99] == f"Saving what can be read of {path}: 100 rows so far."


def test_finishing_when_nothing_was_saved_changes_nothing(logged: Path) -> None:
    before = {file: file.read_bytes() for file in logged.parent.iterdir()}
    finish(logged)
    assert {file: file.read_bytes() for file in logged.parent.iterdir()} == before


def test_what_was_saved_is_not_lost_if_setting_aside_begins_anew(logged: Path) -> None:
    """The log is deleted already, the saved file not yet in its place."""
    saved = Path(f"{logged}.saved")
    set_aside(logged, make_new, NOW)
    logged.rename(saved)
    logged.write_bytes(b"damaged")
    set_aside(logged, make_new, NOW)
    assert set(waiting(contents(logged))) == ALL_LOGGED


SET_ASIDE = """
import os, resource, signal, sqlite3, sys
from datetime import UTC, datetime
from pathlib import Path
from relay.spool._salvage import set_aside

path, number, schema = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

def make_new(path):
    connection = sqlite3.connect(path)
    connection.executescript(schema)
    connection.close()
"""
KILLED = """
steps = 0

def kill_at_step(event, arguments):
    global steps
    if event in {"open", "os.link", "os.remove", "os.rename", "sqlite3.connect/handle"}:
        if event != "open" or str(arguments[0]).startswith(str(path.parent)):
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill_at_step)
set_aside(path, make_new, datetime.now(UTC))
"""
ON_A_FULL_DISK = """
resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))
set_aside(path, make_new, datetime.now(UTC))
"""


def run(code: str, path: Path, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SET_ASIDE + code, str(path), str(number), SCHEMA],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(params=["sound", "without its first page"])
def killed_at_each_step(request: pytest.FixtureRequest, logged: Path, tmp_path: Path) -> Iterator[Path]:
    """Spools whose setting aside was killed, each at a later step, until one was set aside."""
    if request.param != "sound":
        zero(logged, 1)

    def spools() -> Iterator[Path]:
        for step in count(1):
            path = tmp_path / str(step) / "spool.db"
            path.parent.mkdir()
            for suffix in ("", "-wal"):
                shutil.copy(f"{logged}{suffix}", f"{path}{suffix}")
            ended = run(KILLED, path, step)
            if ended.returncode == 0:
                assert step > 15
                return
            assert ended.returncode == -9, ended.stderr
            yield path

    return spools()


@pytest.mark.slow
def test_a_kill_at_any_step_loses_nothing(killed_at_each_step: Iterator[Path], logged: Path) -> None:
    for path in killed_at_each_step:
        finish(path)
        set_aside(path, make_new, NOW)
        assert set(waiting(contents(path))) == ALL_LOGGED
        damaged = logged.read_bytes()
        (kept,) = (file for file in path.parent.glob("spool.db.damaged-*Z") if file.read_bytes() == damaged)
        assert Path(f"{kept}-wal").read_bytes() == Path(f"{logged}-wal").read_bytes()
        assert not list(path.parent.glob("spool.db.sav*"))


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
@pytest.mark.parametrize("damage", [lambda path: None, lambda path: zero(path, 1)])
def test_a_full_disk_is_told_and_leaves_everything_as_it_was(
    path: Path, sound: Sound, damage: Callable[[Path], None], share: float
) -> None:
    damage(path)
    before = path.read_bytes()
    ended = run(ON_A_FULL_DISK, path, int(share * len(sound.bytes)))
    assert ended.returncode == 1
    assert "OperationalError" in ended.stderr or "File too large" in ended.stderr
    assert [file.name for file in path.parent.iterdir()] == ["spool.db"]
    assert path.read_bytes() == before
    assert save(path)[1] == sound.rows


# --- a file that was deleted or replaced while it was open


def test_a_deleted_file_is_brought_back_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with closing(fill(path, 200)) as connection:
        for file in tmp_path.iterdir():
            file.unlink()
        rescue(connection, path, NOW)
    assert [file.name for file in tmp_path.iterdir()] == ["spool.db"]
    assert len(read(path)["seen"]) == 10


def test_what_replaced_an_open_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with closing(fill(path, 200)) as connection:
        path.unlink()
        path.write_bytes(b"a stranger's")
        rescue(connection, path, NOW)
    assert path.with_name("spool.db.damaged-20260304T050607Z").read_bytes() == b"a stranger's"
    assert len(read(path)["seen"]) == 10
