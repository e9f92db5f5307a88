"""When something is notified of: changes of status, and again while one lasts.

https://docs.datadoghq.com/monitors/notify/#renotify and
https://docs.datadoghq.com/monitors/notify/variables/#triggered-variables
"""

from datadog_assets.alerting.definition import HOUR, Definition
from datadog_assets.alerting.transition import Status

LONGEST = 30 * HOUR
"""Without `renotify_occurrences`, so long after the first alert Datadog stops telling again; that was said by
https://docs.datadoghq.com/monitors/notify/#renotify, and no longer is by each of its versions."""


class Telling:
    """What was told of one alert, simple or of a group.

    Attributes:
        first_triggered_at: when the status was last OK before; None if it never was another.
        last_triggered_at: when the status last changed to another than OK.
    """

    def __init__(self, definition: Definition) -> None:
        self.first_triggered_at: int | None = None
        self.last_triggered_at: int | None = None
        self._definition = definition
        self._status = Status.OK
        self._told = Status.OK
        self._told_at = 0
        self._repeats = 0

    def tell(self, status: Status, now: int) -> Status | None:
        """Give the status before if there is something to notify of; the same one if it is told again.

        Missing data that is only shown is told to nobody. When it ends, that is told if an alert came before.
        """
        before, self._status = self._status, status
        if status is before:
            return self._again(status, now)
        self._mark(before, status, now)
        is_silent = status is Status.NO_DATA and not self._definition.tells_no_data
        if is_silent or status is self._told is Status.OK:
            return None
        self._told, self._told_at, self._repeats = status, now, 0
        return before

    def _mark(self, before: Status, status: Status, now: int) -> None:
        if before is Status.OK:
            self.first_triggered_at = now
        if status is not Status.OK:
            self.last_triggered_at = now

    def _again(self, status: Status, now: int) -> Status | None:
        every = self._definition.renotify_every
        if every is None or status is not self._told or status not in self._definition.renotify_statuses:
            return None
        if now - self._told_at < every or self._is_enough(now):
            return None
        self._told_at = now
        self._repeats += 1
        return status

    def _is_enough(self, now: int) -> bool:
        times = self._definition.renotify_times
        if times is not None:
            return self._repeats >= times
        return now - (self.first_triggered_at or 0) > LONGEST
