"""Keeps workers at work: starts them, starts others in their place, and ends them."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable
from dataclasses import replace

from relay import turns
from relay.errors import Died
from relay.server import Listening
from relay.settings import Settings
from relay.turns import Turns
from relay.workers.main_process import Orders
from relay.workers.worker_process import Behind, WorkerProcess

log = logging.getLogger(__name__)

_SCRAPE_SECONDS = 1.0
"""So long a scrape waits for what a worker has counted."""

_LAST_SECONDS = 1.0
"""So long has a worker to end, after its requests had their time, before it is killed."""

_WELL_SECONDS = 5.0
"""Who has taken requests for so long is well."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
"""Seconds before another one is started in a place where none has been well since the last one; each time
twice as long."""


class Workers:
    """As many processes that receive as the settings say."""

    def __init__(self, settings: Settings, listening: Listening, behind: Behind) -> None:
        """Begin.

        Args:
            settings: the first ones.
            listening: where all of them listen, and how long requests under way have to end.
            behind: what is behind them.
        """
        self._listening = listening.socket
        self._behind = behind
        self._orders = Orders(replace(settings, api_key=""), listening.drain)
        self._at_work: set[WorkerProcess] = set()
        self._starting = set(range(1, settings.workers + 1))
        self._pauses: dict[int, float] = {}
        self._turns = turns.shared(settings.workers)
        self._well: dict[int, asyncio.TimerHandle] = {}
        self._ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def run(self, stop: asyncio.Event, ready: Callable[[], None]) -> None:
        """Keep them at work until `stop` is set; then let requests under way end within the bound.

        Args:
            stop: set it to end in order.
            ready: is called once all of them take requests.

        Raises:
            Died: one ended before it took any request.
        """
        keeping = {asyncio.create_task(self._keep(number)) for number in self._starting}
        waits = {asyncio.create_task(stop.wait()), starting := asyncio.create_task(self._ready.wait())}
        try:
            await asyncio.wait({*keeping, *waits}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                ready()
                await asyncio.wait({*keeping, *waits - {starting}}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await self._end(keeping)
        for fault in [kept.exception() for kept in keeping]:
            if fault:
                raise fault

    def follow(self, settings: Settings, *, renew: bool = False) -> None:
        """Have all follow these settings from now on, or also take the certificate as it is on disk now."""
        self._orders = replace(self._orders, settings=replace(settings, api_key=""))
        for worker in self._at_work:
            worker.order(replace(self._orders, renew=renew))

    async def _end(self, keeping: set[asyncio.Task[None]]) -> None:
        self._stop.set()
        self._listening.close()
        for worker in self._at_work:
            worker.stop()
        await asyncio.wait(keeping, timeout=self._orders.drain + _LAST_SECONDS)
        for worker in self._at_work:
            worker.kill()
        await asyncio.wait(keeping)
        os.close(self._turns)

    async def _keep(self, number: int) -> None:
        """Keep one place filled."""
        while not self._stop.is_set():
            end = await self._live(number)
            if self._stop.is_set():
                return
            if number in self._starting:
                raise Died(f"Worker {number} {end} before it took events.")
            if number not in self._pauses:
                log.error("Worker %d %s. Another takes its place; the others go on.", number, end)
            pause = self._pauses.get(number, 0.0)
            self._pauses[number] = min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)

    async def _live(self, number: int) -> str:
        """Have one worker, from its start to its end; tells how it ended."""
        worker = WorkerProcess(self._behind, self._show, lambda: self._is_ready(number))
        self._at_work.add(worker)
        try:
            await worker.start(number, self._listening.fileno(), self._turns, self._orders)
            return await worker.wait()
        except OSError as error:
            return f"could not be started ({error.strerror})"
        finally:
            self._at_work.discard(worker)
            Turns(self._turns, number).leave()
            if number in self._well:
                self._well.pop(number).cancel()

    def _is_ready(self, number: int) -> None:
        self._well[number] = self._loop.call_later(_WELL_SECONDS, self._is_well, number)
        self._starting.discard(number)
        if not self._starting:
            self._ready.set()

    def _is_well(self, number: int) -> None:
        if self._pauses.pop(number, None):
            log.info("Worker %d is at work again.", number)

    async def _show(self, asking: WorkerProcess) -> bytes:
        """All metrics, with what the other workers have counted up to now."""
        counting = [worker.count() for worker in self._at_work if worker is not asking]
        if counting:
            await asyncio.wait(counting, timeout=_SCRAPE_SECONDS)
        return await self._behind.show()
