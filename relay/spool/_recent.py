"""What was put last, in memory: what is claimed soon after it was put need not be read from the disk."""

from collections import deque
from collections.abc import Sequence

from relay.spool import Claimed

MOST_BYTES = 1_500_000
"""Of data in memory, more than one run may have: two batches of events as Okta sends them. Where more waits,
it is on disk alone."""


class Recent:
    """Unclaimed records up to the last one put, without a gap; whatever was claimed was put before them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._runs: deque[Claimed] = deque()
        self._bytes = 0

    def put(self, run: Claimed) -> None:
        """Take in what was put after all that is here; what was put earliest makes room for it."""
        if self._runs and self._runs[-1].ids.stop != run.id:
            self.clear()
        self._runs.append(run)
        self._bytes += len(run.data)
        while self._bytes > self._most_bytes:
            self._pop()

    def runs(self) -> Sequence[Claimed]:
        """All that is here, the oldest first."""
        return tuple(self._runs)

    def from_id(self, id_: int) -> Sequence[Claimed]:
        """The same if it begins with this record, else nothing."""
        return self.runs() if self._runs and self._runs[0].id == id_ else ()

    def remove_until(self, last_id: int) -> None:
        """Let go of the records up to this one: they are claimed, wherever they were read."""
        while self._runs and self._runs[0].id <= last_id:
            run = self._pop()
            if last_id < run.ids[-1]:
                left = run.part(last_id + 1 - run.id, len(run.lengths))
                self._runs.appendleft(left)
                self._bytes += len(left.data)

    def clear(self) -> None:
        """Let go of all."""
        self._runs.clear()
        self._bytes = 0

    def _pop(self) -> Claimed:
        run = self._runs.popleft()
        self._bytes -= len(run.data)
        return run
