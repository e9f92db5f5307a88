"""Dead letters, looked at and changed by another process than the relay's, on each engine that keeps them."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import records

from relay.envelope import Record
from relay.errors import ConfigurationError, SpoolUnusable
from relay.spool import DeadLetters, Depth, Engine, engines, is_durable, open_letters, open_spool

ROOM = 10**9


@pytest.fixture(params=[name for name in engines() if is_durable(f"{name}:")])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"{request.param}:{tmp_path / 'spool'}"


def tell(url: str, story: Callable[[Engine, DeadLetters], Coroutine[Any, Any, None]]) -> None:
    """Tell a story about a spool that is open, and its dead letters opened beside it."""

    async def main() -> None:
        spool = await open_spool(url, max_bytes=ROOM)
        try:
            with closing(open_letters(url)) as letters:
                await story(spool, letters)
        finally:
            await spool.close()

    asyncio.run(main())


async def buried(
    spool: Engine, number: int, reason: str = "HTTP 400", answer: str = "the answer"
) -> list[int]:
    """Put and bury records; gives their ids."""
    await spool.put([Record(b"%d" % count, date=count) for count in range(number)])
    batch = await spool.claim(number, ROOM, 0)
    await spool.bury(batch, reason, answer)
    return [id_ for run in batch for id_ in run.ids]


def test_all_letters_are_shown_in_their_order_with_what_is_known_of_them(url: str) -> None:
    async def story(spool: Engine, letters: DeadLetters) -> None:
        assert list(letters.all()) == []
        ids = await buried(spool, 250)
        found = list(letters.all())
        assert [letter.id for letter in found] == ids
        assert [letter.data for letter in found] == [b"%d" % count for count in range(250)]
        assert {(letter.reason, letter.answer) for letter in found} == {("HTTP 400", "the answer")}
        assert all(letter.stored_at <= letter.buried_at for letter in found)

    tell(url, story)


def test_a_letter_that_is_retried_is_claimed_again_by_the_spool_that_is_open_in_its_old_place(
    url: str,
) -> None:
    async def story(spool: Engine, letters: DeadLetters) -> None:
        first, second, third = await buried(spool, 3)
        await spool.put(records(1))
        await spool.claim(1, ROOM, 0)
        assert letters.retry([third, first, 999]) == 2
        await spool.refresh()
        assert (spool.depth().waiting, spool.depth().dead, spool.depth().claimed) == (2, 1, 1)
        claimed = await spool.claim(9, ROOM, 0)
        assert [(run.id, run.entries) for run in claimed] == [(first, [b"0"]), (third, [b"2"])]
        assert [(run.earliest <= date <= run.latest) for run, date in zip(claimed, (0, 2), strict=True)] == [
            True
        ] * 2
        await spool.ack(claimed)
        assert [letter.id for letter in letters.all()] == [second]
        assert spool.depth().bytes == 2

    tell(url, story)


def test_a_letter_that_is_claimed_before_its_retry_is_noticed_is_no_damage(url: str) -> None:
    async def story(spool: Engine, letters: DeadLetters) -> None:
        await spool.refresh()
        await spool.put(records(1))
        first = await spool.claim(1, ROOM, 0)
        ids = await buried(spool, 3)
        letters.retry(ids)
        await spool.release(first)
        claimed = await spool.claim(9, ROOM, 0)
        assert [id_ for run in claimed for id_ in run.ids] == [first[0].id, *ids]
        assert spool.depth().waiting == 0
        next_one = asyncio.create_task(spool.claim(9, ROOM, 0))
        await asyncio.sleep(0)
        await spool.put([Record(b"new")])
        await spool.refresh()
        assert [run.entries for run in await next_one] == [[b"new"]]
        await spool.ack([*claimed, *next_one.result()])
        assert spool.depth() == Depth(0, 0, 0, 0, 0.0)

    tell(url, story)


def test_a_letter_that_is_dropped_is_gone_and_counted(url: str) -> None:
    async def story(spool: Engine, letters: DeadLetters) -> None:
        first, second = await buried(spool, 2)
        assert letters.drop([first, 999]) == 1
        await spool.refresh()
        depth = spool.depth()
        assert (depth.dropped, depth.dead, depth.bytes, depth.waiting) == (1, 1, 1, 0)
        assert [letter.id for letter in letters.all()] == [second]

    async def later(spool: Engine, _: DeadLetters) -> None:
        assert spool.depth().dropped == 1

    tell(url, story)
    tell(url, later)


def test_letters_can_be_changed_while_no_relay_runs(url: str) -> None:
    async def story(spool: Engine, _: DeadLetters) -> None:
        await buried(spool, 2_500)

    async def later(spool: Engine, _: DeadLetters) -> None:
        assert (spool.depth().waiting, spool.depth().dead) == (2_400, 0)
        assert sum(len(run.ids) for run in await spool.claim(9_999, ROOM, 0)) == 2_400

    tell(url, story)
    with closing(open_letters(url)) as letters:
        ids = [letter.id for letter in letters.all()]
        assert letters.drop(ids[:100]) == 100
        assert letters.retry(ids) == 2_400
    tell(url, later)


def test_puts_acks_and_retries_at_the_same_time_lose_nothing(url: str) -> None:
    async def story(spool: Engine, letters: DeadLetters) -> None:
        delivered: list[int] = []

        async def look() -> None:
            while True:
                await spool.refresh()

        async def forward() -> None:
            while len(delivered) < 700:
                claimed = await spool.claim(50, ROOM, 0.01)
                await spool.ack(claimed)
                delivered.extend(id_ for run in claimed for id_ in run.ids)

        ids = await buried(spool, 200)
        looking, forwarding = asyncio.create_task(look()), asyncio.create_task(forward())
        for start in range(0, 200, 40):
            await asyncio.gather(*(spool.put(records(1)) for _ in range(100)))
            assert await asyncio.to_thread(letters.retry, ids[start : start + 40]) == 40
        async with asyncio.timeout(60):
            await forwarding
        looking.cancel()
        await asyncio.wait({looking})
        assert len(set(delivered)) == len(delivered) == 700
        await spool.refresh()
        assert (spool.depth().waiting, spool.depth().bytes) == (0, 0)

    tell(url, story)


def test_where_there_is_no_spool_there_are_no_letters(url: str, tmp_path: Path) -> None:
    with pytest.raises(SpoolUnusable, match=r"^There is no spool .* Set RELAY_SPOOL to the relay's\.$"):
        open_letters(url)
    (tmp_path / "spool").touch()
    with pytest.raises(SpoolUnusable, match=r"is empty\. Set RELAY_SPOOL to the relay's\.$"):
        open_letters(url)


def test_a_spool_that_keeps_nothing_has_no_letters_to_open() -> None:
    with pytest.raises(ConfigurationError, match=r"keeps nothing beyond its process"):
        open_letters("memory:")
