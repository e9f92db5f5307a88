"""What became of a rehearsal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from datadog_assets.alerting.transition import Kind
from datadog_assets.log import Log
from datadog_assets.rehearse.watch import Notification
from datadog_assets.render.printable import quoted
from datadog_assets.resource import Mark

_RECOVERIES = {Kind.RECOVERY, Kind.WARNING_RECOVERY, Kind.NO_DATA_RECOVERY}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One log, on its way.

    Attributes:
        at: when it comes to Datadog, in epoch milliseconds.
        before: after preprocessing.
        after: after the pipelines; None if Datadog drops it because of its date.
        left: what of the pipelines could not be rehearsed.
        refused: the date, in epoch milliseconds, that Datadog drops it for; None if it does not.
    """

    at: int
    before: Log
    after: Log | None
    left: tuple[str, ...]
    refused: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a rehearsal.

    Attributes:
        name: the rehearsal's.
        mark: where it is written.
        faults: in what it differs from what was expected, a line each; none if it passed.
        arrivals: every log.
        notifications: everything that was told, in order.
        left: what could not be rehearsed, and why.
        hints: if it failed, what may be the reason, a line each.
    """

    name: str
    mark: Mark
    faults: tuple[str, ...]
    arrivals: tuple[Arrival, ...]
    notifications: tuple[Notification, ...]
    left: tuple[str, ...]
    hints: tuple[str, ...] = ()


def word(kind: Kind) -> str:
    """Name what happened as rehearsals do: one word for every recovery."""
    return "recovery" if kind in _RECOVERIES else str(kind)


def left(notifications: Iterable[Notification]) -> list[str]:
    """Give what of notifications could not be rehearsed; what several have alike is one line."""
    found: dict[str, dict[str, None]] = {}
    for one in notifications:
        for reason in one.left:
            found.setdefault(reason, {})[one.transition.monitor] = None
    return [f"{reason} ({of_monitors(list(names))})" for reason, names in found.items()]


def of_monitors(names: Sequence[str]) -> str:
    """Name monitors that have something alike."""
    which = "monitor" if len(names) == 1 else f"{len(names)} monitors:"
    return f"{which} {', '.join(map(quoted, names))}"
