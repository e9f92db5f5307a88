"""A log monitor's body, read: its query, thresholds and options.

https://docs.datadoghq.com/api/latest/monitors/#create-a-monitor
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from datadog_assets.alerting.levels import Levels, levels
from datadog_assets.alerting.log_query import LogQuery, parse
from datadog_assets.alerting.transition import Status

Body: TypeAlias = Mapping[str, object]
"""A monitor or a rule, as Datadog's API takes it."""

MINUTE, HOUR = 60_000, 3_600_000

_STATUSES = {"alert": Status.ALERT, "warn": Status.WARN, "no data": Status.NO_DATA}
_UNITS = {"m": MINUTE, "h": HOUR, "d": 24 * HOUR}
_DURATION = re.compile(r"([0-9]{1,6})([mhd])")


class NotRehearsed(ValueError):
    """A monitor that Datadog runs, and the rehearsal does not.

    Attributes:
        reason: why not.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Missing(Enum):
    """What becomes of a group, or of the monitor, without data."""

    DEFAULT = "default"
    SHOW = "show_no_data"
    NOTIFY = "show_and_notify_no_data"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Definition:
    """One log monitor. Times are in milliseconds.

    Attributes:
        name: the monitor's.
        query: taken apart.
        levels: its thresholds.
        missing: what happens without data.
        no_data_after: the older `notify_no_data`: so long after the last log; None if not asked for.
        notify_by: the groups that each get a notification of their own; empty for one over all.
        renotify_every: None if an alert is told once.
        renotify_statuses: those that are told again.
        renotify_times: how often at most; None for as often as 30 hours allow.
        timeout: without data for so long, an alert is over; None for never.
        delay: how far evaluation lags behind.
        new_group_delay: how long a group that is new is left alone.
        retention: without data for so long, a group is forgotten.
    """

    name: str
    query: LogQuery
    levels: Levels
    missing: Missing
    no_data_after: int | None
    notify_by: tuple[str, ...]
    renotify_every: int | None
    renotify_statuses: frozenset[Status]
    renotify_times: int | None
    timeout: int | None
    delay: int
    new_group_delay: int
    retention: int

    @property
    def tells_no_data(self) -> bool:
        """Whether missing data is notified of, not only shown."""
        return self.missing is Missing.NOTIFY or self.no_data_after is not None


def read(body: Body) -> Definition:
    """Read a monitor's body, as Datadog's API takes it.

    Raises:
        NotRehearsed: it is of another type, a formula, or on a schedule.
        LogQueryError: its query is wrong.
    """
    options = object_at(body, "options")
    _refuse_what_is_not_rehearsed(body, options)
    query = parse(str(body.get("query", "")))
    renotify = _number(options, "renotify_interval") * MINUTE
    timeout = _number(options, "timeout_h") * HOUR
    return Definition(
        name=str(body.get("name", "")),
        query=query,
        levels=levels(query, object_at(options, "thresholds")),
        missing=_missing(options),
        no_data_after=_no_data_after(options, query),
        notify_by=_notify_by(options, query),
        renotify_every=renotify or None,
        renotify_statuses=_renotify_statuses(options),
        renotify_times=_number(options, "renotify_occurrences") or None,
        timeout=timeout or None,
        delay=_number(options, "evaluation_delay") * 1000,
        new_group_delay=_number(options, "new_group_delay") * 1000,
        retention=_duration(options.get("group_retention_duration")) or 24 * HOUR,
    )


def object_at(holder: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Give the object under a key; an empty one if there is none."""
    found = holder.get(key)
    return found if isinstance(found, Mapping) else {}


def _refuse_what_is_not_rehearsed(body: Body, options: Mapping[str, object]) -> None:
    if body.get("type") != "log alert":
        raise NotRehearsed(
            f"a monitor of type {body.get('type')!r} reads more than logs: only log alert is rehearsed"
        )
    if str(body.get("query", "")).lstrip().startswith("formula(") or options.get("variables"):
        raise NotRehearsed("the query is a formula over several: only logs(...) is rehearsed")
    if options.get("scheduling_options"):
        raise NotRehearsed("scheduling_options are not rehearsed: only a window that rolls on is")


def _number(options: Mapping[str, object], key: str) -> int:
    found = options.get(key)
    return max(0, int(found)) if isinstance(found, int | float) and math.isfinite(found) else 0


def _missing(options: Mapping[str, object]) -> Missing:
    asked = options.get("on_missing_data")
    known = isinstance(asked, str) and asked in {one.value for one in Missing}
    return Missing(asked) if known else Missing.DEFAULT


def _no_data_after(options: Mapping[str, object], query: LogQuery) -> int | None:
    """Without a time, twice the window; never beside on_missing_data, which Datadog takes alone."""
    if not options.get("notify_no_data") or options.get("on_missing_data"):
        return None
    return _number(options, "no_data_timeframe") * MINUTE or 2 * query.window * 1000


def _notify_by(options: Mapping[str, object], query: LogQuery) -> tuple[str, ...]:
    """By every group of the query; by those of `notify_by`; by none if it is `["*"]`, a simple alert.

    https://docs.datadoghq.com/monitors/guide/alert_aggregation/
    """
    asked = options.get("notify_by")
    if isinstance(asked, list) and asked:
        return tuple(group for group in query.groups if group in asked)
    return () if options.get("groupby_simple_monitor") else query.groups


def _renotify_statuses(options: Mapping[str, object]) -> frozenset[Status]:
    asked = options.get("renotify_statuses")
    names = asked if isinstance(asked, list) and asked else ["alert", "no data"]
    return frozenset(_STATUSES[name] for name in names if isinstance(name, str) and name in _STATUSES)


def _duration(value: object) -> int:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else 0
