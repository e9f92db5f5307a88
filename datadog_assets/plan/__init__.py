"""Compares what is declared with what Datadog has: pure, and the same plan every time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from datadog_assets.kind import Kind
from datadog_assets.kinds import KINDS
from datadog_assets.plan.changes import Change, Note, Options, Plan, Problem, Verb
from datadog_assets.plan.difference import differences
from datadog_assets.plan.matching import is_managed, is_ours, match
from datadog_assets.plan.placing import place
from datadog_assets.resource import MANAGED_TAG, Declared, Json, Live, Resource

__all__ = ["Change", "Note", "Options", "Plan", "Problem", "Verb", "make_plan"]

ORDERED = "pipelines"
"""The kind whose resources stand in an order."""

FIXED = {"monitors": "type"}
"""The field of a kind that no update can change.
https://github.com/DataDog/terraform-provider-datadog/pull/236"""

PRUNED = "--prune: not declared"
FEW_MANAGED = 10
MOST_PRUNED = 0.3
"""A prune of more than this part of what is managed needs --force, unless few are managed: it is likelier
that a file was left out than that so much is to go."""


def make_plan(
    declared: Declared,
    live: Mapping[str, Sequence[Live]],
    order: Sequence[str],
    options: Options,
    kinds: Mapping[str, Kind] = KINDS,
) -> Plan:
    """Compute what has to be done so that Datadog is as declared.

    Args:
        declared: everything declared: kind, then name.
        live: everything that Datadog has of each kind.
        order: the ids of all live pipelines, as Datadog's pipeline order gives them.
        options: what the user allowed.
        kinds: every kind by its key, in ascending rank.
    """
    matches = {
        key: match(kind, _wanted(declared.get(key, {}), options), live.get(key, ()))
        for key, kind in kinds.items()
    }
    found: list[Change | Note] = []
    for key, matched in matches.items():
        found += [*matched.problems, *matched.notes]
        for resource, one in matched.found.values():
            found += _one(kinds[key], resource, one, options)
        if options.prune:
            found += _pruned(kinds[key], matched.rest)
    changes = [one for one in found if isinstance(one, Change)]
    deletes = [change for change in reversed(changes) if change.verb is Verb.DELETE]

    if options.prune and not options.force:
        found += _too_many(sum(change.reason == PRUNED for change in deletes), live, kinds)
    if ORDERED in matches:
        found += place(kinds[ORDERED], matches[ORDERED], live.get(ORDERED, ()), order, deletes, options)
    writes = [change for change in changes if change.verb is not Verb.DELETE]
    moves = [one for one in found if isinstance(one, Change) and one.verb is Verb.MOVE]
    return Plan(
        changes=(*writes, *moves, *deletes),
        problems=tuple(one for one in found if isinstance(one, Problem)),
        notes=tuple(one for one in found if isinstance(one, Note) and not isinstance(one, Problem)),
    )


def _wanted(declared: Mapping[str, Resource], options: Options) -> list[Resource]:
    if options.destroy:
        return [replace(resource, absent=True, place=None) for resource in declared.values()]
    return list(declared.values())


def _one(kind: Kind, resource: Resource, live: Live | None, options: Options) -> Iterator[Change | Note]:
    """Give the change that one declared resource needs, if any, and what is to be said about it."""
    ours = is_ours(kind, resource, live, adopt=options.adopt)
    if resource.absent:
        if live is None:
            return
        if options.destroy and not ours:
            text = f"is not managed (id {live.id}), so it stays; with --adopt it is deleted"
            yield Note(kind.key, resource.name, text, resource.mark)
            return
        if not ours:
            text = f"is not managed (id {live.id}); with --adopt it is deleted"
            yield Problem(kind.key, resource.name, text, resource.mark)
        yield _delete(kind, live, "destroy" if options.destroy else "ensure: absent", resource)
    elif live is None:
        body = _with_tag(kind, resource.body)
        found = differences({}, _with_tag(kind, kind.canonical(resource.body)))
        yield Change(Verb.CREATE, kind.key, resource.name, body=body, differences=found, mark=resource.mark)
    else:
        yield from _update(kind, resource, live, ours=ours, adopt=options.adopt)


def _update(
    kind: Kind, resource: Resource, live: Live, *, ours: bool, adopt: bool
) -> Iterator[Change | Note]:
    before, after = kind.canonical(live.body), kind.canonical(resource.body)
    tagged = not kind.has_tags or is_managed(live)
    if not tagged and not adopt and not differences(before, after):
        text = f"is as declared, but not managed (id {live.id}); with --adopt it is"
        yield Note(kind.key, resource.name, text, resource.mark)
        return
    # the tag is in neither canonical form: what has it gets it on both sides, what is adopted on one
    keep, give = (_with_tag if has else _as_it_is for has in (tagged, tagged or adopt))
    found = differences(keep(kind, before), give(kind, after))
    if not ours:
        text = f"is not managed (id {live.id}) and differs; with --adopt it is taken over"
        yield Problem(kind.key, resource.name, text, resource.mark)
    fixed = FIXED.get(kind.key)
    for one in found:
        if one.path == (fixed,):
            text = f'the {fixed} of a {kind.word} cannot be changed from "{one.before}" to "{one.after}"; '
            text += "declare it under another name, and this one with `ensure: absent`"
            yield Problem(kind.key, resource.name, text, resource.mark)
    if found:
        reason = "" if tagged else "not managed until now" if adopt else "not managed"
        yield Change(
            Verb.UPDATE, kind.key, resource.name, live.id, give(kind, resource.body), live.body,
            found, reason, resource.mark,
        )  # fmt: skip


def _with_tag(kind: Kind, body: Json) -> Json:
    if not kind.has_tags:
        return body
    tags = body.get("tags")
    tags = tags if isinstance(tags, list) else []
    return body if MANAGED_TAG in tags else {**body, "tags": [*tags, MANAGED_TAG]}


def _as_it_is(_: Kind, body: Json) -> Json:
    return body


def _delete(kind: Kind, live: Live, reason: str, resource: Resource | None = None) -> Change:
    before = kind.canonical(live.body)
    name, mark = (resource.name, resource.mark) if resource else (live.name, None)
    return Change(
        Verb.DELETE, kind.key, name, live.id, None, live.body, differences(before, {}), reason, mark
    )


def _pruned(kind: Kind, rest: Sequence[Live]) -> Iterator[Change | Note]:
    if kind.has_tags:
        yield from (_delete(kind, one, PRUNED) for one in rest if is_managed(one))
    elif rest:
        text = f"{len(rest)} not declared, left as they are: "
        yield Note(kind.key, None, text + f"without tags, no {kind.word} is known to be managed")


def _too_many(
    pruned: int, live: Mapping[str, Sequence[Live]], kinds: Mapping[str, Kind]
) -> Iterator[Problem]:
    """Keep a prune from deleting much of what is managed."""
    tagged = [one for key, kind in kinds.items() if kind.has_tags for one in live.get(key, ())]
    managed = sum(is_managed(one) and not one.read_only for one in tagged)
    if managed >= FEW_MANAGED and pruned > MOST_PRUNED * managed:
        text = f"--prune would delete {pruned} of {managed} that are managed, more than 30 %; "
        yield Problem("", None, text + "is a file missing? With --force they are deleted")
