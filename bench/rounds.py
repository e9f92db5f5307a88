"""Measures several things in turn, round after round, so that what disturbs the machine disturbs all.

What disturbs it most, others' use of the processor under a virtual machine, the kernel tells: a measurement
that met much of it is taken again, and the one that met the least counts. What was found plays no part in
the choice.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from figure import Figure
from size import Size
from stolen import Times

T = TypeVar("T")

Measure: TypeAlias = Callable[[], Awaitable[T]]
"""Something that is measured once each time it is called."""

MOST_STOLEN = 1.0
"""Percent of the time that the machine wanted; with more, a measurement is taken again."""

log = logging.getLogger("bench")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What was measured.

    Attributes:
        samples: what each measure came to, a value a round, under its name.
        stolen: of each round, the most that others had of the machine during one of its measurements, in
            percent.
    """

    samples: dict[str, tuple[T, ...]]
    stolen: tuple[float, ...]

    def disturbance(self, group: str) -> Figure:
        """Give what others had as a figure of a group."""
        return Figure(f"{group}.stolen", "of the machine's time others had", "%", self.stolen)


async def in_turn(
    size: Size, measures: Mapping[str, Measure[T]], now: Callable[[], Times] = Times.now
) -> Found[T]:
    """Measure everything once a round, in the order given: what others are held against comes first.

    Args:
        size: has the number of rounds, and of tries.
        measures: by their names.
        now: reads what was stolen so far.
    """
    samples: dict[str, list[T]] = {name: [] for name in measures}
    stolen: list[float] = []
    for number in range(1, size.rounds + 1):
        shares = []
        for name, measure in measures.items():
            log.info("  round %d of %d: %s", number, size.rounds, name)
            share, sample = await _quietest(measure, size.tries, now)
            samples[name].append(sample)
            shares.append(share)
        stolen.append(max(shares))
    return Found({name: tuple(values) for name, values in samples.items()}, tuple(stolen))


async def _quietest(measure: Measure[T], tries: int, now: Callable[[], Times]) -> tuple[float, T]:
    """Measure until little was stolen meanwhile, at most so often; gives the least that was, in percent."""
    taken: list[tuple[float, T]] = []
    while not taken or (taken[-1][0] > MOST_STOLEN and len(taken) < tries):
        before = now()
        sample = await measure()
        taken.append((now().percent_since(before), sample))
        if taken[-1][0] > MOST_STOLEN:
            log.info("    others had %.0f %% of the machine's time", taken[-1][0])
    return min(taken, key=lambda one: one[0])
