"""What takes too long is cancelled, and told from what others cancel."""

import asyncio

import pytest

from relay.timelimit import TimeLimit


async def wait(limit: TimeLimit, for_: asyncio.Event) -> str:
    task = limit.begin()
    try:
        await for_.wait()
    except asyncio.CancelledError:
        if limit.is_over(task):
            return "over"
        raise
    finally:
        limit.end(task)
    return "done"


def test_what_takes_too_long_is_cancelled_and_its_task_goes_on() -> None:
    async def main() -> None:
        limit = TimeLimit(0.01)
        for _ in range(2):  # a second time, for the timer has stopped meanwhile
            assert await wait(limit, asyncio.Event()) == "over"
            await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task
        assert task.cancelling() == 0

    asyncio.run(main())


def test_what_is_done_in_time_is_left_alone_and_so_is_what_comes_after_it() -> None:
    async def main() -> None:
        limit, done = TimeLimit(0.01), asyncio.Event()
        done.set()
        assert await wait(limit, done) == "done"
        await asyncio.sleep(0.05)

    asyncio.run(main())


def test_of_many_tasks_each_has_its_own_time() -> None:
    async def main() -> None:
        limit, done = TimeLimit(0.2), asyncio.Event()
        late = [asyncio.create_task(wait(limit, asyncio.Event())) for _ in range(3)]
        early = [asyncio.create_task(wait(limit, done)) for _ in range(3)]
        await asyncio.sleep(0)
        done.set()
        assert await asyncio.gather(*late, *early) == ["over"] * 3 + ["done"] * 3

    asyncio.run(main())


def test_who_is_cancelled_by_others_is_not_told_of_the_limit() -> None:
    async def main() -> None:
        waiting = asyncio.create_task(wait(TimeLimit(60.0), asyncio.Event()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert waiting.cancelled()

    asyncio.run(main())


def test_who_is_cancelled_by_others_too_is_not_told_of_the_limit_alone() -> None:
    async def main() -> None:
        waiting = asyncio.create_task(wait(TimeLimit(0.0), asyncio.Event()))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.0, waiting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(main())


def test_only_tasks_can_be_measured() -> None:
    async def main() -> None:
        told = asyncio.get_running_loop().create_future()

        def begin() -> None:
            try:
                TimeLimit(1.0).begin()
            except RuntimeError as error:
                told.set_result(str(error))

        asyncio.get_running_loop().call_soon(begin)
        assert await told == "only what a task does can be cancelled"

    asyncio.run(main())
