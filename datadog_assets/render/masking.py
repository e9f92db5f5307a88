"""Takes the secrets out of a plan before any of it is shown."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TypeVar

from datadog_assets.plan.changes import Change, Note, Plan
from datadog_assets.plan.difference import ABSENT, Difference

SECRET = "(secret)"  # noqa: S105 - stands for one

N = TypeVar("N", bound=Note)


def masked(plan: Plan, secrets: Collection[str]) -> Plan:
    """Give the plan as it may be shown.

    A difference that holds a secret on either side shows it on neither: the other side may hold the secret
    of yesterday. In names and texts, only the secret itself is replaced. Bodies, which nothing shows, are
    left out.
    """
    hide = masker(secrets)
    return Plan(
        tuple(_change(change, secrets, hide) for change in plan.changes),
        tuple(_note(problem, hide) for problem in plan.problems),
        tuple(_note(note, hide) for note in plan.notes),
    )


def masker(secrets: Collection[str]) -> Callable[[str], str]:
    """Give a function that replaces every secret within a text."""
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, SECRET)
        return text

    return hide


def _change(change: Change, secrets: Collection[str], hide: Callable[[str], str]) -> Change:
    return replace(
        change,
        name=hide(change.name),
        body=None,
        before=None,
        differences=tuple(_difference(one, secrets, hide) for one in change.differences),
        reason=hide(change.reason),
        effects=tuple(map(hide, change.effects)),
        place=change.place and replace(change.place, name=hide(change.place.name)),
    )


def _note(note: N, hide: Callable[[str], str]) -> N:
    return replace(note, name=note.name and hide(note.name), text=hide(note.text))


def _difference(one: Difference, secrets: Collection[str], hide: Callable[[str], str]) -> Difference:
    path = tuple(hide(step) if isinstance(step, str) else step for step in one.path)
    if not any(secret and (_holds(one.before, secret) or _holds(one.after, secret)) for secret in secrets):
        return replace(one, path=path)
    before, after = (value if value is ABSENT else SECRET for value in (one.before, one.after))
    return Difference(path, before, after, one.origin)


def _holds(value: object, secret: str) -> bool:
    if isinstance(value, str):
        return secret in value
    if isinstance(value, dict):
        return any(_holds(inner, secret) for pair in value.items() for inner in pair)
    if isinstance(value, list):
        return any(_holds(inner, secret) for inner in value)
    # a plain scalar that is only a variable may have become a number
    return value is not ABSENT and json.dumps(value) == secret
