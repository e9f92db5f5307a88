"""What the receiver counts, as plain numbers: it counts several things for each event.

`relay.metrics` shows them; a metric of its own for each would cost more than all the rest of a request.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from relay.envelope import Record

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The upper bounds of the histogram's buckets; one more is without a bound."""


def _numbers() -> defaultdict[Any, int]:
    return defaultdict(int)


@dataclass(slots=True)
class Tally:
    """Counts since the process began, or since `take`.

    Attributes:
        requests: answered 202.
        tests: requests with an empty body.
        repeats: events that had been accepted before.
        recovered: bodies that had to be mended.
        truncated: records that had to be cut.
        events: that were brought, by type.
        refused: requests, by the error's code.
        took: requests by the time until their events were on disk, a number for each bucket.
        took_seconds: all these times together.
    """

    requests: int = 0
    tests: int = 0
    repeats: int = 0
    recovered: int = 0
    truncated: int = 0
    events: defaultdict[str, int] = field(default_factory=_numbers)
    refused: defaultdict[str, int] = field(default_factory=_numbers)
    took: defaultdict[int, int] = field(default_factory=_numbers)
    took_seconds: float = 0.0

    def accepted(self, records: Sequence[Record], stored: int, seconds: float) -> None:
        """Count a request that is answered 202: what it brought, what was stored, how long it took."""
        self.requests += 1
        self.took[bisect_left(SECONDS, seconds)] += 1
        self.took_seconds += seconds
        self.repeats += len(records) - stored
        for record in records:
            self.events[record.kind] += 1
            if record.truncated:
                self.truncated += 1

    def take(self) -> "Tally":
        """Give what was counted since the last call, and begin anew."""
        taken = Tally()
        taken.add(self)
        for each in fields(self):  # in place, for the receiver holds this one
            counted = getattr(self, each.name)
            if isinstance(counted, dict):
                counted.clear()
            else:
                setattr(self, each.name, type(counted)())
        return taken

    def add(self, other: "Tally") -> None:
        """Count what another one has counted."""
        for each in fields(self):
            counted, more = getattr(self, each.name), getattr(other, each.name)
            if isinstance(counted, dict):
                for name, number in more.items():
                    counted[name] += number
            else:
                setattr(self, each.name, counted + more)
