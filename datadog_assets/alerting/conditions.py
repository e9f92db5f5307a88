"""Whether a block of a message is said.

https://docs.datadoghq.com/monitors/notify/variables/#conditional-variables
"""

from collections.abc import Callable, Sequence

from datadog_assets.alerting.facets import as_text
from datadog_assets.alerting.transition import Kind, Status, Transition

_Test = Callable[[Transition], bool]


def _to(status: Status) -> _Test:
    return lambda transition: transition.status_to == status


def _change(before: Status, after: Status) -> _Test:
    return lambda transition: (transition.status_from, transition.status_to) == (before, after)


STATES: dict[str, _Test] = {
    "is_alert": _to(Status.ALERT),
    "is_warning": _to(Status.WARN),
    "is_no_data": _to(Status.NO_DATA),
    "is_recovery": _to(Status.OK),
    "is_alert_recovery": _change(Status.ALERT, Status.OK),
    "is_warning_recovery": _change(Status.WARN, Status.OK),
    "is_no_data_recovery": _change(Status.NO_DATA, Status.OK),
    "is_alert_to_warning": _change(Status.ALERT, Status.WARN),
    "is_warning_to_alert": _change(Status.WARN, Status.ALERT),
    "is_renotify": lambda transition: transition.kind == Kind.RENOTIFY,
    "is_unknown": lambda _: False,
}
"""What a notification is of; one that tells again is also of the status that lasts. `is_warning_to_alert` is
not on the page. A log monitor is never unknown."""

MATCHES = ("is_match", "is_exact_match")


def is_match(found: object, wanted: Sequence[str]) -> bool:
    """Tell whether one of the texts is part of a variable's value; an empty one, whether that is not empty.

    Upper and lower case are told apart, which is not documented.
    """
    text = as_text(found)
    return any(one in text if one else text != "" for one in wanted)


def is_exact_match(found: object, wanted: Sequence[str]) -> bool:
    """Tell whether one of the texts is a variable's value; for a number, however it is written."""
    return as_text(found) in wanted or (isinstance(found, int | float) and found in map(_number, wanted))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
