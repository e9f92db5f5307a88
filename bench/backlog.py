"""A backlog of a million records: the memory it takes, how quickly it is drained, and who waits meanwhile.

Datadog is away while the events come in arrays of 500, so that all of them wait in the spool. Then a relay
starts on that spool. At last, round after round, a relay that has one core drains a copy of it into the sink
while a few new events come, 50 a second. Records go oldest first, but for every fourth batch, which is of the
newest: how long a new event takes to be delivered is what that is for. Beside a drain a loop on the same core
does what nobody can do without: it reads the same file and packs it, a thousand records at a time.
"""

import asyncio
import logging
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import cores
import httpx2
import orjson
from figure import Bound, Figure, Reference
from latency import MOST_P99, percentile
from memory import MOST as MOST_MEMORY
from packing import pack
from process import Server
from relays import AWAY, post, run_relay
from rounds import in_turn
from samples import arrays, singles
from sink import run_sink
from size import Size

LEAST = 30_000.0
"""Records a second."""

EACH = 500
"""Events of an array that comes while Datadog is away."""

NEW_A_SECOND = 50.0

RECORDS = "SELECT data FROM run ORDER BY id"
"""A spool's records in their order, as its file has them: a row may hold many, joined by commas."""

PAYLOAD = 1_000_000
"""Bytes that the loop packs at once: about a thousand records."""

log = logging.getLogger("bench")


@dataclass(frozen=True, slots=True)
class Drain:
    """What a drain came to: records a second, 10^6 bytes, milliseconds, seconds."""

    rate: float
    peak: float
    answered: float
    delivered: float


@dataclass(slots=True)
class News:
    """New events that come during a drain.

    Attributes:
        sent: when each was made, by its name.
        is_over: set it, and no more come than the first.
    """

    sent: dict[str, float] = field(default_factory=dict)
    is_over: bool = False

    def bodies(self) -> Iterator[bytes]:
        """Give an event, named, whenever one is asked for."""
        for number, body in enumerate(singles(2**62, seed=3)):
            if self.is_over and self.sent:
                return
            name = f"new-event-{number:08}"
            self.sent[name] = time.perf_counter()
            yield orjson.dumps({**orjson.loads(body), "execution_id": name})


async def measure(size: Size) -> list[Figure]:
    """Fill a spool once, and start on it; drain a copy of it in each round."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=".") as folder, cores.on(cores.DRIVER):
        full = Path(tempfile.mkdtemp(dir=folder))
        log.info("  %d records are put", size.backlog)
        rate, filled = await fill(full / "spool.db", size.backlog)
        log.info("  a start on them")
        ready, restarted = await restart(full / "spool.db", size.backlog)

        async def both() -> tuple[float, Drain]:
            with _copy(full) as spool:
                return read_and_pack(spool, size.backlog), await drain(spool, size.backlog)

        turns = await in_turn(size, {"a copy is read and packed, then drained": both})
    (rounds,) = turns.samples.values()
    reads, drains = [read for read, _ in rounds], [drained for _, drained in rounds]
    memory = Bound(MOST_MEMORY)
    return [
        Figure(
            "backlog.drain.rate",
            "drained, records a second",
            "/s",
            tuple(one.rate for one in drains),
            Reference("read, gzip", tuple(reads)),
            Bound(LEAST, at="least"),
        ),
        Figure(
            "backlog.drain.answered",
            "an answer meanwhile, p99",
            "ms",
            tuple(one.answered for one in drains),
            bound=Bound(MOST_P99),
        ),
        Figure(
            "backlog.drain.delivered",
            "a new event delivered meanwhile, p99",
            "s",
            tuple(one.delivered for one in drains),
        ),
        Figure("backlog.fill.peak", "peak while it grows", "MB", (filled,), bound=memory),
        Figure("backlog.start.peak", "peak after a start on it", "MB", (restarted,), bound=memory),
        Figure(
            "backlog.drain.peak",
            "peak while it drains",
            "MB",
            tuple(one.peak for one in drains),
            bound=memory,
        ),
        Figure("backlog.fill.rate", "taken, events a second", "/s", (rate,)),
        Figure("backlog.start.ready", "a start on it takes events after", "s", (ready,)),
        turns.disturbance("backlog"),
    ]


async def fill(spool: Path, records: int) -> tuple[float, float]:
    """Let a relay take so many events while Datadog is away; gives events a second, and its peak memory."""
    bodies = arrays(records, EACH)
    async with run_relay(spool, AWAY) as relay:
        began = time.perf_counter()
        while part := list(islice(bodies, 100)):  # the client keeps what was accepted
            await post(relay, part, connections=4)
        rate = records / (time.perf_counter() - began)
        await _holds(relay, records)
        return rate, relay.peak_megabytes()


async def restart(spool: Path, records: int) -> tuple[float, float]:
    """Start a relay on records; gives the seconds until it takes events, and its peak memory."""
    began = time.perf_counter()
    async with run_relay(spool, AWAY) as relay:
        took = time.perf_counter() - began
        await _holds(relay, records)
        await asyncio.sleep(1)  # the forwarder holds as many batches as it ever does
        return took, relay.peak_megabytes()


async def drain(spool: Path, records: int) -> Drain:
    """Let the sink take everything, while new events come."""
    news = News()
    async with run_sink(r"new-event-\d{8}") as sink, run_relay(spool, sink.url) as relay:
        began = time.perf_counter()
        posting = asyncio.create_task(post(relay, news.bodies(), connections=8, rate=NEW_A_SECOND))
        await sink.has(records)
        rate = records / (time.perf_counter() - began)
        news.is_over = True
        answers = await posting
        await sink.has(records + len(news.sent))
        peak = relay.peak_megabytes()
    took = [moment - news.sent[name] for name, moment in sink.found.items()]
    return Drain(rate, peak, 1e3 * percentile(answers.latencies, 99), percentile(took, 99))


def read_and_pack(spool: Path, records: int) -> float:
    """Read a spool's file and pack what it holds, a payload after the other; gives records a second."""
    with cores.on(cores.MEASURED), closing(sqlite3.connect(spool)) as connection:
        began = time.perf_counter()
        part: list[bytes] = []
        size = 0
        for (data,) in connection.execute(RECORDS):
            part.append(data)
            size += len(data)
            if size >= PAYLOAD:
                pack(b",".join(part))
                part, size = [], 0
        pack(b",".join(part))
        return records / (time.perf_counter() - began)


@contextmanager
def _copy(full: Path) -> Iterator[Path]:
    """Copy a spool, with whatever lies beside its file, and let the disk be done with that."""
    copied = full.with_name("copy")
    shutil.copytree(full, copied)
    os.sync()
    try:
        yield copied / "spool.db"
    finally:
        shutil.rmtree(copied)


async def _holds(relay: Server, records: int) -> None:
    """Make sure that so many records are in the spool, waiting or claimed, by the relay's own count."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        text = (await client.get(relay.url.replace("/okta/events", "/metrics"))).text
    found = re.findall(r"^relay_spool_(?:waiting|claimed)_records (\S+)$", text, re.MULTILINE)
    if (held := sum(int(float(value)) for value in found)) != records:
        raise RuntimeError(f"{held:,} records wait, not {records:,}")
