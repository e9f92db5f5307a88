"""Monitors and notification rules, watching logs as they come: who is told of what."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from datadog_assets import search
from datadog_assets.alerting.definition import NotRehearsed
from datadog_assets.alerting.log_query import LogQueryError
from datadog_assets.alerting.message import Rendered, render
from datadog_assets.alerting.monitor import LogMonitor
from datadog_assets.alerting.rules import Told, recipients
from datadog_assets.alerting.scope import ScopeError
from datadog_assets.alerting.transition import Transition
from datadog_assets.log import Log
from datadog_assets.resource import Json
from datadog_assets.search import QuerySyntaxError

MINUTE = 60_000
"""Monitors are evaluated so often, in milliseconds; those with long windows less often at Datadog.
https://docs.datadoghq.com/monitors/configuration/#evaluation-frequency"""


@dataclass(frozen=True, slots=True)
class Notification:
    """What a monitor tells.

    Attributes:
        transition: what happened.
        rendered: what it says.
        told: to whom, and why.
        left: what of it could not be rehearsed.
    """

    transition: Transition
    rendered: Rendered
    told: tuple[Told, ...]
    left: tuple[str, ...]


class Watch:
    """Some monitors, with the rules that tell of them.

    Args:
        monitors: bodies of Datadog's API v1, each with its name.
        rules: attributes of Datadog's API v2, each with its name.

    Attributes:
        rules: may be replaced; what is told from then on is told by the new ones.
        left: the monitors that cannot be rehearsed, by name, and why.
    """

    def __init__(self, monitors: Sequence[Json], rules: Sequence[Json]) -> None:
        self.rules = rules
        self._monitors: list[tuple[Json, LogMonitor]] = []
        self.left: dict[str, str] = {}
        for body in monitors:
            try:
                self._monitors.append((body, LogMonitor(body, _matcher)))
            except (NotRehearsed, LogQueryError, QuerySyntaxError) as error:
                self.left[str(body.get("name", ""))] = str(error)

    def add(self, log: Log) -> None:
        """Take a log, after its pipelines, in any order: its own date counts."""
        for _, monitor in self._monitors:
            monitor.add(log)

    def evaluate(self, now: int) -> list[Notification]:
        """Evaluate each monitor at a moment, in epoch milliseconds; give what is told."""
        return [
            self._notification(body, transition)
            for body, monitor in self._monitors
            for transition in monitor.evaluate(now)
        ]

    def statuses(self) -> Mapping[str, Mapping[tuple[str, ...], str]]:
        """Give the status of each monitor's groups, by its name and their values."""
        return {
            monitor.definition.name: {group: str(status) for group, status in monitor.statuses().items()}
            for _, monitor in self._monitors
        }

    def _notification(self, body: Json, transition: Transition) -> Notification:
        rendered = render(str(body.get("message", "")), transition, body)
        left = list(rendered.not_rehearsed) + [str(fault) for fault in rendered.faults]
        found = body.get("tags")
        tags = [str(tag) for tag in found] if isinstance(found, list) else []
        told = recipients([], transition, tags, rendered.handles)
        for rule in self.rules:
            try:
                told = _merged(told, recipients([rule], transition, tags))
            except ScopeError as error:
                left.append(f"the rule {rule.get('name', '')!r}: {error}")
        return Notification(transition, rendered, tuple(told), tuple(left))


def _merged(told: Sequence[Told], more: Sequence[Told]) -> list[Told]:
    because: dict[str, tuple[str, ...]] = {}
    for one in (*told, *more):
        because[one.handle] = (*because.get(one.handle, ()), *one.because)
    return [Told(handle, reasons) for handle, reasons in because.items()]


def _matcher(query: str) -> Callable[[Mapping[str, object]], bool]:
    return search.parse(query).matches
