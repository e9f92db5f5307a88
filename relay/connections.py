"""Listens and accepts connections, and bounds their number and the time of each step of a request."""

import asyncio
import logging
import resource
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from relay.address import BACKLOG
from relay.limits import Limits
from relay.unanswered import Unanswered

log = logging.getLogger(__name__)

_WRITE_AHEAD = 16 * 1024
"""Bytes of answers that wait here for a client before the app does; asyncio's bound for TLS is 512 KiB."""

_MEMORY = 256 * 1024 * 1024
"""What connections that wait may hold, in bytes, again what those with a request may; of all processes."""

_PLAIN, _TLS = (48 * 1024, 256 * 1024), (384 * 1024, 1088 * 1024)
"""What one holds at most that waits (256 KiB of it to read TLS into), and one whose client does not read."""

_RESERVED_DESCRIPTORS = 256
"""Kept for the spool, Datadog, the process itself, and connections that have been closed but not yet gone."""

_ACCEPTED_AT_ONCE = 64
"""So many new connections at most before others have their turn; must fit into the reserved descriptors."""

_HESITATE_SECONDS = 0.002
"""So long does a process let another one accept that has fewer connections."""

_GOODBYE_SECONDS = 1.0
"""How long a client may take to agree to the end of TLS: at shutdown, everybody would wait for it."""

_NO_DESCRIPTOR_SECONDS = 0.1
"""So long nothing is accepted where no file descriptor is left, until those that are closed are free."""

_SWEEP_SECONDS, _LOG_SECONDS = 1.0, 60.0
"""How often overdue connections are looked for, and what strangers cause is logged."""


class Connection(asyncio.Protocol):
    """Tells `Connections` about itself; the base of either server's protocol, before its own class."""

    guard: "Connections"
    wire: asyncio.Transport | None = None
    accepted: socket.socket
    joining: asyncio.Task[None]
    unanswered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, with a bound on what waits in it."""
        self.wire = cast("asyncio.Transport", transport)
        self.wire.set_write_buffer_limits(high=_WRITE_AHEAD)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Note that something came."""
        self.guard.received(self, len(data))
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self.guard.lost(self)
        super().connection_lost(exc)

    def close(self, *, at_once: bool) -> None:
        """End it, after what is still to be written or at once; `connection_lost` follows."""
        if self.wire is None:  # its TLS handshake is under way
            with suppress(OSError):
                self.accepted.shutdown(socket.SHUT_RDWR)
        elif at_once:
            self.wire.abort()
        else:
            self.wire.close()


class Connections:
    """The connections to one socket.

    Each either waits for a request or has one. Whoever waits longest is closed when there is no room for a
    new one: a sender that finds its idle connection closed makes another, while one that could not connect
    at all would be shut out for as long as strangers hold theirs.
    """

    def __init__(
        self,
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        limits: Limits,
        make: Callable[[], Connection],
    ) -> None:
        listening.listen(BACKLOG)  # again, for an error now if it is no socket any more
        self._listening = listening
        self._tls = tls
        self._limits = limits
        self._make = make
        self._turns = limits.turns
        waiting, stuck = _TLS if tls else _PLAIN
        memory = _MEMORY // limits.turns.processes if limits.turns else _MEMORY
        self._most = limits.connections or min(memory // waiting, _descriptors())
        self._most_requests = limits.requests or memory // stuck
        # Each in the order of time, the longest first; the value is when it began.
        self._waiting: dict[Connection, float] = {}
        self._heads: dict[Connection, float] = {}
        self._requests: dict[Connection, float] = {}
        self._unanswered = Unanswered(limits, self._pause, self._resume)
        self._gone = asyncio.Event()
        self._warned: dict[str, float] = {}
        self._loop = asyncio.get_running_loop()
        self._sweeping = self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        self._resume()
        self._count()

    def received(self, connection: Connection, size: int) -> None:
        """So many bytes came: of a request's headers, unless it has a request already."""
        if connection in self._waiting and connection not in self._heads:
            self._heads[connection] = self._loop.time()
        self._unanswered.came(connection, size)

    def requested(self, connection: Connection) -> None:
        """The headers are complete; of several requests at once, those of the next to be answered."""
        if connection not in self._waiting and connection not in self._requests:  # it is closed
            return
        self._forget(connection)
        if len(self._requests) >= self._most_requests and not self._end_slow_request():
            self.warn("There are %d requests at once, as many as may be.", self._most_requests)
            self._drop(connection)
        else:
            self._requests[connection] = self._loop.time()
            self._unanswered.requested(connection)

    def answered(self, connection: Connection) -> None:
        """The answer is complete, and another request may come."""
        if self._requests.pop(connection, None):
            self._waiting[connection] = self._loop.time()
        self._unanswered.answered(connection)

    def lost(self, connection: Connection) -> None:
        """The connection has ended."""
        self._forget(connection)
        self._unanswered.gone(connection)
        self._count()
        if not self._waiting and not self._requests:
            self._gone.set()

    def refuse(self) -> None:
        """Accept no more, and close those that have no request."""
        self._loop.remove_reader(self._listening)
        self._listening.close()
        if self._turns:
            self._turns.leave()
            self._turns = None
        for connection in list(self._waiting):
            connection.close(at_once=False)

    async def end(self, seconds: float) -> None:
        """Wait for the requests under way; close what is left after so many seconds."""
        self._gone.clear()
        if self._waiting or self._requests:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), seconds)
        for connection in [*self._waiting, *self._requests]:
            self._drop(connection)
        self._sweeping.cancel()
        self._unanswered.stop()

    def warn(self, text: str, *values: object) -> None:
        """Log what strangers can cause, unless the same text was logged just before."""
        now = self._loop.time()
        if now - self._warned.get(text, -_LOG_SECONDS) >= _LOG_SECONDS:
            self._warned[text] = now
            log.warning(text, *values)

    def _resume(self) -> None:
        """Accept again, unless the socket is closed, or will be resumed."""
        if self._listening.fileno() >= 0 and not self._unanswered.is_paused:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        if self._turns and not self._turns.is_mine:
            self._loop.remove_reader(self._listening)
            self._loop.call_later(_HESITATE_SECONDS, self._accept_late)
        else:
            self._accept_now()

    def _accept_late(self) -> None:
        self._resume()
        if self._listening.fileno() >= 0 and not self._unanswered.is_paused:
            self._accept_now()

    def _accept_now(self) -> None:
        for _ in range(1 if self._turns else _ACCEPTED_AT_ONCE):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionError):
                return
            except OSError as error:
                self._loop.remove_reader(self._listening)
                self.warn("No connection can be accepted for now: %s.", error.strerror)
                # not all of them: the last ones may be about to send what they came for
                for _ in range(min(_ACCEPTED_AT_ONCE, len(self._waiting) // 2 if self._waiting else 1)):
                    self._make_room()
                self._loop.call_later(_NO_DESCRIPTOR_SECONDS, self._resume)  # at once, it would burn CPU
                return
            self._admit(accepted)

    def _admit(self, accepted: socket.socket) -> None:
        if len(self._waiting) + len(self._requests) >= self._most:
            self.warn("There are %d connections, as many as may be; who waits longest is closed.", self._most)
            if not self._make_room():
                accepted.close()
                return
        accepted.setblocking(False)
        connection = self._make()
        connection.guard = self
        connection.accepted = accepted
        self._waiting[connection] = self._loop.time()
        self._count()
        connection.joining = self._loop.create_task(self._join(connection))

    async def _join(self, connection: Connection) -> None:
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                connection.accepted,
                ssl=self._tls,
                ssl_handshake_timeout=self._limits.head if self._tls else None,
                ssl_shutdown_timeout=_GOODBYE_SECONDS if self._tls else None,
            )
        except OSError:  # it went away, or does not speak TLS
            self.lost(connection)

    def _make_room(self) -> bool:
        if self._waiting:
            self._drop(next(iter(self._waiting)))
            return True
        return self._end_slow_request()

    def _end_slow_request(self) -> bool:
        connection, began = next(iter(self._requests.items()), (None, 0.0))
        if connection is None or self._loop.time() - began < self._limits.crowded:
            return False
        self._drop(connection)
        return True

    def _pause(self) -> None:
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening)  # a new connection would be read at once
        for connection in self._waiting:
            if connection not in self._heads:
                self._unanswered.pause(connection)

    def _sweep(self) -> None:
        now = self._loop.time()
        for began, seconds in (
            (self._heads, self._limits.head),
            (self._waiting, self._limits.idle),
            (self._requests, self._limits.request),
        ):
            while began and now - next(iter(began.values())) >= seconds:
                self._drop(next(iter(began)))
        self._sweeping = self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _drop(self, connection: Connection) -> None:
        self.lost(connection)
        connection.close(at_once=True)  # for what a client does not read would keep it open

    def _count(self) -> None:
        if self._turns:
            self._turns.have(len(self._waiting) + len(self._requests))

    def _forget(self, connection: Connection) -> None:
        self._waiting.pop(connection, None)
        self._heads.pop(connection, None)
        self._requests.pop(connection, None)


def _descriptors() -> int:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:  # many systems begin with 1,024
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, OSError):  # macOS names a hard limit that it does not grant
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if most == resource.RLIM_INFINITY else max(most - _RESERVED_DESCRIPTORS, most // 2)
