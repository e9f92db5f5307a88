"""Runs an ASGI app on a socket until told to stop: on Hypercorn, or on uvicorn where that is asked for."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets
from hypercorn.utils import wrap_app
from starlette.types import ASGIApp

from relay.errors import ConfigurationError

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework

log = logging.getLogger(__name__)

_BACKLOG = 2048
"""Connections that may wait to be accepted; the kernel may allow fewer."""

_KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open: a new one costs more than a request, a TLS one far more."""

_UNLIMITED = 2**62
"""Requests on one connection: Hypercorn's 1,000 would close a busy sender's connection every few seconds."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where and how a server listens.

    Attributes:
        socket: bound, owned by the server that runs on it.
        tls: certificate and key files; None for plain HTTP.
        drain: seconds that requests under way have to end, once the server is to stop.
    """

    socket: socket.socket
    tls: tuple[str, str] | None = None
    drain: float = 5.0

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


def bind(host: str, port: int) -> socket.socket:
    """Make the listening socket; port 0 takes a free one.

    Raises:
        ConfigurationError: the address cannot be used.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Accepted sockets inherit it: an answer of two small writes must not wait for the client's ACK.
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
            listening.setblocking(False)
        except BaseException:
            listening.close()
            raise
    except (OSError, UnicodeError) as error:  # the latter: a name that cannot be one
        reason = f"cannot listen on {host}:{port}: {getattr(error, 'strerror', None) or 'no such name'}"
        raise ConfigurationError(
            [f"RELAY_BIND: {reason}. Choose another address, or stop what uses it."]
        ) from error
    return listening


async def run(server: str, app: ASGIApp, listening: Listening, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; then take no more, and let requests under way end within the bound.

    Raises:
        Exception: whatever ended the server before it was to stop.
    """
    serving, close = (_start_uvicorn if server == "uvicorn" else _start_hypercorn)(app, listening)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        close()
        # From Python 3.12 on, closing a server waits for all connections, however slow their senders are.
        await asyncio.wait({serving}, timeout=listening.drain + 1)
        serving.cancel()
        await asyncio.wait({serving}, timeout=1)
    if serving.done() and not serving.cancelled() and (error := serving.exception()):
        if not stop.is_set():
            raise error
        log.warning("A connection ended with a fault: %s: %s", type(error).__name__, error)


def _start_hypercorn(app: ASGIApp, listening: Listening) -> tuple[asyncio.Task[None], Callable[[], None]]:
    config = Config()
    config.alpn_protocols = ["http/1.1"]  # HTTP/2 costs more a request, and Okta sends one at a time
    config.backlog = _BACKLOG
    config.errorlog = logging.getLogger("hypercorn.error")
    config.graceful_timeout = listening.drain
    config.include_server_header = False
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.keep_alive_max_requests = _UNLIMITED
    sockets = Sockets(secure_sockets=[], insecure_sockets=[listening.socket], quic_sockets=[])
    if listening.tls:
        config.certfile, config.keyfile = listening.tls
        sockets = Sockets(secure_sockets=[listening.socket], insecure_sockets=[], quic_sockets=[])
    # one level below hypercorn.asyncio.serve, which would not close its sockets after a fault
    asgi = wrap_app(cast("ASGIFramework", app), config.wsgi_max_body_size, mode="asgi")
    closing = asyncio.Event()
    serving = worker_serve(asgi, config, sockets=sockets, shutdown_trigger=closing.wait)
    return asyncio.create_task(serving), closing.set


def _start_uvicorn(app: ASGIApp, listening: Listening) -> tuple[asyncio.Task[None], Callable[[], None]]:
    import uvicorn  # noqa: PLC0415  # an optional extra

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # signals are the caller's

        def close(self) -> None:
            self.should_exit = True

    server = Server(
        uvicorn.Config(
            app,
            access_log=False,
            backlog=_BACKLOG,
            lifespan="off",
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=int(listening.drain),
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            ws="none",
            ssl_certfile=listening.tls[0] if listening.tls else None,
            ssl_keyfile=listening.tls[1] if listening.tls else None,
        )
    )
    return asyncio.create_task(server.serve(sockets=[listening.socket])), server.close
