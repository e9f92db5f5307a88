"""A spool that comes back: opened once it can be, and opened anew after damage, while the relay goes on."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from relay.envelope import Record
from relay.errors import SpoolDamaged, SpoolError, SpoolFull, SpoolUnwritable
from relay.metrics import Metrics
from relay.spool import Claimed, Depth, Engine, open_spool

log = logging.getLogger(__name__)

R = TypeVar("R")

_OPEN_EVERY = 2.0
"""Seconds between two tries to open a spool, or to save a damaged one."""

_LOOK_EVERY = 1.0
"""Seconds between two looks at what others have done to the spool."""

_ROOM_AGAIN = 0.95
"""A spool that was full is said to take events again below this part of its limit, not with every record."""


class KeptSpool:
    """See `relay.spool.Spool`, whose methods these are.

    While no spool is open, puts are refused. What was claimed of the last one waits in the next one. Each
    change between taking and refusing events is logged once.

    Attributes:
        refusal: why events are refused at present; None while they are taken.
    """

    def __init__(self, url: str, max_bytes: int, metrics: Metrics) -> None:
        self._url = url
        self._max_bytes = max_bytes
        self._metrics = metrics
        self._spool: Engine | None = None
        self._gone = asyncio.Event()
        self._depth = Depth(0, 0, 0, 0, 0.0)
        self._last_id = 0
        self.refusal: SpoolError | None = None
        self._opening: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        metrics.watch(self.depth, max_bytes)

    async def open(self) -> None:
        """Open the spool, or begin to wait until it can be opened.

        Raises:
            ConfigurationError: the URL names no engine.
            SpoolUnusable: it cannot be a spool; says why and what to do.
        """
        try:
            await self._open()
        except SpoolUnwritable as error:
            self._refuses(error)
            self._opening = asyncio.create_task(self._open_again())
        else:
            self._metrics.spool_writable.set(1)
        self._looking = asyncio.create_task(self._look())

    async def put(self, records: Sequence[Record]) -> int:
        """See `Spool.put`."""
        spool = self._spool  # without `_use`: this is done for each request
        if spool is None:
            raise self._not_open()
        try:
            stored = await spool.put(records)
        except SpoolError as error:
            self._failed(spool, error)
            self._refuses(error)
            raise
        self._takes()
        return stored

    async def claim(
        self, max_records: int, max_bytes: int, wait: float, *, newest: bool = False
    ) -> list[Claimed]:
        """See `Spool.claim`."""
        claiming = asyncio.ensure_future(
            self._use(lambda spool: spool.claim(max_records, max_bytes, wait, newest=newest))
        )
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({claiming, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not claiming.done():
                raise self._not_open()
            return claiming.result()
        finally:
            gone.cancel()
            claiming.cancel()

    async def ack(self, batch: Sequence[Claimed]) -> None:
        """See `Spool.ack`."""
        await self._use(lambda spool: spool.ack(batch))

    async def release(self, batch: Sequence[Claimed]) -> None:
        """See `Spool.release`."""
        if self._spool:
            await self._spool.release(batch)

    async def bury(self, batch: Sequence[Claimed], reason: str, answer: str) -> None:
        """See `Spool.bury`."""
        await self._use(lambda spool: spool.bury(batch, reason, answer))

    def depth(self) -> Depth:
        """See `Spool.depth`; of the last spool while none is open."""
        if self._spool:
            self._depth = self._spool.depth()
        return self._depth

    async def probe(self) -> None:
        """See `Spool.probe`."""
        try:
            await self._use(lambda spool: spool.probe())
        except SpoolError as error:
            self._refuses(error)
            raise
        self._takes()

    async def close(self) -> None:
        """See `Spool.close`."""
        for task in filter(None, (self._looking, self._opening)):
            task.cancel()
            await asyncio.wait({task})
        if self._spool:
            await self._spool.close()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with contextlib.suppress(SpoolError):  # who puts next is told
                await self._use(lambda spool: spool.refresh())

    async def _use(self, verb: Callable[[Engine], Awaitable[R]]) -> R:
        spool = self._spool
        if spool is None:
            raise self._not_open()
        try:
            return await verb(spool)
        except SpoolError as error:
            self._failed(spool, error)
            raise

    def _failed(self, spool: Engine, error: SpoolError) -> None:
        """After a fault: what is damaged is given up."""
        if isinstance(error, SpoolDamaged) and self._spool is spool:
            self._give_up(spool, error)

    def _give_up(self, damaged: Engine, error: SpoolDamaged) -> None:
        self.depth()
        self._last_id = damaged.last_id
        self._spool = None
        self._gone.set()
        self._gone = asyncio.Event()
        self._metrics.spool_damaged.inc()
        self._refuses(error)
        self._opening = asyncio.create_task(self._open_again(damaged))

    async def _open_again(self, damaged: Engine | None = None) -> None:
        """Save what can be read of a damaged spool, then open what is there; try until both have worked."""
        while True:
            try:
                if damaged:
                    await damaged.set_aside()
                    damaged = None
                await self._open()
            except SpoolError as error:
                self._refuses(error)
            else:
                self._takes()
                return
            await asyncio.sleep(_OPEN_EVERY)

    async def _open(self) -> None:
        self._spool = await open_spool(self._url, max_bytes=self._max_bytes, after=self._last_id)
        self._metrics.spool_damaged.inc(self._spool.was_damaged)

    def _not_open(self) -> SpoolError:
        return SpoolUnwritable(str(self.refusal) if self.refusal else "The spool is not open.")

    def _refuses(self, error: SpoolError) -> None:
        if type(self.refusal) is not type(error):
            log.error("%s Events are refused with 503 until it takes them.", error)
            self._metrics.spool_writable.set(0)
        self.refusal = error

    def _takes(self) -> None:
        if self.refusal is None or (
            isinstance(self.refusal, SpoolFull) and self.depth().bytes > _ROOM_AGAIN * self._max_bytes
        ):
            return
        log.info("The spool takes events again.")
        self.refusal = None
        self._metrics.spool_writable.set(1)
