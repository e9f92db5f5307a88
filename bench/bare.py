"""A bare Starlette handler on the relay's own server: what the relay is measured against. Prints its URL."""

import asyncio
import signal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from relay import server


async def accept(request: Request) -> Response:
    """Read the body and answer as the relay does; keep nothing."""
    await request.body()
    return Response(b"{}", 202, media_type="application/json")


async def main() -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    listening = server.Listening(server.bind("127.0.0.1", 0))
    print(f"Taking events on {listening.url}/okta/events", flush=True)
    await server.run(
        "hypercorn", Starlette(routes=[Route("/okta/events", accept, methods=["POST"])]), listening, stop
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=server.loop_factory()) as runner:
        runner.run(main())
