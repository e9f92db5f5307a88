"""How much of everything is measured: in full, or so little that one only sees that it runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of one run.

    Attributes:
        rounds: how often each thing is measured, in turn with what it is measured beside.
        tries: how often at most something is measured that others disturb; see `rounds`.
        events: of a round on uvicorn, one a POST; on Hypercorn, which takes several times as long, a quarter.
        in_arrays: events of a round, in arrays.
        seconds: how long latency is looked at.
        connections: where there are many.
        backlog: records that wait.
        records: that are put into a spool.
        logs: that are searched, and a fifth of it that pass a pipeline.
        live: what a large organization has, in the proportion of this number to 1.
    """

    rounds: int
    tries: int
    events: int
    in_arrays: int
    seconds: float
    connections: int
    backlog: int
    records: int
    logs: int
    live: float

    @property
    def warm(self) -> int:
        """Events before those that count, so that everything is loaded and every connection was used."""
        return self.events // 20


FULL = Size(
    rounds=5,
    tries=3,
    events=40_000,
    in_arrays=100_000,
    seconds=5.0,
    connections=1_000,
    backlog=1_000_000,
    records=20_000,
    logs=50_000,
    live=1.0,
)
QUICK = Size(
    rounds=1,
    tries=1,
    events=2_000,
    in_arrays=4_000,
    seconds=0.5,
    connections=100,
    backlog=4_000,
    records=2_000,
    logs=1_000,
    live=0.05,
)
