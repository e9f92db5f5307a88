"""What a monitor tells of: a change of its status, or that it lasts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from datadog_assets.alerting.facets import Log


class Status(StrEnum):
    """Of a monitor, or of one of its groups; by Datadog's names."""

    OK = "OK"
    WARN = "Warn"
    ALERT = "Alert"
    NO_DATA = "No Data"


class Kind(StrEnum):
    """What happened."""

    ALERT = "alert"
    WARNING = "warning"
    RECOVERY = "recovery"
    WARNING_RECOVERY = "warning recovery"
    NO_DATA = "no data"
    NO_DATA_RECOVERY = "no data recovery"
    RENOTIFY = "renotify"


@dataclass(frozen=True, slots=True)
class Transition:
    """One notification.

    Attributes:
        monitor: its name.
        group: the facets and tags that the alert is for, with their values; empty for a simple alert.
        status_from: the status before.
        status_to: the status now; the same as before if the monitor tells again.
        kind: what happened.
        value: of the query; None if there was nothing to evaluate.
        threshold: the one that is met or left; for want of data, that of the alert.
        at: when, in epoch milliseconds.
        first_triggered_at: when the status was last OK before, in epoch milliseconds.
        last_triggered_at: when the status last changed to another than OK.
        log: one of the logs in the window; None if there is none.
    """

    monitor: str
    group: Mapping[str, str]
    status_from: Status
    status_to: Status
    kind: Kind
    value: float | None
    threshold: float
    at: int
    first_triggered_at: int | None = None
    last_triggered_at: int | None = None
    log: Log | None = field(default=None, repr=False, compare=False)


_RECOVERIES = {
    Status.ALERT: Kind.RECOVERY,
    Status.WARN: Kind.WARNING_RECOVERY,
    Status.NO_DATA: Kind.NO_DATA_RECOVERY,
}
_TRIGGERED = {Status.ALERT: Kind.ALERT, Status.WARN: Kind.WARNING, Status.NO_DATA: Kind.NO_DATA}


def kind_of(before: Status, after: Status) -> Kind:
    """Name a change of status."""
    if before is after:
        return Kind.RENOTIFY
    return _RECOVERIES[before] if after is Status.OK else _TRIGGERED[after]
