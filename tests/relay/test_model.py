"""Whatever happens between any two steps: each key that was put ends delivered, dead or waiting."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fakes import record, until
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from relay.errors import SpoolUnwritable
from relay.forwarder import Forwarder, Pace
from relay.intake import Delivered, Held, Rejected, Retry, Split, Verdict
from relay.metrics import Metrics
from relay.spool import Claimed, Depth, Engine, engines, is_durable, open_letters, open_spool
from relay.spool.memory import MemorySpool

R = TypeVar("R")

ROOM = 10**6
IN_FLIGHT = 3


class Failing:
    """An engine, and a disk that takes no writes while `failing` is set."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.failing = False

    async def put(self, records: Sequence[Any]) -> int:
        self._write()
        return await self.engine.put(records)

    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        return await self.engine.claim(max_records, max_bytes, wait, newest=newest)

    async def ack(self, batch: Sequence[Claimed]) -> None:
        self._write()
        await self.engine.ack(batch)

    async def release(self, batch: Sequence[Claimed]) -> None:
        await self.engine.release(batch)

    async def bury(self, batch: Sequence[Claimed], reason: str, answer: str) -> None:
        self._write()
        await self.engine.bury(batch, reason, answer)

    def depth(self) -> Depth:
        return self.engine.depth()

    async def probe(self) -> None:
        self._write()

    async def close(self) -> None:
        await self.engine.close()

    def _write(self) -> None:
        if self.failing:
            raise SpoolUnwritable("The disk takes no writes.")


class Datadog:
    """Keeps what it takes; each request waits until it is told how to answer.

    Attributes:
        kept: how often it has each key.
        asked: the requests that wait, in their order.
        generous: whether it answers 202 to all by itself.
    """

    def __init__(self) -> None:
        self.kept: Counter[str] = Counter()
        self.asked: list[tuple[list[str], asyncio.Future[Verdict]]] = []
        self.generous = False

    async def send(self, entries: Sequence[bytes]) -> Verdict:
        keys = [entry.decode() for entry in entries]
        if self.generous:
            self.kept.update(keys)
            return Delivered()
        request = (keys, asyncio.get_running_loop().create_future())
        self.asked.append(request)
        try:
            verdict: Verdict = await request[1]
            return verdict
        finally:
            if request in self.asked:
                self.asked.remove(request)


class Relay(RuleBasedStateMachine):
    """Spool and forwarder, against what was put into them and what Datadog has."""

    engine = ""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="relay-model-"))
        self.generation = 0
        self.put_keys: set[str] = set()
        self.may_repeat: set[str] = set()
        self.datadog = Datadog()
        self.spool = Failing(self.run(open_spool(self.url, max_bytes=ROOM)))
        self.start()

    @property
    def url(self) -> str:
        return f"{self.engine}:{self.folder / str(self.generation)}.db"

    def start(self) -> None:
        """What begins anew with the process."""
        pace = Pace(0.0, bury_limit=2, in_flight=IN_FLIGHT)
        self.forwarder = Forwarder(
            self.spool, self.datadog.send, Metrics(), pace, jitter=lambda: 0.0, clock=lambda: 0.0
        )
        self.tasks: dict[asyncio.Task[None], set[str]] = {}
        self.stop = asyncio.Event()

    def run(self, work: Awaitable[R]) -> R:
        async def main() -> R:
            return await work

        return self.runner.run(main())

    async def settle(self) -> None:
        """Let deliveries go on until each waits for Datadog, or for the disk."""

        def is_settled() -> bool:
            self.tasks = {task: keys for task, keys in self.tasks.items() if not task.done()}
            return self.spool.failing or len(self.tasks) == len(self.datadog.asked)

        await until(is_settled)
        for _ in range(5):
            await asyncio.sleep(0)

    @rule(numbers=st.lists(st.integers(0, 60), min_size=1, max_size=12))
    def put(self, numbers: list[int]) -> None:
        keys = [f"key-{number}" for number in numbers]
        try:
            stored = self.run(self.spool.put([record(key, key) for key in keys]))
        except SpoolUnwritable:
            assert self.spool.failing
            return
        assert stored == len(set(keys) - self.put_keys)
        self.put_keys |= set(keys)

    @precondition(lambda self: len(self.tasks) < IN_FLIGHT and self.spool.depth().waiting)
    @rule(number=st.integers(1, 8), newest=st.booleans())
    def claim_and_send(self, number: int, newest: bool) -> None:
        async def main() -> None:
            batch = await self.spool.claim(number, ROOM, 0.0, newest=newest)
            delivering = asyncio.create_task(self.forwarder.deliver(batch, self.stop))
            self.tasks[delivering] = {entry.decode() for run in batch for entry in run.entries}
            await self.settle()

        self.run(main())

    @precondition(lambda self: self.datadog.asked)
    @rule(
        which=st.integers(0, IN_FLIGHT),
        verdict=st.sampled_from(
            [
                Delivered(),
                Delivered(),
                Retry("HTTP 503"),
                Retry("the answer was lost", is_unanswered=True),
                Held("HTTP 403"),
                Split("HTTP 413", ""),
                Rejected("HTTP 400", ""),
            ]
        ),
    )
    def answer(self, which: int, verdict: Verdict) -> None:
        async def main() -> None:
            keys, answer = self.datadog.asked.pop(which % len(self.datadog.asked))
            if isinstance(verdict, Delivered) or (isinstance(verdict, Retry) and verdict.is_unanswered):
                self.datadog.kept.update(keys)
            if isinstance(verdict, Retry) and verdict.is_unanswered:
                self.may_repeat |= set(keys)
            answer.set_result(verdict)
            await self.settle()

        self.run(main())

    @rule(failing=st.booleans())
    def disk(self, failing: bool) -> None:
        async def main() -> None:
            self.spool.failing = failing
            await self.settle()

        self.run(main())

    @precondition(lambda self: self.tasks)
    @rule()
    def give_up_what_is_under_way(self) -> None:
        self.may_repeat |= self.under_way()
        self.run(self.give_up())
        self.start()

    @rule()
    def stop_in_order(self) -> None:
        """SIGTERM: what is under way is given up, then all begins anew."""

        async def main() -> None:
            await self.give_up()
            await self.spool.close()

        self.may_repeat |= self.under_way()
        if is_durable(self.url):
            self.run(main())
            self.spool = Failing(self.run(open_spool(self.url, max_bytes=ROOM)))
        else:
            self.run(self.give_up())
            self.spool.failing = False
        self.start()

    @precondition(lambda self: is_durable(self.url))
    @rule()
    def kill(self) -> None:
        """kill -9: what is on disk at this moment is all that is left."""
        self.may_repeat |= self.under_way()
        old = self.url.partition(":")[2]
        self.generation += 1
        for suffix in ("", "-wal", ".lock"):
            if Path(old + suffix).exists():
                shutil.copy(old + suffix, self.url.partition(":")[2] + suffix)

        async def main() -> None:
            await self.give_up()
            await self.spool.close()

        self.run(main())
        self.spool = Failing(self.run(open_spool(self.url, max_bytes=ROOM)))
        self.start()

    async def give_up(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.datadog.asked.clear()

    def under_way(self) -> set[str]:
        """What Datadog may have although it is not forgotten: the keys of every delivery at work."""
        return set().union(*self.tasks.values())

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "spool"):
            return
        depth = self.spool.depth()
        left = self.put_keys - self.datadog.kept.keys()
        assert depth.waiting + depth.claimed + depth.dead >= len(left)

    def teardown(self) -> None:
        if not hasattr(self, "spool"):
            return
        try:
            self.run(self.drain())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder)

    async def drain(self) -> None:
        """With disk and Datadog well again, all that waits is delivered."""
        self.spool.failing = False
        self.datadog.generous = True
        for keys, answer in self.datadog.asked:
            self.datadog.kept.update(keys)
            answer.set_result(Delivered())
        stop = asyncio.Event()
        running = asyncio.create_task(self.forwarder.run(stop, 60.0))
        await until(lambda: self.spool.depth().waiting + self.spool.depth().claimed == 0)
        stop.set()
        await running
        await asyncio.gather(*self.tasks)
        await self.spool.close()
        kept = self.datadog.kept
        assert kept.keys() | self.dead() == self.put_keys
        assert all(kept[key] == 0 for key in self.dead() - self.may_repeat)
        repeated = {key for key, times in kept.items() if times > 1}
        assert repeated <= self.may_repeat

    def dead(self) -> set[str]:
        """The keys of the dead letters of a spool that is closed."""
        if isinstance(self.spool.engine, MemorySpool):
            return {claimed.data.decode() for claimed, _, _ in self.spool.engine.dead.values()}
        with closing(open_letters(self.url)) as letters:
            return {letter.data.decode() for letter in letters.all()}


@pytest.mark.parametrize("engine", engines())
def test_each_key_that_was_put_ends_delivered_dead_or_waiting(engine: str) -> None:
    machine = type("Relay", (Relay,), {"engine": engine})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
