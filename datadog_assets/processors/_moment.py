"""What a processor is told beside the log, and what it leaves for those that come after it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from datadog_assets.dates import EPOCH
from datadog_assets.processors._draft import Draft


class Applicable(Protocol):
    """A processor, as far as it matters here."""

    @property
    def is_enabled(self) -> bool:
        """Whether it does anything."""

    def apply(self, draft: Draft, at: "Moment") -> None:
        """Do it."""


class Moment:
    """One log on its way through all pipelines.

    Attributes:
        now: dates without a year, or without a day, are the ones nearest to it.
        left: the reasons why a processor, or a part of it, could not be rehearsed.
        warnings: what is probably not meant.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.left: list[str] = []
        self.warnings: list[str] = []
        self._settled: set[str] = set()

    @property
    def now_ms(self) -> int:
        """The time in epoch milliseconds."""
        return (self.now - EPOCH) // timedelta(milliseconds=1)

    def run(self, processors: Iterable[Applicable], draft: Draft) -> None:
        """Apply each processor that is enabled, in order."""
        for processor in processors:
            if processor.is_enabled:
                processor.apply(draft, self)

    def settle(self, what: str) -> bool:
        """Tell whether this is the first to set it, and remember that it is set.

        Of the remappers of status, service, message and ids, over all pipelines, only the first counts.
        """
        if what in self._settled:
            self.warnings.append(f"does nothing: an earlier processor has set the {what} already")
            return False
        self._settled.add(what)
        return True

    def leave(self, reason: str) -> None:
        """Remember that something is not rehearsed, and why."""
        if reason not in self.left:
            self.left.append(reason)
