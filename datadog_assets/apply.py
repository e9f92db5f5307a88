"""Carries a plan out: one change after the other, in the plan's order."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from datadog_assets.api import Api
from datadog_assets.api.errors import ApiError
from datadog_assets.backup import save
from datadog_assets.errors import AssetsError
from datadog_assets.kinds import KINDS
from datadog_assets.kinds._pipeline_order import move
from datadog_assets.plan.changes import Change, Plan, Verb


class Blocked(AssetsError):
    """The plan has problems, or Datadog refuses a part of it; nothing was changed."""


class Stopped(AssetsError):
    """A change failed: what came before it is done, it may be done, and the rest is not."""


def apply(
    plan: Plan,
    api: Api,
    tell: Callable[[str], None],
    folder: Path,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Carry a plan out.

    First Datadog validates whatever it can; then what it has of all that is replaced or deleted is saved to a
    file; then the changes are carried out. The first that fails ends it.

    Args:
        plan: without problems.
        api: Datadog.
        tell: is told of each step, a line each.
        folder: where the file is made.
        now: gives the file its name.

    Raises:
        Blocked: the plan has problems, or Datadog finds a body invalid, or it was interrupted before the
            first change. Nothing was changed.
        CannotSave: the file could not be written. Nothing was changed.
        Stopped: a change failed, or was interrupted.
    """
    if plan.problems:
        raise Blocked("Nothing was changed: the plan cannot be applied while it has problems.")
    try:
        _validate(plan.changes, api)
        _keep(plan.changes, tell, folder, now())
    except KeyboardInterrupt as error:
        raise Blocked("Nothing was changed: interrupted.") from error
    made: dict[tuple[str, str], str] = {}
    done = 0
    try:
        for done, change in enumerate(plan.changes):
            tell(f"[{done + 1}/{len(plan.changes)}] {_told(change)}")
            _carry_out(change, api, made)
    except (ApiError, KeyboardInterrupt) as error:
        raise Stopped(_stopped(plan.changes, done, error)) from error


def _keep(changes: Sequence[Change], tell: Callable[[str], None], folder: Path, now: datetime) -> None:
    replaced = [(change.kind, change.before) for change in changes if change.before is not None]
    if replaced:
        tell(f"What Datadog has of {len(replaced)} is kept in {save(folder, replaced, now)}")


def _validate(changes: Sequence[Change], api: Api) -> None:
    refused = []
    for change in changes:
        if change.body is not None:
            try:
                KINDS[change.kind].validate(api, change.body, change.live_id)
            except ApiError as error:
                refused.append(f"{change.mark or 'plan'}: {_told(change)}: {error}")
    if refused:
        raise Blocked("\n".join([*refused, "Nothing was changed: Datadog does not take what stands above."]))


def _carry_out(change: Change, api: Api, made: dict[tuple[str, str], str]) -> None:
    """Carry one change out; `made` holds the ids of what this run created, by kind and name."""
    kind = KINDS[change.kind]
    match change:
        case Change(verb=Verb.CREATE, body=dict(body)):
            live = kind.create(api, body)
            made[change.kind, change.name] = live.id
        case Change(verb=Verb.UPDATE, live_id=str(live_id), body=dict(body)):
            kind.update(api, live_id, body)
        case Change(verb=Verb.DELETE, live_id=str(live_id)):
            kind.delete(api, live_id)
        case Change(verb=Verb.MOVE, place=place) if place:
            anchor_id = change.anchor_id or made[change.kind, place.name]
            move(api, change.live_id or made[change.kind, change.name], place.side, anchor_id)
        case _:
            raise ValueError(change)  # no plan holds such a change


def _stopped(changes: Sequence[Change], done: int, error: ApiError | KeyboardInterrupt) -> str:
    reason = str(error) or "interrupted; it may have been carried out."
    told = [f"Stopped at: {_told(changes[done])}: {reason}"]
    told += [f"Done: {done} of {len(changes)} changes."]
    told += [f"Not done: {_told(change)}" for change in changes[done + 1 :]]
    told += ["Run the same command again to go on: what is done is not done twice."]
    return "\n".join(told)


def _told(change: Change) -> str:
    return f"{change.verb} {KINDS[change.kind].word} {change.name!r}"
