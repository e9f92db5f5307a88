"""What the variables of a message stand for.

https://docs.datadoghq.com/monitors/notify/variables/#attribute-and-tag-variables and, on the same page,
#template-variables
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum

from datadog_assets.alerting.definition import Body, object_at
from datadog_assets.alerting.facets import Log, attribute, tag_values
from datadog_assets.alerting.transition import Transition

_SEGMENT = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
_COMPARISON = re.compile(
    r"(>=|<=|==|!=|>|<)\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)\s*$"
)
_OF_LOG = ("message", "service", "status", "source", "span_id", "trace_id")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Lacking(Enum):
    """Why a variable has no value here."""

    UNKNOWN = "no variable of this monitor"
    OFFLINE = "known to Datadog alone"


class Variables:
    """The variables of one notification."""

    def __init__(self, transition: Transition, body: Body) -> None:
        self._group = transition.group
        self._log: Log | None = transition.log
        self._built_in = built_in(transition, body)

    def find(self, path: str) -> object:
        """Give what a variable stands for: a text or a number, "" if it is empty, or what it is lacking.

        A facet or a tag is asked for by `.name`, with brackets if its name holds a dot; a bare name does too,
        as in the page's example of a renotification.
        """
        if self.is_built_in(path):
            return self._built_in[path]
        match segments(path):
            case ["log", *rest]:
                return self._of_log(rest)
            case [key] | [key, "name"] if key in self._group:
                return self._group[key]
            case ["host", _] if "host" in self._group:
                return Lacking.OFFLINE
            case _:
                return Lacking.UNKNOWN

    def is_built_in(self, path: str) -> bool:
        """Tell whether it is one of the monitor itself, which holds nothing of a log."""
        return path in self._built_in

    def needs_brackets(self, path: str) -> str | None:
        """Give how a facet with a dot in its name is written, if a variable has it without brackets."""
        key = path.removesuffix(".name")
        return f"[{key}].name" if "." in key and key in self._group else None

    def _of_log(self, rest: list[str]) -> object:
        """One of the logs in the window, of which Datadog does not say which; empty if there is none."""
        match rest:
            case ["link" | "timestamp"]:
                # the link is made by Datadog; how the time is written is not documented
                return Lacking.OFFLINE if self._log is not None else ""
            case ["attributes", _, *_]:
                return "" if self._log is None else attribute(self._log, ".".join(rest[1:]))
            case ["tags", _, *_]:
                return (
                    "" if self._log is None else ",".join(sorted(tag_values(self._log, ".".join(rest[1:]))))
                )
            case [key] if key in _OF_LOG:
                return "" if self._log is None else self._log.get(key)
            case _:
                return Lacking.UNKNOWN


def segments(path: str) -> list[str]:
    """Split a variable at its dots, but not within brackets; what is in brackets loses them."""
    return [found[1] or found[2] or "" for found in _SEGMENT.finditer(path.strip())]


def built_in(transition: Transition, body: Body) -> Mapping[str, object]:
    """Give the variables of the monitor itself; those that it lacks are empty."""
    thresholds = object_at(object_at(body, "options"), "thresholds")
    comparison = _COMPARISON.search(str(body.get("query", "")))
    threshold = float(comparison[2]) if comparison else thresholds.get("critical")
    first, last = transition.first_triggered_at, transition.last_triggered_at
    return {
        "value": transition.value,
        "threshold": transition.threshold if threshold is None else threshold,
        "warn_threshold": thresholds.get("warning"),
        "alert_recovery_threshold": thresholds.get("critical_recovery"),
        "warn_recovery_threshold": thresholds.get("warning_recovery"),
        "ok_threshold": thresholds.get("ok"),
        "comparator": comparison[1] if comparison else None,
        "first_triggered_at": _date(first),
        "first_triggered_at_epoch": first,
        "last_triggered_at": _date(last),
        "last_triggered_at_epoch": last,
        "triggered_duration_sec": None if first is None else (transition.at - first) // 1000,
    }


def moment(milliseconds: int) -> datetime | None:
    """Give a time in UTC; None if it is out of what a calendar holds."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _date(milliseconds: int | None) -> str:
    """Write a time in UTC: like `local_time`, without a zone, for it is not documented how Datadog does."""
    found = None if milliseconds is None else moment(milliseconds)
    return "" if found is None else f"{found:%Y-%m-%d %H:%M:%S}"
