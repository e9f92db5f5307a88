"""Says which pipelines move, so that each stands where its `place` wants it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from datadog_assets.kind import Kind
from datadog_assets.plan.changes import Change, Note, Options, Problem, Verb
from datadog_assets.plan.matching import Matches, is_ours
from datadog_assets.plan.order import Standing, circles, moves
from datadog_assets.resource import Live, Place, Resource


def place(
    kind: Kind,
    matches: Matches,
    live: Sequence[Live],
    order: Sequence[str],
    deletes: Sequence[Change],
    options: Options,
) -> Iterator[Change | Note]:
    """Give the moves, and a problem for each place that cannot be.

    Args:
        kind: the pipelines.
        matches: what is declared, with its live ones.
        live: all of the kind that Datadog has.
        order: their ids, as they stand.
        deletes: what the plan deletes.
        options: what the user allowed.
    """
    stays = {name: pair for name, pair in matches.found.items() if not pair[0].absent}
    spots = {name: one.id if one else _new(name) for name, (_, one) in stays.items()}
    going = {change.live_id for change in deletes if change.kind == kind.key}
    others = _others(live, set(spots.values()))

    wanted: dict[str, tuple[Resource, Place, Standing]] = {}
    for name, (resource, _) in stays.items():
        if resource.place is None or resource.place.name in matches.failed:
            continue
        anchor = spots.get(resource.place.name)
        candidates = [anchor] if anchor else others.get(resource.place.name, [])
        if fault := _fault(kind, resource.place, candidates, going):
            yield Problem(kind.key, name, fault, resource.mark)
        else:
            standing = Standing(spots[name], resource.place.side, candidates[0])
            wanted[standing.id] = resource, resource.place, standing
    for circle in circles([standing for _, _, standing in wanted.values()]):
        names = " -> ".join(f'"{wanted[spot][0].name}"' for spot in (*circle, circle[0]))
        resource = wanted[circle[0]][0]
        text = f"its place goes round in a circle: {names}; take `place` from one of them"
        yield Problem(kind.key, resource.name, text, resource.mark)
        for spot in circle:
            del wanted[spot]

    standings = [standing for _, _, standing in wanted.values()]
    for standing in moves(_full(order, live, spots), standings):
        resource, target, _ = wanted[standing.id]
        if not is_ours(kind, resource, matches.found[resource.name][1], adopt=options.adopt):
            text = f"is not managed (id {standing.id}) and would move; with --adopt it is taken over"
            yield Problem(kind.key, resource.name, text, resource.mark)
        yield Change(
            Verb.MOVE, kind.key, resource.name, _known(standing.id),
            reason=f'directly {target.side} "{target.name}"',
            mark=resource.mark, place=target, anchor_id=_known(standing.anchor),
        )  # fmt: skip


def _new(name: str) -> str:
    """Stand for the id of a pipeline that is not there yet; no id of Datadog's holds a blank."""
    return f"new {name}"


def _known(spot: str) -> str | None:
    return None if spot.startswith("new ") else spot


def _others(live: Sequence[Live], ours: Collection[str]) -> Mapping[str, list[str]]:
    """Give the ids of what is not declared, by name; what is declared goes by its declared name alone."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in live:
        if one.id not in ours:
            found[one.name].append(one.id)
    return found


def _fault(kind: Kind, target: Place, candidates: Sequence[str], going: Collection[str | None]) -> str | None:
    wish = f'its place is {target.side} "{target.name}"'
    if not candidates:
        return f"{wish}, but no {kind.word} of that name is declared or in Datadog"
    if len(candidates) > 1:
        ids = ", ".join(sorted(candidates))
        return f"{wish}, but Datadog has {len(candidates)} {kind.word}s of that name (ids {ids})"
    if candidates[0] in going:
        return f"{wish}, which this plan deletes"
    return None


def _full(order: Sequence[str], live: Sequence[Live], spots: Mapping[str, str]) -> list[str]:
    """Give the order with what it does not hold yet behind it: a new pipeline is appended last."""
    return list(dict.fromkeys([*order, *(one.id for one in live), *spots.values()]))
