"""What each change of a plan would change for the events of the rehearsals."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pydantic import ValidationError

from datadog_assets.kinds.pipelines import Pipeline
from datadog_assets.log import Log
from datadog_assets.plan.changes import Change, Note, Plan, Verb
from datadog_assets.rehearse.explain import differences
from datadog_assets.rehearse.run import Outcome, Stage, word
from datadog_assets.rehearse.scenario import Rehearsal
from datadog_assets.rehearse.watch import Watch
from datadog_assets.resource import Declared, Json, Live, Mark, Resource

Bodies = Mapping[str, Mapping[str, Json]]
"""What Datadog has, or would have: kind, then id or name, then the body."""

_KINDS = ("pipelines", "monitors", "notification_rules")


def with_effects(
    plan: Plan,
    live: Mapping[str, Sequence[Live]],
    declared: Declared,
    rehearsals: Sequence[tuple[Mark, Rehearsal]],
) -> Plan:
    """Add to each change what it changes for the rehearsals' events, after the changes before it.

    All live pipelines and rules take part, and of the monitors those that are declared. What of these cannot
    be rehearsed is left out, and that is said.

    Args:
        plan: as it was made.
        live: what Datadog has.
        declared: everything that is declared.
        rehearsals: whose events are sent.
    """
    bodies: Bodies = {kind: dict(_live(kind, live.get(kind, ()), declared)) for kind in _KINDS}
    before = _outcomes(bodies, rehearsals)
    changes = []
    for change in plan.changes:
        effects: list[str] = []
        if change.kind in _KINDS and change.verb is not Verb.MOVE:
            bodies = _changed(bodies, change)
            after = _outcomes(bodies, rehearsals)
            effects = _not_rehearsed(change) or list(_effects(before, after))
            before = after
        changes.append(replace(change, effects=tuple(effects)))
    unknown = [one for one in live.get("pipelines", ()) if not _is_known(one.body)]
    notes = [
        Note("pipelines", one.name, "is not rehearsed: it holds what is not known here") for one in unknown
    ]
    return replace(plan, changes=tuple(changes), notes=(*plan.notes, *notes))


def _not_rehearsed(change: Change) -> list[str]:
    """Tell why a monitor cannot be rehearsed; nothing for anything else."""
    if change.kind != "monitors" or change.body is None:
        return []
    return [f"not at all: {reason}" for reason in Watch([change.body], []).left.values()]


def _live(kind: str, live: Sequence[Live], declared: Declared) -> Iterator[tuple[str, Json]]:
    for one in live:
        if kind == "monitors" and one.name not in declared.get(kind, {}):
            continue
        if kind == "pipelines" and not _is_known(one.body):
            continue
        yield one.id, {"name": one.name, **one.body}


def _is_known(body: Json) -> bool:
    """Whether a pipeline can be rehearsed at all; Datadog may have processors that are not known here."""
    try:
        Pipeline.model_validate(body, extra="ignore")
    except ValidationError:
        return False
    return True


def _changed(bodies: Bodies, change: Change) -> Bodies:
    of_kind = dict(bodies[change.kind])
    key = change.live_id or change.name
    if change.body is None:
        of_kind.pop(key, None)
    else:
        of_kind[key] = {"name": change.name, **change.body}
    return {**bodies, change.kind: of_kind}


def _outcomes(bodies: Bodies, rehearsals: Iterable[tuple[Mark, Rehearsal]]) -> list[Outcome]:
    nowhere = Mark("", 0)
    stage = Stage(
        {
            kind: {key: Resource(kind, key, body, nowhere) for key, body in of_kind.items()}
            for kind, of_kind in bodies.items()
        }
    )
    return [stage.run(rehearsal, mark) for mark, rehearsal in rehearsals]


def _effects(before: Sequence[Outcome], after: Sequence[Outcome]) -> Iterator[str]:
    pairs = [
        (old.after or old.before, new.after or new.before)
        for outcome, other in zip(before, after, strict=True)
        for old, new in zip(outcome.arrivals, other.arrivals, strict=True)
    ]
    changed: Counter[str] = Counter()
    for old, new in pairs:
        changed.update(_of_log(old, new))
    for effect, count in changed.items():
        yield f"{count} of {len(pairs)} logs {effect}"
    told: Counter[str] = Counter()
    for outcome, other in zip(before, after, strict=True):
        told.update(_of_told(outcome, other))
    for effect, count in told.items():
        yield f"in {count} of {len(before)} rehearsals {effect}"
    if not changed and not told:
        yield f"nothing changes for {len(pairs)} logs"


def _of_log(before: Log, after: Log) -> Iterator[str]:
    for one in differences(before, after):
        if one.path == "status":
            yield f"go from {one.before} to {one.after}"
        elif one.before is None:
            yield f"get {one.path}"
        elif one.after is None:
            yield f"lose {one.path}"
        else:
            yield f"change {one.path}"


def _of_told(before: Outcome, after: Outcome) -> Iterator[str]:
    old, new = _told(before), _told(after)
    for monitor, kind, handle in sorted(new - old):
        is_told = f"is told to {handle}, and was not" if handle else "is told to nobody"
        yield f"{monitor!r} ({kind}) {is_told}"
    for monitor, kind, handle in sorted(old - new):
        if handle:
            yield f"{monitor!r} ({kind}) is no longer told to {handle}"


def _told(outcome: Outcome) -> set[tuple[str, str, str]]:
    return {
        (one.transition.monitor, word(one.transition.kind), handle)
        for one in outcome.notifications
        for handle in [told.handle for told in one.told] or [""]
    }
