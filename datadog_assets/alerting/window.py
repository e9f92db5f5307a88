"""The logs of each group, by their own time, for as long as a window may need them."""

import bisect
import itertools
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from datadog_assets.alerting.facets import Log, groups
from datadog_assets.alerting.log_query import LogQuery
from datadog_assets.alerting.rollup import Part, part, value

Group: TypeAlias = tuple[str, ...]
"""The values of a group, in the order of the query's `by`; empty if it has none."""

_Kept: TypeAlias = tuple[int, int, Part, Log]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one group has in the window.

    Attributes:
        value: of the query.
        newest: the time of the latest log.
        log: that log.
    """

    value: float
    newest: int
    log: Log


class Window:
    """Takes logs in any order; forgets what no later window can hold."""

    def __init__(self, query: LogQuery) -> None:
        self._query = query
        self._kept: dict[Group, list[_Kept]] = {}
        self._order = itertools.count()
        self._begin = -math.inf

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))

    def add(self, log: Log) -> None:
        """Take a log that the query's search finds; one without a time, or too late, is left out."""
        at = log.get("timestamp")
        if isinstance(at, bool) or not isinstance(at, int | float) or not self._begin < at < math.inf:
            return
        kept = (int(at), next(self._order), part(self._query, log), log)
        for group in groups(log, self._query.groups):
            bisect.insort(self._kept.setdefault(group, []), kept)

    def read(self, end: int) -> Mapping[Group, Reading]:
        """Evaluate what is later than the window's begin and not later than its end.

        Args:
            end: not before an earlier one; in epoch milliseconds.
        """
        begin = end - self._query.window * 1000
        self._begin = begin
        found = {}
        for group, kept in list(self._kept.items()):
            del kept[: bisect.bisect_right(kept, _last_at(begin))]
            if not kept:
                del self._kept[group]
            inside = bisect.bisect_right(kept, _last_at(end))
            of_group = value(self._query, inside, (one[2] for one in itertools.islice(kept, inside)))
            if of_group is not None:
                newest, _, _, log = kept[inside - 1]
                found[group] = Reading(of_group, newest, log)
        return found


def _last_at(time: int) -> _Kept:
    """Stand behind all that is of a time."""
    return (time, sys.maxsize, (), {})
