"""The most memory that a relay has resident while many connections send as fast as they are answered.

It is the kernel's own figure (VmHWM) of the process; of several processes it would be the largest. What a
backlog takes is in `backlog.py`.
"""

import resource
from functools import partial

from figure import Bound, Figure
from relays import SERVERS, Load, cost_of_relay
from rounds import in_turn
from samples import ARRAY, arrays, singles
from size import Size

MOST = 120.0
"""In 10^6 bytes."""

SHAPES = {"one": "one event a POST", "arrays": f"arrays of {ARRAY}"}


async def measure(size: Size) -> list[Figure]:
    """Measure the relay on each server, with single events and with arrays."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each connection has an end here
    warm = list(singles(size.warm, seed=2))
    loads = {
        "one": Load(warm, list(singles(size.events // 4)), connections=size.connections),
        "arrays": Load(
            list(arrays(size.warm, seed=2)),
            list(arrays(size.in_arrays)),
            events=ARRAY,
            connections=size.connections,
        ),
    }

    async def peak(server: str, shape: str) -> float:
        return (await cost_of_relay(server, loads[shape])).peak

    pairs = [(server, shape) for server in SERVERS for shape in SHAPES]
    found = await in_turn(
        size, {f"{server}, {SHAPES[shape]}": partial(peak, server, shape) for server, shape in pairs}
    )
    return [
        Figure(
            f"memory.{server}.{shape}", f"peak, {SHAPES[shape]}, {server}", "MB", samples, bound=Bound(MOST)
        )
        for (server, shape), samples in zip(pairs, found.samples.values(), strict=True)
    ]
