"""What was put last, in memory: what is claimed soon after it was put need not be read from the disk."""

from collections import deque
from collections.abc import Iterable

from relay.spool import Claimed

MOST_BYTES = 1_500_000
"""Of data in memory: two batches of events as Okta sends them. Where more waits, it is on disk alone."""


class Latest:
    """Those runs with the greatest ids that follow each other, are not claimed, and are not too much.

    Attributes:
        runs: the oldest first.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.runs: deque[Claimed] = deque()
        self._most_bytes = most_bytes
        self._bytes = 0

    def add(self, runs: Iterable[Claimed]) -> None:
        """Take in what was put after all that is here; what was put earliest makes room for it."""
        for run in runs:
            if self.runs and self.runs[-1].ids.stop != run.id:
                self.clear()
            self.runs.append(run)
            self._bytes += len(run.data)
            while self._bytes > self._most_bytes:
                self._pop()

    def beginning_at(self, id_: int) -> Iterable[Claimed]:
        """All that is here if it begins with this record, else nothing."""
        return self.runs if self.runs and self.runs[0].id == id_ else ()

    def claimed(self, last_id: int) -> None:
        """The records up to this one are claimed, wherever they were read."""
        while self.runs and self.runs[0].id <= last_id:
            run = self._pop()
            if last_id < run.ids[-1]:
                left = run.part(last_id + 1 - run.id, len(run.lengths))
                self.runs.appendleft(left)
                self._bytes += len(left.data)

    def clear(self) -> None:
        """Keep nothing of what was put so far."""
        self.runs.clear()
        self._bytes = 0

    def _pop(self) -> Claimed:
        run = self.runs.popleft()
        self._bytes -= len(run.data)
        return run
