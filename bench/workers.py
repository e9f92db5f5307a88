"""Two workers beside one, on Hypercorn: how many events a second are accepted, one a POST.

Each may use both cores, and so may client and sink, which take little beside a server as dear as this one.
"""

from functools import partial

from figure import Bound, Figure, Reference
from relays import Load, cost_of_workers
from rounds import in_turn
from samples import singles
from size import Size

LEAST = 1.7
"""The rate of two workers as a multiple of that of one."""


async def measure(size: Size) -> list[Figure]:
    """Measure one and two workers."""
    load = Load(list(singles(size.warm, seed=2)), list(singles(size.events // 4)))
    turns = await in_turn(size, {f"{n} at work": partial(cost_of_workers, n, load) for n in (1, 2)})
    one, two = turns.samples.values()
    return [
        Figure(
            "workers.rate",
            "events a second, two workers",
            "/s",
            tuple(cost.rate for cost in two),
            Reference("one worker", tuple(cost.rate for cost in one)),
            Bound(LEAST, of="ratio", at="least"),
        ),
        Figure(
            "workers.cpu",
            "CPU per event, two workers",
            "µs",
            tuple(cost.cpu for cost in two),
            Reference("one worker", tuple(cost.cpu for cost in one)),
        ),
        turns.disturbance("workers"),
    ]
