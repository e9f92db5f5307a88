"""Measures several things in turn, round after round, so that what disturbs the machine disturbs all."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Measure: TypeAlias = Callable[[], Awaitable[T]]
"""Something that is measured once each time it is called."""

log = logging.getLogger("bench")


async def in_turn(rounds: int, measures: Mapping[str, Measure[T]]) -> dict[str, tuple[T, ...]]:
    """Call each measure once a round, in the order given: what others are held against comes first.

    Returns:
        What each came to, a value a round, under its name.
    """
    found: dict[str, list[T]] = {name: [] for name in measures}
    for number in range(1, rounds + 1):
        for name, measure in measures.items():
            log.info("  round %d of %d: %s", number, rounds, name)
            found[name].append(await measure())
    return {name: tuple(values) for name, values in found.items()}
