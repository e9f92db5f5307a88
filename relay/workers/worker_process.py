"""A worker as the main process sees it: started, given orders, answered, ended."""

import asyncio
import contextlib
import logging
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast

import relay
from relay.envelope import Record
from relay.errors import SpoolError
from relay.receiver import Puts
from relay.tally import Tally
from relay.workers.channel import Channel, Message
from relay.workers.main_process import Orders

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.02
"""A process whose channel has ended is about to end: so often it is looked whether it has."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind whoever receives; see `relay.receiver.create_app`."""

    spool: Puts
    tally: Tally
    unready: Callable[[], Awaitable[list[str]]]
    show: Callable[[], Awaitable[bytes]]


class WorkerProcess:
    """One worker, from its start to its end."""

    def __init__(
        self, behind: Behind, show: Callable[["WorkerProcess"], Awaitable[bytes]], ready: Callable[[], None]
    ) -> None:
        """Begin.

        Args:
            behind: what is behind all workers.
            show: gives all metrics, with what all workers have counted; is told by whom it is asked.
            ready: is called once this worker takes requests.
        """
        self._behind = behind
        self._show = show
        self._ready = ready
        self._channel = Channel(self._received, self._lost)
        self._is_ready = False
        self._ended = asyncio.Event()
        self._process: subprocess.Popen[bytes]
        self._numbers = count(1)
        self._counting: dict[int, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, place: int, listening: int, turns: int, orders: Orders) -> None:
        """Start the process.

        Args:
            place: of its own.
            listening: the socket on which it accepts, as a descriptor.
            turns: as in `relay.turns`.
            orders: the first ones.

        Raises:
            OSError: it cannot be started.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            files = (listening, theirs.fileno(), turns)
            try:
                # asyncio's own way would leave it to the event loop's kind what is inherited
                self._process = subprocess.Popen(  # noqa: ASYNC220, S603  # it returns as soon as it has started
                    [*_command(), *map(str, files), str(place)],
                    stdin=subprocess.DEVNULL,
                    pass_fds=files,
                )
            except OSError:
                ours.close()
                raise
        self.order(orders)
        ours.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: self._channel, sock=ours)

    def order(self, orders: Orders) -> None:
        """Have it follow these orders from now on."""
        self._channel.send("orders", 0, pickle.dumps(orders))

    def stop(self) -> None:
        """Have it end its requests, then itself."""
        self._channel.send("stop")

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    async def wait(self) -> str:
        """Wait for its end; tells how it ended."""
        await self._ended.wait()
        while (code := self._process.poll()) is None:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(_LOOK_SECONDS)
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def count(self) -> asyncio.Future[None]:
        """Ask what it has counted; done once that is added up, or it has ended."""
        number = next(self._numbers)
        future = self._counting[number] = asyncio.get_running_loop().create_future()
        if self._is_ready and not self._ended.is_set():
            self._channel.send("count", number)
        else:
            future.cancel()
        return future

    def _received(self, messages: list[Message]) -> None:
        puts: list[tuple[int, list[Record]]] = []
        for kind, number, value in messages:
            if kind == "put":
                puts.append((number, [Record(*row) for row in cast("list[Any]", value)]))
            elif kind == "tally":
                self._count(number, cast("bytes", value))
            elif kind == "ready":
                self._is_ready = True
                self._ready()
            elif kind == "unready":
                self._begin(self._answer(number, self._behind.unready()))
            else:
                self._begin(self._answer(number, self._show(self)))
        if puts:
            self._begin(self._put(puts))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _put(self, puts: list[tuple[int, list[Record]]]) -> None:
        """Store what came in one frame: as one put if that works, for it costs as much as one request's."""
        records = [record for _, each in puts for record in each]
        if len(puts) > 1:
            with contextlib.suppress(Exception):  # one may be too large and another fit: each is told its own
                self._stored(puts, await self._behind.spool.put(records))
                return
        await asyncio.gather(*(self._answer(number, self._behind.spool.put(each)) for number, each in puts))

    def _stored(self, puts: list[tuple[int, list[Record]]], stored: int) -> None:
        """Answer puts that were stored as one; which of them had the repeats is nowhere told."""
        repeats = sum(len(records) for _, records in puts) - stored
        for number, records in puts:
            here = min(repeats, len(records))
            repeats -= here
            self._channel.send("done", number, len(records) - here)

    async def _answer(self, number: int, work: Awaitable[object]) -> None:
        try:
            self._channel.send("done", number, await work)
        except SpoolError as error:
            self._channel.send("failed", number, (type(error).__name__, str(error)))
        except Exception as error:
            log.exception("A worker's request met a fault.")
            self._channel.send("failed", number, (type(error).__name__, str(error)))

    def _count(self, number: int, pickled: bytes) -> None:
        self._behind.tally.add(pickle.loads(pickled))  # noqa: S301  # of our own worker
        future = self._counting.pop(number, None)
        if future and not future.done():
            future.set_result(None)

    def _lost(self) -> None:
        self._ended.set()
        for future in self._counting.values():
            future.cancel()


def _command() -> list[str]:
    """What starts a worker.

    -P: it must not import what happens to lie in the working directory, unless the relay itself is there.
    """
    is_here = Path(relay.__file__).parents[1] == Path.cwd()
    return [sys.executable, *([] if is_here else ["-P"]), "-m", __package__]
