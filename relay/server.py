"""Runs an ASGI app on a socket until told to stop: on Hypercorn, or on uvicorn where that is asked for.

`relay.connections` accepts; of the servers only HTTP/1.1 is used. HTTP/2 costs more a request and has floods
of its own, while Okta and log shippers do without.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, cast

import h11
from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.typing import ConnectionState, H11SendableEvent
from hypercorn.utils import wrap_app
from starlette.types import ASGIApp

from relay.address import bind
from relay.connections import Connection, Connections
from relay.errors import first_cause
from relay.limits import Limits
from relay.strict_parser import StrictParser

if TYPE_CHECKING:
    from hypercorn.protocol import ProtocolWrapper
    from hypercorn.typing import ASGIFramework

__all__ = ["Limits", "Listening", "bind", "loop_factory", "run", "tls_context"]

_UNLIMITED = 2**62
"""Requests on one connection: Hypercorn's 1,000 would close a busy sender's connection every few seconds."""

_MAX_HEAD = 16 * 1024
"""Bytes of a request's headers: Hypercorn's own bound, and half of what nginx takes by default."""

_READ_AHEAD = 32 * 1024
"""asyncio stops reading from a connection at twice so many bytes that wait to be parsed."""

_MAX_PIPELINED = 64
"""Requests that uvicorn parses before the first of them is answered; it would take any number."""

_LAST_SECONDS = 1.0
"""So long has what was under way on a closed connection to notice that."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how a server listens.

    Attributes:
        socket: bound, owned by the server that runs on it.
        tls: what TLS connections begin with; None for plain HTTP.
        drain: seconds that requests under way have to end, once the server is to stop.
        limits: what one may ask of it.
    """

    socket: socket.socket
    tls: ssl.SSLContext | None = None
    drain: float = 5.0
    limits: Limits = field(default_factory=Limits)

    @property
    def url(self) -> str:
        """The server's URL, with the port that a bind to port 0 got."""
        host, port, *_ = self.socket.getsockname()
        return f"{'https' if self.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop: uvloop where the extra `fast` has installed it, else asyncio's own."""
    if not find_spec("uvloop"):
        return None
    import uvloop  # noqa: PLC0415  # an optional extra

    return uvloop.new_event_loop


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Make what TLS connections begin with, of files in PEM; `load_cert_chain` on it renews the certificate.

    Raises:
        OSError: the files cannot be read or do not belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION  # the latter costs only the server
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    return context


async def run(server: str, app: ASGIApp, listening: Listening, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; then take no more, and let requests under way end within the bound."""
    serving = (_on_uvicorn if server == "uvicorn" else _on_hypercorn)(app)
    connections = Connections(listening.socket, listening.tls, listening.limits, serving.connection)
    try:
        await stop.wait()
    finally:
        connections.refuse()
        await serving.stop()
        await connections.end(listening.drain)
        for _ in range(2):  # they notice that their connections are closed, or else that they are cancelled
            if serving.tasks:
                await asyncio.wait(serving.tasks, timeout=_LAST_SECONDS)
            for task in serving.tasks:
                task.cancel()


class _Serving(NamedTuple):
    connection: Callable[[], Connection]
    stop: Callable[[], Awaitable[None]]  # lets each connection end with the request that it has
    tasks: set[asyncio.Task[None]]


class _HTTP1(H11Protocol):
    """Hypercorn's HTTP/1.1, with the strict parser and no way into HTTP/2."""

    def __init__(self, of: "_Exchange", tasks: TaskGroup) -> None:
        about = of.writer.get_extra_info
        tls, client, own = bool(about("sslcontext")), about("peername"), about("sockname")
        client, own = client and client[:2], own and own[:2]
        state = ConnectionState({})
        super().__init__(of.app, of.config, of.context, tasks, state, tls, client, own, of.protocol_send)
        self.connection = self.parser = StrictParser(h11.SERVER, self.config.h11_max_incomplete_size)
        self._unsent = b""

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        """Send an answer's head together with the beginning of its body: two writes cost twice as much."""
        try:
            self._unsent += self.connection.send(event) or b""
        except h11.LocalProtocolError:
            # h11 knows that the client is at fault; or it is the app's answer, after that to what was refused
            if self.connection.their_state != h11.ERROR and not self.parser.refused:
                raise
        else:
            if self._unsent and not isinstance(event, h11.Response):
                data, self._unsent = self._unsent, b""
                await self.send(RawData(data=data))

    async def _check_protocol(self, event: h11.Request) -> None:
        """Pass over `Upgrade: h2c`, as RFC 9110 (7.8) allows; Java's client sends it with HTTP/1.1."""


class _Exchange(TCPServer):
    """One connection on Hypercorn, whose time is kept by `Connections`."""

    held: Connection

    async def run(self) -> None:
        """Read and answer until either side closes."""
        try:
            async with TaskGroup(self.loop) as tasks:
                self.protocol = cast("ProtocolWrapper", _HTTP1(self, tasks))
                await self._read_data()
        finally:
            await self._close()

    async def protocol_send(self, event: Event) -> None:
        """Send, and tell when a request begins and ends."""
        if isinstance(event, Updated):
            (self.held.guard.answered if event.idle else self.held.guard.requested)(self.held)
            if self.writer.is_closing() and not event.idle:
                raise ConnectionResetError  # there is nobody to answer
            return
        try:
            await super().protocol_send(event)
        except OSError:  # Hypercorn expects ConnectionError alone; a timeout is none
            await self.protocol.handle(Closed())


class _Streamed(Connection, asyncio.StreamReaderProtocol):
    """A connection that is read and written as streams, as Hypercorn does."""


def _on_hypercorn(app: ASGIApp) -> _Serving:
    config = Config()
    config.errorlog = logging.getLogger("hypercorn.error")
    config.h11_max_incomplete_size = _MAX_HEAD
    config.include_server_header = False
    config.include_date_header = False
    config.keep_alive_max_requests = _UNLIMITED
    context = WorkerContext(None)
    asgi = wrap_app(cast("ASGIFramework", app), config.wsgi_max_body_size, mode="asgi")
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def connection() -> Connection:
        async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            serving = _Exchange(asgi, loop, config, context, {}, reader, writer)
            serving.held = made
            try:
                await serving.run()
            except* OSError:
                pass  # the client went away
            except* Exception as faults:  # noqa: BLE001  # of one connection; the others go on
                made.guard.warn("A connection ended with a fault: %r", first_cause(faults))

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = loop.create_task(exchange(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        made = _Streamed(asyncio.StreamReader(_READ_AHEAD, loop), begin, loop)
        return made

    return _Serving(connection, context.terminated.set, tasks)


def _on_uvicorn(app: ASGIApp) -> _Serving:
    import uvicorn  # noqa: PLC0415  # an optional extra
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol  # noqa: PLC0415

    class Exchange(Connection, HttpToolsProtocol):
        unparsed = 0

        def data_received(self, data: bytes) -> None:
            self.unparsed += len(data)
            super().data_received(data)
            if self.unparsed > _MAX_HEAD:  # neither httptools nor uvicorn bounds them
                self.close(at_once=True)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self._unset_keepalive_if_required()  # after an error uvicorn lets it run, and it holds everything

        def on_headers_complete(self) -> None:
            self.unparsed = 0
            self.guard.requested(self)
            if len(self.pipeline) >= _MAX_PIPELINED or self.transport.is_closing():
                raise ValueError("too many requests at once")
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self.unparsed = 0
            super().on_body(body)

        def on_response_complete(self) -> None:
            super().on_response_complete()
            (self.guard.answered if self.cycle.response_complete else self.guard.requested)(self)

    # "error", for its warnings are what strangers cause; `Connections` closes idle connections sooner.
    config = uvicorn.Config(
        app, lifespan="off", access_log=False, log_config=None, log_level="error", ws="none"
    )
    config.interface, config.proxy_headers, config.server_header = "asgi3", False, False
    config.timeout_keep_alive = 24 * 3600
    config.load()
    server = uvicorn.Server(config)
    ticking = asyncio.create_task(server.main_loop())  # renews the Date header

    async def stop() -> None:
        ticking.cancel()
        for connection in list(server.server_state.connections):
            connection.shutdown()

    return _Serving(lambda: Exchange(config, server.server_state, {}), stop, server.server_state.tasks)
