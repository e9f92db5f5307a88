"""One group of a monitor, from evaluation to evaluation: its status, with data and without.

https://docs.datadoghq.com/monitors/configuration/#advanced-alert-conditions
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from datadog_assets.alerting.definition import Definition, Missing
from datadog_assets.alerting.rollup import of_nothing
from datadog_assets.alerting.transition import Status
from datadog_assets.alerting.window import Reading

if TYPE_CHECKING:
    from datadog_assets.alerting.facets import Log


class Watched:
    """One group, or all logs of a monitor that has no groups.

    Attributes:
        group: its facets and tags, with their values.
        status: as of the last evaluation.
        value: of the last evaluation; None if there was nothing to evaluate.
        log: one of the logs in the window; None if there is none.
    """

    def __init__(self, definition: Definition, group: Mapping[str, str], now: int) -> None:
        self.group = group
        self.status = Status.OK
        self.value: float | None = None
        self.log: Log | None = None
        self._definition = definition
        self._since = now
        self._newest: int | None = None
        self._empty_since: int | None = None
        self._idle_since = now
        self._is_resolved = False

    def see(self, reading: Reading, now: int) -> None:
        """Evaluate a window that has data; a group that is new is left alone for a while."""
        self._newest = reading.newest
        self._empty_since = None
        self._is_resolved = False
        self.value, self.log = reading.value, reading.log
        if not self.group or now - self._since >= self._definition.new_group_delay:
            self.status = self._definition.levels.status(reading.value, self.status)

    def miss(self, now: int, end: int, *, others: bool) -> None:
        """Evaluate a window without data.

        Args:
            now: the moment, in epoch milliseconds.
            end: the end of the window.
            others: whether other groups have data.
        """
        if self._empty_since is None:
            self._empty_since = self._idle_since = now
        self.value = self.log = None
        if not self._is_resolved:
            self._without_data(end, others=others)
        self._resolve_by_itself(now)

    def calm(self) -> None:
        """Be over: what was missing is there."""
        self.status, self.value = Status.OK, None

    def is_forgotten(self, now: int) -> bool:
        """Tell whether it has had no data for so long that Datadog drops it.

        An alert about the lack of data stays. https://docs.datadoghq.com/monitors/configuration/#group-retention-time
        """
        if self._empty_since is None or now - self._empty_since < self._definition.retention:
            return False
        return self.status in {Status.OK, Status.NO_DATA} or self.value is None

    def _without_data(self, end: int, *, others: bool) -> None:
        definition = self._definition
        nothing = of_nothing(definition.query)
        if definition.missing is Missing.RESOLVE:
            self.status, self.value = Status.OK, nothing
        elif self._is_no_data(end):
            self.status = Status.NO_DATA
        elif nothing is not None and definition.missing is Missing.DEFAULT:
            self._take_for(nothing, others=others)

    def _is_no_data(self, end: int) -> bool:
        """A monitor has to have seen data before it misses it."""
        if self._newest is None:
            return False
        if self._definition.missing in {Missing.SHOW, Missing.NOTIFY}:
            return True
        after = self._definition.no_data_after
        return after is not None and end - self._newest >= after

    def _take_for(self, nothing: float, *, others: bool) -> None:
        """Take an empty window for 0; but while other groups have data, an empty one does not alert.

        https://docs.datadoghq.com/monitors/types/log/#no-data-and-below-alerts: by groups, "below" alerts if
        there are logs for a group and too few, or none for all groups. An alert that a group has already
        stays as it is: it is not said that it is over.
        """
        status = self._definition.levels.status(nothing, self.status)
        if status is Status.OK or not others:
            self.status, self.value = status, nothing

    def _resolve_by_itself(self, now: int) -> None:
        """After `timeout_h` without data, be over; what takes an empty window for 0 is evaluated again.

        https://docs.datadoghq.com/monitors/configuration/#auto-resolve
        """
        timeout = self._definition.timeout
        if timeout is None or self.status is Status.OK or now - self._idle_since < timeout:
            return
        self._is_resolved = self.value is None
        self._idle_since = now
        self.status = Status.OK
