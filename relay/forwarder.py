"""Moves records from the spool to Datadog: claim, send, act on the verdict."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

from relay.batching import MAX_BATCH_BYTES, MAX_ENTRIES
from relay.errors import SpoolError
from relay.intake import Delivered, Held, Rejected, Retry, Split, Verdict
from relay.metrics import Metrics
from relay.spool import Claimed, Spool

log = logging.getLogger(__name__)

Send = Callable[[Sequence[bytes]], Awaitable[Verdict]]

IN_FLIGHT = 4
"""Requests at once. Datadog's edge answers 502, 503, 504 and 512 at high concurrency; 4 were seen to work."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
"""The bound of the pause before the first retry, in seconds; it doubles with each try up to the second one.
The pause is a random part of it (full jitter), so that many relays do not come back at the same moment."""

_LONGEST_ASKED = 300.0
"""A wait that Datadog asks for is kept up to this bound, in seconds."""

_SPOOL_PAUSE = 2.0
"""The bound of the random pause before the spool is asked again for what it did not take, in seconds."""


class Forwarder:
    """Delivers what the spool holds, oldest first, a bounded number of requests at a time.

    Attributes:
        running: whether `run` is at work.
        trouble: why delivery does not get on at present; None while it does.
    """

    def __init__(
        self,
        spool: Spool,
        send: Send,
        metrics: Metrics,
        *,
        batch_wait: float,
        in_flight: int = IN_FLIGHT,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Make a forwarder.

        Args:
            spool: where the records are.
            send: delivers entries in one request.
            metrics: counts what happens.
            batch_wait: seconds that a record may wait for others to fill its batch.
            in_flight: requests at once.
            jitter: a random number from 0 to 1.
        """
        self.running = False
        self.trouble: Retry | Held | None = None
        self._spool = spool
        self._send = send
        self._metrics = metrics
        self._batch_wait = batch_wait
        self._slots = asyncio.Semaphore(in_flight)
        self._jitter = jitter

    async def run(self, stop: asyncio.Event, drain: float) -> None:
        """Deliver until `stop` is set; then wait at most `drain` seconds for requests under way.

        What is not delivered by then waits in the spool.
        """
        self.running = True
        try:
            async with asyncio.timeout(None) as bound, asyncio.TaskGroup() as tasks:
                claiming = tasks.create_task(self._claim_all(tasks, stop))
                await stop.wait()
                claiming.cancel()
                bound.reschedule(asyncio.get_running_loop().time() + drain)
        except TimeoutError:
            log.warning(
                "Requests to Datadog were given up after %g s; their records wait in the spool.", drain
            )
        finally:
            self.running = False

    async def _claim_all(self, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        while True:
            await self._slots.acquire()
            tasks.create_task(self.deliver(await self._claim(), stop)).add_done_callback(self._free_slot)

    def _free_slot(self, _: asyncio.Task[None]) -> None:
        self._slots.release()

    async def _claim(self) -> list[Claimed]:
        while True:
            try:
                return await self._spool.claim(MAX_ENTRIES, MAX_BATCH_BYTES, self._batch_wait)
            except SpoolError as error:
                await self._spool_failed(error)

    async def deliver(self, batch: list[Claimed], stop: asyncio.Event) -> None:
        """Send a batch, in parts if need be, until each record is delivered or dead, or `stop` is set."""
        parts = [batch]
        tries = 0
        try:
            while parts and not stop.is_set():
                part = parts[-1]
                verdict = await self._try(part)
                match verdict:
                    case Retry() | Held():
                        await self._pause(verdict, tries, stop)
                        tries += 1
                        continue
                    case Delivered():
                        await self._ack(part)
                    case Split() | Rejected() if len(part) > 1:
                        middle = len(part) // 2
                        parts[-1:] = [part[middle:], part[:middle]]
                        continue
                    case _:
                        await self._bury(part, verdict)
                parts.pop()
                tries = 0
        finally:
            await self._spool.release([record.id for part in parts for record in part])

    async def _try(self, part: Sequence[Claimed]) -> Verdict:
        with self._metrics.intake_seconds.time():
            verdict = await self._send([record.data for record in part])
        self._metrics.verdicts.labels(type(verdict).__name__.lower()).inc()
        if isinstance(verdict, Retry | Held):
            if not self.trouble or self.trouble.reason != verdict.reason:
                log.warning("Datadog does not take records: %s. They wait; trying again.", verdict.reason)
            self.trouble = verdict
        else:
            if self.trouble:
                log.info("Datadog takes records again.")
            self.trouble = None
        return verdict

    async def _pause(self, verdict: Retry | Held, tries: int, stop: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_after(verdict, tries, self._jitter())):
                await stop.wait()

    async def _ack(self, part: Sequence[Claimed]) -> None:
        await self._keep(lambda: self._spool.ack([record.id for record in part]))
        self._metrics.delivered.inc(len(part))

    async def _bury(self, part: Sequence[Claimed], verdict: Split | Rejected) -> None:
        log.error("Datadog refuses a record: %s. It is kept as a dead letter.", verdict.reason)
        ids = [record.id for record in part]
        await self._keep(lambda: self._spool.bury(ids, verdict.reason, verdict.answer))
        self._metrics.buried.labels(verdict.reason).inc(len(part))

    async def _keep(self, change: Callable[[], Awaitable[None]]) -> None:
        """Change the spool, and try until it takes the change: what Datadog has must not be sent again."""
        while True:
            try:
                return await change()
            except SpoolError as error:
                await self._spool_failed(error)

    async def _spool_failed(self, error: SpoolError) -> None:
        self._metrics.spool_faults.inc()
        log.error("%s Trying again.", error)
        await asyncio.sleep(self._jitter() * _SPOOL_PAUSE)


def pause_after(verdict: Retry | Held, tries: int, jitter: float) -> float:
    """Seconds until the next try: what Datadog asked for, else a random part of a bound that doubles.

    Args:
        verdict: of the last try.
        tries: how many there were before it.
        jitter: a random number from 0 to 1.
    """
    if isinstance(verdict, Retry) and verdict.after is not None:
        return min(verdict.after, _LONGEST_ASKED)
    return jitter * min(_FIRST_PAUSE * 2.0 ** min(tries, 16), _LONGEST_PAUSE)
