"""Bounds what is here of requests without an answer: until then, one takes several times its own size."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from relay.limits import Limits

_MOST_EACH = 64 * 1024
"""So many bytes of each connection count: uvicorn reads no more of a body before the app does, and
`relay.body` bounds large ones."""

_BUSY_SECONDS = 0.1
"""A pause goes on while the event loop itself is so late, for then it is at work on what is here."""


class Connection(Protocol):
    """One that requests come over.

    Attributes:
        wire: its transport, once there is one.
        unanswered: so many of its bytes count.
    """

    wire: asyncio.Transport | None
    unanswered: int


class Unanswered:
    """Counts bytes, and pauses connections while there are too many.

    Attributes:
        is_paused: whether no further requests are read at present.
    """

    def __init__(self, limits: Limits, pause: Callable[[], None], read_on: Callable[[], None]) -> None:
        """Begin.

        Args:
            limits: how much may be here, and how long a pause may last.
            pause: is called when there are too many; calls `pause` for each connection without a request.
            read_on: is called when further requests are read again.
        """
        self.is_paused = False
        self._pause_others = pause
        self._others_read_on = read_on
        self._bytes = 0
        self._limits = limits
        self._most = limits.unanswered
        self._paused: dict[Connection, None] = {}
        self._loop = asyncio.get_running_loop()
        self._looking: asyncio.TimerHandle | None = None

    def came(self, connection: Connection, size: int) -> None:
        """So many bytes came over a connection."""
        if connection.unanswered >= _MOST_EACH:
            return
        size = min(size, _MOST_EACH - connection.unanswered)
        connection.unanswered += size
        self._bytes += size
        if self._bytes > self._most and not self.is_paused:
            self.is_paused = True
            self._pause_others()
            self._look_later()

    def pause(self, connection: Connection) -> None:
        """Read nothing of a connection for now, unless another one has paused it, who will go on."""
        wire = connection.wire
        if wire and not wire.is_closing() and wire.is_reading():
            wire.pause_reading()
            self._paused[connection] = None

    def requested(self, connection: Connection) -> None:
        """A connection has a request, which may have come before the pause: it is read to its end."""
        if connection in self._paused:
            del self._paused[connection]
            _resume(connection)

    def answered(self, connection: Connection) -> None:
        """A connection's request is answered, and the next one may come."""
        self._free(connection)
        if self.is_paused:
            self.pause(connection)

    def gone(self, connection: Connection) -> None:
        """A connection has ended."""
        self._paused.pop(connection, None)
        self._free(connection)

    def stop(self) -> None:
        """Pause nobody any more."""
        if self._looking:
            self._looking.cancel()

    def _free(self, connection: Connection) -> None:
        self._bytes -= connection.unanswered
        connection.unanswered = 0
        if self._bytes <= self._limits.unanswered // 2:
            self._most = self._limits.unanswered
            if self.is_paused:
                self._read_on()

    def _read_on(self) -> None:
        """Take requests again, first of who has waited longest."""
        self.is_paused = False
        self.stop()
        self._others_read_on()
        paused, self._paused = self._paused, {}
        for connection in paused:
            _resume(connection)

    def _look_later(self) -> None:
        self._looking = self._loop.call_later(self._limits.pause, self._look)

    def _look(self) -> None:
        """Senders that do not go on hold up the others only for a moment, and so many of them only once."""
        if self._looking and self._loop.time() - self._looking.when() > _BUSY_SECONDS:
            self._look_later()
        else:
            self._most = self._bytes + self._limits.unanswered
            self._read_on()


def _resume(connection: Connection) -> None:
    if connection.wire and not connection.wire.is_closing():
        connection.wire.resume_reading()
