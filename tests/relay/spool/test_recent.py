"""What is claimed soon after it was put comes from memory, which holds no more than its bound."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes import records
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.spool import Claimed
from relay.spool._recent import Recent
from relay.spool.sqlite import open_engine

ROOM = 10**9


def run_from(first: int, number: int) -> Claimed:
    return Claimed(first, 0, 0, 0, [1] * number, b",".join([b"x"] * number))


@given(
    st.lists(st.tuples(st.sampled_from(["put", "claim", "lose"]), st.integers(1, 9)), max_size=40),
    st.integers(0, 30),
)
def test_in_memory_is_what_was_put_last_and_is_not_claimed_within_the_bound(
    steps: list[tuple[str, int]], most_bytes: int
) -> None:
    recent = Recent(most_bytes)
    position = last_id = last_put = 0
    for verb, number in steps:
        if verb == "put":
            for part in range(3):
                recent.put(run_from(last_id + 1 + number * part, number))
            last_id = last_put = last_id + 3 * number
        elif verb == "lose":  # as when a transaction is undone
            last_id += number
        else:
            position = min(position + number, last_id)
            recent.remove_until(position)
        held = list(recent.runs())
        ids = [id_ for run in held for id_ in run.ids]
        assert sum(len(run.data) for run in held) == recent._bytes <= most_bytes
        assert all(b",".join(run.entries) == run.data for run in held)
        if ids:
            assert ids == list(range(ids[0], ids[-1] + 1))
            assert ids[0] > position
            assert ids[-1] == last_put
            assert list(recent.from_id(ids[0])) == held
            assert not list(recent.from_id(ids[0] - 1))


def gone_from(path: Path) -> None:
    """Take all records from the file, without the relay's knowledge."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DELETE FROM run")


def test_what_was_just_put_is_claimed_without_a_look_at_the_disk(tmp_path: Path) -> None:
    async def main() -> None:
        spool = await open_engine(str(tmp_path / "spool"), max_bytes=ROOM)
        try:
            for _ in range(3):
                await spool.put(records(4))
            gone_from(tmp_path / "spool")
            (run,) = await spool.claim(5, ROOM, 0)
            assert run.entries == [b"0", b"1", b"2", b"3", b"0"]
            (run,) = await spool.claim(9, ROOM, 0)
            assert run.entries == [b"1", b"2", b"3", b"0", b"1", b"2", b"3"]
        finally:
            await spool.close()

    asyncio.run(main())


STEPS = st.lists(st.tuples(st.sampled_from(["put", "claim", "newest"]), st.integers(1, 6)), max_size=30)


@settings(deadline=None, max_examples=50)
@given(steps=STEPS, most_bytes=st.integers(0, 12))
def test_each_record_is_claimed_once_and_in_order_however_little_is_in_memory(
    steps: list[tuple[str, int]], most_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def main() -> None:
        spool = await open_engine(str(tmp_path_factory.mktemp("spool") / "spool"), max_bytes=ROOM)
        spool._recent._most_bytes = most_bytes
        waiting: list[int] = []
        put = 0
        try:
            for verb, number in [*steps, ("claim", 999)]:
                if verb == "put":
                    await spool.put(records(number))
                    waiting += range(put + 1, put + 1 + number)
                    put += number
                elif waiting:
                    batch = await spool.claim(number, ROOM, 0, newest=verb == "newest")
                    expected = waiting[-number:] if verb == "newest" else waiting[:number]
                    assert [id_ for run in batch for id_ in run.ids] == expected
                    waiting = waiting[:-number] if verb == "newest" else waiting[number:]
                    await spool.ack(batch)
            assert (spool.depth().waiting, spool.depth().bytes) == (0, 0)
        finally:
            await spool.close()

    asyncio.run(main())
