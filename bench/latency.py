"""How long an answer takes at half of the rate that one core can keep up, while the forwarder is busy.

First 64 connections send as fast as they are answered: that is the rate. Then half of it comes, each request
at its time whether or not others were answered, and its time counts from when it was due. A 202 means that
the event is on disk, synced. The least relay (`least.py`) has half of its own rate.
"""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeAlias

import cores
from figure import Bound, Figure
from process import Server
from relays import SERVERS, fresh_least, fresh_relay, post
from rounds import in_turn
from samples import singles
from sink import Sink
from size import Size

MOST_P99, MOST_P999 = 10.0, 50.0
"""Milliseconds."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds that so many of a hundred answers took at most, and the rate, in requests a second."""

    p50: float
    p99: float
    p999: float
    rate: float


def percentile(values: list[float], percent: float) -> float:
    """Give the smallest of the values that so many percent of them are at most."""
    place = -(-len(values) * percent // 100)
    return sorted(values)[max(int(place) - 1, 0)]


_Fresh: TypeAlias = Callable[[str], AbstractAsyncContextManager[tuple[Server, Sink]]]
"""Runs a relay on a server of this name."""


async def latency(fresh: _Fresh, server: str, size: Size) -> Latency:
    """Measure one relay."""
    saturating = size.events // (1 if server == "uvicorn" else 4)
    bodies = singles(2**62)
    with cores.on(cores.DRIVER):
        async with fresh(server) as (relay, sink):
            await post(relay, list(islice(bodies, size.warm)))
            part = list(islice(bodies, saturating))
            began = time.perf_counter()
            await post(relay, part)
            rate = saturating / (time.perf_counter() - began) / 2
            paced = list(islice(bodies, int(rate * size.seconds)))
            await sink.has(size.warm + saturating)
            answers = await post(relay, paced, rate=rate)
    found = [1e3 * seconds for seconds in answers.latencies]
    return Latency(percentile(found, 50), percentile(found, 99), percentile(found, 99.9), rate)


async def measure(size: Size) -> list[Figure]:
    """Measure both relays on each server."""
    measures = {}
    for server in SERVERS:
        measures[f"least relay on {server}"] = partial(latency, fresh_least, server, size)
        measures[f"relay on {server}"] = partial(latency, fresh_relay, server, size)
    turns = await in_turn(size, measures)
    found = turns.samples
    figures = []
    for server in SERVERS:
        least, rounds = found[f"least relay on {server}"], found[f"relay on {server}"]
        name, what = f"latency.{server}", f"an answer on {server}"
        figures += [
            Figure(f"{name}.p50", f"{what}, p50", "ms", tuple(one.p50 for one in rounds)),
            Figure(
                f"{name}.p99", f"{what}, p99", "ms", tuple(one.p99 for one in rounds), bound=Bound(MOST_P99)
            ),
            Figure(
                f"{name}.p999",
                f"{what}, p99.9",
                "ms",
                tuple(one.p999 for one in rounds),
                bound=Bound(MOST_P999),
            ),
            Figure(f"{name}.rate", "at this rate", "/s", tuple(one.rate for one in rounds)),
            Figure(
                f"{name}.least.p99", f"least relay on {server}, p99", "ms", tuple(one.p99 for one in least)
            ),
            Figure(f"{name}.least.rate", "at this rate", "/s", tuple(one.rate for one in least)),
        ]
    return [*figures, turns.disturbance("latency")]
