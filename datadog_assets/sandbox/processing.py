"""Sends logs through the pipelines that were applied to the sandbox."""

from collections.abc import Sequence
from datetime import timedelta

from pydantic import ValidationError

from datadog_assets.dates import EPOCH
from datadog_assets.log import Log
from datadog_assets.rehearse.pipelines import Pipelines
from datadog_assets.sandbox.answers import Json


class Processing:
    """The pipelines in use. They are made ready once, when the first log comes after a change."""

    def __init__(self) -> None:
        self._bodies: list[Json] = []
        self._ready: Pipelines | None = None
        self._is_stale = False

    def use(self, bodies: Sequence[Json]) -> None:
        """Take these pipelines, in this order, from now on. One that cannot be rehearsed does nothing."""
        self._bodies = [body for body in bodies if body.get("is_enabled")]
        self._is_stale = True

    def process(self, log: Log, now_ms: int) -> Log:
        """Give the log as it is after the pipelines; the one that is given stays as it is.

        Args:
            log: after preprocessing.
            now_ms: when it came, in epoch milliseconds.
        """
        if self._is_stale:
            fit = [body for body in self._bodies if _is_fit(body)]
            self._ready = Pipelines(fit) if fit else None
            self._is_stale = False
        if self._ready is None:
            return log
        return self._ready.process(log, EPOCH + timedelta(milliseconds=now_ms)).log


def _is_fit(body: Json) -> bool:
    """Tell whether a pipeline can be rehearsed: the sandbox takes more than the rehearsal knows."""
    try:
        Pipelines([body])
    except (ValidationError, RecursionError):
        return False
    return True
