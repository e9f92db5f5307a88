"""The logs that arrived, and what was counted on the way."""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datadog_assets.log import Log

if TYPE_CHECKING:
    from datadog_assets.sandbox.log import StoredLog


@dataclass(slots=True)
class Stats:
    """What came to the intake since the start.

    A request either is refused whole, or adds to everything below `refused`.
    """

    requests: int = 0
    """POSTs to the intake, whatever the answer."""
    refused: Counter[str] = field(default_factory=Counter)
    """Requests refused, by status: {"413": 1}."""
    most_entries: int = 0
    """Entries in the payload that had most."""
    largest_payload_bytes: int = 0
    """Uncompressed bytes of the largest payload."""
    logs_accepted: int = 0
    """Logs stored, whether or not they are still kept."""
    logs_dropped_by_date: int = 0
    """Logs answered 202 and gone, being too old or too far ahead."""
    entries_cut: int = 0
    """Entries over 1 MB."""
    logs_forgotten: int = 0
    """Logs stored once and pushed out since by newer ones."""


class Store:
    """Keeps the newest `keep` logs in the order of arrival."""

    def __init__(self, keep: int) -> None:
        self.stats = Stats()
        self.logs: deque[StoredLog] = deque(maxlen=keep)

    def add(self, log: Log, *, cut: bool) -> None:
        """Keep one log, and forget the oldest if there are too many."""
        self.stats.logs_accepted += 1
        self.stats.logs_forgotten += len(self.logs) == self.logs.maxlen
        self.logs.append({**log, "id": f"{self.stats.logs_accepted:016x}", "cut": cut})
