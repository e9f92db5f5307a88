"""What every engine promises, shown on each that is found."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes import record, records
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.envelope import Record
from relay.errors import ConfigurationError, SpoolFull
from relay.spool import Claimed, Depth, Spool, engines, is_durable, open_spool

DURABLE = [name for name in engines() if is_durable(f"{name}:")]
ROOM = 10**9
LONG = 3_600.0


@dataclass(frozen=True)
class Engine:
    """An engine with a place of its own for each test."""

    name: str
    directory: Path

    async def open(self, max_bytes: int = ROOM) -> Spool:
        return await open_spool(f"{self.name}:{self.directory / 'spool'}", max_bytes=max_bytes)

    def tell(self, story: Callable[[Spool], Coroutine[Any, Any, None]], max_bytes: int = ROOM) -> None:
        """Tell a story about a newly opened spool."""

        async def main() -> None:
            spool = await self.open(max_bytes)
            try:
                async with asyncio.timeout(60):  # only ends a test that failed
                    await story(spool)
            finally:
                await spool.close()

        asyncio.run(main())


@pytest.fixture(params=engines())
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return Engine(request.param, tmp_path)


@pytest.fixture(params=DURABLE)
def durable(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    return Engine(request.param, tmp_path)


async def claim(spool: Spool, number: int = 1_000, size: int = ROOM, wait: float = 0.0) -> list[str]:
    """Claim, ack, and tell what was claimed."""
    claimed = await spool.claim(number, size, wait)
    await spool.ack(claimed)
    return texts(claimed)


def texts(batch: Sequence[Claimed]) -> list[str]:
    return [entry.decode() for run in batch for entry in run.entries]


def singly(batch: Sequence[Claimed]) -> list[Claimed]:
    """Each record as a run of its own."""
    return [run.part(place, place + 1) for run in batch for place in range(len(run.lengths))]


def counts(depth: Depth) -> tuple[int, int, int, int]:
    return depth.waiting, depth.claimed, depth.dead, depth.bytes


def numbered(*numbers: int) -> list[str]:
    return [str(number) for number in numbers]


def test_an_engine_for_tests_and_a_durable_one_are_found_by_name() -> None:
    assert {"memory", "sqlite"} <= set(engines())
    assert not any(name.startswith("_") for name in engines())
    assert "sqlite" in DURABLE
    assert "memory" not in DURABLE


# --- putting and claiming


def test_what_was_put_is_claimed_in_its_order_and_gone_once_acked(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        assert counts(spool.depth()) == (0, 0, 0, 0)
        assert await spool.put(records(3)) == 3
        assert await spool.put([record("3")]) == 1
        assert counts(spool.depth()) == (4, 0, 0, 4)
        claimed = await spool.claim(1_000, ROOM, 0)
        assert texts(claimed) == numbered(0, 1, 2, 3)
        assert (ids := [id_ for run in claimed for id_ in run.ids]) == sorted(set(ids))
        assert counts(spool.depth()) == (0, 4, 0, 4)
        await spool.ack(claimed)
        assert counts(spool.depth()) == (0, 0, 0, 0)

    engine.tell(story)


def test_data_is_kept_byte_for_byte(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        odd = [b"", b"\0", bytes(range(256)), "é\n".encode(), b"x" * 1_000_000]
        await spool.put([Record(data) for data in odd])
        assert [entry for run in await spool.claim(9, ROOM, 0) for entry in run.entries] == odd

    engine.tell(story)


def test_nothing_may_be_put(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        assert await spool.put([]) == 0
        assert counts(spool.depth()) == (0, 0, 0, 0)

    engine.tell(story)


def test_a_claim_takes_no_more_records_than_asked_for(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(5))
        assert await claim(spool, 2) == numbered(0, 1)
        assert await claim(spool, 2) == numbered(2, 3)
        assert await claim(spool, 2) == numbered(4)

    engine.tell(story)


def test_a_claim_takes_no_more_bytes_than_asked_for_but_one_record_at_least(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put([record("a" * 4), record("b" * 6), record("c"), record("d" * 50), record("e")])
        assert await claim(spool, size=10) == ["aaaa", "bbbbbb"]
        assert await claim(spool, size=10) == ["c"]
        assert await claim(spool, size=10) == ["d" * 50]
        assert await claim(spool, size=10) == ["e"]

    engine.tell(story)


def test_a_claimed_record_is_not_claimed_again(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(2))
        await spool.claim(1, ROOM, 0)
        assert texts(await spool.claim(9, ROOM, 0)) == ["1"]

    engine.tell(story)


def test_a_claim_waits_until_there_are_enough_records(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        claiming = asyncio.create_task(claim(spool, 3, wait=LONG))
        await spool.put(records(2))
        assert not claiming.done()
        await spool.put([record("2")])
        assert await claiming == numbered(0, 1, 2)

    engine.tell(story)


def test_a_claim_waits_until_there_are_enough_bytes(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        claiming = asyncio.create_task(claim(spool, size=10, wait=LONG))
        await spool.put([record("a" * 5)])
        assert not claiming.done()
        await spool.put([record("b" * 5)])
        assert await claiming == ["aaaaa", "bbbbb"]

    engine.tell(story)


def test_a_claim_waits_no_longer_than_the_oldest_record_may(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        claiming = asyncio.create_task(claim(spool, wait=0.01))
        await spool.put(records(1))
        assert await claiming == numbered(0)
        await spool.put(records(1))
        assert await claim(spool, wait=0.01) == numbered(0)

    engine.tell(story)


# --- ack, release, bury


def test_released_records_are_claimed_again_in_their_old_place(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(6))
        first = await spool.claim(2, ROOM, 0)
        second = await spool.claim(2, ROOM, 0)
        await spool.release(singly(first)[::-1])
        assert counts(spool.depth()) == (4, 2, 0, 6)
        assert await claim(spool, 3) == numbered(0, 1, 4)
        await spool.release([singly(second)[1]])
        assert await claim(spool) == numbered(3, 5)
        await spool.release([singly(second)[0]])
        assert await claim(spool) == numbered(2)
        assert counts(spool.depth()) == (0, 0, 0, 0)

    engine.tell(story)


def test_a_claim_that_waits_gets_what_is_released_once_it_has_waited_long_enough(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(2))
        taken = await spool.claim(2, ROOM, 0)
        claiming = asyncio.create_task(claim(spool, 2, wait=LONG))
        await asyncio.sleep(0)
        await spool.release(taken)
        assert await claiming == numbered(0, 1)

    engine.tell(story)


def test_buried_records_are_kept_as_dead_letters_and_not_claimed_again(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(3))
        taken = await spool.claim(2, ROOM, 0)
        await spool.bury(taken, "HTTP 400", "bad")
        assert counts(spool.depth()) == (1, 0, 2, 3)
        assert await claim(spool) == numbered(2)
        assert counts(spool.depth()) == (0, 0, 2, 2)

    engine.tell(story)


@pytest.mark.parametrize("verb", ["ack", "release", "bury"])
def test_what_is_not_claimed_is_no_matter(engine: Engine, verb: str) -> None:
    async def story(spool: Spool) -> None:
        change: Callable[[list[Claimed]], Coroutine[Any, Any, None]] = {
            "ack": spool.ack,
            "release": spool.release,
            "bury": lambda batch: spool.bury(batch, "reason", "answer"),
        }[verb]
        await spool.put(records(2))
        (taken,) = await spool.claim(1, ROOM, 0)
        await change([])
        await change([taken._replace(id=id_) for id_ in (taken.id + 1, taken.id + 1_000, -1)])
        assert counts(spool.depth()) == (1, 1, 0, 2)
        await change([taken, taken])
        after = counts(spool.depth())
        await change([taken])
        assert counts(spool.depth()) == after
        assert sum(after[:3]) == (1 if verb == "ack" else 2)
        assert "1" in await claim(spool)

    engine.tell(story)


def test_the_age_is_that_of_the_oldest_record_that_is_not_delivered(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        assert spool.depth().oldest_age == 0
        await spool.put(records(2))
        assert 0 < spool.depth().oldest_age < 60
        taken = await spool.claim(2, ROOM, 0)
        age = spool.depth().oldest_age
        assert 0 < age < 60
        await spool.put(records(1))
        assert spool.depth().oldest_age > age
        await spool.release(taken)
        assert spool.depth().oldest_age > age
        await spool.ack(await spool.claim(3, ROOM, 0))
        assert spool.depth().oldest_age == 0

    engine.tell(story)


# --- repeats


def test_a_repeat_is_stored_once_within_a_put_and_across_puts(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        assert await spool.put([record("a", "k"), record("b", "k"), record("c", "other")]) == 2
        assert await spool.put([record("d", "k"), record("e")]) == 1
        assert counts(spool.depth()) == (3, 0, 0, 3)
        assert await claim(spool) == ["a", "c", "e"]
        assert await spool.put([record("a", "k")]) == 0

    engine.tell(story)


def test_records_without_a_key_are_never_repeats(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        assert await spool.put([record("a"), record("a")]) == 2
        assert await spool.put([record("a")]) == 1

    engine.tell(story)


def test_of_repeats_put_at_once_one_is_stored(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        stored = await asyncio.gather(*(spool.put([record("a", "k")]) for _ in range(20)))
        assert sum(stored) == 1
        assert counts(spool.depth()) == (1, 0, 0, 1)

    engine.tell(story)


# --- limits


def test_a_repeat_is_known_even_when_the_spool_is_full(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        first = Record(b"x" * 10, b"key")
        assert await spool.put([first]) == 1
        assert await spool.put([first]) == 0
        with pytest.raises(SpoolFull):
            await spool.put([first, Record(b"y" * 10, b"other")])
        await spool.ack(await spool.claim(1, ROOM, 0))
        assert await spool.put([first, Record(b"y" * 10, b"other")]) == 1

    engine.tell(story, max_bytes=15)


def test_of_a_put_that_does_not_fit_nothing_is_stored_and_later_ones_work(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put([record("a" * 60)])
        await spool.probe()
        with pytest.raises(SpoolFull, match=r"^The spool holds its limit of 100 bytes\.$"):
            await spool.put([record("b" * 20, "k"), record("c" * 21)])
        assert counts(spool.depth()) == (1, 0, 0, 60)
        with pytest.raises(SpoolFull):
            await spool.probe()
        assert await spool.put([record("b" * 20, "k"), record("c" * 20)]) == 2
        await spool.probe()
        assert await claim(spool) == ["a" * 60, "b" * 20, "c" * 20]

    engine.tell(story, max_bytes=100)


def test_what_is_acked_makes_room_and_what_is_dead_does_not(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put([record("a" * 50), record("b" * 50)])
        first, second = singly(await spool.claim(2, ROOM, 0))
        with pytest.raises(SpoolFull):
            await spool.put([record("c")])
        await spool.bury([first], "reason", "answer")
        with pytest.raises(SpoolFull):
            await spool.put([record("c")])
        await spool.ack([second])
        await spool.probe()
        assert await spool.put([record("c" * 50)]) == 1
        with pytest.raises(SpoolFull):
            await spool.put([record("d")])

    engine.tell(story, max_bytes=100)


def test_a_put_that_can_never_fit_does_not_make_an_empty_spool_unready(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        with pytest.raises(SpoolFull):
            await spool.put([record("a" * 101)])
        await spool.probe()

    engine.tell(story, max_bytes=100)


# --- at once, and given up


def test_many_puts_at_once_are_all_stored(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        stored = await asyncio.gather(*(spool.put(records(3)) for _ in range(200)))
        assert sum(stored) == 600
        assert counts(spool.depth()) == (600, 0, 0, 600)
        assert len(await claim(spool)) == 600

    engine.tell(story)


def test_puts_claims_and_acks_at_once_lose_and_repeat_nothing(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        delivered: list[str] = []

        async def deliver() -> None:
            while len(delivered) < 500:
                delivered.extend(await claim(spool, 7))

        async def put(text: str) -> None:
            await spool.put([record(text)])

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(deliver())
            for number in range(500):
                tasks.create_task(put(str(number)))
        assert sorted(map(int, delivered)) == list(range(500))
        assert counts(spool.depth()) == (0, 0, 0, 0)

    engine.tell(story)


async def cancelled(work: Awaitable[Any]) -> None:
    """Begin, give up at once, and wait for the end of it."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_cancelled_put_is_counted_as_it_ends(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await cancelled(spool.put(records(2)))
        await spool.put([record("2")])
        assert counts(spool.depth()) == (3, 0, 0, 3)
        assert await claim(spool) == numbered(0, 1, 2)

    engine.tell(story)


@pytest.mark.parametrize("waiting", [0, 3])
def test_a_cancelled_claim_loses_nothing(engine: Engine, waiting: int) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(waiting))
        for turns in range(10):
            task = asyncio.create_task(spool.claim(9, ROOM, 0))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            (done,) = await asyncio.gather(task, return_exceptions=True)
            if not isinstance(done, BaseException):
                await spool.release(done)
        await spool.put([record("9")])
        assert await claim(spool) == numbered(*range(waiting), 9)

    engine.tell(story)


def test_of_two_claims_at_once_one_gets_a_lonely_record_and_the_other_the_next(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(1))
        claims = [asyncio.create_task(claim(spool)) for _ in range(2)]
        done, waiting = await asyncio.wait(claims, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result() for task in done] == [["0"]]
        await spool.put([record("1")])
        assert [await task for task in waiting] == [["1"]]

    engine.tell(story)


def test_a_url_that_names_no_engine_is_refused() -> None:
    for url in ("", "spool.db", "redis:x", "_backlog:x"):
        with pytest.raises(ConfigurationError) as caught:
            is_durable(url)
        assert caught.value.faults == ("RELAY_SPOOL: names no engine. Write sqlite:PATH.",)


@pytest.mark.parametrize("verb", ["ack", "bury"])
def test_records_whose_ack_was_cancelled_and_that_are_released_end_in_one_place(
    engine: Engine, verb: str
) -> None:
    """As when a relay stops while it waits for the disk."""

    async def story(spool: Spool) -> None:
        await spool.put(records(3))
        taken = await spool.claim(2, ROOM, 0)
        await cancelled(spool.ack(taken) if verb == "ack" else spool.bury(taken, "reason", "answer"))
        await spool.release(taken)
        await spool.put([record("3")])
        dead = 2 if verb == "bury" else 0
        assert counts(spool.depth()) == (2, 0, dead, 2 + dead)
        assert await claim(spool) == numbered(2, 3)

    engine.tell(story)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "claim", "claim the newest", "ack", "release", "bury"]),
        st.integers(0, 7),
        st.integers(0, 7),
    ),
    max_size=40,
)


@pytest.mark.parametrize("name", engines())
@settings(deadline=None, max_examples=50)
@given(steps=STEPS)
def test_each_record_is_waiting_claimed_acked_or_dead_whatever_is_done(
    name: str, steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever parts of the claimed runs are acked, released or buried, from one place to another."""

    async def story(spool: Spool) -> None:
        waiting: list[int] = []
        claimed: list[Claimed] = []
        put = dead = 0
        for verb, number, skipped in steps:
            some = claimed[skipped : skipped + number]
            match verb:
                case "put":
                    await spool.put([record(str(one)) for one in range(put, put + number)])
                    waiting += range(put, put + number)
                    put += number
                case "claim" | "claim the newest" if waiting and number:
                    newest = verb == "claim the newest"
                    taken = await spool.claim(number, ROOM, 0, newest=newest)
                    expected = waiting[-number:] if newest else waiting[:number]
                    assert texts(taken) == numbered(*expected)
                    claimed += singly(taken)
                    waiting = waiting[:-number] if newest else waiting[number:]
                case "ack" | "release" | "bury":
                    del claimed[skipped : skipped + number]
                    if verb == "ack":
                        await spool.ack(some)
                    elif verb == "release":
                        await spool.release(some)
                        waiting = sorted([*waiting, *map(int, texts(some))])
                    else:
                        await spool.bury(some, "reason", "answer")
                        dead += len(some)
            assert counts(spool.depth())[:3] == (len(waiting), len(claimed), dead)
        await spool.release(claimed)
        if waiting := sorted([*waiting, *map(int, texts(claimed))]):
            assert await claim(spool) == numbered(*waiting)
        assert counts(spool.depth())[:3] == (0, 0, dead)

    Engine(name, tmp_path_factory.mktemp(name)).tell(story)


# --- runs: what was put together may be stored together


def test_a_run_tells_of_its_records(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        before = time.time() * 1000 - 1
        await spool.put([Record(b"a", date=5), Record(b""), Record(b"ccc", date=3)])
        batch = await spool.claim(9, ROOM, 0)
        assert [entry for run in batch for entry in run.entries] == [b"a", b"", b"ccc"]
        assert all(run.data == b",".join(run.entries) for run in batch)
        assert all(list(run.lengths) == list(map(len, run.entries)) for run in batch)
        assert [id_ for run in batch for id_ in run.ids] == [*range(batch[0].id, batch[0].id + 3)]
        assert sum(run.size for run in batch) == 4
        assert min(run.earliest for run in batch) == 3
        assert before < max(run.latest for run in batch) <= time.time() * 1000
        assert all(before < run.stored_at <= time.time() * 1000 for run in batch)

    engine.tell(story)


def test_a_limit_may_fall_within_what_was_put_together(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(10))
        assert await claim(spool, 3) == numbered(0, 1, 2)
        assert await claim(spool, size=2) == numbered(3, 4)
        (newest,) = singly(await spool.claim(1, ROOM, 0, newest=True))
        assert newest.data == b"9"
        assert await claim(spool, 3) == numbered(5, 6, 7)
        await spool.release([newest])
        assert await claim(spool) == numbered(8, 9)

    engine.tell(story)


def test_of_the_newest_those_that_fit_are_claimed_in_their_order(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(4))
        await spool.put([record("a" * 5), record("b" * 6)])
        assert texts(await spool.claim(9, 10, 0, newest=True)) == ["b" * 6]
        assert texts(await spool.claim(3, 7, 0, newest=True)) == ["2", "3", "aaaaa"]
        assert texts(await spool.claim(9, ROOM, 0, newest=True)) == ["0", "1"]

    engine.tell(story)


@pytest.mark.parametrize("verb", ["ack", "release", "bury"])
def test_of_a_run_the_middle_may_end_before_the_rest(engine: Engine, verb: str) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(9))
        taken = singly(await spool.claim(9, ROOM, 0))
        middle = taken[3:6]
        match verb:
            case "ack":
                await spool.ack(middle)
            case "release":
                await spool.release(middle)
                assert await claim(spool) == numbered(3, 4, 5)
            case _:
                await spool.bury(middle, "reason", "answer")
        dead = 3 if verb == "bury" else 0
        assert counts(spool.depth()) == (0, 6, dead, 6 + dead)
        await spool.release(taken)
        assert await claim(spool) == numbered(0, 1, 2, 6, 7, 8)
        assert counts(spool.depth()) == (0, 0, dead, dead)

    engine.tell(story)


def test_halves_of_a_run_may_end_apart(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        await spool.put(records(5))
        for run in await spool.claim(5, ROOM, 0):
            if len(run.lengths) == 1:
                await (spool.release if run.data < b"2" else spool.ack)([run])
            else:
                first, second = run.halves()
                assert [*first.entries, *second.entries] == run.entries
                assert [*first.ids, *second.ids] == [*run.ids]
                await asyncio.gather(spool.ack([second]), spool.release([first]))
        assert await claim(spool) == numbered(0, 1)
        assert counts(spool.depth()) == (0, 0, 0, 0)

    engine.tell(story)


def test_of_puts_at_once_only_those_that_do_not_fit_are_refused(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        puts = [
            spool.put([record("a" * 40, "a")]),
            spool.put([record("b" * 50, "b"), record("c" * 20, "c")]),
            spool.put([record("c" * 20, "c")]),
            spool.put([record("d" * 50, "d")]),
            spool.put([record("a" * 40, "a")]),
            spool.put([record("e" * 40, "e")]),
        ]
        outcomes = await asyncio.gather(*puts, return_exceptions=True)
        assert [one if isinstance(one, int) else type(one) for one in outcomes] == [
            *(1, SpoolFull, 1, SpoolFull, 0, 1)
        ]
        assert await claim(spool) == ["a" * 40, "c" * 20, "e" * 40]
        assert await spool.put([record("b" * 50, "b"), record("c" * 20, "c")]) == 1

    engine.tell(story, max_bytes=100)


def test_what_is_put_together_may_be_long_and_much(engine: Engine) -> None:
    async def story(spool: Spool) -> None:
        sizes = [*[10] * 700, 900_000, 200_000, *[400_000] * 5, 10, 3_000_000, 10]
        await spool.put([record(f"{place:0{size}d}") for place, size in enumerate(sizes)])
        claimed = await spool.claim(9_999, ROOM, 0)
        assert [int(text[-9:]) for text in texts(claimed)] == [*range(len(sizes))]
        assert [length for run in claimed for length in run.lengths] == sizes
        assert all(
            len(run.lengths) == 1 or (len(run.lengths) <= 250 and run.size <= 10**6) for run in claimed
        )
        await spool.bury([run.part(0, 1) for run in claimed], "reason", "answer")
        await spool.ack(claimed)
        assert counts(spool.depth())[:3] == (0, 0, len(claimed))

    engine.tell(story)


# --- what outlives the process


def test_what_was_put_is_there_after_reopening_and_claims_are_not(durable: Engine) -> None:
    async def main() -> None:
        spool = await durable.open()
        await spool.put(records(5))
        taken = singly(await spool.claim(3, ROOM, 0))
        await spool.ack(taken[:1])
        await spool.bury(taken[1:2], "reason", "answer")
        await spool.close()
        spool = await durable.open()
        assert counts(spool.depth()) == (3, 0, 1, 4)
        await spool.put([record("5")])
        assert await claim(spool) == numbered(2, 3, 4, 5)
        await spool.close()

    asyncio.run(main())


def test_ids_go_on_rising_after_reopening(durable: Engine) -> None:
    async def main() -> None:
        spool = await durable.open()
        await spool.put(records(2))
        first, second = singly(await spool.claim(2, ROOM, 0))
        await spool.bury([second], "reason", "answer")
        await spool.ack([first])
        await spool.close()
        spool = await durable.open()
        await spool.put(records(1))
        (found,) = await spool.claim(1, ROOM, 0)
        assert found.id > second.id
        await spool.bury([found], "reason", "answer")
        assert spool.depth().dead == 2
        await spool.close()

    asyncio.run(main())


def test_a_repeat_is_known_after_reopening(durable: Engine) -> None:
    async def main() -> None:
        spool = await durable.open()
        assert await spool.put([record("a", "k")]) == 1
        await spool.close()
        spool = await durable.open()
        assert await spool.put([record("a", "k"), record("b", "other")]) == 1
        assert await claim(spool) == ["a", "b"]
        await spool.close()

    asyncio.run(main())


def test_the_limit_counts_what_was_there_before(durable: Engine) -> None:
    async def main() -> None:
        spool = await durable.open(100)
        await spool.put([record("a" * 90)])
        await spool.close()
        spool = await durable.open(100)
        with pytest.raises(SpoolFull):
            await spool.put([record("b" * 11)])
        assert await spool.put([record("b" * 10)]) == 1
        await spool.close()

    asyncio.run(main())


def test_closing_finishes_what_is_under_way(durable: Engine) -> None:
    async def main() -> None:
        spool = await durable.open()
        putting = [asyncio.ensure_future(spool.put(records(1))) for _ in range(50)]
        await asyncio.sleep(0)
        await spool.close()
        assert sum(await asyncio.gather(*putting)) == 50
        spool = await durable.open()
        assert spool.depth().waiting == 50
        await spool.close()

    asyncio.run(main())
