"""Whether the relay should get traffic at present, and why not."""

import contextlib
import time
from collections.abc import Callable

from relay.delivery import State
from relay.errors import SpoolError
from relay.forwarder import Forwarder
from relay.kept_spool import KeptSpool

_LASTS = 1.0
"""Seconds for which a probe of the spool holds: it syncs to disk, and anybody may ask."""


class Readiness:
    """Why the relay should get no traffic; looks at spool and forwarder."""

    def __init__(
        self, spool: KeptSpool, forwarder: Forwarder, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._spool = spool
        self._forwarder = forwarder
        self._clock = clock
        self._probed_at = -_LASTS

    async def reasons(self) -> list[str]:
        """For people; empty if the relay is ready."""
        await self._probe()
        found = [str(self._spool.refusal)] if self._spool.refusal else []
        if not self._forwarder.running:
            found.append("The forwarder is not running.")
        delivery = self._forwarder.delivery
        if delivery.state is State.KEY_REFUSED:
            found.append(f"Datadog refuses the API key ({delivery.reason}). Check DD_API_KEY and DD_SITE.")
        return found

    async def _probe(self) -> None:
        now = self._clock()
        if now - self._probed_at >= _LASTS:
            self._probed_at = now
            with contextlib.suppress(SpoolError):  # the spool keeps it as its refusal
                await self._spool.probe()
