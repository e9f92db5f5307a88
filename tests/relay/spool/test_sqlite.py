"""The embedded engine: one file that outlives kills, full disks and strangers' files."""

import asyncio
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from fakes import Clock, record, records

from relay.errors import SpoolError, SpoolInUse, SpoolUnusable, SpoolUnwritable
from relay.spool._keys import REPEAT_WINDOW
from relay.spool.sqlite import SqliteSpool, open_engine, open_letters

ROOM = 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def tell(
    path: Path, story: Callable[[SqliteSpool], Coroutine[Any, Any, None]], clock: Clock | None = None
) -> None:
    """Tell a story about the spool in this file, newly opened."""

    async def main() -> None:
        spool = await open_engine(str(path), max_bytes=ROOM, clock=clock or Clock())
        try:
            await story(spool)
        finally:
            await spool.close()

    asyncio.run(main())


async def nothing(_: SqliteSpool) -> None:
    """Open and close."""


def fault(path: Path, kind: type[SpoolError] = SpoolUnusable) -> str:
    with pytest.raises(kind) as caught:
        tell(path, nothing)
    return str(caught.value)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own; `spool` is opened from its first argument."""
    start = """
        import asyncio, os, signal, sys
        from relay.envelope import Record
        from relay.errors import SpoolUnwritable
        from relay.spool import open_spool

        async def main(path):
            spool = await open_spool("sqlite:" + path, max_bytes=10**9)
    """
    end = "\nasyncio.run(main(sys.argv[1]))\n"
    body = "".join(f"    {line}\n" for line in dedent(code).strip().splitlines())
    return subprocess.run(
        [sys.executable, "-c", dedent(start) + body + end, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- what is on disk


def test_the_files_are_readable_by_their_owner_only(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        await spool.put(records(1))
        modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
        assert modes == dict.fromkeys(
            ["spool.db", "spool.db-wal", "spool.db-shm", "spool.db.lock", "spool.db.reserve"], "0o600"
        )

    tell(path, story)


def test_commits_are_synced_and_go_to_a_write_ahead_log(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        full = 2
        writer = spool._files.writer
        assert writer.execute("PRAGMA synchronous").fetchone() == (full,)
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert writer.execute("PRAGMA journal_size_limit").fetchone() == (64 * 1024 * 1024,)

    tell(path, story)


def test_many_puts_at_once_share_few_commits(path: Path) -> None:
    commits: list[str] = []

    async def story(spool: SqliteSpool) -> None:
        spool._files.writer.set_trace_callback(
            lambda statement: commits.append(statement) if statement == "COMMIT" else None
        )
        await asyncio.gather(*(spool.put(records(1)) for _ in range(1_000)))
        await spool.put(records(1))

    tell(path, story)
    assert rows(path, "SELECT sum(records) FROM run") == [(1_001,)]
    assert 2 <= len(commits) < 100


def test_what_is_put_while_the_spool_looks_at_what_others_changed_is_counted(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        await spool.put(records(1))
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("UPDATE total SET dropped = 7")
        await asyncio.gather(spool.refresh(), *(spool.put([record(f"new {number}")]) for number in range(3)))
        assert (spool.depth().waiting, spool.depth().dropped) == (4, 7)

    tell(path, story)


def test_dead_letters_keep_when_and_why_and_what_datadog_answered(path: Path) -> None:
    clock = Clock(1_000.0)

    async def story(spool: SqliteSpool) -> None:
        await spool.put([record("bad"), record("good")])
        (batch,) = await spool.claim(2, ROOM, 0)
        bad, _ = batch.halves()
        clock.now = 2_000.5
        await spool.bury([bad], "HTTP 400", "the answer")

    tell(path, story, clock)
    assert rows(path, "SELECT stored_at, buried_at, reason, answer, data FROM dead") == [
        (1_000_000, 2_000_500, "HTTP 400", "the answer", b"bad")
    ]
    assert rows(path, "SELECT data FROM run") == [(b"good",)]


def test_the_totals_are_what_the_rows_add_up_to(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        await spool.put([record("x" * size) for size in range(1, 21)])
        (batch,) = await spool.claim(10, ROOM, 0)
        claimed = [batch.part(place, place + 1) for place in range(10)]
        await spool.ack(claimed[::3])
        await spool.bury(claimed[1::3], "reason", "answer")

    tell(path, story)
    (total,) = rows(path, "SELECT records, record_bytes, dead, dead_bytes FROM total")
    (live,) = rows(path, "SELECT sum(records), sum(length(data) - records + 1) FROM run")
    (dead,) = rows(path, "SELECT count(*), sum(length(data)) FROM dead")
    assert total == (*live, *dead)
    assert (live[0], dead[0]) == (13, 3)


def test_the_age_of_what_an_earlier_process_left_goes_on(path: Path) -> None:
    clock = Clock(1_000.0)

    async def fill(spool: SqliteSpool) -> None:
        await spool.put(records(1))
        clock.now = 1_500.0
        await spool.put(records(1))

    async def look(spool: SqliteSpool) -> None:
        assert 1_000 <= spool.depth().oldest_age < 1_060
        await spool.ack(await spool.claim(1, ROOM, 0))
        assert 500 <= spool.depth().oldest_age < 560

    tell(path, fill, clock)
    clock.now = 2_000.0
    tell(path, look, clock)


def test_a_relative_path_without_a_directory_is_a_file_here_whatever_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(spool: SqliteSpool) -> None:
        await spool.put(records(1))
        assert len(await spool.claim(1, ROOM, 0)) == 1

    monkeypatch.chdir(tmp_path)
    for name in ("spool.db", ":memory:", "file:x?mode=ro"):
        tell(Path(name), story)
        assert (tmp_path / name).stat().st_size > 0


# --- repeats


def test_a_key_is_known_through_the_window_and_forgotten_after_it(path: Path) -> None:
    clock = Clock()

    async def story(spool: SqliteSpool) -> None:
        assert await spool.put([record("a", "k")]) == 1
        clock.now += REPEAT_WINDOW
        assert await spool.put([record("a", "k")]) == 0
        clock.now += 1
        assert await spool.put([record("a", "k")]) == 1
        assert await spool.put([record("a", "k")]) == 0

    assert REPEAT_WINDOW >= 3_600
    tell(path, story, clock)


def test_forgetting_keys_keeps_the_records(path: Path) -> None:
    clock = Clock()

    async def story(spool: SqliteSpool) -> None:
        await spool.put([record(f"{number}", f"k{number}") for number in range(50)])
        clock.now += 2 * REPEAT_WINDOW
        await spool.put([record("last", "last")])
        assert spool.depth().waiting == 51

    tell(path, story, clock)
    assert rows(path, "SELECT keys FROM seen") == [(b"last",)]


def test_keys_are_forgotten_a_bounded_number_at_a_time_and_seldom(path: Path) -> None:
    clock = Clock()

    def left() -> int:
        ((number,),) = rows(path, "SELECT ifnull(sum(length(keys) / length), 0) FROM seen")
        return int(number)

    async def story(spool: SqliteSpool) -> None:
        await spool.put([record("x", f"k{number:05}") for number in range(10_500)])
        await spool.put([record("x", "later")])
        clock.now += 2 * REPEAT_WINDOW
        looks: list[str] = []
        spool._files.writer.set_trace_callback(
            lambda statement: (
                looks.append(statement) if statement.startswith("SELECT id, stored_at") else None
            )
        )
        for expected in [*range(10_001, 0, -500), 0]:
            await spool.put([record("x")])
            assert left() == expected
        assert len(looks) == 22
        clock.now += 0.9
        await spool.put([record("x")])
        assert len(looks) == 22
        clock.now += 0.2
        await spool.put([record("x")])
        assert len(looks) == 23

    tell(path, story, clock)


def test_a_clock_that_is_set_back_forgets_nothing_early(path: Path) -> None:
    clock = Clock()

    async def story(spool: SqliteSpool) -> None:
        await spool.put([record("a", "k")])
        clock.now -= 10 * REPEAT_WINDOW
        assert await spool.put([record("a", "k")]) == 0
        assert spool.depth().oldest_age < 60

    tell(path, story, clock)


# --- killed


def test_what_put_returned_for_is_there_after_a_kill(path: Path) -> None:
    killed = run(
        """
        for number in range(50):
            await spool.put([Record(b"%d" % number, b"k%d" % number)])
        taken = await spool.claim(10, 10**9, 0)
        await spool.ack(taken)
        await spool.claim(10, 10**9, 0)
        print("safe", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        path,
    )
    assert (killed.stdout, killed.returncode) == ("safe\n", -9), killed.stderr

    async def story(spool: SqliteSpool) -> None:
        assert spool.depth().waiting == 40
        assert await spool.put([record("again", "k3")]) == 0
        claimed = await spool.claim(99, ROOM, 0)
        assert [int(entry) for run in claimed for entry in run.entries] == list(range(10, 50))

    tell(path, story)


def test_a_kill_in_the_middle_of_many_puts_leaves_each_whole_or_not_there(path: Path) -> None:
    killed = run(
        """
        async def put(number):
            await spool.put([Record(b"%d" % number)] * 3)
            print(number, flush=True)
            if number == 150:
                os.kill(os.getpid(), signal.SIGKILL)
        for first in range(0, 1_000, 10):
            await asyncio.gather(*(put(number) for number in range(first, first + 10)))
        """,
        path,
    )
    assert killed.returncode == -9, killed.stderr
    safe = set(map(int, killed.stdout.split()))
    tell(path, nothing)
    found = Counter(int(data) for (run,) in rows(path, "SELECT data FROM run") for data in run.split(b","))
    assert set(found.values()) == {3}
    assert safe <= found.keys()
    assert 150 in safe


# --- not ours, or not usable


def test_a_second_opener_is_refused_and_may_open_once_the_first_is_gone(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        with pytest.raises(SpoolInUse) as caught:
            await open_engine(str(path), max_bytes=ROOM)
        assert str(caught.value) == (
            f"The spool {path} is in use by another relay. Stop it, or set RELAY_SPOOL."
        )
        await spool.put(records(1))

    tell(path, story)
    tell(path, nothing)


def test_a_second_process_is_refused_too(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        refused = await asyncio.to_thread(run, "pass", path)
        assert f"SpoolInUse: The spool {path} is in use" in refused.stderr

    tell(path, story)


def test_a_foreign_database_is_refused_and_left_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
    before = path.read_bytes()
    assert fault(path) == f"The file {path} is not a relay's spool. Set RELAY_SPOOL to another path."
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_was(path: Path) -> None:
    path.write_bytes(b"my letters\n" * 1_000)
    assert fault(path) == (
        f"The file {path} is not a relay's spool: The spool cannot be opened: file is not a database."
        " Set RELAY_SPOOL to another path."
    )
    assert path.read_bytes() == b"my letters\n" * 1_000


def test_a_spool_of_a_newer_version_cannot_be_written_and_is_left_as_it_was(path: Path) -> None:
    tell(path, nothing)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 7")
    before = path.read_bytes()
    told = fault(path, SpoolUnwritable)
    assert told == f"The spool {path} is of version 7; this relay knows 2. Update it."
    assert path.read_bytes() == before


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "spool.db"
    assert fault(missing) == (
        f"The directory of the spool '{missing}' does not exist. Make it, or set RELAY_SPOOL."
    )


def test_an_empty_path_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(SpoolUnusable, match=r"^The directory of the spool '' does not exist"):
            await open_engine("", max_bytes=ROOM)

    asyncio.run(main())


@pytest.mark.parametrize("taken", ["spool.db", "spool.db.lock"])
def test_a_file_that_cannot_be_written_is_refused(path: Path, taken: str) -> None:
    (path.parent / taken).mkdir()
    assert fault(path) == (
        f"The spool {path} cannot be written: Is a directory. Give this user the right, or set RELAY_SPOOL."
    )


def test_after_a_refusal_the_place_is_free_again(path: Path) -> None:
    path.write_bytes(b"my letters\n" * 1_000)
    fault(path)
    path.unlink()
    tell(path, nothing)


# --- a disk that does not take writes

FULL_DISK = """
    import resource
    await spool.put([Record(b"before", b"k")])
    used = os.path.getsize(path + "-wal")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (used + 100_000, resource.RLIM_INFINITY))
    faults = 0
    for attempt in range(3):
        try:
            await spool.put([Record(b"small", b"s"), Record(b"x" * 1_000_000, b"l")])
        except SpoolUnwritable as error:
            faults += 1
            print(error)
    depth = spool.depth()
    print(faults, depth.waiting, depth.bytes)
    try:
        await spool.probe()
        print("probe: takes writes")
    except SpoolUnwritable:
        print("probe: does not")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await spool.probe()
    print(await spool.put([Record(b"k again", b"k"), Record(b"small", b"s"), Record(b"x" * 1_000_000, b"l")]))
    print([entry[:6] for run in await spool.claim(9, 10**9, 0) for entry in run.entries])
    await spool.close()
"""


def test_on_a_full_disk_nothing_is_half_stored_and_with_room_again_puts_work(path: Path) -> None:
    told = run(FULL_DISK, path)
    lines = told.stdout.splitlines()
    assert told.returncode == 0, told.stderr
    assert len(lines) == 7, lines
    assert all(line.startswith("The spool cannot be written: ") for line in lines[:3])
    assert lines[3] == "3 1 6"
    assert lines[5:] == ["2", "[b'before', b'small', b'xxxxxx']"]
    assert rows(path, "SELECT records, record_bytes FROM total") == [(3, 1_000_011)]


def test_probe_tells_while_the_disk_takes_nothing_at_all(path: Path) -> None:
    told = run(FULL_DISK.replace("used + 100_000", "used"), path)
    assert told.returncode == 0, told.stderr
    assert "probe: does not" in told.stdout
    assert told.stdout.splitlines()[-1] == "[b'before', b'small', b'xxxxxx']"


def test_all_puts_that_share_a_failed_commit_are_told(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        spool._files.writer.execute("PRAGMA query_only = 1")
        outcomes = await asyncio.gather(*(spool.put(records(1)) for _ in range(20)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {SpoolUnwritable}
        given_up = asyncio.ensure_future(spool.put(records(1)))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(SpoolUnwritable):
            await spool.probe()
        assert spool.depth().waiting == 0
        spool._files.writer.execute("PRAGMA query_only = 0")
        await spool.probe()
        assert await spool.put(records(1)) == 1

    tell(path, story)


@pytest.mark.parametrize("verb", ["ack", "bury"])
def test_an_ack_that_the_disk_does_not_take_can_be_tried_again(path: Path, verb: str) -> None:
    async def story(spool: SqliteSpool) -> None:
        async def change() -> None:
            await (spool.ack(batch) if verb == "ack" else spool.bury(batch, "reason", "answer"))

        await spool.put(records(2))
        batch = await spool.claim(2, ROOM, 0)
        spool._files.writer.execute("PRAGMA query_only = 1")
        with pytest.raises(SpoolUnwritable):
            await change()
        assert spool.depth().claimed == 2
        spool._files.writer.execute("PRAGMA query_only = 0")
        await change()
        assert (spool.depth().claimed, spool.depth().dead) == (0, 2 if verb == "bury" else 0)

    tell(path, story)
    assert rows(path, "SELECT count(*) FROM run") == [(0,)]


def test_a_record_that_cannot_be_read_is_told(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        await spool.put(records(1))
        await spool.release(await spool.claim(1, ROOM, 0))  # from now on it is on disk alone
        with closing(sqlite3.connect(path)) as other:
            other.execute("ALTER TABLE run RENAME TO gone")
        with pytest.raises(SpoolUnwritable, match=r"^The spool cannot be read: no such table: run\.$"):
            await spool.claim(1, ROOM, 0)

    tell(path, story)


def test_a_retry_is_noticed_though_the_transaction_that_saw_it_was_undone(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        def broken(_: sqlite3.Connection) -> None:
            raise RuntimeError("of another job of that transaction")

        await spool.refresh()
        await spool.put(records(3))
        await spool.bury(await spool.claim(3, ROOM, 0), "reason", "answer")
        with closing(open_letters(str(path))) as letters:
            assert letters.retry([letter.id for letter in letters.all()]) == 3
        faults = await asyncio.gather(spool.refresh(), spool._writer.run(broken), return_exceptions=True)
        assert [type(fault) for fault in faults] == [type(None), RuntimeError]
        assert (spool.depth().waiting, spool.depth().dead) == (3, 0)

    tell(path, story)


def test_a_fault_of_ours_is_told_to_who_waits_and_stores_nothing(path: Path) -> None:
    async def story(spool: SqliteSpool) -> None:
        def broken(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM total")
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await spool._writer.run(broken)
        assert await spool.put(records(1)) == 1

    tell(path, story)
    assert rows(path, "SELECT records FROM total") == [(1,)]
