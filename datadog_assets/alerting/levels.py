"""Which status a value gives: thresholds, and the recovery thresholds that hold one on.

https://docs.datadoghq.com/monitors/configuration/#thresholds and
https://docs.datadoghq.com/monitors/guide/recovery-thresholds/
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from datadog_assets.alerting.log_query import LogQuery
from datadog_assets.alerting.transition import Status

_MEETS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Levels:
    """The thresholds of one monitor.

    Attributes:
        comparator: of the query; the warning is compared in the same way.
        critical: of the alert, from the query.
        warning: None if there is none.
        critical_recovery: what the value has to pass for an alert to be over; None for the alert's own.
        warning_recovery: the same for a warning.
    """

    comparator: str
    critical: float
    warning: float | None = None
    critical_recovery: float | None = None
    warning_recovery: float | None = None

    def status(self, value: float, before: Status) -> Status:
        """Give the status of a value.

        A recovery threshold holds on to the status that it belongs to, and to no other: it is not said what
        happens to an alert that falls between warning and warning recovery at once; here it is over.
        """
        if self._meets(value, self.critical) or (
            before is Status.ALERT and self._is_held(value, self.critical_recovery)
        ):
            return Status.ALERT
        if self.warning is not None and (
            self._meets(value, self.warning)
            or (before is Status.WARN and self._is_held(value, self.warning_recovery))
        ):
            return Status.WARN
        return Status.OK

    def threshold(self, before: Status, after: Status) -> float:
        """Give the threshold that a change of status is about."""
        warning = self.critical if self.warning is None else self.warning
        match before, after:
            case _, Status.WARN:
                return warning
            case Status.ALERT, Status.OK if self.critical_recovery is not None:
                return self.critical_recovery
            case Status.WARN, Status.OK:
                return warning if self.warning_recovery is None else self.warning_recovery
        return self.critical

    def worst(self, values: list[float]) -> float:
        """Give the value that is furthest on the side of the alert."""
        return min(values) if self.comparator.startswith("<") else max(values)

    def _meets(self, value: float, threshold: float) -> bool:
        return _MEETS[self.comparator](value, threshold)

    def _is_held(self, value: float, recovery: float | None) -> bool:
        """Not yet past the recovery threshold: > is over at <=, >= at <, < at >=, and <= at >.

        Recovery from == and != is not documented: no recovery threshold is heeded there.
        """
        return recovery is not None and self.comparator[0] in "<>" and self._meets(value, recovery)


def levels(query: LogQuery, thresholds: Mapping[str, object]) -> Levels:
    """Read the thresholds of a monitor: the alert's is the query's, the others are the options'."""
    return Levels(
        query.comparator,
        query.threshold,
        _number(thresholds.get("warning")),
        _number(thresholds.get("critical_recovery")),
        _number(thresholds.get("warning_recovery")),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
