"""Puts a sandbox on a real socket, on loopback only."""

import asyncio
import ipaddress
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets
from hypercorn.utils import wrap_app

from datadog_assets.errors import CannotListen
from datadog_assets.sandbox.app import Sandbox

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework

BACKLOG = 1024

GRACE_SECONDS = 1.0
"""So long have requests under way when the sandbox is to stop."""


@asynccontextmanager
async def run_sandbox(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve the sandbox while the block runs; gives its URL, `http://127.0.0.1:PORT`.

    Port 0 picks a free one. Requests may be sent at once.

    Raises:
        CannotListen: the address is taken or is not loopback.
    """
    listener = _listen(host, port)
    stop = asyncio.Event()
    server = asyncio.create_task(
        worker_serve(
            # the same protocol, typed by Starlette with looser mappings than by Hypercorn
            wrap_app(cast("ASGIFramework", sandbox.app), wsgi_max_body_size=0, mode="asgi"),
            _config(),
            sockets=Sockets(secure_sockets=[], insecure_sockets=[listener], quic_sockets=[]),
            shutdown_trigger=stop.wait,
        )
    )
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    finally:
        stop.set()
        # from Python 3.12 on, closing a server waits for all connections, however long their clients take
        _, late = await asyncio.wait({server}, timeout=2 * GRACE_SECONDS)
        server.cancel()
        if not late:
            server.result()


async def serve_until_signal(sandbox: Sandbox, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `ready` gets the URL once requests may come.

    Raises:
        CannotListen: the address is taken or is not loopback.
    """
    stop = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with run_sandbox(sandbox, host, port) as url:
        ready(url)
        await stop.wait()


def _listen(host: str, port: int) -> socket.socket:
    """Bind and listen at once, so that port 0 has a number and a taken one is known before serving."""
    if host != "localhost" and not _is_loopback(host):
        raise CannotListen(
            f"cannot listen on {host}: the sandbox takes loopback addresses only, such as 127.0.0.1"
        )
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=BACKLOG
        )
    except OSError as error:
        raise CannotListen(f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}") from error
    # asyncio sets this only on sockets that were made with an explicit protocol number; without it every
    # answer waits 40 ms for an acknowledgement
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _config() -> Config:
    config = Config()
    # without a level or handler of its own this shows errors on stderr and nothing else
    config.errorlog = logging.getLogger("datadog_assets.sandbox")
    config.backlog = BACKLOG
    config.graceful_timeout = GRACE_SECONDS
    # Hypercorn's 1,000 would close a busy client's connection every few seconds
    config.keep_alive_max_requests = 1_000_000_000
    # longer than a client keeps an idle connection, so that none is closed under a request on its way
    config.keep_alive_timeout = 75
    return config
