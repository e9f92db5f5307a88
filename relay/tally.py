"""What the receiver counts, as plain numbers: it counts several things for each event.

`relay.metrics` shows them; a metric of its own for each would cost more than all the rest of a request.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field, fields

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The upper bounds of the histogram's buckets; one more is without a bound."""


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
    events: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    took: Counter[int] = field(default_factory=Counter)
    took_seconds: float = 0.0

    def accepted(self, seconds: float) -> None:
        """Count a request that is answered 202 after so many seconds."""
        self.requests += 1
        self.took[bisect_left(SECONDS, seconds)] += 1
        self.took_seconds += seconds

    def take(self) -> "Tally":
        """Give what was counted since the last call, and begin anew."""
        taken = Tally()
        taken.add(self)
        for each in fields(self):  # in place, for the receiver holds this one
            setattr(self, each.name, type(getattr(self, each.name))())
        return taken

    def add(self, other: "Tally") -> None:
        """Count what another one has counted."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))
