"""Starts what is measured, the relay or what it is beside, drives it, and tells what an event costs it."""

import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import cores
from load import Answers, post_all
from process import Server, run_server
from sink import Sink, run_sink

CONNECTIONS = 64
SERVERS = ("uvicorn", "hypercorn")
DEFAULT = "hypercorn"
AWAY = "http://127.0.0.1:1"
"""An intake that takes nothing."""

settings: dict[str, str] = {}
"""Of every relay, beside what it needs; there are none unless the driver is in a hurry."""

_BARE = str(Path(__file__).with_name("bare.py"))
_LEAST = str(Path(__file__).with_name("least.py"))


@dataclass(frozen=True, slots=True)
class Load:
    """What is posted.

    Attributes:
        warm: bodies that come first and do not count.
        bodies: those that do.
        events: in each body.
        connections: over which they are posted.
    """

    warm: Sequence[bytes]
    bodies: Sequence[bytes]
    events: int = 1
    connections: int = CONNECTIONS

    def part(self, one_in: int) -> "Load":
        """Give a load of which one part in so many counts."""
        return Load(self.warm, self.bodies[: len(self.bodies) // one_in], self.events, self.connections)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a load came to.

    Attributes:
        cpu: of the server's process, in microseconds an event, until the last event is delivered.
        rate: requests a second, until the last one is answered.
        peak: the process's memory, in 10^6 bytes; the largest of several.
    """

    cpu: float
    rate: float
    peak: float


def run_bare(name: str, core: int | None = cores.MEASURED) -> AbstractAsyncContextManager[Server]:
    """Run the bare app on a server; `bare.py` tells which there are."""
    return run_server([_BARE, name], {}, core)


def run_relay(
    spool: Path,
    logs_url: str,
    server: str = DEFAULT,
    *,
    core: int | None = cores.MEASURED,
    arguments: Sequence[str] = (),
) -> AbstractAsyncContextManager[Server]:
    """Run `relay serve` on a spool; by default on the one core of what is measured."""
    env = {
        "DD_API_KEY": "key",
        "DD_LOGS_URL": logs_url,
        "RELAY_SERVER": server,
        "RELAY_SPOOL": f"sqlite:{spool}",
        **settings,
    }
    return run_server(["-m", "relay", "serve", "--bind", "127.0.0.1:0", *arguments], env, core)


def run_least(spool: Path, logs_url: str, server: str) -> AbstractAsyncContextManager[Server]:
    """Run the least relay, as `least.py` tells, on the one core of what is measured."""
    return run_server([_LEAST, server, str(spool), logs_url], {}, cores.MEASURED)


@asynccontextmanager
async def fresh_relay(
    server: str = DEFAULT, *, core: int | None = cores.MEASURED, arguments: Sequence[str] = ()
) -> AsyncIterator[tuple[Server, Sink]]:
    """Run a relay with an empty spool, and the sink that it delivers to."""
    with _fresh_spool() as spool:
        async with (
            run_sink() as sink,
            run_relay(spool, sink.url, server, core=core, arguments=arguments) as relay,
        ):
            yield relay, sink


@asynccontextmanager
async def fresh_least(server: str) -> AsyncIterator[tuple[Server, Sink]]:
    """Run the least relay likewise."""
    with _fresh_spool() as spool:
        async with run_sink() as sink, run_least(spool, sink.url, server) as least:
            yield least, sink


@contextmanager
def _fresh_spool() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-", dir=".") as folder:  # on a disk, as /tmp often is not
        yield Path(folder, "spool.db")


async def cost_of_bare(name: str, load: Load) -> Cost:
    """Tell what a load costs the bare app."""
    with cores.on(cores.DRIVER):
        async with run_bare(name) as server:
            return await _cost(server, load)


async def cost_of_relay(server: str, load: Load) -> Cost:
    """Tell what a load costs a relay that has one core, and delivers."""
    with cores.on(cores.DRIVER):
        async with fresh_relay(server) as (relay, sink):
            return await _cost(relay, load, sink)


async def cost_of_least(server: str, load: Load) -> Cost:
    """Tell what a load costs the least relay that delivers, on one core."""
    with cores.on(cores.DRIVER):
        async with fresh_least(server) as (least, sink):
            return await _cost(least, load, sink)


async def cost_of_workers(number: int, load: Load) -> Cost:
    """Tell what a load costs a relay of so many workers, where the machine may use each core as it will."""
    arguments = ["--workers", str(number)] if number > 1 else []
    async with fresh_relay(core=None, arguments=arguments) as (relay, sink):
        return await _cost(relay, load, sink)


async def _cost(server: Server, load: Load, sink: Sink | None = None) -> Cost:
    await post(server, load.warm, connections=load.connections)
    if sink:
        await sink.has(len(load.warm) * load.events)
    cpu, began = server.cpu_seconds(), time.perf_counter()
    await post(server, load.bodies, connections=load.connections)
    rate = len(load.bodies) / (time.perf_counter() - began)
    if sink:
        await sink.has((len(load.warm) + len(load.bodies)) * load.events)
    cpu = server.cpu_seconds() - cpu
    return Cost(1e6 * cpu / (len(load.bodies) * load.events), rate, server.peak_megabytes())


async def post(
    server: Server, bodies: Iterable[bytes], *, connections: int = CONNECTIONS, rate: float | None = None
) -> Answers:
    """Post bodies.

    Raises:
        RuntimeError: not each was accepted.
    """
    answers = await post_all(server.url, bodies, connections=connections, headers={}, rate=rate)
    if answers.statuses.keys() - {202}:
        raise RuntimeError(f"not all were accepted: {dict(answers.statuses)}")
    return answers
