"""A log monitor over a stream of logs: fed with logs, evaluated at moments.

https://docs.datadoghq.com/monitors/types/log/ and https://docs.datadoghq.com/monitors/configuration/

Not rehearsed: the limits to the number of groups, and how long a log takes to be found. A log monitor heeds
no `require_full_window`.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from datadog_assets.alerting.definition import Body, Definition, read
from datadog_assets.alerting.facets import Log
from datadog_assets.alerting.telling import Telling
from datadog_assets.alerting.transition import Status, Transition, kind_of
from datadog_assets.alerting.watched import Watched
from datadog_assets.alerting.window import Group, Window

Matcher: TypeAlias = Callable[[str], Callable[[Any], bool]]
"""Reads a search, and gives the test whether it finds a log, which is handed on as it came."""

_WORST = (Status.ALERT, Status.WARN, Status.NO_DATA, Status.OK)
_ALL: Group = ()


class LogMonitor:
    """One log monitor.

    Attributes:
        definition: its body, read.
    """

    def __init__(self, body: Body, matcher: Matcher) -> None:
        """Read the body of a monitor.

        Args:
            body: as Datadog's API v1 takes it.
            matcher: reads the search of the query.

        Raises:
            NotRehearsed: the monitor is of another type, or of a kind that is not rehearsed.
            LogQueryError: its query is wrong.
        """
        self.definition: Definition = read(body)
        self._finds = matcher(self.definition.query.search)
        self._window = Window(self.definition.query)
        self._watched: dict[Group, Watched] = {}
        self._tellings: dict[Group, Telling] = {}
        self._last: int | None = None

    def add(self, log: Log) -> None:
        """Take a log, in any order: its own timestamp counts. What the search does not find is let go."""
        if self._finds(log):
            self._window.add(log)

    def evaluate(self, now: int) -> list[Transition]:
        """Give what is notified of at a moment; nothing for a moment before the last one.

        The window holds what is later than its begin and not later than its end, which is now unless the
        evaluation is delayed. Datadog evaluates every `definition.query.frequency` seconds.

        Args:
            now: in epoch milliseconds.
        """
        if self._last is not None and now < self._last:
            return []
        self._last = now
        self._step(now)
        return list(self._told(now))

    def statuses(self) -> dict[Group, Status]:
        """Give the status of each group, by its values; of a monitor without groups, under `()`."""
        return {group: watched.status for group, watched in self._watched.items()}

    def _step(self, now: int) -> None:
        end = now - self.definition.delay
        readings = self._window.read(end)
        for group in readings if readings or self._watched else [_ALL]:
            if group not in self._watched:
                names = self.definition.query.groups
                self._watched[group] = Watched(self.definition, dict(zip(names, group, strict=False)), now)
        for group, watched in self._watched.items():
            if group in readings:
                watched.see(readings[group], now)
            elif self._is_placeholder(group):
                watched.calm()
            else:
                watched.miss(now, end, others=bool(readings))

    def _told(self, now: int) -> Iterator[Transition]:
        alerts: dict[Group, list[Watched]] = {}
        for watched in self._watched.values():
            by = tuple(watched.group[name] for name in self.definition.notify_by if name in watched.group)
            alerts.setdefault(by, []).append(watched)
        for by, members in alerts.items():
            worst = self._worst(members)
            telling = self._tellings.setdefault(by, Telling(self.definition))
            before = telling.tell(worst.status, now)
            if before is not None:
                yield self._transition(before, worst, telling, now)
        self._forget(now)
        self._tellings = {by: telling for by, telling in self._tellings.items() if by in alerts}

    def _worst(self, members: list[Watched]) -> Watched:
        """Give the group that decides over an alert for several."""
        status = min((watched.status for watched in members), key=_WORST.index)
        of_status = [watched for watched in members if watched.status is status]
        values = [watched.value for watched in of_status if watched.value is not None]
        worst = self.definition.levels.worst(values) if values else None
        return next(watched for watched in of_status if watched.value == worst)

    def _transition(self, before: Status, worst: Watched, telling: Telling, now: int) -> Transition:
        by = self.definition.notify_by
        return Transition(
            monitor=self.definition.name,
            group={name: worst.group[name] for name in by if name in worst.group},
            status_from=before,
            status_to=worst.status,
            kind=kind_of(before, worst.status),
            value=worst.value,
            threshold=self.definition.levels.threshold(before, worst.status),
            at=now,
            first_triggered_at=telling.first_triggered_at,
            last_triggered_at=telling.last_triggered_at,
            log=worst.log,
        )

    def _forget(self, now: int) -> None:
        for group, watched in list(self._watched.items()):
            if self._is_placeholder(group) or (group and watched.is_forgotten(now)):
                del self._watched[group]

    def _is_placeholder(self, group: Group) -> bool:
        """Tell whether it only stood for groups that were not known yet, and now are."""
        return group == _ALL and len(self._watched) > 1
