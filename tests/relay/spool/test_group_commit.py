"""The thread that writes: whatever fails, each who waits is told, and the next one is served."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import pytest

from relay.envelope import Record
from relay.errors import SpoolFull, SpoolUnwritable
from relay.spool._checkpoints import Checkpoints
from relay.spool._group_commit import GroupCommit
from relay.spool._reserve import Reserve
from relay.spool._work import Put, Stored


class FailingConnection(sqlite3.Connection):
    """A connection on which some statements fail as on a broken disk."""

    failing: frozenset[str] = frozenset()

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if sql in self.failing:
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *arguments)


class Numbers:
    """Stores records that are numbers, and keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def store(self, puts: Sequence[Put], connection: sqlite3.Connection) -> Stored:
        self.told.append("store")
        values = [(int(record.data),) for put in puts for record in put]
        connection.executemany("INSERT INTO number VALUES (?)", values)
        return Stored(len(values), 0, 0, (), list(map(len, puts)))

    def committed(self) -> None:
        self.told.append("committed")

    def count(self, stored: Stored) -> None:
        self.told.append(f"count {stored.records}")


def writer_on(path: Path, connection: sqlite3.Connection, store: Numbers) -> GroupCommit:
    checkpoints = Checkpoints(sqlite3.connect(path / "db", check_same_thread=False))
    return GroupCommit(connection, Reserve(path / "reserve"), store, checkpoints)


async def close(writer: GroupCommit) -> None:
    await writer.close()
    await asyncio.to_thread(writer._checkpoints.close)


def tell(path: Path, story: Callable[[GroupCommit, FailingConnection], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        connection = sqlite3.connect(
            path / "db", isolation_level=None, check_same_thread=False, factory=FailingConnection
        )
        connection.execute("CREATE TABLE number (value INTEGER)")
        writer = writer_on(path, connection, Numbers())
        try:
            async with asyncio.timeout(60):  # only ends a test that failed
                await story(writer, connection)
        finally:
            connection.failing = frozenset()
            await close(writer)
            connection.close()

    asyncio.run(main())


def add(value: int) -> Callable[[sqlite3.Connection], int]:
    def operation(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO number VALUES (?)", (value,))
        return value

    return operation


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [value for (value,) in connection.execute("SELECT value FROM number ORDER BY value")]


def a_fault_of_ours(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO number VALUES (99)")
    raise UnicodeError("no text")


def no_room(_: sqlite3.Connection) -> None:
    raise SpoolFull("no room")


@pytest.mark.parametrize("failing", [{"COMMIT"}, {"COMMIT", "ROLLBACK"}, {"BEGIN IMMEDIATE"}])
def test_a_failed_transaction_is_told_and_once_the_disk_is_back_the_next_one_works(
    tmp_path: Path, failing: set[str]
) -> None:
    async def story(writer: GroupCommit, connection: FailingConnection) -> None:
        assert await writer.run(add(1)) == 1
        connection.failing = frozenset(failing)
        for _ in range(2):
            with pytest.raises(SpoolUnwritable, match="disk I/O error"):
                await writer.run(add(2))
        connection.failing = frozenset()
        assert await writer.run(add(3)) == 3
        assert numbers(connection) == [1, 3]

    tell(tmp_path, story)


def test_a_fault_of_one_operation_is_told_to_that_one_only(tmp_path: Path) -> None:
    async def story(writer: GroupCommit, connection: FailingConnection) -> None:
        outcomes = await asyncio.gather(
            *(writer.run(operation) for operation in (add(1), a_fault_of_ours, add(2), no_room, add(3))),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [int, UnicodeError, int, SpoolFull, int]
        assert numbers(connection) == [1, 2, 3]

    tell(tmp_path, story)


@pytest.mark.parametrize(
    ("failing", "expected"), [(set[str](), ["always", "then"]), ({"COMMIT"}, ["always"])]
)
def test_what_is_to_be_done_after_the_commit_is_done_for_a_cancelled_caller_too(
    tmp_path: Path, failing: set[str], expected: list[str]
) -> None:
    async def story(writer: GroupCommit, connection: FailingConnection) -> None:
        connection.failing = frozenset(failing)
        done: list[str] = []
        caller = asyncio.create_task(
            writer.run(add(1), then=lambda _: done.append("then"), always=lambda: done.append("always"))
        )
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        await asyncio.gather(writer.run(lambda _: None), return_exceptions=True)
        assert done == expected

    tell(tmp_path, story)


def test_after_closing_nothing_is_taken_and_nobody_waits(tmp_path: Path) -> None:
    async def main() -> None:
        connection = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)
        writer = writer_on(tmp_path, connection, Numbers())
        await close(writer)
        connection.close()
        with pytest.raises(SpoolUnwritable, match="closed"):
            await writer.run(lambda _: None)
        with pytest.raises(SpoolUnwritable, match="closed"):
            await writer.put([])

    asyncio.run(main())


def told(writer: GroupCommit) -> list[str]:
    assert isinstance(writer._store, Numbers)
    return writer._store.told


def test_puts_that_come_together_are_stored_and_counted_together_beside_other_jobs(tmp_path: Path) -> None:
    async def story(writer: GroupCommit, connection: FailingConnection) -> None:
        puts = [writer.put([Record(b"%d" % number)] * 2) for number in range(3)]
        assert await writer.run(add(9)) == 9
        assert [await put for put in puts] == [2, 2, 2]
        assert numbers(connection) == [0, 0, 1, 1, 2, 2, 9]
        assert told(writer) == ["store", "committed", "count 6"]

    tell(tmp_path, story)


def test_a_put_with_a_fault_is_told_and_the_others_are_stored(tmp_path: Path) -> None:
    async def story(writer: GroupCommit, connection: FailingConnection) -> None:
        puts = [writer.put([Record(data)]) for data in (b"1", b"no number", b"3")]
        outcomes = await asyncio.gather(*puts, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [int, ValueError, int]
        assert numbers(connection) == [1, 3]
        assert [one for one in told(writer) if one != "store"] == [
            "committed",
            "committed",
            "count 1",
            "count 1",
        ]

    tell(tmp_path, story)


def test_what_was_not_committed_is_not_said_to_be(tmp_path: Path) -> None:
    async def story(writer: GroupCommit, connection: FailingConnection) -> None:
        connection.failing = frozenset({"COMMIT"})
        with pytest.raises(SpoolUnwritable):
            await writer.put([Record(b"1")])
        assert told(writer) == ["store"]
        connection.failing = frozenset()
        given_up = writer.put([Record(b"2")])
        given_up.cancel()
        assert await writer.put([Record(b"3")]) == 1
        assert numbers(connection) == [2, 3]
        assert told(writer)[-2:] == ["committed", "count 2"]

    tell(tmp_path, story)


def test_closing_commits_what_has_gathered(tmp_path: Path) -> None:
    async def story(writer: GroupCommit, connection: FailingConnection) -> None:
        putting = writer.put([Record(b"1")])
        await writer.close()
        assert await putting == 1
        assert numbers(connection) == [1]

    tell(tmp_path, story)
