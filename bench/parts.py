"""Where each microsecond of an event goes: the parts of the relay's way, one by one, on one core.

It prints the CPU of each per event, in microseconds, for events that come one a POST and in arrays of 100;
then the whole way as `one.py` and `arrays.py` measure it on uvicorn, and what the parts leave of it: that is
what it takes to hand an event from one to the next.

usage: python bench/parts.py [EVENTS [ROUNDS]]
"""

# ruff: noqa: PLC0415  # each part imports what it measures, so that it stands alone when that moves

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cores
from relays import CONNECTIONS, Load, cost_of_bare, cost_of_relay
from samples import ARRAY, arrays, records, singles
from sink import run_sink

from relay.server import loop_factory

if TYPE_CHECKING:
    from relay.envelope import Record
    from relay.spool import Claimed, Spool

BATCH = 1_000
TOKEN = b"a-token-as-long-as-openssl-rand-makes-one-0123456789abcdef012345"


@dataclass(frozen=True, slots=True)
class Given:
    """What goes the way: as bodies with so many events each, and as the records that become of them."""

    load: Load
    records: Sequence["Record"]

    @property
    def bodies(self) -> Sequence[bytes]:
        """The bodies."""
        return self.load.bodies

    def batches(self) -> list[Sequence["Record"]]:
        """Give the records in batches, as one request to Datadog takes them."""
        return [self.records[start : start + BATCH] for start in range(0, len(self.records), BATCH)]


Part = Callable[[Given], Awaitable[float]]
"""Gives CPU seconds for all events."""


async def receive(given: Given) -> float:
    """The server reads a request and answers it: the bare app."""
    return (await cost_of_bare("uvicorn", given.load)).cpu * len(given.records) / 1e6


async def authenticate(given: Given) -> float:
    """The token is compared."""
    from relay.access import Access

    access = Access(tokens=(TOKEN,))
    headers = {b"authorization": b"Bearer " + TOKEN, b"content-type": b"application/json"}
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": list(headers.items())}
    began = time.process_time()
    for _ in given.bodies:
        access.check(scope, headers)
    return time.process_time() - began


async def parse(given: Given) -> float:
    """The events are found in the body."""
    from relay import okta

    began = time.process_time()
    for body in given.bodies:
        okta.read(body)
    return time.process_time() - began


async def envelope(given: Given) -> float:
    """Each event becomes a record."""
    from relay import okta
    from relay.envelope import Envelope

    around = Envelope("okta-workflows-els", "okta", None, ("env:production", "service:okta"))
    found = [okta.read(body)[0] for body in given.bodies]
    began = time.process_time()
    for events in found:
        for event in events:
            around.wrap(event)
    return time.process_time() - began


async def commit(given: Given) -> float:
    """The records of each body are put, by as many at once as there are connections."""
    async with _spool() as spool:
        began = time.process_time()
        await _put_all(spool, given)
        return time.process_time() - began


async def claim(given: Given) -> float:
    """They are read again, in batches."""
    async with _spool() as spool:
        await _put_all(spool, given)
        began = time.process_time()
        await _claim_all(spool, len(given.records))
        return time.process_time() - began


async def gzip(given: Given) -> float:
    """A batch is packed."""
    from relay.intake import _compress

    batches = [[record.data for record in batch] for batch in given.batches()]
    began = time.process_time()
    for batch in batches:
        _compress(batch)
    return time.process_time() - began


async def send(given: Given) -> float:
    """A payload is sent to a sink, and its answer read; without the packing."""
    from relay.intake import Delivered, Intake

    batches = [[record.data for record in batch] for batch in given.batches()]
    async with run_sink(core=cores.DRIVER) as sink, Intake(sink.url, lambda: "key", 1) as intake:
        await intake.send(batches[0])
        began = time.process_time()
        for batch in batches:
            if await intake.send(batch) != Delivered():
                raise RuntimeError("the sink did not take a payload")
        took = time.process_time() - began
    return took - await gzip(given)


async def ack(given: Given) -> float:
    """What was delivered is deleted."""
    async with _spool() as spool:
        await _put_all(spool, given)
        batches = await _claim_all(spool, len(given.records))
        began = time.process_time()
        for batch in batches:
            await spool.ack(batch)
        return time.process_time() - began


PARTS: tuple[Part, ...] = (receive, authenticate, parse, envelope, commit, claim, gzip, send, ack)


@asynccontextmanager
async def _spool() -> AsyncIterator["Spool"]:
    from relay.spool import open_spool

    with tempfile.TemporaryDirectory(prefix="bench-", dir=".") as folder:
        spool = await open_spool(f"sqlite:{folder}/spool.db", max_bytes=2**32)
        try:
            yield spool
        finally:
            await spool.close()


async def _put_all(spool: "Spool", given: Given) -> None:
    each = given.load.events
    bodies = iter(range(0, len(given.records), each))

    async def one_connection() -> None:
        for start in bodies:
            await spool.put(given.records[start : start + each])

    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))


async def _claim_all(spool: "Spool", number: int) -> list[list["Claimed"]]:
    from relay.batching import MAX_BATCH_BYTES

    return [await spool.claim(BATCH, MAX_BATCH_BYTES, 0) for _ in range(0, number, BATCH)]


async def main(events: int, rounds: int) -> None:
    """Print a line a part."""
    made = records(events)
    columns = [
        Given(Load(list(singles(events // 10, seed=2)), list(singles(events))), made),
        Given(Load(list(arrays(events // 10, seed=2)), list(arrays(events)), events=ARRAY), made),
    ]
    print(f"{'µs of CPU per event':<22}{'one a POST':>12}{'arrays of 100':>16}")
    with cores.on(cores.MEASURED):
        rows = [[await _median(part, given, rounds) for given in columns] for part in PARTS]
    for part, row in zip(PARTS, rows, strict=True):
        _print(part.__name__, row)
    whole = [(await cost_of_relay("uvicorn", given.load)).cpu for given in columns]
    _print("the rest", [all_ - sum(parts) for all_, *parts in zip(whole, *rows, strict=True)])
    _print("the whole way", whole)


async def _median(part: Part, given: Given, rounds: int) -> float:
    seconds = [await part(given) for _ in range(rounds)]
    return 1e6 * statistics.median(seconds) / len(given.records)


def _print(name: str, row: Sequence[float]) -> None:
    print(f"{name:<22}{row[0]:12.2f}{row[1]:16.2f}", flush=True)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(*(numbers + [20_000, 3][len(numbers) :])))
