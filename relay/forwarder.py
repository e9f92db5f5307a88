"""Moves records from the spool to Datadog: claim, send, act on the verdict."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from relay import dates
from relay.batching import MAX_BATCH_BYTES, MAX_ENTRIES, MAX_PAYLOAD_BYTES, size
from relay.delivery import Delivery, Trouble
from relay.envelope import date_in, redate
from relay.errors import SpoolError
from relay.intake import Delivered, Rejected, Retry, Split, Verdict
from relay.metrics import Metrics
from relay.spool import Claimed, Spool

log = logging.getLogger(__name__)

Send = Callable[[Sequence[bytes]], Awaitable[Verdict]]

IN_FLIGHT = 4
"""Requests at once. Datadog's edge answers 502, 503, 504 and 512 at high concurrency; 4 were seen to work."""

LONG_BACKLOG = 10 * MAX_ENTRIES
"""With more than so many records waiting, one batch in `IN_FLIGHT` is of the newest: who is to be paged about
a flow that fails now must not wait until all that failed yesterday is through."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
"""The bound of the pause before the first retry, in seconds; it doubles with each try up to the second one.
The pause is a random part of it (full jitter), so that many relays do not come back at the same moment."""

_LONGEST_ASKED = 300.0
"""A wait that Datadog asks for is kept up to this bound, in seconds."""

_SPOOL_PAUSE = 2.0
"""The bound of the random pause before the spool is asked again for what it did not take, in seconds."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What the user may set about delivery.

    Attributes:
        batch_wait: seconds that a record may wait for others to fill its batch.
        bury_limit: so many records are buried in a row, with nothing delivered between; what is refused after
            that is held.
        in_flight: requests at once.
    """

    batch_wait: float
    bury_limit: int = 100
    in_flight: int = IN_FLIGHT


class Forwarder:
    """Delivers what the spool holds, oldest first, a bounded number of requests at a time.

    Attributes:
        running: whether `run` is at work.
        delivery: how it gets on.
        pace: may be replaced while it is at work, but for `in_flight`.
    """

    def __init__(
        self,
        spool: Spool,
        send: Send,
        metrics: Metrics,
        pace: Pace,
        *,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Make a forwarder.

        Args:
            spool: where the records are.
            send: delivers entries in one request.
            metrics: counts what happens.
            pace: see above.
            jitter: a random number from 0 to 1.
            clock: the wall clock, in epoch seconds.
        """
        self.running = False
        self.delivery = Delivery(metrics)
        self.pace = pace
        self._buried_in_a_row = 0
        self._claims = 0
        self._spool = spool
        self._send = send
        self._metrics = metrics
        self._slots = asyncio.Semaphore(pace.in_flight)
        self._jitter = jitter
        self._clock = clock
        self._again = asyncio.Event()

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
                self.try_again()
                bound.reschedule(asyncio.get_running_loop().time() + drain)
        except TimeoutError:
            log.warning(
                "Requests to Datadog were given up after %g s; their records wait in the spool.", drain
            )
        finally:
            self.running = False

    def try_again(self) -> None:
        """End all pauses: there is reason to hope that what failed will work now."""
        self._again.set()
        self._again = asyncio.Event()

    async def _claim_all(self, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        while True:
            await self._slots.acquire()
            tasks.create_task(self.deliver(await self._claim(), stop)).add_done_callback(self._free_slot)

    def _free_slot(self, _: asyncio.Task[None]) -> None:
        self._slots.release()

    async def _claim(self) -> list[Claimed]:
        self._claims += 1
        newest = self._claims % self.pace.in_flight == 0 and self._spool.depth().waiting > LONG_BACKLOG
        while True:
            try:
                return await self._spool.claim(
                    MAX_ENTRIES, MAX_BATCH_BYTES, self.pace.batch_wait, newest=newest
                )
            except SpoolError:
                await self._spool_failed()

    async def deliver(self, batch: list[Claimed], stop: asyncio.Event) -> None:
        """Send a batch, in parts if need be, until each record is delivered or dead, or `stop` is set."""
        parts = [batch]
        tries = 0
        this = object()
        try:
            while parts and not stop.is_set():
                part = parts[-1]
                verdict = await self._try(part)
                match verdict:
                    case Delivered():
                        await self._ack(part)
                    case Split() | Rejected() if _records(part) > 1:
                        parts[-1:] = _halves(part)
                        continue
                    case Split() | Rejected() if self._buried_in_a_row < self.pace.bury_limit:
                        await self._bury(part, verdict)
                    case _:
                        self.delivery.troubled(this, verdict)
                        await self._pause(verdict, tries)
                        tries += 1
                        continue
                parts.pop()
                tries = 0
                self.delivery.relieved(this)
        finally:
            self.delivery.relieved(this)
            await self._spool.release([run for part in parts for run in part])

    async def _try(self, part: Sequence[Claimed]) -> Verdict:
        entries, redated = self._dated(part)
        if _records(part) > 1 and size(entries) > MAX_PAYLOAD_BYTES:
            return Split("over Datadog's limit once it was dated anew", "")
        with self._metrics.intake_seconds.time():
            verdict = await self._send(entries)
        self._metrics.verdicts.labels(type(verdict).__name__.lower()).inc()
        if isinstance(verdict, Delivered):
            self._metrics.redated.inc(redated)
        if isinstance(verdict, Retry) and verdict.is_unanswered:
            self._metrics.possibly_repeated.inc(_records(part))
        return verdict

    def _dated(self, part: Sequence[Claimed]) -> tuple[list[bytes], int]:
        """What is to be sent, and how many records lose their date, for Datadog would drop them under it.

        A date that could not be read may be as old as the record is.
        """
        now = self._clock()
        entries: list[bytes] = []
        redated = 0
        for run in part:
            if dates.is_taken(run.earliest, now) and dates.is_taken(run.latest, now):
                entries.append(run.data)
                continue
            for data in run.entries:
                date = date_in(data)
                is_taken = dates.is_taken(run.stored_at if date is None else date, now)
                anew = None if is_taken else redate(data)
                entries.append(anew or data)
                redated += anew is not None
        return entries, redated

    async def _pause(self, verdict: Trouble, tries: int) -> None:
        again = self._again
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_after(verdict, tries, self._jitter())):
                await again.wait()

    async def _ack(self, part: Sequence[Claimed]) -> None:
        self._buried_in_a_row = 0
        await self._keep(lambda: self._spool.ack(part))
        self._metrics.delivered.inc(_records(part))

    async def _bury(self, part: Sequence[Claimed], verdict: Split | Rejected) -> None:
        self._buried_in_a_row += 1
        log.error("Datadog refuses a record: %s. It is kept as a dead letter.", verdict.reason)
        await self._keep(lambda: self._spool.bury(part, verdict.reason, verdict.answer))
        self._metrics.buried.labels(verdict.reason).inc()

    async def _keep(self, change: Callable[[], Awaitable[None]]) -> None:
        """Change the spool, and try until it takes the change: what Datadog has must not be sent again."""
        while True:
            try:
                return await change()
            except SpoolError:
                await self._spool_failed()

    async def _spool_failed(self) -> None:
        self._metrics.spool_faults.inc()
        await asyncio.sleep(self._jitter() * _SPOOL_PAUSE)


def _records(part: Sequence[Claimed]) -> int:
    return sum([len(run.lengths) for run in part])


def _halves(part: list[Claimed]) -> list[list[Claimed]]:
    """A part of two records or more as two parts; the first one to be sent comes last."""
    if len(part) == 1:
        first, second = part[0].halves()
        return [[second], [first]]
    middle = len(part) // 2
    return [part[middle:], part[:middle]]


def pause_after(verdict: Trouble, tries: int, jitter: float) -> float:
    """Seconds until the next try: what Datadog asked for, else a random part of a bound that doubles.

    Args:
        verdict: of the last try.
        tries: how many there were before it.
        jitter: a random number from 0 to 1.
    """
    if isinstance(verdict, Retry) and verdict.after is not None:
        return min(verdict.after, _LONGEST_ASKED)
    return jitter * min(_FIRST_PAUSE * 2.0 ** min(tries, 16), _LONGEST_PAUSE)
