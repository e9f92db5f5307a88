"""Whom notification rules tell, and whom the message does.

https://docs.datadoghq.com/monitors/notify/notification_rules/
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from datadog_assets.alerting.conditions import STATES
from datadog_assets.alerting.definition import Body, object_at
from datadog_assets.alerting.scope import ScopeError, Tagset, parse
from datadog_assets.alerting.transition import Transition

STATE = "transition_type"
"""The key of a condition on what happened: `transition_type:is_alert`. The page names the statuses alert, OK,
warn and no data; how they are written it does not say: here by the names that messages have for them."""

_STATE = re.compile(rf"\b{STATE}:(\w+)")

BY_MESSAGE = "the message"


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient of a notification.

    Attributes:
        handle: with its @.
        because: what tells it: the message, or rules by their names and the condition that holds.
    """

    handle: str
    because: tuple[str, ...]


def recipients(
    rules: Iterable[Body], transition: Transition, tags: Sequence[str], handles: Iterable[str] = ()
) -> list[Told]:
    """Give who is told of a notification: those of the message first, then those of the rules; each once.

    Every rule that matches adds its own. Within one, all conditions that hold count, and the fallback if none
    does.

    Args:
        rules: as Datadog's API v2 takes their attributes.
        transition: what is told.
        tags: the monitor's.
        handles: those of the message, with their @.

    Raises:
        ScopeError: a rule's scope is wrong.
    """
    found: dict[str, dict[str, None]] = {}
    for handle in handles:
        found.setdefault(_handle(handle), {})[BY_MESSAGE] = None
    tagset = tagset_of(transition, tags)
    for rule in rules:
        if matches(rule, tagset):
            for handle, because in _of_rule(rule, tagset | _states(transition)):
                found.setdefault(handle, {})[because] = None
    return [Told(handle, tuple(because)) for handle, because in found.items()]


def tagset_of(transition: Transition, tags: Iterable[str]) -> Tagset:
    """Give the tags of a notification: the monitor's and the group's.

    A group by a facet is the tag `@facet:value`; that it has no other form is not documented.
    """
    return frozenset([*tags, *(f"{key}:{value}" for key, value in transition.group.items())])


def matches(rule: Body, tagset: Tagset) -> bool:
    """Tell whether a rule is for a notification: all its tags are there, or its scope holds.

    Raises:
        ScopeError: the scope is wrong.
    """
    where = object_at(rule, "filter")
    scope, wanted = where.get("scope"), where.get("tags")
    if isinstance(scope, str):
        return parse(scope)(tagset)
    return isinstance(wanted, list) and bool(wanted) and all(_has(tagset, str(tag)) for tag in wanted)


def _has(tagset: Tagset, wanted: str) -> bool:
    key, _, value = wanted.partition(":")
    return wanted in tagset or (value == "*" and any(tag.startswith(f"{key}:") for tag in tagset))


def _of_rule(rule: Body, tagset: Tagset) -> Iterator[tuple[str, str]]:
    name = f"the rule {rule.get('name', '')!r}"
    for handle in _handles(rule.get("recipients")):
        yield handle, name
    by_condition = object_at(rule, "conditional_recipients")
    conditions = by_condition.get("conditions")
    held = [one for one in conditions if _holds(one, tagset)] if isinstance(conditions, list) else []
    for condition in held:
        for handle in _handles(condition.get("recipients")):
            yield handle, f"{name}, {condition.get('scope')}"
    if not held:
        for handle in _handles(by_condition.get("fallback_recipients")):
            yield handle, f"{name}, for want of a condition that holds"


def _holds(condition: object, tagset: Tagset) -> bool:
    scope = condition.get("scope") if isinstance(condition, Mapping) else None
    if not isinstance(scope, str):
        return False
    for state in _STATE.finditer(scope):
        if state[1] not in STATES:
            known = ", ".join(STATES)
            raise ScopeError(scope, f"{state[1]} is no {STATE} that is known: {known}", state.start(1))
    return parse(scope)(tagset)


def _states(transition: Transition) -> Tagset:
    return frozenset(f"{STATE}:{name}" for name, holds in STATES.items() if holds(transition))


def _handles(found: object) -> list[str]:
    return [_handle(one) for one in found if isinstance(one, str) and one] if isinstance(found, list) else []


def _handle(handle: str) -> str:
    return f"@{handle.removeprefix('@')}"
