"""What a worker does: it runs the server and the app, with the main process for a spool."""

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys

from relay import allocation, certificate, logs, server
from relay.current import policy_of
from relay.errors import first_cause
from relay.receiver import Policy, create_app
from relay.server import Limits, Listening
from relay.turns import Turns
from relay.workers.main_process import MainProcess, Orders

log = logging.getLogger(__name__)


def run(listening: int, channel: int, turns: int, place: int) -> None:
    """Run the worker in a place on what it has inherited, and end the process if that fails."""
    sockets = socket.socket(fileno=listening), socket.socket(fileno=channel)
    allocation.share_one_arena()
    try:
        with asyncio.Runner(loop_factory=server.loop_factory()) as runner:
            runner.run(_receive(*sockets, Turns(turns, place)))
    except Exception as error:  # noqa: BLE001  # the main process tells what follows from it
        cause = first_cause(error)
        log.error("A worker failed: %s: %s", type(cause).__name__, cause)  # noqa: TRY400  # as elsewhere, in one line
        sys.exit(1)


class _Orders:
    """The orders in force, and what a worker makes of them.

    Attributes:
        first: comes once there are any.
        policy: of the latest.
        tls: what connections begin with; None for plain HTTP.
    """

    policy: Policy
    tls: ssl.SSLContext | None = None

    def __init__(self) -> None:
        self.first: asyncio.Future[Orders] = asyncio.get_running_loop().create_future()

    def follow(self, orders: Orders) -> None:
        self.policy = policy_of(orders.settings)
        if not self.first.done():
            self.first.set_result(orders)
        elif orders.renew:
            certificate.renew(self.tls, orders.settings)


async def _receive(listening: socket.socket, channel: socket.socket, turns: Turns) -> None:
    """Take events until the main process, or SIGTERM, ends it."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    orders = _Orders()
    # Nobody is left to store what comes, or to be told.
    main = MainProcess(orders.follow, stop.set, lambda: os._exit(1))
    channel.setblocking(False)
    listening.setblocking(False)
    await main.connect(channel)
    settings, drain = (first := await orders.first).settings, first.drain
    logs.log_to_stderr(settings.log_format)
    orders.tls = certificate.context(settings)
    app = create_app(main, lambda: orders.policy, main.tally, main.unready, main.show)
    shared = Listening(listening, orders.tls, drain, Limits(turns=turns))
    serving = asyncio.create_task(server.run(settings.server, app, shared, stop))
    await asyncio.sleep(0)  # now it accepts, or has failed
    if not serving.done():
        allocation.settle()
        main.ready()
    await serving
    await main.close()
