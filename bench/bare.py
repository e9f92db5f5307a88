"""What the relay is measured against: an app that reads a body, answers as the relay does, and keeps nothing.

It runs on one of the relay's own servers, or on uvicorn as it comes (`stock`), and prints its URL.

usage: python bench/bare.py hypercorn|uvicorn|stock
"""

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, cast

import uvicorn
from starlette.types import Receive, Scope, Send

from relay import server

if TYPE_CHECKING:
    from uvicorn._types import ASGIApplication

START = {
    "type": "http.response.start",
    "status": 202,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"2")],
}
BODY = {"type": "http.response.body", "body": b"{}"}
"""With START, the relay's answer to what it has stored."""


async def read(receive: Receive) -> bytes:
    """Read a request's body."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(parts)


async def app(_: Scope, receive: Receive, send: Send) -> None:
    """Read the body and answer: plain ASGI, for a framework would cost more than the rest."""
    await read(receive)
    await send(START)
    await send(BODY)


async def serve(name: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listening = server.Listening(server.bind("127.0.0.1", 0))
    print(f"Taking events on {listening.url}/okta/events", flush=True)
    await server.run(name, app, listening, stop)


def serve_stock() -> None:
    """Serve with uvicorn's own accepting and defaults, but for the access log, which nobody reads here."""
    listening = server.Listening(server.bind("127.0.0.1", 0))
    print(f"Taking events on {listening.url}/okta/events", flush=True)
    config = uvicorn.Config(cast("ASGIApplication", app), lifespan="off", access_log=False, log_level="error")
    uvicorn.Server(config).run(sockets=[listening.socket])


if __name__ == "__main__":
    if sys.argv[1] == "stock":
        serve_stock()
    else:
        with asyncio.Runner(loop_factory=server.loop_factory()) as runner:
            runner.run(serve(sys.argv[1]))
