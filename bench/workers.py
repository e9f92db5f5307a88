"""Two workers beside one, on Hypercorn: how many events a second are accepted, one a POST.

Each may use both cores, and so may client and sink, which take little beside a server as dear as this one.
What two cores are worth beside one is the machine's: two loops that share nothing tell it.
"""

import asyncio
import sys
from functools import partial
from pathlib import Path

from figure import Bound, Figure, Reference
from relays import Load, cost_of_workers
from rounds import in_turn
from samples import singles
from size import Size

LEAST = 1.7
"""The rate of two workers as a multiple of that of one."""


async def loops(number: int, seconds: float) -> float:
    """Run so many loops at once; gives the events a second of all."""
    script = str(Path(__file__).with_name("loop.py"))
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, script, str(seconds), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(number)
    ]
    printed = await asyncio.gather(*(process.communicate() for process in started))
    return sum(float(output) for output, _ in printed)


async def measure(size: Size) -> list[Figure]:
    """Measure one and two workers, one and two loops."""
    load = Load(list(singles(size.warm, seed=2)), list(singles(size.events // 4)))
    turns = await in_turn(size, {f"{n} at work": partial(cost_of_workers, n, load) for n in (1, 2)})
    one, two = turns.samples.values()
    looped = await in_turn(size, {f"loops: {n}": partial(loops, n, size.seconds / 2) for n in (1, 2)})
    one_loop, two_loops = looped.samples.values()
    return [
        Figure(
            "workers.rate",
            "events a second, two workers",
            "/s",
            tuple(cost.rate for cost in two),
            Reference("one worker", tuple(cost.rate for cost in one)),
            Bound(LEAST, of="ratio", at="least"),
        ),
        Figure("workers.loops", "the same of two loops", "/s", two_loops, Reference("one loop", one_loop)),
        Figure(
            "workers.cpu",
            "CPU per event, two workers",
            "µs",
            tuple(cost.cpu for cost in two),
            Reference("one worker", tuple(cost.cpu for cost in one)),
        ),
        turns.disturbance("workers"),
    ]
