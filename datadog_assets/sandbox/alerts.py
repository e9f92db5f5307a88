"""Evaluates the sandbox's monitors, and keeps what they notify of.

Nothing runs in the background. Monitors are evaluated when logs arrive, and whoever asks lets the time that
has passed go by first, minute by minute: so what is due comes at its own time, though it is seen only then.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from datadog_assets.alerting.log_query import parse
from datadog_assets.dates import iso
from datadog_assets.log import Log
from datadog_assets.rehearse.watch import MINUTE, Notification, Watch
from datadog_assets.sandbox.answers import Json, answer

KEPT_NOTIFICATIONS = 1_000

LONGEST_GAP = 48 * 60 * MINUTE
"""Of a longer time without logs and without questions only the end is stepped through: no window of a log
monitor is longer."""

_WORST = ("Alert", "Warn", "No Data", "OK")
_NOT_EVALUATED = "No Data"


class Named(TypedDict):
    """The monitor that notifies."""

    id: int
    name: str


class Recipient(TypedDict):
    """Who is told, and what tells: the message, or rules and the condition that holds."""

    handle: str
    because: list[str]


class Notified(TypedDict):
    """One notification, as `GET /sandbox/notifications` lists it."""

    at: str
    monitor: Named
    group: dict[str, str]
    """The facets and tags that the alert is for, with their values; empty for a simple alert."""
    kind: str
    """alert, warning, recovery, warning recovery, no data, no data recovery or renotify."""
    title: str
    text: str
    told: list[Recipient]
    not_rehearsed: list[str]
    """What of it only Datadog could have written, and what is wrong with it."""


@dataclass(slots=True)
class State:
    """How a monitor is; until its first evaluation there is no data.

    Attributes:
        overall: that of its worst group.
        since: when that changed last, in epoch milliseconds; None if it never did.
        groups: of each group, written `@flow_name:Offboard,env:prod`; empty if the monitor has no groups.
    """

    overall: str = _NOT_EVALUATED
    since: int | None = None
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Run:
    """One monitor, from its creation or last edit on."""

    watch: Watch
    by: Sequence[str]
    """What its query groups by."""
    last: int
    """When it was last evaluated, or began, in epoch milliseconds."""
    state: State = field(default_factory=State)

    def due(self, now: int) -> range:
        """Give the moments to evaluate between the last one and now, a minute apart."""
        return range(max(self.last + MINUTE, now - LONGEST_GAP), now + 1, MINUTE)

    def evaluate(self, now: int) -> list[Notification]:
        self.last = max(self.last, now)
        told = self.watch.evaluate(now)
        (groups,) = self.watch.statuses().values()
        overall = min(groups.values(), key=_WORST.index, default=_NOT_EVALUATED)
        if overall != self.state.overall:
            self.state.overall, self.state.since = overall, now
        self.state.groups = {self._named(group): status for group, status in groups.items() if group}
        return told

    def _named(self, group: Sequence[str]) -> str:
        return ",".join(f"{key}:{value}" for key, value in zip(self.by, group, strict=True))


class Alerts:
    """The monitors that are rehearsed, and their notifications.

    Args:
        clock: the time in epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._runs: dict[int, _Run] = {}
        self._rules: Sequence[Json] = ()
        self._notifications: deque[Notified] = deque(maxlen=KEPT_NOTIFICATIONS)
        self.routes = [Route("/sandbox/notifications", self._show, methods=["GET"])]

    @property
    def notifications(self) -> list[Notified]:
        """What was notified of, oldest first; the newest `KEPT_NOTIFICATIONS`."""
        self._let_time_pass()
        return list(self._notifications)

    def start(self, key: int, monitor: Json) -> None:
        """Watch a monitor from now on, anew if it is watched already; one that is not rehearsed is let be."""
        self.stop(key)
        try:
            watch = Watch([monitor], self._rules)
        except (TypeError, ValueError, OverflowError):
            # options that Datadog would refuse, and the sandbox does not look at
            return
        if not watch.left:
            by = parse(str(monitor["query"])).groups
            self._runs[key] = _Run(watch, by, self._now_ms())

    def stop(self, key: int) -> None:
        """Forget a monitor; what it notified of stays."""
        self._let_time_pass()
        self._runs.pop(key, None)

    def follow(self, rules: Sequence[Json]) -> None:
        """Tell by these rules from now on; each is the attributes of one."""
        self._let_time_pass()
        self._rules = rules
        for run in self._runs.values():
            run.watch.rules = rules

    def take(self, logs: Sequence[Log]) -> None:
        """Give logs that arrived, as processed, to every monitor, and evaluate each."""
        if not self._runs:
            return
        self._let_time_pass()
        now = self._now_ms()
        for key, run in self._runs.items():
            for log in logs:
                run.watch.add(log)
            self._keep(key, run.evaluate(now))

    def states(self) -> Mapping[int, State]:
        """Give how each monitor is that is rehearsed."""
        self._let_time_pass()
        return {key: run.state for key, run in self._runs.items()}

    def _let_time_pass(self) -> None:
        now = self._now_ms()
        due = sorted((moment, key) for key, run in self._runs.items() for moment in run.due(now))
        for moment, key in due:
            self._keep(key, self._runs[key].evaluate(moment))

    def _keep(self, key: int, told: Sequence[Notification]) -> None:
        self._notifications.extend(_shown(key, one) for one in told)

    async def _show(self, _request: Request) -> Response:
        return answer(self.notifications)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _shown(key: int, one: Notification) -> Notified:
    return {
        "at": iso(one.transition.at),
        "monitor": {"id": key, "name": one.transition.monitor},
        "group": dict(one.transition.group),
        "kind": str(one.transition.kind),
        "title": one.rendered.title,
        "text": one.rendered.text,
        "told": [{"handle": told.handle, "because": list(told.because)} for told in one.told],
        "not_rehearsed": list(one.left),
    }
