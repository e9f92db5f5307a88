"""Finds the live resource for each declared one: by the id that pins it, else by its name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from datadog_assets.kind import Kind
from datadog_assets.plan.changes import Note, Problem
from datadog_assets.resource import MANAGED_TAG, Live, Resource


@dataclass(frozen=True, slots=True)
class Matches:
    """What is declared of one kind, and what Datadog has of it.

    Attributes:
        found: name -> the declared resource and its live one, or None if there is none yet.
        failed: names for which that cannot be told; a problem says why.
        rest: live ones that belong to nothing declared and may be written to; nothing that a failed name
            could mean is among them.
    """

    found: Mapping[str, tuple[Resource, Live | None]]
    failed: frozenset[str]
    rest: tuple[Live, ...]
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...]


def is_managed(live: Live) -> bool:
    """Tell whether a live resource carries the managed tag."""
    tags = live.body.get("tags")
    return isinstance(tags, list) and MANAGED_TAG in tags


def is_ours(kind: Kind, resource: Resource, live: Live | None, *, adopt: bool) -> bool:
    """Tell whether the live one of a declared resource may be changed: rules go by their name alone."""
    return live is None or not kind.has_tags or adopt or resource.id is not None or is_managed(live)


def match(kind: Kind, declared: Iterable[Resource], live: Sequence[Live]) -> Matches:
    """Match what is declared of one kind with what Datadog has. Names compare exactly."""
    declared = list(declared)
    by_id = {one.id: one for one in live}
    by_name: defaultdict[str, list[Live]] = defaultdict(list)
    for one in live:
        by_name[one.name].append(one)
    pins = _pins(declared)

    found: dict[str, tuple[Resource, Live | None]] = {}
    problems: list[Problem] = []
    notes: list[Note] = []
    for resource in declared:
        namesakes = by_name.get(resource.name, [])
        if resource.id is None:
            free = [one for one in namesakes if not one.read_only]
            hit, fault = _by_name(kind, free, pins)
            if not free and namesakes:
                text = f"a read-only {kind.word} of the same name is Datadog's own and stays as it is"
                notes.append(Note(kind.key, resource.name, text, resource.mark))
        else:
            hit, fault = _by_id(kind, resource, by_id.get(resource.id), namesakes, pins[resource.id])
        if fault:
            problems.append(Problem(kind.key, resource.name, fault, resource.mark))
        else:
            found[resource.name] = resource, hit
    failed = frozenset(resource.name for resource in declared) - found.keys()
    taken = {one.id for _, one in found.values() if one} | pins.keys()
    rest = [one for one in live if not (one.read_only or one.id in taken or one.name in failed)]
    return Matches(found, failed, tuple(rest), tuple(problems), tuple(notes))


def _pins(declared: Iterable[Resource]) -> Mapping[str, list[str]]:
    """Give the names that pin each id."""
    pins: dict[str, list[str]] = {}
    for resource in declared:
        if resource.id is not None:
            pins.setdefault(resource.id, []).append(resource.name)
    return pins


def _by_name(
    kind: Kind, namesakes: Sequence[Live], pins: Mapping[str, list[str]]
) -> tuple[Live | None, str | None]:
    free = [one for one in namesakes if one.id not in pins]
    if len(free) > 1:
        ids = ", ".join(sorted(one.id for one in free))
        return None, f"Datadog has {len(free)} {kind.word}s of this name (ids {ids}); pin one with `id`"
    if namesakes and not free:
        pinned = namesakes[0].id
        return None, f'is what "{pins[pinned][0]}" pins (id {pinned}); only one of them can have it'
    return (free[0] if free else None), None


def _by_id(
    kind: Kind, resource: Resource, one: Live | None, namesakes: Sequence[Live], pinned_by: Sequence[str]
) -> tuple[Live | None, str | None]:
    if len(pinned_by) > 1:
        others = ", ".join(f'"{name}"' for name in pinned_by if name != resource.name)
        return None, f"pins id {resource.id}, and so does {others}; only one of them can have it"
    if one and one.read_only:
        return None, f"pins id {resource.id}, which is read-only: a {kind.word} of Datadog's own"
    if one or resource.absent:
        return one, None
    fault = f"pins id {resource.id}, but Datadog has no {kind.word} with that id"
    if namesakes:
        fault += f"; of this name it has id {', '.join(sorted(other.id for other in namesakes))}"
    return None, fault
