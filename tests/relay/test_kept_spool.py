"""A spool that comes back: after damage, after its file was deleted, and once the disk takes it."""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import record, records
from running import until

from relay import kept_spool
from relay.errors import SpoolError, SpoolFull, SpoolInUse, SpoolUnusable, SpoolUnwritable
from relay.kept_spool import KeptSpool
from relay.metrics import Metrics
from relay.spool import Claimed, open_spool

ROOM = 10**9
NEVER_CLAIMED = Claimed(1, 0, 0, 0, [1], b"x")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_spool, "_OPEN_EVERY", 0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


class Kept(KeptSpool):
    """With its metrics at hand."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.metrics = Metrics()
        super().__init__(f"sqlite:{path}", max_bytes, self.metrics)

    async def until_it_takes(self, *data: str) -> None:
        """Put until it works."""
        async with asyncio.timeout(60):
            while True:
                try:
                    await self.put([record(one) for one in data])
                except SpoolUnwritable:
                    await asyncio.sleep(0.01)
                else:
                    return

    async def all(self) -> list[str]:
        found = await self.claim(9_999, ROOM, 0)
        await self.ack(found)
        return [data.decode() for run in found for data in run.entries]


def tell(path: Path, story: Callable[[Kept], Coroutine[Any, Any, None]], max_bytes: int = ROOM) -> None:
    async def main() -> None:
        spool = Kept(path, max_bytes)
        await spool.open()
        try:
            async with asyncio.timeout(60):
                await story(spool)
        finally:
            await spool.close()

    asyncio.run(main())


def leave(path: Path, *data: str) -> None:
    """What an earlier process left in the spool."""

    async def story(spool: Kept) -> None:
        await spool.put([record(one) for one in data])

    tell(path, story)


def asides(path: Path) -> list[Path]:
    """The files that were set aside, without their logs."""
    return [file for file in path.parent.glob("spool.db.damaged-*") if not file.name.endswith("-wal")]


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [found.getMessage() for found in caplog.records]


@pytest.mark.parametrize("brokenly", ["first page", "head", "tables"])
def test_a_file_that_is_damaged_at_the_start_is_set_aside_named_and_what_could_be_read_is_delivered(
    path: Path, caplog: pytest.LogCaptureFixture, brokenly: str
) -> None:
    leave(path, "one", "two")
    if brokenly == "tables":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE seen")
    else:
        content = path.read_bytes()
        size = 4096 if brokenly == "first page" else 100
        path.write_bytes(b"x" * size + content[size:])
    before = path.read_bytes()

    async def story(spool: Kept) -> None:
        assert await spool.all() == ["one", "two"]
        assert await spool.put(records(1)) == 1
        (aside,) = asides(path)
        assert aside.read_bytes() == before
        assert spool.metrics.value("relay_spool_damaged_total") == 1
        assert any(str(aside) in message and "2 records" in message for message in messages(caplog))

    tell(path, story)


def test_totals_that_do_not_fit_the_rows_are_mended_and_cost_no_endless_search(path: Path) -> None:
    leave(path, "one", "two")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE total SET records = 5")
        connection.commit()

    async def story(spool: Kept) -> None:
        assert await spool.all() == ["one", "two"]
        with pytest.raises(SpoolUnwritable, match=r"^The spool does not hold what it counts\.$"):
            await spool.claim(1, ROOM, 0)
        await spool.until_it_takes("three")
        assert await spool.all() == ["three"]
        assert spool.depth().waiting == 0

    tell(path, story)


def test_the_end_of_a_delivery_that_outlives_its_spool_is_that_of_no_other_record(path: Path) -> None:
    async def story(spool: Kept) -> None:
        await spool.put([record("lost")])
        under_way = await spool.claim(1, ROOM, 0)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM run")
            connection.execute("UPDATE total SET records = 5")
            connection.commit()
        with pytest.raises(SpoolUnwritable, match=r"^The spool does not hold what it counts\.$"):
            await spool.claim(1, ROOM, 0)
        await spool.until_it_takes("new")
        new = await spool.claim(9, ROOM, 0)
        await spool.ack(under_way)
        await spool.release(new)
        assert await spool.all() == ["new"]

    tell(path, story)


def test_damage_that_shows_while_it_runs_is_mended_without_a_restart(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    leave(path, *(f"{number:04d}" * 100 for number in range(5_000)))
    content = bytearray(path.read_bytes())
    content[1_000_000:1_200_000] = b"\xff" * 200_000  # in the middle: to open it looks at none of it
    path.write_bytes(content)

    async def story(spool: Kept) -> None:
        told = "The spool cannot be read: database disk image is malformed."
        with pytest.raises(SpoolError, match=f"^{re.escape(told)}$"):  # noqa: PT012  # it is met on the way
            while True:
                await spool.claim(10, ROOM, 0)
        with pytest.raises(SpoolUnwritable):
            await spool.ack([NEVER_CLAIMED])
        await spool.release([NEVER_CLAIMED])
        await spool.until_it_takes("new")
        saved = [one[:4] for one in await spool.all()]
        assert saved[-1] == "new"
        assert saved[0] == "0000"
        assert saved[-2] == "4999"
        assert 3_500 < len(saved) < 5_000
        assert spool.metrics.value("relay_spool_damaged_total") == 1
        assert spool.metrics.value("relay_spool_writable") == 1

    tell(path, story)
    assert len(asides(path)) == 1
    assert messages(caplog)[-1] == "The spool takes events again."


@pytest.mark.parametrize("instead", ["nothing", "another file"])
def test_a_file_that_is_deleted_or_replaced_while_it_is_open_is_brought_back_whole(
    path: Path, instead: str
) -> None:
    async def story(spool: Kept) -> None:
        await spool.put([record("one"), record("two", "key")])
        for file in path.parent.glob("spool.db*"):
            file.unlink()
        if instead == "another file":
            path.write_text("someone's letters")
        with pytest.raises(SpoolUnwritable, match="was deleted or replaced while it was open"):
            await spool.put([record("three")])
        await spool.until_it_takes("three")
        assert await spool.put([record("two", "key")]) == 0
        assert await spool.all() == ["one", "two", "three"]

    tell(path, story)
    kept = [file.read_text() for file in asides(path)]
    assert kept == (["someone's letters"] if instead == "another file" else [])


def test_a_deletion_is_noticed_though_nothing_is_put(path: Path) -> None:
    async def story(spool: Kept) -> None:
        await spool.put([record("one")])
        path.unlink()
        await until(path.exists)

    async def later(spool: Kept) -> None:
        assert await spool.all() == ["one"]

    tell(path, story)
    tell(path, later)


def test_a_claim_that_waits_does_not_wait_for_a_spool_that_is_gone(path: Path) -> None:
    async def story(spool: Kept) -> None:
        waiting = asyncio.create_task(spool.claim(1, ROOM, 0))
        await asyncio.sleep(0)
        path.unlink()
        with pytest.raises(SpoolUnwritable):
            await spool.put([record("one")])
        with pytest.raises(SpoolUnwritable):
            await waiting
        await spool.until_it_takes("one")
        assert await spool.all() == ["one"]

    tell(path, story)


def test_a_spool_of_a_newer_version_is_not_touched_and_taken_once_it_is_of_ours(path: Path) -> None:
    leave(path, "one")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()

    async def story(spool: Kept) -> None:
        for verb in (spool.probe(), spool.put([record("two")]), spool.claim(1, ROOM, 0)):
            with pytest.raises(SpoolUnwritable, match=r"is of version 99; this relay knows 2\. Update it\.$"):
                await verb
        assert (spool.depth().waiting, spool.metrics.value("relay_spool_writable")) == (0, 0)
        assert path.read_bytes() == before
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 2")
        await spool.until_it_takes("two")
        assert await spool.all() == ["one", "two"]

    tell(path, story)


def test_a_relay_may_stop_before_its_spool_could_be_opened(path: Path) -> None:
    leave(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")

    async def story(spool: Kept) -> None:
        assert spool.refusal

    tell(path, story)


def test_what_cannot_be_a_spool_or_is_in_use_is_told_at_once(path: Path) -> None:
    async def main() -> None:
        with pytest.raises(SpoolUnusable, match="does not exist"):
            await Kept(path / "no" / "spool.db", ROOM).open()
        first = await open_spool(f"sqlite:{path}", max_bytes=ROOM)
        with pytest.raises(SpoolInUse):
            await Kept(path, ROOM).open()
        await first.close()

    asyncio.run(main())


def test_a_full_spool_is_told_once_and_again_when_there_is_room(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def story(spool: Kept) -> None:
        for _ in range(3):
            await spool.put(records(1, 30))
        for _ in range(3):
            with pytest.raises(SpoolFull):
                await spool.put(records(1, 30))
        await spool.put(records(1, 8))  # a small one still fits, which does not make it any less full
        assert spool.refusal
        assert spool.metrics.value("relay_spool_writable") == 0
        await spool.all()
        await spool.put(records(1, 30))
        assert spool.refusal is None

    tell(path, story, max_bytes=100)
    assert messages(caplog) == [
        "The spool holds its limit of 100 bytes. Events are refused with 503 until it takes them.",
        "The spool takes events again.",
    ]
