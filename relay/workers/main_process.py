"""The main process as a worker sees it: its spool, and what it tells of the relay as a whole."""

import asyncio
import pickle
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import count
from operator import attrgetter
from typing import cast

from relay import errors
from relay.envelope import Record
from relay.settings import Settings
from relay.tally import Tally
from relay.workers.channel import Channel, Message

_COUNT_SECONDS = 0.25
"""How often the counts go to the main process: of a worker that is killed, those since then are missing."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker has to know.

    Attributes:
        settings: those in force, but for the API key, which is none of its business.
        drain: seconds that requests under way have to end, once it is to stop.
        renew: whether to take the certificate as it is on disk now.
    """

    settings: Settings
    drain: float
    renew: bool = False


class MainProcess:
    """Asks the main process and follows its orders.

    Attributes:
        tally: what this worker counts.
    """

    def __init__(
        self, ordered: Callable[[Orders], None], stop: Callable[[], None], lost: Callable[[], None]
    ) -> None:
        """Begin.

        Args:
            ordered: is called with each orders that come.
            stop: is called when this worker is to end.
            lost: is called when the main process has ended.
        """
        self.tally = Tally()
        self._ordered = ordered
        self._stop = stop
        self._lost = lost
        self._channel = Channel(self._received, self._is_over)
        self._closed: asyncio.Future[None] | None = None
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[object]] = {}
        self._loop = asyncio.get_running_loop()

    async def connect(self, end: socket.socket) -> None:
        """Begin to talk, over this end of the channel."""
        await self._loop.create_unix_connection(lambda: self._channel, sock=end)

    def ready(self) -> None:
        """Tell that requests are taken from now on, and from time to time what was counted."""
        self._channel.send("ready")
        self._count_on()

    async def put(self, records: Sequence[Record]) -> int:
        """See `Spool.put`: into the main process's spool."""
        return cast("int", await self._ask("put", [*map(_row, records)]))

    async def unready(self) -> list[str]:
        """Why the relay should get no traffic at present; empty if it should."""
        return cast("list[str]", await self._ask("unready"))

    async def show(self) -> bytes:
        """All metrics of the relay as a whole."""
        self._count(0)
        return cast("bytes", await self._ask("show"))

    async def close(self) -> None:
        """Tell the last counts and close."""
        self._closed = self._loop.create_future()
        self._count(0)
        self._channel.close()
        await self._closed

    def _ask(self, kind: str, value: object = None) -> asyncio.Future[object]:
        number = next(self._numbers)
        future = self._asked[number] = self._loop.create_future()
        self._channel.send(kind, number, value)
        return future

    def _received(self, messages: list[Message]) -> None:
        for kind, number, value in messages:
            if kind == "done":
                future = self._asked.pop(number)
                if not future.done():  # else nobody waits any more
                    future.set_result(value)
            elif kind == "failed":
                future = self._asked.pop(number)
                if not future.done():
                    future.set_exception(_error(*cast("tuple[str, str]", value)))
            elif kind == "count":
                self._count(number)
            elif kind == "orders":
                self._ordered(pickle.loads(cast("bytes", value)))  # noqa: S301  # of our own process
            else:
                self._stop()

    def _is_over(self) -> None:
        if self._closed:
            self._closed.set_result(None)
        else:
            self._lost()

    def _count(self, number: int) -> None:
        self._channel.send("tally", number, pickle.dumps(self.tally.take()))

    def _count_on(self) -> None:
        if self.tally != _NOTHING:
            self._count(0)
        self._loop.call_later(_COUNT_SECONDS, self._count_on)


_NOTHING = Tally()

_row = attrgetter(*(each.name for each in fields(Record)))
"""A record as the channel takes it."""


def _error(name: str, text: str) -> Exception:
    """The error that the main process met."""
    known = getattr(errors, name, None)
    if isinstance(known, type) and issubclass(known, errors.SpoolError):
        return known(text)
    return RuntimeError(f"The main process met a fault: {name}: {text}")
