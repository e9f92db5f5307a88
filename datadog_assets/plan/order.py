"""The order in which pipelines stand: which of ours have to move, and where they are then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one pipeline is to stand; anywhere on that side will do.

    Attributes:
        id: the pipeline's.
        side: of the anchor.
        anchor: the id of another pipeline.
    """

    id: str
    side: Literal["before", "after"]
    anchor: str


def circles(wanted: Iterable[Standing]) -> list[tuple[str, ...]]:
    """Find pipelines that wait for each other: the ids of each circle, every one once."""
    anchors = {standing.id: standing.anchor for standing in wanted}
    found: list[tuple[str, ...]] = []
    settled: set[str] = set()
    for start in anchors:
        trail: list[str] = []
        here: str | None = start
        while here is not None and here not in settled:
            settled.add(here)
            trail.append(here)
            here = anchors.get(here)
        if here in trail:
            found.append(tuple(trail[trail.index(here) :]))
    return found


def moves(order: Sequence[str], wanted: Sequence[Standing]) -> list[Standing]:
    """Find the moves after which everything stands as wanted; carried out one after the other.

    Nothing but what is wanted somewhere moves, each at most once: directly to that side of its anchor. Those
    that move to the same side of one anchor stand there in the sequence of `wanted`.

    Args:
        order: every pipeline's id, as they stand now.
        wanted: at most one a pipeline, without circles; ids and anchors are in `order`.
    """
    order, found = list(order), []
    for standing in _anchors_first(wanted):
        # an anchor has its last place by now, and what stands relative to it already does not move again
        if not _stands(order, standing):
            _carry_out(order, standing)
            found.append(standing)
    return found


def carried_out(order: Sequence[str], moves: Iterable[Standing]) -> list[str]:
    """Give the order after moves, each directly to its side of its anchor.

    Raises:
        ValueError: a pipeline or an anchor is not in the order.
    """
    order = list(order)
    for standing in moves:
        _carry_out(order, standing)
    return order


def _anchors_first(wanted: Sequence[Standing]) -> list[Standing]:
    by_id: Mapping[str, Standing] = {standing.id: standing for standing in wanted}
    # the last one to move directly behind an anchor is the nearest: so those go backwards
    before = [standing for standing in wanted if standing.side == "before"]
    after = [standing for standing in reversed(wanted) if standing.side == "after"]
    found: dict[str, Standing] = {}
    for standing in (*before, *after):
        trail: list[Standing] = []
        here: Standing | None = standing
        while here is not None and here.id not in found:
            trail.append(here)
            here = by_id.get(here.anchor)
        found |= {one.id: one for one in reversed(trail)}
    return list(found.values())


def _stands(order: Sequence[str], standing: Standing) -> bool:
    distance = order.index(standing.id) - order.index(standing.anchor)
    return distance < 0 if standing.side == "before" else distance > 0


def _carry_out(order: list[str], standing: Standing) -> None:
    order.remove(standing.id)
    order.insert(order.index(standing.anchor) + (standing.side == "after"), standing.id)
