"""Events in arrays of 100 over 64 connections: CPU of a relay that has one core, from request to delivery.

Nobody can do without parsing what came and packing what goes: so beside it a loop does only that, on the same
core, `orjson.loads` of each array and gzip of a thousand events at a time. The least relay (`least.py`) is
there too, and the bare app on uvicorn, with one event a POST, as the measure of this machine.
"""

import time
from functools import partial

import cores
import orjson
from figure import Bound, Figure, Reference
from packing import pack
from relays import SERVERS, Load, cost_of_bare, cost_of_least, cost_of_relay
from rounds import Measure, in_turn
from samples import ARRAY, arrays, singles
from size import Size

MOST = 4.0
"""The relay's CPU an event as a multiple of the loop's."""

OF_A_REQUEST = 9 / 21
"""And as a multiple of what the bare app on uvicorn has for a request: 9 µs where that has 21."""

PAYLOAD = 1_000
"""Events that are packed at once, as many as Datadog takes."""


def loads_and_gzip(bodies: list[bytes], events: int) -> float:
    """Parse each body and pack them all; gives microseconds an event."""
    at_once = PAYLOAD // events
    began = time.thread_time()
    for start in range(0, len(bodies), at_once):
        part = bodies[start : start + at_once]
        for body in part:
            orjson.loads(body)
        pack(b",".join(part))
    return 1e6 * (time.thread_time() - began) / (len(bodies) * events)


async def measure(size: Size) -> list[Figure]:
    """Measure the relay on each server, the loop, and the bare app."""
    bodies = list(arrays(size.in_arrays))
    load = Load(list(arrays(size.warm, seed=2)), bodies, events=ARRAY)
    requests = Load(list(singles(size.warm, seed=2)), list(singles(size.events)))

    async def least() -> float:
        with cores.on(cores.MEASURED):
            return loads_and_gzip(bodies, ARRAY)

    async def bare() -> float:
        return (await cost_of_bare("uvicorn", requests)).cpu

    async def least_relay(server: str) -> float:
        return (await cost_of_least(server, load)).cpu

    async def relay(server: str) -> float:
        return (await cost_of_relay(server, load)).cpu

    measures: dict[str, Measure[float]] = {"loads and gzip": least, "bare app on uvicorn": bare}
    for server in SERVERS:
        measures[f"least relay on {server}"] = partial(least_relay, server)
        measures[f"relay on {server}"] = partial(relay, server)
    turns = await in_turn(size, measures)
    found = turns.samples
    beside = Reference("loads, gzip", found["loads and gzip"])
    request = Reference("a bare request", found["bare app on uvicorn"])
    figures = []
    for server in SERVERS:
        name, what = f"arrays.{server}", f"CPU per event, {server}"
        cpu = found[f"relay on {server}"]
        figures += [
            Figure(f"{name}.cpu", what, "µs", cpu, beside, Bound(MOST, of="ratio")),
            Figure(
                f"{name}.least",
                f"the same of the least relay, {server}",
                "µs",
                found[f"least relay on {server}"],
                beside,
            ),
            Figure(f"{name}.of_a_request", what, "µs", cpu, request, Bound(OF_A_REQUEST, of="ratio")),
        ]
    return [*figures, turns.disturbance("arrays")]
